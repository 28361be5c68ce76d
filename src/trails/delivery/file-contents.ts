import { createHash, type Hash } from "node:crypto";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { assert } from "../../core/index.ts";

/** A log file before it is packed. */
export interface WholeContents {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** A log file as it goes into its bucket. */
export interface PackedFile {
  readonly gzip: Uint8Array;
  /** Before it was packed. */
  readonly bytes: number;
  /** Hex SHA-256 of the uncompressed bytes: what a digest lists. */
  readonly sha256: string;
}

const OPENING = Buffer.from('{"Records":[');
const COMMA = Buffer.from(",");
const CLOSING = Buffer.from("]}");
const PIECE_BYTES_MIN = 4 * 1024;
const PIECE_BYTES_MAX = 1024 * 1024;

/**
 * `{"Records":[…]}` as it grows, of the very bytes that were journalled: what was hashed when it happened must not be
 * written anew. It is hashed piece by piece on the way, since 50 MB at once would hold up everything else.
 *
 * Where a piece ends follows from the bytes alone, so the same records give the same pieces and these the same gzip.
 */
export class FileContents {
  readonly #pieces: Uint8Array[] = [];
  readonly #hash: Hash = createHash("sha256");
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES_MIN);
  #used = 0;
  #bytes = 0;
  #records = 0;

  constructor() {
    this.#write(OPENING);
  }

  get records(): number {
    return this.#records;
  }

  /** What the file would take, uncompressed, with a record of so many bytes more. */
  bytesWith(recordBytes: number): number {
    return this.#bytes + recordBytes + COMMA.length + CLOSING.length;
  }

  add(record: Uint8Array): void {
    if (this.#records++ > 0) this.#write(COMMA);
    this.#write(record);
  }

  /** Nothing can be added afterwards. */
  finish(): WholeContents {
    this.#write(CLOSING);
    this.#finishPiece(this.#used);
    return { pieces: this.#pieces, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  #write(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === this.#piece.length) this.#nextPiece();
      const count = Math.min(bytes.length - from, this.#piece.length - this.#used);
      this.#piece.set(count === bytes.length ? bytes : bytes.subarray(from, from + count), this.#used);
      this.#used += count;
      from += count;
    }
  }

  #nextPiece(): void {
    this.#finishPiece(this.#piece.length);
    // Most files are small, and there may be thousands of them open.
    this.#piece = Buffer.allocUnsafeSlow(Math.min(this.#piece.length * 2, PIECE_BYTES_MAX));
    this.#used = 0;
  }

  #finishPiece(bytes: number): void {
    const piece = this.#piece.subarray(0, bytes);
    this.#hash.update(piece);
    this.#pieces.push(piece);
  }
}

/**
 * zlib's own default, as AWS's files have it. Level 1 packs twice as fast, but into files a quarter larger, and they are
 * kept for years; level 9 costs several times as much for nothing.
 */
const GZIP_LEVEL = 6;
const GZIP_OUTPUT_BYTES = 256 * 1024;

/** The same bytes for the same contents, packed by zlib in threads of its own. */
export async function packContents({ pieces, bytes, sha256 }: WholeContents): Promise<PackedFile> {
  const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: Math.min(GZIP_OUTPUT_BYTES, Math.max(1024, bytes)) });
  const packed: Uint8Array[] = [];
  gzip.on("data", (chunk: Uint8Array) => packed.push(chunk));
  const ended = finished(gzip);
  for (const piece of pieces) gzip.write(piece);
  gzip.end();
  await ended;
  assert(gzip.bytesWritten === bytes, "all of the contents are packed");
  return { gzip: Buffer.concat(packed), bytes, sha256 };
}
