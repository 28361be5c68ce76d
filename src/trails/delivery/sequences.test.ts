import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packSequences, unpackSequences } from "./sequences.ts";

describe("packSequences()", () => {
  test("gives back what it was given, beyond 32 bits too", () => {
    const ascending = fc
      .uniqueArray(fc.oneof(fc.nat(300), fc.maxSafeNat()), { maxLength: 200 })
      .map((sequences) => sequences.toSorted((left, right) => left - right));
    fc.assert(
      fc.property(ascending, (sequences) => {
        const ranges = unpackSequences(packSequences(sequences));
        expect(ranges.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at))).toEqual(
          sequences,
        );
      }),
    );
  });

  test("takes a few bytes for a run, however long", () => {
    expect(packSequences(Array.from({ length: 30_000 }, (_, at) => 5_000_000 + at))).toHaveLength(7);
    expect(packSequences([])).toHaveLength(0);
  });

  test("refuses sequences that do not ascend", () => {
    expect(() => packSequences([3, 3])).toThrow("sequences ascend");
  });
});

describe("unpackSequences()", () => {
  test("refuses bytes that end in the middle", () => {
    expect(() => unpackSequences(packSequences([1000]).subarray(0, 1))).toThrow("packed sequences are whole");
  });
});
