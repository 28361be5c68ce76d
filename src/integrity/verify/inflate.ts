import { createInflateRaw, crc32, inflateRawSync, type InflateRaw } from "node:zlib";
import { gzipHeaderBytes } from "./gzip-header.ts";
import { type Problem, problem } from "./problems.ts";

/** CRC-32 and length of the uncompressed bytes, each four bytes. */
const TRAILER_BYTES = 8;
/** Names and comments in a gzip header may be of any length; none of a log file's is. */
const HEADER_BYTES_MAX = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * The uncompressed bytes of a gzip file that is one member and nothing else, if they fit into `bytesMax`; undefined
 * when it is anything else, without saying what: `inflateChunks` knows.
 *
 * Raw inflation, since Node's gunzip passes over what follows the first member, or takes it for more of the same.
 */
export function inflateWhole(bytes: Uint8Array, bytesMax: number): Buffer | undefined {
  const start = gzipHeaderBytes(bytes);
  if (typeof start !== "number" || bytes.length < start + TRAILER_BYTES) return undefined;
  const { checksum, length } = trailerOf(bytes.subarray(bytes.length - TRAILER_BYTES));
  // The length is what the file says: deflate cannot shrink anything to less than a 1,032nd, so more than that is a lie.
  if (length > bytesMax || length > bytes.length * 1032) return undefined;
  const inflated = inflateExactly(bytes.subarray(start), length);
  return inflated !== undefined && crc32(inflated) === checksum ? inflated : undefined;
}

function inflateExactly(data: Uint8Array, length: number): Buffer | undefined {
  try {
    // One byte more than needed: a buffer that is full makes zlib ask for another.
    const options = { chunkSize: Math.max(64, length + 1), maxOutputLength: Math.max(1, length), info: true };
    const { buffer, engine } = inflateRawSync(data, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    const consumed = engine.bytesWritten === data.length - TRAILER_BYTES;
    return consumed && buffer.length === length ? buffer : undefined;
  } catch {
    // Whatever is wrong with it, reading it piece by piece tells.
    return undefined;
  }
}

function trailerOf(bytes: Uint8Array): { readonly checksum: number; readonly length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_BYTES);
  return { checksum: view.getUint32(0, true), length: view.getUint32(4, true) };
}

/**
 * Inflates a gzip file of any size piece by piece, and answers what is wrong with it, as the AWS CLI would.
 *
 * `cut`: the file ends too early; what there is of it went to `onBytes`. Nothing is known of it then but its beginning.
 */
export async function inflateChunks(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void,
  bytesMax: number,
): Promise<Problem | "cut" | undefined> {
  const member = new GzipMember(onBytes, bytesMax);
  try {
    for await (const chunk of chunks) {
      const found = await member.add(chunk);
      if (found !== undefined) return found;
    }
    return member.end();
  } finally {
    member.close();
  }
}

class GzipMember {
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: CHUNK_BYTES });
  readonly #bytesMax: number;
  #head: Uint8Array | undefined = new Uint8Array();
  #fed = 0;
  #trailer: Uint8Array | undefined;
  #bytes = 0;
  #checksum = 0;
  #corrupt = false;
  #written: () => void = () => undefined;

  constructor(onBytes: (bytes: Uint8Array) => void, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#inflate.on("data", (bytes: Buffer) => {
      this.#bytes += bytes.length;
      if (this.#bytes > bytesMax) return;
      this.#checksum = crc32(bytes, this.#checksum);
      onBytes(bytes);
    });
    this.#inflate.on("error", () => {
      this.#corrupt = true;
      this.#written();
    });
  }

  /** What is wrong, as soon as something is. */
  async add(chunk: Uint8Array): Promise<Problem | undefined> {
    const data = this.#head === undefined ? chunk : this.#behindHeader(chunk);
    if (data === undefined) return problem("invalid-format");
    if (data.length === 0) return undefined;
    if (this.#trailer !== undefined) return this.#end(data);
    return await this.#feed(data);
  }

  /** What of the bytes so far is compressed data; undefined when they are no gzip. */
  #behindHeader(chunk: Uint8Array): Uint8Array | undefined {
    const head = Buffer.concat([this.#head ?? new Uint8Array(), chunk]);
    const start = gzipHeaderBytes(head);
    if (start === undefined || (start === "more" && head.length > HEADER_BYTES_MAX)) return undefined;
    this.#head = start === "more" ? head : undefined;
    return start === "more" ? new Uint8Array() : head.subarray(start);
  }

  async #feed(data: Uint8Array): Promise<Problem | undefined> {
    // Small pieces: what one of them may become is bounded by deflate's ratio, and stopping in between is possible.
    for (let at = 0; at < data.length; at += CHUNK_BYTES) {
      const piece = data.subarray(at, at + CHUNK_BYTES);
      await this.#write(piece);
      if (this.#corrupt) return problem("invalid-format");
      if (this.#bytes > this.#bytesMax) return problem("too-large");
      this.#fed += piece.length;
      // It is not interested in what follows the end of the compressed data.
      const left = this.#fed - this.#inflate.bytesWritten;
      if (left === 0) continue;
      this.#trailer = new Uint8Array();
      return this.#end(data.subarray(Math.min(data.length, at + piece.length) - left));
    }
    return undefined;
  }

  #write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // Of a piece that cannot be inflated only the error event tells.
      this.#written = resolve;
      this.#inflate.write(piece, () => resolve());
    });
  }

  #end(data: Uint8Array): Problem | undefined {
    this.#trailer = Buffer.concat([this.#trailer ?? new Uint8Array(), data]);
    if (this.#trailer.length < TRAILER_BYTES) return undefined;
    const { checksum, length } = trailerOf(this.#trailer.subarray(0, TRAILER_BYTES));
    if (checksum !== this.#checksum || length !== this.#bytes % 2 ** 32) return problem("invalid-format");
    return this.#trailer.length > TRAILER_BYTES ? problem("trailing-data") : undefined;
  }

  end(): "cut" | undefined {
    return this.#trailer?.length === TRAILER_BYTES ? undefined : "cut";
  }

  close(): void {
    this.#inflate.destroy();
  }
}
