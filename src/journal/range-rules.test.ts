import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RangeCutter, type RangeRules, rangeSalt, stretchOf } from "./range-rules.ts";

/** The ranges of records with these lengths: where each begins and ends; the last one may be open. */
function rangesOf(rules: RangeRules, lengths: readonly number[]): readonly (readonly [first: number, end: number])[] {
  const cutter = new RangeCutter(rules, 0);
  const ranges: [number, number][] = [];
  let first = 0;
  for (const [sequence, length] of lengths.entries()) {
    expect(cutter.first).toBe(first);
    if (!cutter.add(length)) continue;
    ranges.push([first, sequence + 1]);
    first = sequence + 1;
  }
  if (first < lengths.length) ranges.push([first, lengths.length]);
  return ranges;
}

describe("RangeCutter", () => {
  const lengthsAndRules = fc.record({
    lengths: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 100 }),
    records: fc.integer({ min: 1, max: 20 }),
    bytes: fc.integer({ min: 1, max: 100 }),
    stretchesFrom: fc.integer({ min: 0, max: 3 }),
  });

  test("cuts at the end of a stretch, and where a range reaches its bytes, and nowhere else", () => {
    fc.assert(
      fc.property(lengthsAndRules, ({ lengths, records, bytes, stretchesFrom }) => {
        const rules = { records, bytes, bytesFrom: stretchesFrom * records };
        const ranges = rangesOf(rules, lengths);
        for (const [first, end] of ranges) {
          const sizes = lengths.slice(first, end);
          const before = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
          const isFull = end % records === 0 || (first >= rules.bytesFrom && before + (sizes.at(-1) ?? 0) >= bytes);
          expect(isFull || end === lengths.length).toBe(true);
          expect(stretchOf(rules, end - 1)).toBe(stretchOf(rules, first));
          const isNoLonger = sizes.length === 1 || before < bytes;
          expect(first >= rules.bytesFrom ? isNoLonger : first % records === 0).toBe(true);
        }
      }),
    );
  });

  test("cuts again where it cut before, from the begin of any range", () => {
    fc.assert(
      fc.property(lengthsAndRules, ({ lengths, records, bytes, stretchesFrom }) => {
        const rules = { records, bytes, bytesFrom: stretchesFrom * records };
        for (const [from, end] of rangesOf(rules, lengths)) {
          const cutter = new RangeCutter(rules, from);
          const cuts = lengths.slice(from, end).map((length) => cutter.add(length));
          expect(cuts.slice(0, -1)).not.toContain(true);
          expect(cutter.first).toBe(cuts.at(-1) === true ? end : from);
        }
      }),
    );
  });

  test("copy() goes on by itself", () => {
    const cutter = new RangeCutter({ records: 10, bytes: 100, bytesFrom: 0 }, 0);
    cutter.add(60);
    const copy = cutter.copy();
    expect([copy.add(40), copy.first]).toEqual([true, 2]);
    expect([cutter.first, cutter.add(39), cutter.add(1)]).toEqual([0, false, true]);
  });
});

test("rangeSalt() is the stretch's own for its first range, and another for each of the others", () => {
  const salt = new Uint8Array(32).fill(7);
  expect(rangeSalt(salt, 64, 64)).toEqual(salt);
  const salts = [65, 66, 127].map((first) => Buffer.from(rangeSalt(salt, 64, first)).toString("hex"));
  expect(new Set(salts).size).toBe(3);
  expect(salts.every((each) => each.length === 64)).toBe(true);
});
