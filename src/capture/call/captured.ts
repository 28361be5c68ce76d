import type { Headers } from "../../aws/index.ts";

/** A body as it passed by: what was kept of it, and how much it was. */
export interface CapturedBody {
  /** All of the body, or its beginning. */
  readonly bytes: Uint8Array;
  /** How many bytes passed. */
  readonly size: number;
  /** True when `bytes` is all of it. */
  readonly whole: boolean;
  /** Lower-case hex of the SHA-256 of all that passed; only when not all of it was kept. */
  readonly sha256?: string;
}

/** The head of a request as it stood on the wire: path and query raw; header names in lower case, values as latin1. */
export interface CapturedHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
}

/** What the upstream answered; absent parts were never received. */
export interface CapturedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: CapturedBody;
}

/** Path and query, as a request line has them. */
export function targetOf({ path, query }: CapturedHead): string {
  return query === "" ? path : `${path}?${query}`;
}
