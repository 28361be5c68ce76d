import type { Headers, S3Operations } from "../../aws/index.ts";
import type { Buckets } from "../../buckets/index.ts";
import type { Caller } from "../../identity/index.ts";
import type { Answer } from "./answer.ts";
import type { RequestBody } from "./request-body.ts";

/** What an operation knows about the call it answers, beyond its input. The call was proven and allowed. */
export interface S3Call {
  readonly caller: Caller;
  readonly requestId: string;
  /** Region of the signature's scope. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly buckets: Buckets;
  readonly headers: Headers;
  readonly body: RequestBody;
  /** Tells the operator of a failure that the caller is told as a part of an answer. */
  report(failure: unknown): void;
}

export type Input<Name extends keyof S3Operations> = S3Operations[Name]["input"];
export type Output<Name extends keyof S3Operations> = S3Operations[Name]["output"];

/** One operation of S3: its meaning only. It answers its output, or an `Answer` where the output is not all there is to say. */
export type S3Operation<Name extends keyof S3Operations> = (
  input: Input<Name>,
  call: S3Call,
) => Promise<Output<Name> | Answer<Output<Name>>>;

/** The operations that we serve, by name. */
export type S3Table = { readonly [Name in keyof S3Operations]?: S3Operation<Name> };
