import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { type Headers, headerValue } from "../../aws/index.ts";
import type { CapturedBody } from "./captured.ts";

/** So many bytes may a compressed body have once it is not compressed any more. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024;

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  "aws-chunked": withoutFrames,
  gzip: (bytes) => gunzipSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX }),
  deflate: (bytes) => inflateSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX }),
  br: (bytes) => brotliDecompressSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX }),
  identity: (bytes) => bytes,
};

/**
 * The body without its content encodings: what a client compressed, and the frames of aws-chunked with their signatures.
 * `size` and `whole` stay those of the wire.
 * @throws {Error} when the body is not what its header says, or too much once inflated.
 */
export function decodeBody(headers: Headers, body: CapturedBody): CapturedBody {
  const encodings = encodingsOf(headers);
  if (encodings.length === 0 || body.bytes.length === 0 || !body.whole) return body;
  let { bytes } = body;
  for (const encoding of encodings) {
    const decode = DECODERS[encoding];
    if (decode === undefined) throw new Error(`content-encoding ${encoding.slice(0, 32)} is not known`);
    bytes = decode(bytes);
  }
  return { ...body, bytes };
}

const NONE: readonly string[] = [];

/** In the order in which they are taken off: the frames of aws-chunked are always outermost, wherever the header has them. */
function encodingsOf(headers: Headers): readonly string[] {
  const value = headerValue(headers, "content-encoding");
  const framed = headers["x-amz-content-sha256"]?.[0]?.startsWith("STREAMING-") === true;
  if (value === undefined) return framed ? ["aws-chunked"] : NONE;
  const named = value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "aws-chunked")
    .toReversed();
  return framed || /aws-chunked/i.test(value) ? ["aws-chunked", ...named] : named;
}

const LINE_BYTES_MAX = 16 * 1024;

/** `<hex size>[;chunk-signature=…]` CR LF, so many bytes, CR LF; a chunk of 0 bytes ends, trailers may follow. */
function withoutFrames(bytes: Uint8Array): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const end = source.indexOf("\r\n", at, "latin1");
    if (end < 0 || end - at > LINE_BYTES_MAX) throw new Error("an aws-chunked frame has no head");
    const [digits] = /^[0-9a-fA-F]{1,8}(?=;|$)/.exec(source.toString("latin1", at, end)) ?? [];
    if (digits === undefined) throw new Error("an aws-chunked frame has no length");
    const size = Number.parseInt(digits, 16);
    if (size === 0) return Buffer.concat(chunks);
    const start = end + 2;
    if (start + size > source.length) throw new Error("an aws-chunked frame is cut");
    chunks.push(source.subarray(start, start + size));
    at = start + size + 2;
  }
}
