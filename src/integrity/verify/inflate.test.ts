import { crc32, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inflateChunks, inflateWhole } from "./inflate.ts";

const TEXT = Buffer.from("who did it, when, from where ".repeat(5000));
const GZIP = gzipSync(TEXT);
const MAX = 1024 * 1024;

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function inPieces(
  bytes: Uint8Array,
  size = 1000,
  max = MAX,
): Promise<{ readonly found: string | undefined; readonly content: string }> {
  const got: Uint8Array[] = [];
  const found = await inflateChunks(piecesOf(bytes, size), (piece) => got.push(Buffer.from(piece)), max);
  return { found: typeof found === "object" ? found.code : found, content: Buffer.concat(got).toString() };
}

/** The same member with a header that says more. */
function withHeader(flags: number, ...more: readonly number[]): Buffer {
  const head = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...more]);
  const checked = flags & 2 ? Buffer.from([crc32(head) & 0xff, (crc32(head) >> 8) & 0xff]) : Buffer.alloc(0);
  return Buffer.concat([head, checked, GZIP.subarray(10)]);
}

const WHOLE: readonly (readonly [string, Buffer])[] = [
  ["plain", GZIP],
  ["with a name", withHeader(8, 0x61, 0x62, 0)],
  ["with a name and a comment", withHeader(0x18, 0x61, 0, 0x62, 0)],
  ["with extra fields", withHeader(4, 3, 0, 1, 2, 3)],
  ["with a checksum of its header", withHeader(2)],
];

describe.each(WHOLE)("a gzip %s", (_, gzip) => {
  test("inflateWhole() gives its content", () => expect(inflateWhole(gzip, MAX)).toEqual(TEXT));

  test.each([1, 7, 1000, MAX])("inflateChunks() gives its content in pieces of %i", async (size) => {
    expect(await inPieces(gzip, size)).toEqual({ found: undefined, content: TEXT.toString() });
  });
});

const BROKEN: readonly (readonly [string, Buffer, string])[] = [
  ["something behind it", Buffer.concat([GZIP, Buffer.from("x")]), "trailing-data"],
  ["another member behind it", Buffer.concat([GZIP, GZIP]), "trailing-data"],
  ["an empty member behind it", Buffer.concat([GZIP, gzipSync("")]), "trailing-data"],
  ["an empty member before it", Buffer.concat([gzipSync(""), GZIP]), "trailing-data"],
  ["its end cut off", GZIP.subarray(0, -1), "cut"],
  ["its trailer cut off", GZIP.subarray(0, -8), "cut"],
  ["its second half cut off", GZIP.subarray(0, GZIP.length / 2), "cut"],
  ["nothing but a header", GZIP.subarray(0, 10), "cut"],
  ["nothing at all", Buffer.alloc(0), "cut"],
  ["another checksum", changed(GZIP.length - 8), "invalid-format"],
  ["another length", changed(GZIP.length - 4), "invalid-format"],
  ["a flag that means nothing", changed(3, 0x80), "invalid-format"],
  ["a checksum of its header that is not", withBadHeaderChecksum(), "invalid-format"],
  ["another beginning", changed(0), "invalid-format"],
  [
    "a header without end",
    Buffer.concat([withHeader(8).subarray(0, 10), Buffer.alloc(200_000, 0x61)]),
    "invalid-format",
  ],
  [
    "a block that is none",
    Buffer.concat([GZIP.subarray(0, 10), Buffer.from([0x07]), GZIP.subarray(11)]),
    "invalid-format",
  ],
];

function changed(at: number, by = 1): Buffer {
  const bytes = Buffer.from(GZIP);
  bytes[at] = (bytes[at] ?? 0) ^ by;
  return bytes;
}

function withBadHeaderChecksum(): Buffer {
  const bytes = withHeader(2);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return bytes;
}

describe.each(BROKEN)("a gzip with %s", (_, gzip, code) => {
  test("inflateWhole() refuses it", () => expect(inflateWhole(gzip, MAX)).toBeUndefined());

  test.each([1, 1000, MAX])("inflateChunks() names it, in pieces of %i", async (size) => {
    expect((await inPieces(gzip, size)).found).toBe(code);
  });
});

test("inflateWhole() and inflateChunks() agree about every content", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 300 }), async (bytes, size) => {
      const gzip = gzipSync(bytes);
      expect(inflateWhole(gzip, MAX)).toEqual(Buffer.from(bytes));
      expect(await inPieces(gzip, size)).toEqual({ found: undefined, content: Buffer.from(bytes).toString() });
    }),
  );
});

test("inflateWhole() and inflateChunks() stop at the most that is allowed", async () => {
  expect(inflateWhole(GZIP, TEXT.length - 1)).toBeUndefined();
  expect((await inPieces(GZIP, 1000, TEXT.length - 1)).found).toBe("too-large");
});
