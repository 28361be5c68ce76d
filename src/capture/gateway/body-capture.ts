import { createHash, type Hash } from "node:crypto";
import type { CapturedBody } from "../call/captured.ts";

/** Keeps the beginning of a body that passes, counts all of it, and hashes it when it may turn out too long to be kept. */
export class BodyCapture {
  readonly #keepMax: number;
  readonly #hash: Hash | undefined;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #size = 0;
  #closed = false;

  /** `hash`: whether a body of more than `keepMax` bytes is to be named by its hash. */
  constructor(keepMax: number, hash: boolean) {
    this.#keepMax = keepMax;
    this.#hash = hash ? createHash("sha256") : undefined;
  }

  get size(): number {
    return this.#size;
  }

  /** After `result()` nothing counts any more: what nobody waits for may still pass. */
  add(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#size += chunk.length;
    this.#hash?.update(chunk);
    const room = this.#keepMax - this.#kept;
    if (room <= 0) return;
    const part = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  /** What was captured; to be asked once. `ended`: nothing more would have come. */
  result(ended: boolean): CapturedBody {
    this.#closed = true;
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
    const whole = ended && this.#size === this.#kept;
    return {
      bytes,
      size: this.#size,
      whole,
      // The hash of a part would name another body.
      ...(whole || !ended || this.#hash === undefined ? {} : { sha256: this.#hash.digest("hex") }),
    };
  }
}

export const NO_BODY: CapturedBody = { bytes: new Uint8Array(), size: 0, whole: true };

export function wholeBody(bytes: Uint8Array): CapturedBody {
  return { bytes, size: bytes.length, whole: true };
}
