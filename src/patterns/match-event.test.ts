import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "./event-pattern.ts";
import { matchesPattern } from "./match-event.ts";
import { parseEventPattern } from "./parse-event-pattern.ts";

function matches(pattern: unknown, event: unknown): boolean {
  return matchesPattern(parseEventPattern(JSON.stringify(pattern)), event as JsonObject);
}

/** Matchers of field "a", the event's "a" (undefined: there is none), and whether they match. */
const ONE_FIELD: readonly (readonly [matchers: readonly unknown[], value: unknown, expected: boolean])[] = [
  [["x"], "x", true],
  [["x", "y"], "y", true],
  [["x"], "X", false],
  [["5"], 5, false],
  [[5], "5", false],
  [[300], 300.0, true],
  [[3.0e2], 300, true],
  [[null], null, true],
  [[null], "null", false],
  [[null], "", false],
  [[null], undefined, false],
  [[true], true, true],
  [[true], "true", false],
  [[""], "", true],
  [[{ exactly: "x" }], "x", true],
  // Arrays of the event: some element.
  [["y"], ["x", "y"], true],
  [["z"], ["x", "y"], false],
  [["y"], [["x"], ["y"]], true],
  [["y"], [], false],
  // exists
  [[{ exists: true }], "x", true],
  [[{ exists: true }], null, true],
  [[{ exists: true }], ["x"], true],
  [[{ exists: true }], [], false],
  [[{ exists: true }], {}, false],
  [[{ exists: true }], { b: 1 }, false],
  [[{ exists: true }], undefined, false],
  [[{ exists: false }], undefined, true],
  [[{ exists: false }], { b: 1 }, true],
  [[{ exists: false }], [], true],
  [[{ exists: false }], [{ b: 1 }], true],
  [[{ exists: false }], null, false],
  [[{ exists: false }, "x"], "x", true],
  [[{ exists: false }, "x"], "y", false],
  [[{ exists: false }, "x"], undefined, true],
  // anything-but
  [[{ "anything-but": "x" }], "y", true],
  [[{ "anything-but": "x" }], "x", false],
  [[{ "anything-but": "x" }], undefined, false],
  [[{ "anything-but": "x" }], null, true],
  [[{ "anything-but": "x" }], 5, true],
  [[{ "anything-but": ["x", "y"] }], "y", false],
  [[{ "anything-but": ["x", "y"] }], ["x", "z"], true],
  [[{ "anything-but": ["x", "y"] }], ["x", "y"], false],
  [[{ "anything-but": 5 }], 5.0, false],
  [[{ "anything-but": [5, 6] }], "5", true],
  [[{ "anything-but": { prefix: "in" } }], "init", false],
  [[{ "anything-but": { prefix: "in" } }], "out", true],
  [[{ "anything-but": { prefix: "in" } }], 5, true],
  [[{ "anything-but": { prefix: ["in", "out"] } }], "outer", false],
  [[{ "anything-but": { suffix: ".png" } }], "a.png", false],
  [[{ "anything-but": { suffix: [".png", ".jpg"] } }], "a.gif", true],
  [[{ "anything-but": { "equals-ignore-case": "Init" } }], "INIT", false],
  [[{ "anything-but": { "equals-ignore-case": ["a", "b"] } }], "C", true],
  [[{ "anything-but": { wildcard: "*/dir/*" } }], "a/dir/b", false],
  [[{ "anything-but": { wildcard: ["*.png", "*/dir/*"] } }], "a/b", true],
  [[{ "anything-but": { wildcard: ["*.png", "*/dir/*"] } }], "a/b.png", false],
  [[{ "anything-but": { wildcard: "*" } }], null, true],
  // strings
  [[{ prefix: "ab" }], "abc", true],
  [[{ prefix: "ab" }], "a", false],
  [[{ prefix: "" }], "", true],
  [[{ prefix: "" }], 5, false],
  [[{ prefix: { "equals-ignore-case": "AB" } }], "abc", true],
  [[{ suffix: "bc" }], "abc", true],
  [[{ suffix: "" }], "x", true],
  [[{ suffix: { "equals-ignore-case": ".PNG" } }], "a.Png", true],
  [[{ "equals-ignore-case": "AlIcE" }], "aLiCe", true],
  [[{ "equals-ignore-case": "" }], "", true],
  [[{ "equals-ignore-case": "x" }], null, false],
  [[{ wildcard: "a*c" }], "abbc", true],
  [[{ wildcard: "a*c" }], "ac", true],
  [[{ wildcard: "a*c" }], "acb", false],
  [[{ wildcard: "a*a" }], "a", false],
  [[{ wildcard: "*a*b*" }], "xaxbx", true],
  [[{ wildcard: "*a*b*" }], "xbxax", false],
  [[{ wildcard: "" }], "", true],
  [[{ wildcard: "" }], "x", false],
  [[{ wildcard: "*" }], "", true],
  [[{ wildcard: "a\\*b" }], "a*b", true],
  [[{ wildcard: "a\\*b" }], "axb", false],
  [[{ wildcard: "a\\\\*" }], "a\\b", true],
  [[{ wildcard: "ab*ba" }], "aba", false],
  // numbers
  [[{ numeric: ["=", 5] }], 5, true],
  [[{ numeric: ["=", 5] }], "5", false],
  [[{ numeric: [">", 0, "<=", 5] }], 5, true],
  [[{ numeric: [">", 0, "<=", 5] }], 0, false],
  [[{ numeric: [">=", 0, "<", 5] }], 0, true],
  [[{ numeric: ["<", 0] }], -0.5, true],
  [[{ numeric: ["<", 0] }], null, false],
  // addresses
  [[{ cidr: "10.0.0.0/24" }], "10.0.0.255", true],
  [[{ cidr: "10.0.0.0/24" }], "10.0.1.0", false],
  [[{ cidr: "10.0.0.77/24" }], "10.0.0.1", true],
  [[{ cidr: "10.0.0.0/24" }], "10.0.0", false],
  [[{ cidr: "10.0.0.0/24" }], "10.0.0.300", false],
  [[{ cidr: "0.0.0.0/0" }], "255.255.255.255", true],
  [[{ cidr: "0.0.0.0/0" }], "::1", false],
  [[{ cidr: "0.0.0.0/0" }], "s3.amazonaws.com", false],
  [[{ cidr: "2001:db8::/32" }], "2001:0DB8:0:1::7", true],
  [[{ cidr: "2001:db8::/32" }], "2001:db9::", false],
  [[{ cidr: "::/0" }], "1:2:3:4:5:6:7", false],
  [[{ cidr: "::/0" }], "1::2::3", false],
];

