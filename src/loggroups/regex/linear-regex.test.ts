import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinearRegex, RegexError } from "./linear-regex.ts";

/** What RE2 and JavaScript mean the same by. */
const ATOMS = "a b c . \\d \\w [ab] [^a] [a-c_] \\x41 ^ $ \\b - \\. 1 [\\w-]".split(" ");
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??");
const { expression } = fc.letrec<{ expression: string; piece: string }>((tie) => ({
  expression: fc
    .array(fc.array(tie("piece"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((ways) => ways.map((way) => way.join("")).join("|")),
  piece: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc
      .tuple(fc.constantFrom(...ATOMS), quantifier)
      .map(([text, times]) => (/^(\^|\$|\\b)$/.test(text) ? text : text + times)),
    fc
      .tuple(fc.constantFrom("(", "(?:"), tie("expression"), quantifier)
      .map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
}));
const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "1", "_", "-", " ", ".", "{") });

describe("LinearRegex", () => {
  test("agrees with JavaScript on whether there is a match, and where", () => {
    fc.assert(
      fc.property(
        expression.filter((source) => source.length < 60),
        fc.boolean(),
        text,
        (source, ignoreCase, subject) => {
          const ours = new LinearRegex(source, { ignoreCase });
          const expected = new RegExp(source, ignoreCase ? "i" : "").exec(subject);
          expect(ours.test(subject)).toBe(expected !== null);
          expect(ours.find(subject)?.start).toBe(expected?.index);
        },
      ),
    );
  });

  test("finds what its groups hold, and where", () => {
    const regex = new LinearRegex("user=(?<user>\\w+)(, id=(\\d+))?");
    expect(regex.groupNames).toEqual(["user", undefined, undefined]);
    expect(regex.find("x user=Mary")).toEqual({ start: 2, end: 11, groups: ["Mary", undefined, undefined] });
    expect(regex.find("user=Mary user=John, id=7", 1)).toEqual({ start: 10, end: 25, groups: ["John", ", id=7", "7"] });
  });

  test.each([
    ["multiline", "^b$", "a\nb", { multiline: true }],
    ["dotAll", "a.b", "a\nb", { dotAll: true }],
    ["ignoreCase", "ERROR", "an error", { ignoreCase: true }],
  ])("knows %s", (_, source, subject, flags) => {
    expect(new LinearRegex(source).test(subject)).toBe(false);
    expect(new LinearRegex(source, flags).test(subject)).toBe(true);
  });

  test.each([
    "(?=a)",
    "a(?<!b)",
    "(a)\\1",
    "a**",
    "(a",
    "a)",
    "[a",
    "[b-a]",
    "a{3,2}",
    "a{1001}",
    "*",
    "\\",
    "a".repeat(4_097),
  ])("refuses %s", (source) => expect(() => new LinearRegex(source)).toThrow(RegexError));

  test.each(["(a{100}){100}", "((((a{10}){10}){10}){10}){10}", "(?:(?:(?:a){1000}){1000}){1000}x", "(".repeat(2_000)])(
    "refuses %s, which grows",
    (source) => expect(() => new LinearRegex(source)).toThrow(RegexError),
  );

  test.each(["(a*)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)x", "a?".repeat(30) + "a".repeat(30)])(
    "comes to an end with %s on a long text",
    (source) => expect(new LinearRegex(source).test("a".repeat(20_000))).toBe(/\?a$|\$$|aaa$/.test(source)),
  );
});
