import { createHash, type Hash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import {
  ChunkChain,
  type ChunkSeed,
  notImplemented,
  type SignedChunk,
  SignedChunkReader,
  sameSignature,
  wrongBody,
  wrongSignature,
} from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";

/**
 * What a body must turn out to be.
 *
 * - `hash`: one with that SHA-256.
 * - `chunks`: signed chunk by chunk, from that seed; `size` is what the chunks hold together, if it was announced.
 * - `events`: an event stream of signed messages. We verify none such.
 */
export type PendingBody =
  | { readonly kind: "hash"; readonly sha256: string; readonly service: string }
  | { readonly kind: "chunks"; readonly seed: ChunkSeed; readonly trailer: boolean; readonly size?: number }
  | { readonly kind: "events" };

/**
 * The stream through which a body goes on its way to the upstream. It fails with a `Refusal`, and never gives the end
 * of a body that is not what it must be: the upstream gets half a request and does nothing with it, if its connection
 * is then closed.
 *
 * With `resigned`, the seed of the upstream's signature, signatures of chunks are replaced; the length stays the same.
 * Signed chunks are given whole, none before its signature was seen to be right (at most 16 MiB are held).
 * @throws {Refusal} `NotImplemented` for event streams.
 */
export function guardBody(pending: PendingBody, resigned?: ChunkSeed): Transform {
  switch (pending.kind) {
    case "hash":
      return new HashGuard(pending.sha256, pending.service);
    case "chunks":
      return new ChunkGuard(pending, resigned);
    case "events":
      throw notImplemented();
  }
}

/**
 * The same for signed chunks that are at hand.
 * @throws {Refusal} `SignatureDoesNotMatch`, `IncompleteBody` and what else `guardBody()` fails with.
 */
export function readWholeBody(
  pending: PendingBody & { readonly kind: "chunks" },
  bytes: Uint8Array,
  resigned?: ChunkSeed,
): Uint8Array {
  const guard = new ChunkCheck(pending, resigned);
  return Buffer.concat([...guard.read(bytes), ...guard.end()]);
}

/** Holds the last piece back until all of it has the hash. */
class HashGuard extends Transform {
  readonly #expected: string;
  readonly #service: string;
  readonly #hash: Hash = createHash("sha256");
  #held: Uint8Array | undefined;

  constructor(expected: string, service: string) {
    super();
    this.#expected = expected;
    this.#service = service;
  }

  override _transform(piece: Uint8Array, _: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(piece);
    if (this.#held !== undefined) this.push(this.#held);
    this.#held = piece;
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#hash.digest("hex") !== this.#expected) done(wrongBody(this.#service));
    else done(null, this.#held);
  }
}

class ChunkGuard extends Transform {
  readonly #check: ChunkCheck;

  constructor(pending: PendingBody & { readonly kind: "chunks" }, resigned: ChunkSeed | undefined) {
    super();
    this.#check = new ChunkCheck(pending, resigned);
  }

  override _transform(piece: Uint8Array, _: BufferEncoding, done: TransformCallback): void {
    this.#give(this.#check.read(piece), done);
  }

  override _flush(done: TransformCallback): void {
    this.#give(this.#check.end(), done);
  }

  #give(pieces: Iterable<Uint8Array>, done: TransformCallback): void {
    try {
      for (const piece of pieces) this.push(piece);
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return;
    }
    done();
  }
}

/** Verifies chunks, and gives them again as they came or with other signatures. */
class ChunkCheck {
  readonly #reader = new SignedChunkReader();
  readonly #verified: ChunkChain;
  readonly #resigned: ChunkChain | undefined;
  readonly #trailer: boolean;
  readonly #size: number | undefined;
  #seen = 0;
  /** The chunk without data ends the body: it goes out together with the tail. */
  #last: Uint8Array = new Uint8Array();

  constructor({ seed, trailer, size }: PendingBody & { readonly kind: "chunks" }, resigned: ChunkSeed | undefined) {
    this.#verified = new ChunkChain(seed);
    this.#resigned = resigned === undefined ? undefined : new ChunkChain(resigned);
    this.#trailer = trailer;
    this.#size = size;
  }

  *read(bytes: Uint8Array): Generator<Uint8Array> {
    for (const chunk of this.#reader.read(bytes)) {
      const line = this.#signedLine(chunk);
      if (chunk.data.length === 0) {
        this.#last = line;
        continue;
      }
      this.#seen += chunk.data.length;
      if (this.#size !== undefined && this.#seen > this.#size) throw wrongSize();
      yield line;
      yield chunk.data;
      yield LINE_END;
    }
  }

  *end(): Generator<Uint8Array> {
    const lines = this.#reader.end();
    if (this.#size !== undefined && this.#seen !== this.#size) throw wrongSize();
    if (!this.#trailer && lines.length > 0) throw wrongSignature();
    const tail = this.#reader.tail();
    const signed = this.#trailer ? this.#signedTail(tail, lines) : tail;
    yield Buffer.concat([this.#last, Buffer.from(signed, "latin1")]);
  }

  #signedLine({ length, signature, data }: SignedChunk): Uint8Array {
    if (!sameSignature(signature, this.#verified.next(data))) throw wrongSignature();
    return Buffer.from(`${length};chunk-signature=${this.#resigned?.next(data) ?? signature}\r\n`, "latin1");
  }

  #signedTail(tail: string, lines: readonly string[]): string {
    const trailers = lines.filter((line) => !TRAILER_SIGNATURE.test(line));
    const [given, ...more] = lines.flatMap((line) => TRAILER_SIGNATURE.exec(line)?.[1] ?? []);
    const expected = this.#verified.trailer(trailers);
    if (given === undefined || more.length > 0 || !sameSignature(given, expected)) throw wrongSignature();
    return this.#resigned === undefined ? tail : tail.replace(given, this.#resigned.trailer(trailers));
  }
}

const LINE_END = Buffer.from("\r\n");
const TRAILER_SIGNATURE = /^x-amz-trailer-signature:[ \t]*(.*?)[ \t]*$/i;

function wrongSize(): Refusal {
  return new Refusal(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.",
  );
}
