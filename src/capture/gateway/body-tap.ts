import { createHash, type Hash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import type { CapturedBody } from "../call/captured.ts";

/** Keeps the beginning of a body that passes, counts all of it, and hashes it when it may turn out too long to be kept. */
export class BodyCapture {
  readonly #keepMax: number;
  readonly #hash: Hash | undefined;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #size = 0;

  /** `hash`: whether a body of more than `keepMax` bytes is to be named by its hash. */
  constructor(keepMax: number, hash: boolean) {
    this.#keepMax = keepMax;
    this.#hash = hash ? createHash("sha256") : undefined;
  }

  get size(): number {
    return this.#size;
  }

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#hash?.update(chunk);
    const room = this.#keepMax - this.#kept;
    if (room <= 0) return;
    const part = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  /** What was captured so far. To be asked once with a hash, at the end. */
  result(): CapturedBody {
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
    const whole = this.#size === this.#kept;
    return {
      bytes,
      size: this.#size,
      whole,
      ...(whole || this.#hash === undefined ? {} : { sha256: this.#hash.digest("hex") }),
    };
  }
}

/** A body on its way to the upstream, captured as it passes. */
export class BodyTap extends Transform {
  readonly #capture: BodyCapture;

  constructor(capture: BodyCapture) {
    super();
    this.#capture = capture;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#capture.add(chunk);
    done(null, chunk);
  }
}

export const NO_BODY: CapturedBody = { bytes: new Uint8Array(), size: 0, whole: true };

export function wholeBody(bytes: Uint8Array): CapturedBody {
  return { bytes, size: bytes.length, whole: true };
}
