import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRegex } from "./regex.ts";

// What both engines read alike: `\s` and `.` differ on characters that are not in the texts below.
const ATOMS = "a b c 1 _ : # = @ / ; , - \\. \\! \\d \\D \\w \\W \\s \\S \\x41 . [ab] [^a] [a-c_] [^\\d] [\\w-]".split(
  " ",
);
const piece = fc
  .tuple(fc.constantFrom(...ATOMS), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?"))
  .map(([atom, times]) => atom + times);
const way = fc
  .tuple(fc.constantFrom("", "", "^"), fc.array(piece, { minLength: 1, maxLength: 5 }), fc.constantFrom("", "", "$"))
  .map(([start, pieces, end]) => `${start}${pieces.join("")}${end}`);
const expression = fc.array(way, { minLength: 1, maxLength: 3 }).map((ways) => ways.join("|"));
const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "1", "_", "-", " ", ".", ":", "!", "@") });

/** No two stretches of it are alike, so that an engine finds itself in a new state at nearly every character. */
function unrulyText(length: number): string {
  let state = 1;
  const letters: string[] = [];
  while (letters.length < length) {
    // A shift register of 23 bits.
    state = (state >> 1) ^ (state & 1 ? 0x420000 : 0);
    letters.push(state & 1 ? "a" : "b");
  }
  return letters.join("");
}

describe("compileRegex()", () => {
  test("agrees with JavaScript on what filter patterns may hold", () => {
    fc.assert(
      fc.property(expression, text, (source, subject) => {
        expect(compileRegex(source)(subject)).toBe(new RegExp(source).test(subject));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["\\x28root\\x29", "(root)", true],
    ["10\\.10\\.0\\.1", "10.10.0.1", true],
    ["10\\.10\\.0\\.1", "10010001", false],
    ["colou?r", "color", true],
    ["[0-9a-f]{64}", "0123456789abcdef".repeat(4), true],
    ["^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", "9d4a3f6e-1c2b-4f5a-8e7d-0123456789ab", true],
    ["a".repeat(300), "a".repeat(300), true],
  ])("matches %s over %s: %s", (source, subject, expected) => {
    expect(compileRegex(source)(subject)).toBe(expected);
  });

  // Unbounded, the first of these takes an engine without backtracking ten seconds and more.
  test.each(["a[ab]{99}", "a?b?".repeat(49), "[ab]*[ab]*[ab]*[ab]*"])("ends soon on %s", (source) => {
    expect(compileRegex(`${source}[xz]`)(unrulyText(1 << 15))).toBe(false);
  });
});
