import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CapturedBody } from "./captured.ts";
import { decodeBody } from "./decode-body.ts";

function whole(bytes: Uint8Array): CapturedBody {
  return { bytes, size: bytes.length, whole: true };
}

function frames(chunks: readonly Uint8Array[], extension = ""): Uint8Array {
  const parts = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
    chunk,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...parts, Buffer.from(`0${extension}\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`)]);
}

const TEXT = Buffer.from("<Tagging/>");

test.each([
  ["nothing", {}, TEXT],
  ["gzip", { "content-encoding": ["gzip"] }, gzipSync(TEXT)],
  ["deflate", { "content-encoding": ["deflate"] }, deflateSync(TEXT)],
  ["brotli", { "content-encoding": ["br"] }, brotliCompressSync(TEXT)],
  ["two encodings", { "content-encoding": ["gzip, br"] }, brotliCompressSync(gzipSync(TEXT))],
  ["frames", { "content-encoding": ["aws-chunked"] }, frames([TEXT])],
  ["signed frames", { "content-encoding": ["aws-chunked"] }, frames([TEXT], ";chunk-signature=ab")],
  ["frames around gzip", { "content-encoding": ["aws-chunked,gzip"] }, frames([gzipSync(TEXT)])],
  [
    "frames that only the signature tells of",
    { "x-amz-content-sha256": ["STREAMING-UNSIGNED-PAYLOAD-TRAILER"] },
    frames([TEXT]),
  ],
])("decodeBody() takes %s off", (_, headers, bytes) => {
  const decoded = decodeBody(headers, whole(bytes));
  expect(Buffer.from(decoded.bytes).toString()).toBe(TEXT.toString());
  expect([decoded.size, decoded.whole]).toEqual([bytes.length, true]);
});

test("decodeBody() puts any frames together again", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1 })), (chunks) => {
      const { bytes } = decodeBody({ "content-encoding": ["aws-chunked"] }, whole(frames(chunks)));
      expect(Buffer.from(bytes)).toEqual(Buffer.concat(chunks));
    }),
  );
});

test("decodeBody() leaves what was cut as it is", () => {
  const cut = { bytes: gzipSync(TEXT).subarray(0, 8), size: 100, whole: false };
  expect(decodeBody({ "content-encoding": ["gzip"] }, cut)).toBe(cut);
});

test.each([
  ["what is not compressed", { "content-encoding": ["gzip"] }, TEXT],
  ["too much", { "content-encoding": ["gzip"] }, gzipSync(Buffer.alloc(17 * 1024 * 1024))],
  ["an encoding nobody knows", { "content-encoding": ["zstd"] }, TEXT],
  ["frames without a head", { "content-encoding": ["aws-chunked"] }, TEXT],
  ["a frame without a length", { "content-encoding": ["aws-chunked"] }, Buffer.from("x\r\n")],
  ["a cut frame", { "content-encoding": ["aws-chunked"] }, Buffer.from("ff\r\nabc")],
])("decodeBody() refuses %s", (_, headers, bytes) => {
  expect(() => decodeBody(headers, whole(bytes))).toThrow(Error);
});
