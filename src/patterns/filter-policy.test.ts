import { describe, expect, test } from "vitest";
import { PatternError } from "./event-pattern.ts";
import {
  type FilterPolicyScope,
  FilterPolicyScopeError,
  matchesFilterPolicy,
  type MessageAttributes,
  parseFilterPolicy,
} from "./filter-policy.ts";

function values(count: number, prefix: string = "v"): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function refusalOf(policy: unknown, scope: FilterPolicyScope = "MessageAttributes"): string {
  try {
    parseFilterPolicy(JSON.stringify(policy), scope);
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
  return "accepted";
}

/** What SNS was recorded to answer (LocalStack's snapshots of the real service, May 2024). */
const RECORDED: readonly (readonly [policy: unknown, message: string, column: number])[] = [
  [{ key: [["value"]] }, "Match value must be String, number, true, false, or null", 10],
  [{ key: [{ "wrong-operator": true }] }, "Unrecognized match type wrong-operator", 31],
  [{ key: [{ suffix: "value", prefix: "value2" }] }, "Only one key allowed in match expression", 37],
  [{ key: [{ suffix: 100 }] }, "suffix match pattern must be a string", 22],
  [{ key: [{ suffix: null }] }, "suffix match pattern must be a string", 23],
  [{ key: [{ suffix: [] }] }, "suffix match pattern must be a string", 20],
  [{ key: { suffix: "value" } }, '"suffix" must be an object or an array', 19],
  [{ key: { "not-an-operator": "value" } }, '"not-an-operator" must be an object or an array', 28],
  [{ key: [{ numeric: [] }] }, "Invalid member in numeric match: ]", 22],
  [{ key: [{ numeric: ["operator"] }] }, "Unrecognized numeric range operator: operator", 32],
  [{ key: [{ numeric: [1, "<="] }] }, "Invalid member in numeric match: 1", 22],
  [{ key: [{ numeric: ["=", "000"] }] }, "Value of equals must be numeric", 26],
  [{ key: [{ numeric: [">="] }] }, "Value of >= must be numeric", 26],
  [{ key: [{ numeric: ["<", 100, ">", 10] }] }, "Too many elements in numeric expression", 30],
  [{ key: [{ numeric: [">=", 1, ">", 2] }] }, "Bad numeric range operator: >", 31],
  [{ key: [{ numeric: [">", 3, "<", 1] }] }, "Bottom must be less than top", 33],
  [{ key: [{ numeric: [">", 20, "<="] }] }, "Value of <= must be numeric", 33],
  [{ key: [{ numeric: [">", 20, 30] }] }, "Bad value in numeric range: 30", 30],
  [{ key: [{ numeric: [">", 20, "test"] }] }, "Bad numeric range operator: test", 34],
  [{ key: [{ numeric: [">", "20", "<", "30"] }] }, "Value of > must be numeric", 26],
  [{ key: [{ numeric: [">", 20, "<", "30"] }] }, "Value of < must be numeric", 33],
  [{ key: [{ numeric: [">", 20, "<", 30, "<", 50] }] }, "Too many terms in numeric range expression", 36],
  [{ key: [{ exists: null }] }, "exists match pattern must be either true or false.", 23],
  [{ key: [{ exists: "no" }] }, "exists match pattern must be either true or false.", 20],
  [{ key_a: "value_one" }, '"key_a" must be an object or an array', 11],
];

const SOURCES = values(4, "s");
const TOO_COMPLEX: readonly unknown[] = [
  { key: values(151) },
  { key1: values(100), key2: values(51) },
  // 4·6 + 4·4·4 + 4·4·4 = 152
  {
    source: SOURCES,
    $or: [
      { metricName: values(6) },
      { metricType: values(4), $or: [{ metricId: [1, 2, 3, 4] }, { spaceId: [1, 2, 3, 4] }] },
    ],
  },
];

const TYPES = { String: "String", Number: "Number", Array: "String.Array" } as const;

function attribute(type: keyof typeof TYPES, value: string): MessageAttributes {
  return { key: { DataType: TYPES[type], StringValue: value } };
}

const ON_ATTRIBUTES: readonly (readonly [values: unknown, attributes: MessageAttributes, matches: boolean])[] = [
  [["a"], attribute("String", "a"), true],
  [["a"], attribute("String", "b"), false],
  [["a"], {}, false],
  [[5], attribute("Number", "5.0"), true],
  [["5"], attribute("Number", "5"), false],
  [[5], attribute("String", "5"), false],
  [[5], attribute("Number", "five"), false],
  [[{ numeric: [">", 0, "<=", 100] }], attribute("Number", "99"), true],
  [[{ numeric: [">", 0] }], attribute("String", "99"), false],
  [["b"], attribute("Array", '["a", "b"]'), true],
  [[2, true, null], attribute("Array", '["a", null]'), true],
  [["a"], attribute("Array", "a"), false],
  [[{ "anything-but": ["a"] }], attribute("Array", '["a", "b"]'), true],
  // Recorded: a missing attribute satisfies neither.
  [[null, { "anything-but": "whatever" }], {}, false],
  [[{ exists: false }], {}, true],
  [[{ exists: true }], attribute("Number", "99"), true],
  [[{ exists: true }], { key: { DataType: "Binary" } }, false],
  [["a"], { key: { DataType: "String.label", StringValue: "a" } }, true],
  [[{ prefix: "a" }, { suffix: "z" }, { cidr: "10.0.0.0/24" }], attribute("String", "10.0.0.7"), true],
];

describe("parseFilterPolicy()", () => {
  test.each(RECORDED)("refuses %j as SNS did", (policy, message, column) => {
    const source = JSON.stringify(policy);
    expect(refusalOf(policy)).toBe(`${message}\n at [Source: (String)"${source}"; line: 1, column: ${column}]`);
  });

  test.each(TOO_COMPLEX)("finds too many combinations in %j", (policy) => {
    expect(refusalOf(policy)).toBe("Filter policy is too complex");
  });

  test("counts levels of nesting: 3·4·2 + 3·4·6 + 2·4·2 + 2·4·6 = 160 combinations are too many", () => {
    const policy = (types: number): unknown => ({
      $or: [{ metricName: values(3) }, { namespace: values(2) }],
      detail: { scope: values(2), $or: [{ source: values(1) }, { type: values(types) }] },
    });
    expect(refusalOf(policy(3), "MessageBody")).toBe("Filter policy is too complex");
    expect(refusalOf(policy(2), "MessageBody")).toBe("accepted");
  });

  test("accepts 150 combinations", () => {
    expect(refusalOf({ key: values(150) })).toBe("accepted");
    const or = [{ metricId: values(4) }, { spaceId: values(7) }];
    const policy = { source: values(3), $or: [{ metricName: values(6) }, { metricType: values(4), $or: or }] };
    expect(refusalOf(policy)).toBe("accepted");
  });

  test("refuses more than 5 keys, below $or too", () => {
    const keys = (count: number): object => Object.fromEntries(values(count, "k").map((key) => [key, ["x"]]));
    expect(refusalOf(keys(5))).toBe("accepted");
    expect(refusalOf(keys(6))).toBe("Filter policy can not have more than 5 keys");
    expect(refusalOf({ ...keys(4), $or: [{ a: ["x"] }, { b: ["x"] }] })).toBe(
      "Filter policy can not have more than 5 keys",
    );
  });

  test("refuses objects in objects where it looks at attributes, in words of its own", () => {
    const policy = '{"object": {"key": [{"prefix": "auto-"}]}}';
    expect(() => parseFilterPolicy(policy, "MessageAttributes")).toThrow(FilterPolicyScopeError);
    expect(parseFilterPolicy(policy, "MessageBody").pattern.alternatives[0]?.fields[0]?.path).toBe("object.key");
  });

  test("refuses anything-but of a suffix", () => {
    expect(refusalOf({ key: [{ "anything-but": { suffix: "x" } }] })).toContain(
      "Unsupported anything-but pattern: suffix\n at ",
    );
  });

  test("takes an $or with a matcher in it for a key", () => {
    expect(refusalOf({ $or: [{ prefix: "a" }, { "anything-but": ["b"] }] })).toBe("accepted");
  });
});

describe("matchesFilterPolicy()", () => {
  test.each(ON_ATTRIBUTES)("of %j and the attributes %j is %s", (key, attributes, matches) => {
    const policy = parseFilterPolicy(JSON.stringify({ key }), "MessageAttributes");
    expect(matchesFilterPolicy(policy, attributes)).toBe(matches);
  });

  test.each([
    ['{"a": {"b": [{"c": 1}, {"c": 2}]}}', true],
    ['{"a": {"b": {"c": 3}}}', false],
    ['{"a.b": {"c": 2}}', true],
    ["[1]", false],
    ["null", false],
    ["no JSON", false],
    ['"{}"', false],
  ])("looks into the body %s: %s", (body, matches) => {
    const policy = parseFilterPolicy('{"a": {"b": {"c": [2]}}}', "MessageBody");
    expect(matchesFilterPolicy(policy, body)).toBe(matches);
  });

  test("accepts everything with an empty policy", () => {
    expect(matchesFilterPolicy(parseFilterPolicy(" { } ", "MessageAttributes"), {})).toBe(true);
  });

  test("takes an attribute named __proto__ for data", () => {
    const attributes = JSON.parse('{"__proto__": {"DataType": "String", "StringValue": "x"}}') as MessageAttributes;
    const policy = parseFilterPolicy('{"__proto__": ["x"]}', "MessageAttributes");
    expect(matchesFilterPolicy(policy, attributes)).toBe(true);
  });
});
