import { describe, expect, test } from "vitest";
import { keyId, list, milliseconds, part, text, token } from "./answer-parts.ts";

const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  1,
  true,
  "",
  [],
  {},
  ["a"],
  { a: 1 },
  "a\nb",
  "\u0000",
  () => "a",
];

describe("what an answer holds", () => {
  test.each(HOSTILE.filter((value) => value !== undefined))("is not text: %j", (value) => {
    expect(text({ a: value }, "a")).toBeUndefined();
  });

  test("text() takes what a record can show, up to 1024 characters", () => {
    expect(text({ a: "Zoë/日本" }, "a")).toBe("Zoë/日本");
    expect(text({ a: "x".repeat(1024) }, "a")).toHaveLength(1024);
    expect(text({ a: "x".repeat(1025) }, "a")).toBeUndefined();
  });

  test.each(["AKIA EXAMPLE", "AKIA\n", "Ä", "", "x".repeat(129), 1])("keyId() takes no %j", (value) => {
    expect(keyId({ a: value }, "a")).toBeUndefined();
  });

  test("keyId() takes the keys of emulators", () => {
    expect(["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"].map((a) => keyId({ a }, "a"))).toEqual([
      "test",
      "000000000000",
      "AKIAIOSFODNN7EXAMPLE",
    ]);
  });

  test("token() takes any text, but none without end", () => {
    expect(token({ a: "a\nb" }, "a")).toBe("a\nb");
    expect(token({ a: "x".repeat(65_537) }, "a")).toBeUndefined();
  });

  test.each([
    [new Date(5), 5],
    [1.5, 1],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [new Date(Number.NaN), undefined],
    ["2026-11-20T12:00:00Z", undefined],
  ])("milliseconds() of %j is %j", (value, expected) => {
    expect(milliseconds({ a: value }, "a")).toBe(expected);
  });

  test("part() and list() answer structures only, and at most a thousand", () => {
    expect(HOSTILE.filter((value) => !Array.isArray(value)).map((a) => list({ a }, "a").length)).not.toContain(1);
    expect(list({ a: [1, null, "x", { b: 1 }, []] }, "a")).toEqual([{ b: 1 }]);
    expect(list({ a: Array.from({ length: 1500 }, () => ({})) }, "a")).toHaveLength(1000);
    expect(part({ a: [1] }, "a")).toEqual({});
  });

  test("nothing is inherited", () => {
    const child: Readonly<Record<string, unknown>> = Object.create({ Arn: "arn", User: { Arn: "arn" } });
    expect([text(child, "Arn"), part(child, "User"), part({}, "__proto__"), text({}, "constructor")]).toEqual([
      undefined,
      {},
      {},
      undefined,
    ]);
  });
});
