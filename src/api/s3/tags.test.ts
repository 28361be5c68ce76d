import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { tagsOf, tagsOfHeader } from "./tags.ts";

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof Refusal ? thrown.code : thrown;
  }
}

const many = (count: number): { Key: string; Value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: "v" }));

describe("tagsOf()", () => {
  test("makes a map of them, whatever their names", () => {
    const tags = tagsOf([
      { Key: "team", Value: "red +-=._:/@" },
      { Key: "__proto__", Value: "" },
    ]);
    expect(Object.entries(tags)).toEqual([
      ["team", "red +-=._:/@"],
      ["__proto__", ""],
    ]);
  });

  test.each<[what: string, set: { Key: string; Value: string }[], countMax: number, code: string]>([
    ["a key twice", [...many(1), ...many(1)], 10, "InvalidTag"],
    ["an empty key", [{ Key: "", Value: "" }], 10, "InvalidTag"],
    ["a long key", [{ Key: "k".repeat(129), Value: "" }], 10, "InvalidTag"],
    ["a long value", [{ Key: "k", Value: "v".repeat(257) }], 10, "InvalidTag"],
    ["other characters", [{ Key: "a;b", Value: "" }], 10, "InvalidTag"],
    ["keys of AWS", [{ Key: "aws:x", Value: "" }], 10, "InvalidTag"],
    ["eleven of an object", many(11), 10, "BadRequest"],
    ["fifty-one of a bucket", many(51), 50, "BadRequest"],
  ])("refuses %s", (_, set, countMax, code) => {
    expect(codeOf(() => tagsOf(set, countMax))).toBe(code);
  });
});

describe("tagsOfHeader()", () => {
  test.each([
    [undefined, {}],
    ["", {}],
    ["a=b&c%20d=e+f&g", { a: "b", "c d": "e f", g: "" }],
  ])("reads %j", (header, tags) => {
    expect({ ...tagsOfHeader(header) }).toEqual(tags);
  });

  test("refuses a name that stands twice", () => {
    expect(codeOf(() => tagsOfHeader("a=b&a=c"))).toBe("InvalidArgument");
  });
});
