import { Refusal } from "../../core/index.ts";

/** No line of the framing is longer: a length, and perhaps a signature of 64 digits. */
const LINE_BYTES_MAX = 4 * 1024;
const TAIL_BYTES_MAX = 16 * 1024;

/**
 * Takes the framing of `aws-chunked` off a body, whose signatures (where it has any) were verified before:
 *
 * ```
 * 10000;chunk-signature=…\r\n  (65,536 bytes)  \r\n
 * 0\r\n
 * x-amz-checksum-crc32c:sOO8/Q==\r\n
 * \r\n
 * ```
 *
 * Pieces are passed on as they come, however long their chunk is.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class AwsChunkedReader {
  readonly #trailers = new Map<string, string>();
  #state: "line" | "data" | "data's end" | "tail" = "line";
  /** Of a line, or of the tail, until it is whole. */
  #kept = "";
  #left = 0;
  #size = 0;

  /** What followed the last chunk, by name in lower case; known once `end()` has returned. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers;
  }

  /** Bytes of content so far. */
  get size(): number {
    return this.#size;
  }

  /** @throws {Refusal} `InvalidChunkSizeError`, `IncompleteBody`, `MalformedTrailerError`. */
  *read(bytes: Uint8Array): Generator<Uint8Array> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (rest.length > 0) {
      switch (this.#state) {
        case "line":
          rest = this.#readLine(rest);
          break;
        case "data": {
          const piece = rest.subarray(0, this.#left);
          rest = rest.subarray(piece.length);
          this.#left -= piece.length;
          this.#size += piece.length;
          if (this.#left === 0) this.#state = "data's end";
          yield piece;
          break;
        }
        case "data's end":
          rest = this.#readDataEnd(rest);
          break;
        case "tail":
          if (this.#kept.length + rest.length > TAIL_BYTES_MAX) throw malformedTrailer();
          this.#kept += rest.toString("latin1");
          return;
      }
    }
  }

  /** @throws {Refusal} `IncompleteBody` when the last chunk did not come, `MalformedTrailerError`. */
  end(): void {
    if (this.#state !== "tail") throw incomplete();
    for (const line of this.#kept.split(/\r?\n/)) {
      if (line === "") continue;
      const [, name, value] = /^[ \t]*([!#$%&'*+.^_`|~\w-]+)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
      const isAgain = name !== undefined && this.#trailers.has(name.toLowerCase());
      if (name === undefined || value === undefined || isAgain) throw malformedTrailer();
      this.#trailers.set(name.toLowerCase(), value);
    }
  }

  #readLine(rest: Buffer): Buffer {
    const newline = rest.indexOf(0x0a);
    const taken = newline < 0 ? rest.length : newline + 1;
    if (this.#kept.length + taken > LINE_BYTES_MAX) throw incomplete();
    this.#kept += rest.toString("latin1", 0, taken);
    if (newline >= 0) this.#startChunk();
    return rest.subarray(taken);
  }

  #startChunk(): void {
    const [, digits] = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n$/.exec(this.#kept) ?? [];
    if (digits === undefined) throw incomplete();
    this.#kept = "";
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? "tail" : "data";
  }

  #readDataEnd(rest: Buffer): Buffer {
    const taken = rest.subarray(0, 2 - this.#kept.length);
    this.#kept += taken.toString("latin1");
    if (!"\r\n".startsWith(this.#kept)) throw incomplete();
    if (this.#kept.length === 2) {
      this.#kept = "";
      this.#state = "line";
    }
    return rest.subarray(taken.length);
  }
}

function incomplete(): Refusal {
  return new Refusal("IncompleteBody", "The request body terminated unexpectedly", 400);
}

export function malformedTrailer(): Refusal {
  const message =
    "The request contained trailing data that was not well-formed or did not conform to our published schema.";
  return new Refusal("MalformedTrailerError", message, 400);
}