const PEOPLE = {
  employees: [
    { firstName: "Anna", lastName: "Jones" },
    { firstName: "John", lastName: "Doe", tags: [{ k: "color", v: "blue" }, { k: "size" }] },
  ],
  tags: ["admin"],
};

/** Several keys, arrays of objects, dots, $or. */
const MANY_FIELDS: readonly (readonly [why: string, pattern: unknown, event: unknown, expected: boolean])[] = [
  ["all keys", { a: [1], b: [2] }, { a: 1, b: 2, c: 3 }, true],
  ["one key fails", { a: [1], b: [2] }, { a: 1, b: 3 }, false],
  ["same element", { employees: { firstName: ["Anna"], lastName: ["Jones"] } }, PEOPLE, true],
  ["different elements", { employees: { firstName: ["Anna"], lastName: ["Doe"] } }, PEOPLE, false],
  ["same inner element", { employees: { firstName: ["John"], tags: { k: ["color"], v: ["blue"] } } }, PEOPLE, true],
  ["different inner elements", { employees: { tags: { k: ["size"], v: ["blue"] } } }, PEOPLE, false],
  ["different outer elements", { employees: { firstName: ["Anna"], tags: { k: ["color"] } } }, PEOPLE, false],
  ["independent arrays", { employees: { lastName: ["Doe"] }, tags: ["admin"] }, PEOPLE, true],
  ["absent in the element", { employees: { firstName: ["Anna"], tags: { k: [{ exists: false }] } } }, PEOPLE, true],
  ["there in the element", { employees: { firstName: ["John"], tags: { k: [{ exists: false }] } } }, PEOPLE, false],
  ["absent anywhere", { employees: { tags: { k: [{ exists: false }] } } }, PEOPLE, false],
  [
    "absence before the element is chosen, as AWS does it",
    { d: { a: [{ exists: false }], b: [2] } },
    { d: [{ a: 1 }, { b: 2 }] },
    false,
  ],
  ["absence after the element is chosen", { d: { b: [2], c: [{ exists: false }] } }, { d: [{ c: 1 }, { b: 2 }] }, true],
  ["scalars among objects", { a: ["x"], "a.b": [1] }, { a: ["x", { b: 1 }] }, true],
  ["dots in the pattern", { "a.b": [1] }, { a: { b: 1 } }, true],
  ["dots in the event", { a: { b: [1] } }, { "a.b": 1 }, true],
  ["dots in both, cut differently", { "a.b": { c: [1] } }, { a: { "b.c": 1 } }, true],
  ["$or, first", { s: [1], $or: [{ a: [1] }, { b: [1] }] }, { s: 1, a: 1 }, true],
  ["$or, second", { s: [1], $or: [{ a: [1] }, { b: [1] }] }, { s: 1, b: 1 }, true],
  ["$or, neither", { s: [1], $or: [{ a: [1] }, { b: [1] }] }, { s: 1 }, false],
  ["$or without its sibling", { s: [1], $or: [{ a: [1] }, { b: [1] }] }, { a: 1 }, false],
  ["a key called $or", { $or: ["x", "y"] }, { $or: "y" }, true],
  ["__proto__ in neither", { "__proto__.polluted": [{ exists: true }] }, {}, false],
  ["keys of every object", { toString: [{ exists: true }] }, {}, false],
];

