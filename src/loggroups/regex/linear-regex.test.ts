import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinearRegex } from "./linear-regex.ts";
import { RegexError } from "./parse-regex.ts";

const ATOMS = "a b c . \\d \\w \\s \\W [ab] [^a] [a-c_] [^\\d\\n] \\x41 ^ $ \\b \\B - \\. é 1 { [\\w-]".split(" ");
const atom = fc.constantFrom(...ATOMS);
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??");
const { expression } = fc.letrec<{ expression: string; piece: string }>((tie) => ({
  expression: fc
    .array(fc.array(tie("piece"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((ways) => ways.map((way) => way.join("")).join("|")),
  piece: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(atom, quantifier).map(([text, times]) => (/^(\^|\$|\\[bB])$/.test(text) ? text : text + times)),
    fc
      .tuple(fc.constantFrom("(", "(?:"), tie("expression"), quantifier)
      .map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
}));
const short = expression.filter((source) => source.length < 60);
const text = fc.string({
  unit: fc.constantFrom("a", "b", "c", "A", "B", "é", "É", "1", "_", "-", " ", ".", "\n", "{", "ſ"),
});
const flags = fc.constantFrom("", "i", "m", "s", "im");

function both(source: string, letters: string): readonly [LinearRegex, RegExp] {
  const ours = new LinearRegex(source, {
    ignoreCase: letters.includes("i"),
    multiline: letters.includes("m"),
    dotAll: letters.includes("s"),
  });
  return [ours, new RegExp(source, letters)];
}

describe("LinearRegex", () => {
  test("agrees with JavaScript on whether there is a match, and where", () => {
    fc.assert(
      fc.property(short, flags, text, (source, letters, subject) => {
        const [ours, theirs] = both(source, letters);
        const expected = theirs.exec(subject);
        expect(ours.test(subject)).toBe(expected !== null);
        expect(ours.find(subject)?.start).toBe(expected?.index);
      }),
      { numRuns: 1000 },
    );
  });

  test("agrees with JavaScript on any text at all", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("\\W", "[^a-zÀ-ÿ]", ".", "\\s\\S", "k", "[μ-ω]"),
        flags,
        fc.string({ unit: "binary" }),
        (source, letters, subject) => {
          const [ours, theirs] = both(source, letters);
          expect(ours.test(subject)).toBe(theirs.test(subject));
        },
      ),
    );
  });

  test.each([
    ["(\\w+)@(\\w+)", "to bob@home now"],
    ["(a+?)(a*)", "xaaa"],
    ["(a)|(b)", "b"],
    ["user=(?<user>[^,]*), id=(?<id>\\d+)", "user=bob, id=17"],
    ["^(\\d+)(?:-(\\d+))?$", "12"],
    ["(.*)(\\d)", "ab12"],
    ["x*", "aaa"],
    ["(?:ab|a)(bc)?", "abc"],
  ])("find() fills the groups of /%s/ as JavaScript does", (source, subject) => {
    const expected = new RegExp(source).exec(subject);
    const found = new LinearRegex(source).find(subject);
    expect(found?.groups).toEqual([...(expected ?? [])].slice(1));
    expect(subject.slice(found?.start, found?.end)).toBe(expected?.[0]);
  });

  test("takes leading flags, and flags of a group", () => {
    expect(new LinearRegex("(?i)error").test("An ERROR")).toBe(true);
    expect(new LinearRegex("a(?i:b)c").test("aBc")).toBe(true);
    expect(new LinearRegex("a(?i:b)c").test("aBC")).toBe(false);
    expect(new LinearRegex("(?P<one>x)(y)").groupNames).toEqual(["one", undefined]);
  });

  test.each([
    ["(?=a)", 0],
    ["a(?<!b)", 1],
    ["(a)\\1", 3],
    ["a**", 3],
    ["a++", 2],
    ["(a", 0],
    ["a)", 1],
    ["[a", 0],
    ["[b-a]", 4],
    ["a{3,2}", 6],
    ["a{1001}", 7],
    ["*", 0],
    ["^*", 0],
    ["\\", 0],
    ["\\p", 0],
    ["(?<x>a)(?<x>b)", 7],
    ["(((a{100}){100}){100}){100}", 0],
    ["(".repeat(60), 50],
  ])("refuses /%s/, naming the place", (source, offset) => {
    const refused = (() => {
      try {
        return new LinearRegex(source);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(RegexError);
    expect(refused).toHaveProperty("offset", offset);
  });

  // Each of these takes a backtracking engine longer than anybody lives.
  test.each([
    ["(a+)+$", `${"a".repeat(20_000)}!`],
    ["(a|a)*b", "a".repeat(20_000)],
    ["(?:(?:(?:){1000}){1000}){1000}x", "a"],
    ["(.*,){11}P", "1,".repeat(5000)],
    ["(?:a?){100}a{150}$", `${"a".repeat(140)}`],
  ])("ends soon on /%s/", (source, subject) => {
    const regex = new LinearRegex(source);
    expect(regex.test(subject)).toBe(false);
    expect(regex.find(subject)).toBeUndefined();
  });

  test("find() gives up on what would take it seconds", () => {
    const regex = new LinearRegex(`(${"(?:a?|b)".repeat(90)}c?)*d`);
    expect(() => regex.find(`${"a".repeat(300_000)}d`)).toThrow(RegexError);
  });

  test("keeps no states where they are too many, and still agrees", () => {
    const [ours, theirs] = both("(?:a|b)*a(?:a|b){12}c", "");
    for (let seed = 0; seed < 2; seed++) {
      const subject = Array.from({ length: 3000 }, (_, at) =>
        Math.imul(at * at + seed, 2_654_435_761) & 0x10000 ? "a" : "b",
      ).join("");
      expect(ours.test(`${subject}c`)).toBe(theirs.test(`${subject}c`));
      expect(ours.test(subject)).toBe(false);
    }
  });
});
