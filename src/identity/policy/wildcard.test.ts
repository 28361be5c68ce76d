import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern, type Meter, patternMatches, tokensOf } from "./wildcard.ts";

/** What `*` and `?` mean, said as simply as possible: exponential, and only for short texts. */
function naive(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const rest = pattern.slice(1);
  if (pattern[0] === "*") return naive(rest, text) || (text !== "" && naive(pattern, text.slice(1)));
  return text !== "" && (pattern[0] === "?" || pattern[0] === text[0]) && naive(rest, text.slice(1));
}

function matches(pattern: string, text: string, meter?: Meter): boolean {
  return patternMatches(compilePattern(tokensOf(pattern, true)), text, meter);
}

/** Every text over the alphabet up to the length. */
function allTexts(alphabet: string, lengthMax: number): string[] {
  const all = [""];
  for (let from = 0, length = 1; length <= lengthMax; length++) {
    const to = all.length;
    for (; from < to; from++) for (const letter of alphabet) all.push(all[from] + letter);
  }
  return all;
}

describe("patternMatches()", () => {
  test("patternMatches() agrees with the naive matcher on every small pattern and text", () => {
    const patterns = allTexts("ab*?", 5);
    const texts = allTexts("ab", 5);
    const wrong: string[] = [];
    for (const pattern of patterns) {
      const compiled = compilePattern(tokensOf(pattern, true));
      for (const text of texts) {
        if (patternMatches(compiled, text) !== naive(pattern, text)) wrong.push(`${pattern} on ${text}`);
      }
    }
    expect(patterns.length * texts.length).toBe(1365 * 63);
    expect(wrong).toEqual([]);
  });

  test("patternMatches() agrees with the naive matcher on longer pieces, across the 32-bit words", () => {
    const letters = fc.constantFrom("a", "b");
    const piece = fc.array(fc.constantFrom("a", "b", "?"), { maxLength: 70 }).map((units) => units.join(""));
    const filled = (wanted: string, fill: string) => wanted.replaceAll("?", fill);
    fc.assert(
      fc.property(
        piece,
        piece,
        letters,
        fc.nat(2),
        fc.array(letters, { maxLength: 5 }),
        (one, two, fill, cut, noise) => {
          const pattern = `*${one}*${two}`;
          const text = noise.join("") + filled(one, fill) + filled(two, fill).slice(cut);
          expect(matches(pattern, text)).toBe(naive(pattern, text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", true],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::B/x", false],
    ["*", "", true],
    ["?", "", false],
    ["a.c", "abc", false],
    ["a+", "aa", false],
    ["[ab]", "a", false],
    ["user/Jo?n", "user/John", true],
    [
      "*needle-that-is-longer-than-thirty-two-characters*",
      "a needle-that-is-longer-than-thirty-two-characters b",
      true,
    ],
    [
      "*needle-that-is-longer-than-thirty-two-characters*",
      "a needle-that-is-longer-than-thirty-two-character b",
      false,
    ],
  ])("patternMatches() of %s on %s is %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each([
    ["many stars", "*a".repeat(500), "a".repeat(499) + "b".repeat(20_000)],
    ["a long piece that almost fits everywhere", `*${"a".repeat(2000)}b*`, "a".repeat(20_000)],
    ["wild characters in a long piece", `*${"a?".repeat(1000)}b*`, "a".repeat(20_000)],
    ["stars and a tail that never comes", `${"*a?".repeat(300)}*c`, "ab".repeat(10_000)],
    ["one star and a long head", `${"a".repeat(10_000)}*b`, "a".repeat(20_000)],
  ])("patternMatches() does no more than text × ⌈piece / 32⌉ steps: %s", (_, pattern, text) => {
    const meter = { steps: 0 };
    const longest = Math.max(...pattern.split("*").map((piece) => piece.length));
    matches(pattern, text, meter);
    expect(meter.steps).toBeLessThanOrEqual(text.length * Math.ceil(longest / 32));
  });

  test("tokensOf() takes wildcards for characters when asked to", () => {
    expect(patternMatches(compilePattern(tokensOf("a*?", false)), "a*?")).toBe(true);
    expect(patternMatches(compilePattern(tokensOf("a*?", false)), "axy")).toBe(false);
  });
});