const QUAMINA = join(import.meta.dirname, "../../../shared/data/event-patterns/quamina");
const quamina = (name: string): unknown => JSON.parse(readFileSync(join(QUAMINA, name), "utf8"));

/** Rows: arrayRule1 to 4; columns: arrayEvent1 to 4. What each rule asks is read off its file. */
const QUAMINA_MATCHES: readonly (readonly boolean[])[] = [
  [true, false, false, false],
  [true, false, false, false],
  [false, false, false, true],
  [false, false, true, true],
];

describe("matchesPattern()", () => {
  test.each(ONE_FIELD)("%j on %j: %s", (matchers, value, expected) => {
    expect(matches({ a: matchers }, value === undefined ? {} : { a: value })).toBe(expected);
    expect(matches({ d: { a: matchers } }, value === undefined ? {} : { d: { a: value } })).toBe(expected);
  });

  test.each(MANY_FIELDS)("%s", (_, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  test("follows events of any depth without failing", () => {
    const deep = JSON.parse(`{"a":${"[".repeat(100_000)}1${"]".repeat(100_000)}}`) as JsonObject;
    expect(matches({ a: [1] }, deep)).toBe(false);
    const nested = JSON.parse(`${'{"a":'.repeat(900)}1${"}".repeat(900)}`) as JsonObject;
    expect(matches({ [Array.from({ length: 900 }, () => "a").join(".")]: [1] }, nested)).toBe(true);
  });

  test("decides arrays that share nothing one by one", () => {
    // One choice in each of twelve arrays of 40: 40¹² combinations.
    const elements = Array.from({ length: 40 }, (_, index) => ({ x: index, y: index + 1 }));
    const names = Array.from({ length: 12 }, (_, index) => `k${index}`);
    const event = Object.fromEntries(names.map((name) => [name, elements]));
    const pattern = Object.fromEntries(names.map((name) => [name, { x: [39], y: [40] }]));
    expect(matches(pattern, event)).toBe(true);
    expect(matches({ ...pattern, zz: [1] }, { ...event, zz: [2] })).toBe(false);
    expect(matches({ ...pattern, k11: { x: [39], y: [39] } }, event)).toBe(false);
  });

  describe.skipIf(!existsSync(QUAMINA))("on quamina's samples (skipped without ../shared/data)", () => {
    test.each([1, 2, 3, 4].flatMap((rule) => [1, 2, 3, 4].map((event) => [rule, event] as const)))(
      "arrayRule%i, arrayEvent%i",
      (rule, event) => {
        const expected = QUAMINA_MATCHES[rule - 1]?.[event - 1];
        expect(matches(quamina(`arrayRule${rule}.json`), quamina(`arrayEvent${event}.json`))).toBe(expected);
      },
    );
  });
});
