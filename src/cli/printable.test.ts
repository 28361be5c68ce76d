import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonLine, printable } from "./printable.ts";

describe("printable()", () => {
  test.each([
    ["plain text", "Mary of 192.0.2.7", "Mary of 192.0.2.7"],
    ["letters of other scripts", "Zoë 東京 Ωmega שלום", "Zoë 東京 Ωmega שלום"],
    ["emoji", "🚀", "🚀"],
  ])("keeps %s", (_, text, expected) => expect(printable(text)).toBe(expected));

  test.each([
    ["a colour sequence", "\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
    ["a window title with a bell", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
    ["a one-byte control sequence introducer", "\u009b2J", "\\u009b2J"],
    ["line breaks, tabs and backspaces", "a\r\n\tb\b", "a\\u000d\\u000a\\u0009b\\u0008"],
    ["delete", "a\u007f", "a\\u007f"],
    ["a right-to-left override", "user\u202egpj.exe", "user\\u202egpj.exe"],
    ["isolates", "\u2066a\u2069", "\\u2066a\\u2069"],
    ["the Arabic letter mark", "\u061c", "\\u061c"],
    ["a zero-width space", "Ma\u200bry", "Ma\\u200bry"],
    ["a line separator", "a\u2028b", "a\\u2028b"],
    ["a byte order mark", "\ufeffa", "\\ufeffa"],
    ["a lone surrogate", "a\ud800b", "a\\ud800b"],
    ["tag characters", "\u{e0041}", "\\udb40\\udc41"],
    ["a filler that draws nothing", "a\u3164", "a\\u3164"],
    ["private use", "\ue000", "\\ue000"],
  ])("escapes %s", (_, text, expected) => expect(printable(text)).toBe(expected));

  test("lets no control, format or surrogate code point through, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("jsonLine()", () => {
  test("stands on one line and means the same, whatever the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const line = jsonLine(JSON.stringify(value, undefined, indent));
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("keeps numbers as they were written", () => {
    expect(jsonLine('{"bytes": 89.0, "id": 12345678901234567890}')).toBe('{"bytes": 89.0, "id": 12345678901234567890}');
  });
});
