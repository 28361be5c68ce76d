import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileContents, packContents, type WholeContents } from "./file-contents.ts";

function contentsOf(records: readonly Uint8Array[]): WholeContents {
  const contents = new FileContents();
  for (const record of records) contents.add(record);
  return contents.finish();
}

describe("FileContents", () => {
  test("holds the records' own bytes in one JSON document of one line", async () => {
    const whole = contentsOf([Buffer.from('{"a":1.0}'), Buffer.from('{"é":"\\u00e9"}')]);
    expect(Buffer.concat(whole.pieces).toString()).toBe('{"Records":[{"a":1.0},{"é":"\\u00e9"}]}');
    expect(Buffer.concat(contentsOf([]).pieces).toString()).toBe('{"Records":[]}');
  });

  test("knows its size and hash, and foresees its size, wherever its pieces end", () => {
    const record = fc.uint8Array({ minLength: 1, maxLength: 9000 });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (records) => {
        const contents = new FileContents();
        for (const bytes of records.slice(0, -1)) contents.add(bytes);
        const last = records.at(-1) as Uint8Array;
        const foreseen = contents.bytesWith(last.length);
        contents.add(last);
        const whole = contents.finish();
        const bytes = Buffer.concat(whole.pieces);
        const separators = records.flatMap((one, index) => (index === 0 ? [one] : [Buffer.from(","), one]));
        expect(bytes.equals(Buffer.concat([Buffer.from('{"Records":['), ...separators, Buffer.from("]}")]))).toBe(true);
        expect(whole.bytes).toBe(bytes.length);
        // The comma that a first record does not need is the one byte that it may be less.
        expect([foreseen, foreseen - 1]).toContain(whole.bytes);
        expect(whole.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
      }),
      { numRuns: 50 },
    );
  });
});

describe("packContents()", () => {
  test("gives the same gzip for the same records, across pieces", async () => {
    const records = Array.from({ length: 3000 }, (_, index) =>
      Buffer.from(JSON.stringify({ index, text: "x".repeat(index) })),
    );
    const [first, second] = await Promise.all([packContents(contentsOf(records)), packContents(contentsOf(records))]);
    expect(Buffer.compare(first.gzip, second.gzip)).toBe(0);
    expect(gunzipSync(first.gzip).equals(Buffer.concat(contentsOf(records).pieces))).toBe(true);
  });
});
