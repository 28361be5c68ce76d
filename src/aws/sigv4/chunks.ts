import { Refusal } from "../../core/index.ts";
import { sha256 } from "./canonical.ts";
import { formatScope, type Scope, sign } from "./signature.ts";

/**
 * Bodies that are signed chunk by chunk (`aws-chunked`): each signature covers the one before it, so that chunks can be
 * neither changed, nor left out, nor put in another order.
 *
 * ```
 * 10000;chunk-signature=…64 digits…\r\n  (65,536 bytes)  \r\n
 * 0;chunk-signature=…\r\n
 * x-amz-checksum-crc32c:sOO8/Q==\r\n     the tail: trailers, or only the line's end
 * x-amz-trailer-signature:…\r\n
 * \r\n
 * ```
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export interface SignedChunk {
  /** The length as it was written. */
  readonly length: string;
  readonly signature: string;
  readonly data: Uint8Array;
}

/** What a chain of signatures starts from: the signature of the head, and what it was made with. */
export interface ChunkSeed {
  readonly secretAccessKey: string;
  readonly scope: Scope;
  /** `20130524T000000Z`: the head's time is that of all chunks. */
  readonly timestamp: string;
  readonly signature: string;
}

/** The signatures of the chunks in their order, then that of the trailer. */
export class ChunkChain {
  readonly #seed: ChunkSeed;
  #previous: string;

  constructor(seed: ChunkSeed) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  next(data: Uint8Array): string {
    return this.#sign("AWS4-HMAC-SHA256-PAYLOAD", [EMPTY_HASH, sha256(data)]);
  }

  /** `trailers` are the lines of the tail but for the signature, one `name:value` each. */
  trailer(trailers: readonly string[]): string {
    return this.#sign("AWS4-HMAC-SHA256-TRAILER", [sha256(canonicalTrailers(trailers))]);
  }

  #sign(algorithm: string, hashes: readonly string[]): string {
    const { scope, secretAccessKey, timestamp } = this.#seed;
    const text = [algorithm, timestamp, formatScope(scope), this.#previous, ...hashes].join("\n");
    this.#previous = sign(secretAccessKey, scope, text);
    return this.#previous;
  }
}

const EMPTY_HASH = sha256("");

/** Only blanks are taken off: any other change of a byte changes the signature. */
function canonicalTrailers(trailers: readonly string[]): string {
  return trailers
    .map((line) => {
      const [, name = "", value = ""] = /^[ \t]*([^:]*?)[ \t]*:[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
      return `${name.toLowerCase()}:${value}\n`;
    })
    .toSorted()
    .join("");
}

/** No client is known to send longer ones; one chunk is held in memory until its signature is seen to be right. */
const CHUNK_BYTES_MAX: number = 16 * 1024 * 1024;
const LINE_BYTES_MAX = 256;
const TAIL_BYTES_MAX = 16 * 1024;

/** Takes signed chunks apart as their bytes come, in pieces of any size. */
export class SignedChunkReader {
  #state: "line" | "data" | "tail" = "line";
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #length = "";
  #size = 0;
  #signature = "";

  /**
   * The chunks that are whole now; the one without data is the last, and what follows it is the tail.
   * @throws {Refusal} `IncompleteBody`, `InvalidChunkSizeError`, `EntityTooLarge`: what came are no signed chunks.
   */
  *read(bytes: Uint8Array): Generator<SignedChunk> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (rest.length > 0) {
      switch (this.#state) {
        case "line":
          rest = this.#readLine(rest);
          if (this.#lastLineWasRead()) yield this.#chunk(Buffer.alloc(0), "tail");
          break;
        case "data": {
          const wanted = this.#size + 2 - this.#partsBytes;
          this.#keep(rest.subarray(0, wanted));
          rest = rest.subarray(wanted);
          if (this.#partsBytes === this.#size + 2) yield this.#chunk(this.#takeData(), "line");
          break;
        }
        case "tail":
          if (this.#partsBytes + rest.length > TAIL_BYTES_MAX) throw malformed("the trailer is too long");
          this.#keep(rest);
          return;
      }
    }
  }

  /**
   * The lines of the tail, without ends of lines and empty ones.
   * @throws {Refusal} `IncompleteBody` when the last chunk did not come.
   */
  end(): readonly string[] {
    if (this.#state !== "tail") throw malformed("the last chunk is missing");
    return this.tail()
      .split(/\r?\n/)
      .filter((line) => line !== "");
  }

  /** The tail as it came. */
  tail(): string {
    return Buffer.concat(this.#parts).toString("latin1");
  }

  #lastLineWasRead(): boolean {
    return this.#state === "data" && this.#size === 0;
  }

  #readLine(rest: Buffer): Buffer {
    const newline = rest.indexOf(0x0a);
    const taken = newline < 0 ? rest.length : newline + 1;
    if (this.#partsBytes + taken > LINE_BYTES_MAX) throw malformed("a chunk's first line is too long");
    this.#keep(rest.subarray(0, taken));
    if (newline >= 0) this.#startChunk(Buffer.concat(this.#parts).toString("latin1"));
    return rest.subarray(taken);
  }

  #startChunk(line: string): void {
    const [, length, signature] = /^([0-9A-Fa-f]{1,8});chunk-signature=([0-9a-f]{64})\r\n$/.exec(line) ?? [];
    if (length === undefined || signature === undefined)
      throw malformed("a chunk does not begin with length and signature");
    const size = Number.parseInt(length, 16);
    if (size > CHUNK_BYTES_MAX) {
      throw new Refusal("EntityTooLarge", `Chunks must not be longer than ${CHUNK_BYTES_MAX} bytes.`);
    }
    this.#forget();
    this.#length = length;
    this.#signature = signature;
    this.#size = size;
    this.#state = "data";
  }

  #takeData(): Buffer {
    const whole = Buffer.concat(this.#parts);
    if (whole.at(-2) !== 0x0d || whole.at(-1) !== 0x0a) throw malformed("a chunk is longer than it says");
    return whole.subarray(0, -2);
  }

  #chunk(data: Buffer, then: "line" | "tail"): SignedChunk {
    this.#forget();
    this.#state = then;
    return { length: this.#length, signature: this.#signature, data };
  }

  #keep(part: Buffer): void {
    // A copy: the bytes belong to the socket, which may use their memory again.
    this.#parts.push(Buffer.from(part));
    this.#partsBytes += part.length;
  }

  #forget(): void {
    this.#parts = [];
    this.#partsBytes = 0;
  }
}

function malformed(what: string): Refusal {
  return new Refusal("IncompleteBody", `The request body is not signed in chunks as its head says: ${what}.`);
}
