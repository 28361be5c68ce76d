import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeTermFilter, mayContain } from "./term-filter.ts";
import { termHash } from "./term-hash.ts";

const fingerprint = fc.integer({ min: 0, max: 0xffff_ffff });

describe("mayContain()", () => {
  test("mayContain() finds every fingerprint that the filter was made of", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fingerprint, { maxLength: 300 }), (fingerprints) => {
        const filter = encodeTermFilter(fingerprints);
        expect(fingerprints.filter((one) => !mayContain(filter, one))).toEqual([]);
        expect(filter.length).toBe(fingerprints.length);
      }),
      { numRuns: 500 },
    );
  });

  test("mayContain() finds nothing in an empty filter", () => {
    const filter = encodeTermFilter([]);
    expect([0, 1, 0xffff_ffff].filter((one) => mayContain(filter, one))).toEqual([]);
  });

  // 2.2 % are expected: (1 − e^(−5/8))^5. Of 100,000 that is a standard deviation of 0.05 %.
  test.each([1000, 4096, 65_536, 66_001, 131_072])(
    "mayContain() lets pass fewer than 2.5 % of the absent ones at %i terms",
    (count) => {
      const hash = termHash(new Uint8Array(32).fill(count % 251));
      const present = new Set(Array.from({ length: count }, (_, index) => hash(`present ${index}`)));
      const filter = encodeTermFilter([...present]);
      const absent = Array.from({ length: 100_000 }, (_, index) => hash(`absent ${index}`)).filter(
        (one) => !present.has(one),
      );
      const passed = absent.filter((one) => mayContain(filter, one)).length;
      expect(passed / absent.length).toBeLessThan(0.025);
      expect(passed).toBeGreaterThan(0);
    },
  );
});

describe("encodeTermFilter()", () => {
  test("encodeTermFilter() gives the same bytes for the same fingerprints in any order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fingerprint, { maxLength: 50 }), (fingerprints) => {
        expect(encodeTermFilter(fingerprints.toReversed())).toEqual(encodeTermFilter(fingerprints));
      }),
    );
  });
});
