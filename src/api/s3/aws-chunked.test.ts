import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { AwsChunkedReader } from "./aws-chunked.ts";

interface ReadBody {
  readonly content: string;
  readonly trailers: Readonly<Record<string, string>>;
}

function read(pieces: readonly Uint8Array[]): ReadBody {
  const reader = new AwsChunkedReader();
  const content = pieces.flatMap((piece) => [...reader.read(piece)]).map((piece) => Buffer.from(piece));
  reader.end();
  return { content: Buffer.concat(content).toString("latin1"), trailers: Object.fromEntries(reader.trailers) };
}

function code(text: string): string {
  try {
    read([Buffer.from(text, "latin1")]);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.code;
    throw thrown;
  }
  return "none";
}

const SIGNATURE = `;chunk-signature=${"a".repeat(64)}`;

describe("AwsChunkedReader", () => {
  test.each<[what: string, text: string, content: string, trailers: Record<string, string>]>([
    ["chunks without signatures", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", {}],
    ["signed chunks", `5${SIGNATURE}\r\nhello\r\n0${SIGNATURE}\r\n\r\n`, "hello", {}],
    ["no content", "0\r\n\r\n", "", {}],
    ["an end without its last line", "1\r\na\r\n0\r\n", "a", {}],
    [
      "trailers",
      "A\r\n0123456789\r\n0\r\nX-Amz-Checksum-CRC32: AAAA== \r\nx-amz-trailer-signature:abc\r\n\r\n",
      "0123456789",
      { "x-amz-checksum-crc32": "AAAA==", "x-amz-trailer-signature": "abc" },
    ],
    ["what looks like framing inside a chunk", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n", {}],
  ])("read() undoes %s", (_, text, content, trailers) => {
    expect(read([Buffer.from(text, "latin1")])).toEqual({ content, trailers });
  });

  test.each([
    ["no framing at all", "hello", "IncompleteBody"],
    ["a body without bytes", "", "IncompleteBody"],
    ["a missing last chunk", "5\r\nhello\r\n", "IncompleteBody"],
    ["half a chunk", "5\r\nhel", "IncompleteBody"],
    ["a chunk that is longer than it says", "4\r\nhello\r\n0\r\n\r\n", "IncompleteBody"],
    ["a length that is no number", "x\r\nhello\r\n0\r\n\r\n", "IncompleteBody"],
    ["a length of nine digits", "000000005\r\nhello\r\n0\r\n\r\n", "IncompleteBody"],
    ["a line that does not end", "1".repeat(5000), "IncompleteBody"],
    ["a trailer that is none", "0\r\nnonsense\r\n\r\n", "MalformedTrailerError"],
    ["a trailer without end", `0\r\n${"a".repeat(20_000)}`, "MalformedTrailerError"],
  ])("read() refuses %s", (_, text, refused) => {
    expect(code(text)).toBe(refused);
  });

  test("read() gives the same content however it is cut into chunks and pieces", () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(chunks, fc.boolean(), fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (parts, signed, cuts) => {
        const extension = signed ? SIGNATURE : "";
        const framed = Buffer.concat([
          ...parts.flatMap((part) => [
            Buffer.from(`${part.length.toString(16)}${extension}\r\n`),
            part,
            Buffer.from("\r\n"),
          ]),
          Buffer.from(`0${extension}\r\na:b\r\n\r\n`),
        ]);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < framed.length; ) {
          const length = cuts.next().value as number;
          pieces.push(framed.subarray(at, at + length));
          at += length;
        }
        expect(read(pieces)).toEqual({ content: Buffer.concat(parts).toString("latin1"), trailers: { a: "b" } });
      }),
    );
  });
});
