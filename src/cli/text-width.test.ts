import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cut, cutText, padText, textWidth } from "./text-width.ts";

describe("textWidth()", () => {
  test.each([
    ["", 0],
    ["Mary", 4],
    ["Zoë", 3],
    ["Zoe\u0308", 3],
    ["東京", 4],
    ["ﾄｳｷｮｳ", 5],
    ["ＡＢ", 4],
    ["서울", 4],
    ["🚀x", 3],
    ["a…", 2],
  ])("of %j is %i", (text, width) => expect(textWidth(text)).toBe(width));
});

describe("cutText()", () => {
  test.each<[string, number, Cut, string]>([
    ["CreateUser", 10, "end", "CreateUser"],
    ["CreateUser", 7, "end", "Create…"],
    ["user/very/long/Mary", 9, "middle", "user…Mary"],
    ["user/very/long/Mary", 10, "middle", "user/…Mary"],
    ["東京都庁", 6, "end", "東京…"],
    ["東京都庁", 5, "end", "東京…"],
    ["東京都庁", 4, "end", "東…"],
    ["e\u0301e\u0301e\u0301", 2, "end", "e\u0301…"],
    ["Mary", 1, "end", "…"],
    ["Mary", 0, "end", ""],
  ])("of %j to %i columns at its %s is %j", (text, columns, cut, expected) =>
    expect(cutText(text, columns, cut)).toBe(expected),
  );

  test("is never wider than asked, and changes nothing that fits", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.nat(40),
        fc.constantFrom<Cut>("end", "middle"),
        (text, columns, cut) => {
          const result = cutText(text, columns, cut);
          expect(textWidth(result)).toBeLessThanOrEqual(columns);
          expect(result === text).toBe(textWidth(text) <= columns);
        },
      ),
    );
  });
});

describe("padText()", () => {
  test.each([
    ["a", 3, "a  "],
    ["東", 3, "東 "],
    ["abc", 2, "abc"],
  ])("of %j to %i columns is %j", (text, columns, expected) => expect(padText(text, columns)).toBe(expected));
});
