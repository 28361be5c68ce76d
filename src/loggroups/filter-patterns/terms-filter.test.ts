import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchTerms, parseTermsFilter } from "./terms-filter.ts";

const word = fc.constantFrom("a", "b", "ab", '"a b"', '" "', '"\\"a"', "B_1");
const terms = fc.array(fc.tuple(fc.constantFrom("", "-", "?"), word), { maxLength: 4 });
const text = fc.string({ unit: fc.constantFrom("a", "b", " ", '"', "B_1"), maxLength: 8 });

function naively(written: readonly (readonly [string, string])[], message: string): boolean {
  const holds = (word: string) => message.includes(word.startsWith('"') ? (JSON.parse(word) as string) : word);
  const all = written.filter(([sign]) => sign === "").every(([, word]) => holds(word));
  const none = written.filter(([sign]) => sign === "-").every(([, word]) => !holds(word));
  if (written.some(([sign]) => sign !== "?")) return all && none;
  return written.length === 0 || written.some(([, word]) => holds(word));
}

describe("matchTerms()", () => {
  test("agrees with a naive evaluation of words", () => {
    fc.assert(
      fc.property(terms, text, (written, message) => {
        const filter = parseTermsFilter(written.map(([sign, word]) => sign + word).join(" "));
        expect(matchTerms(filter, message)).toBe(naively(written, message));
      }),
      { numRuns: 500 },
    );
  });
});
