import { describe, expect, test } from "vitest";
import { parseJsonPath, valueAt } from "./json-path.ts";

const EVENT = JSON.parse(`{
  "detail-type": "x", "resources": ["a", "b"], "detail": {"a/b": 1, "list": [{"n": 1}, {"n": 2}, {}], "__proto__": "own"}
}`);

describe("valueAt()", () => {
  test.each([
    ["$.detail-type", "x"],
    ["$.resources[1]", "b"],
    ["$.resources[2]", undefined],
    ["$.resources", ["a", "b"]],
    ["$.detail.a/b", 1],
    ["$.detail['a/b']", 1],
    ['$["detail"]["a/b"]', 1],
    ["$.detail.list[*].n", [1, 2]],
    ["$.detail.list.*.n", [1, 2]],
    ["$.detail.none[*]", undefined],
    ["$.detail.__proto__", "own"],
    ["$.__proto__", undefined],
    ["$.resources.length", undefined],
    ["$.detail-type.length", undefined],
  ])("finds %s", (path, expected) => expect(valueAt(parseJsonPath(path) ?? [], EVENT)).toEqual(expected));

  test("finds everything at $", () => expect(valueAt(parseJsonPath("$") ?? ["*"], EVENT)).toBe(EVENT));
});

describe("parseJsonPath()", () => {
  test.each(["", "detail", "$detail", "$.", "$..a", "$.a[", "$.a[-1]", "$.a[?(@.b)]", "$.a b", "$.a[1:2]"])(
    "refuses %j",
    (path) => expect(parseJsonPath(path)).toBeUndefined(),
  );
});
