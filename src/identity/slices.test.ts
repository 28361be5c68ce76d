import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byKey, sliceOf } from "./slices.ts";
import { tagPosition } from "./tags.ts";

describe("sliceOf()", () => {
  test("sliceOf() cuts a list so that its slices make it up again", () => {
    const self = (text: string) => text;
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 4 }), (texts, limit) => {
        const rows = texts.toSorted(byKey(self));
        const read: string[] = [];
        for (let after: string | undefined; ; after = read.at(-1)) {
          const slice = sliceOf(rows, self, { after, limit });
          if (slice.length === 0) break;
          read.push(...slice);
        }
        expect(read).toEqual(rows);
      }),
    );
  });
});

describe("tagPosition()", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "B", "漢", "𠮷"), minLength: 1, maxLength: 64 });

  test("tagPosition() tells keys apart, fits into a marker, and sorts keys of up to 40 characters as they are", () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        const [left, right] = [
          { Key: one, Value: "" },
          { Key: other, Value: "" },
        ];
        expect(tagPosition(left) === tagPosition(right)).toBe(one === other);
        expect(Buffer.byteLength(JSON.stringify(tagPosition(left)))).toBeLessThanOrEqual(216);
        const sorted = [left, right].sort(byKey(tagPosition)).map((tag) => tag.Key);
        fc.pre(one.length <= 40 && other.length <= 40);
        expect(sorted).toEqual([one, other].sort(byKey((text) => text)));
      }),
    );
  });
});
