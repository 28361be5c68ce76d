import { type Headers, headerValue } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import { AwsChunkedReader, malformedTrailer } from "./aws-chunked.ts";
import type { BodySource } from "./body-source.ts";

/** Bodies that are no object's content: XML and policies. S3 itself takes none of more than some megabytes. */
const DOCUMENT_BYTES_MAX = 64 * 1024 * 1024;

/** The content of a request's body: what is left once its framing is undone. To be read once. */
export class RequestBody {
  readonly #source: BodySource;
  readonly #headers: Headers;
  readonly #framing: AwsChunkedReader | undefined;
  /** Names of the trailers that the head announces. */
  readonly announced: readonly string[];

  constructor(source: BodySource, headers: Headers) {
    this.#source = source;
    this.#headers = headers;
    this.#framing = isFramed(headers) ? new AwsChunkedReader() : undefined;
    const announced = headerValue(headers, "x-amz-trailer") ?? "";
    this.announced = this.#framing === undefined ? [] : namesIn(announced);
  }

  /**
   * Bytes of the content, as announced.
   * @throws {Refusal} `MissingContentLength`: an object's size must be known beforehand.
   */
  size(): number {
    const { length } = this.#source;
    const size = this.#framing === undefined ? length : decodedLength(this.#headers);
    if (size === undefined) {
      throw new Refusal("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
    }
    return size;
  }

  /** A trailer's value, once the content was read to its end. */
  trailer(name: string): string | undefined {
    return this.#framing?.trailers.get(name);
  }

  /** @throws {Refusal} `IncompleteBody`, `MalformedTrailerError`; and what the client's connection fails with. */
  async *content(): AsyncGenerator<Uint8Array> {
    const framing = this.#framing;
    if (framing === undefined) {
      yield* this.#source;
      return;
    }
    for await (const piece of this.#source) yield* framing.read(piece);
    // A body of no bytes at all may come without its framing.
    if (this.#source.length === 0 && this.announced.length === 0) return;
    framing.end();
    const told = [...framing.trailers.keys()].filter((name) => name !== "x-amz-trailer-signature");
    const asTold = this.announced.length === told.length && this.announced.every((name) => framing.trailers.has(name));
    if (!asTold) throw malformedTrailer();
    const announced = decodedLength(this.#headers);
    if (announced !== undefined && announced !== framing.size) throw wrongLength();
  }

  /** All of it. @throws {Refusal} `EntityTooLarge`, and what `content()` throws. */
  async document(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.content()) {
      size += piece.length;
      if (size > DOCUMENT_BYTES_MAX) {
        throw new Refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400);
      }
      pieces.push(piece);
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }
}

/** What an object's `content-encoding` is without the framing, which was the transport's. */
export function withoutFraming(contentEncoding: string | undefined): string | undefined {
  if (contentEncoding === undefined) return undefined;
  const kept = contentEncoding
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding.toLowerCase() !== "aws-chunked");
  return kept.length === 0 ? undefined : kept.join(",");
}

function isFramed(headers: Headers): boolean {
  if (headerValue(headers, "x-amz-content-sha256")?.startsWith("STREAMING-") === true) return true;
  const codings = headerValue(headers, "content-encoding") ?? "";
  return namesIn(codings).includes("aws-chunked") && headers["x-amz-decoded-content-length"] !== undefined;
}

function namesIn(list: string): readonly string[] {
  return list
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function decodedLength(headers: Headers): number | undefined {
  const text = headerValue(headers, "x-amz-decoded-content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function wrongLength(): Refusal {
  const message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
  return new Refusal("IncompleteBody", message, 400);
}
