import { describe, expect, test } from "vitest";
import { PatternError } from "./event-pattern.ts";
import { parseEventPattern } from "./parse-event-pattern.ts";

const COMPLEX =
  "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character";
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

function refusalOf(text: string): string {
  try {
    parseEventPattern(text);
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
  return "accepted";
}

/** As AWS adds it. */
function at(text: string, column: number, line: number = 1): string {
  return `\n at [Source: (String)"${text}"; line: ${line}, column: ${column}]`;
}

/** What EventBridge was recorded to answer (LocalStack's snapshots of the real service, November and December 2024). */
const RECORDED: readonly (readonly [text: string, message: string, column: number | undefined])[] = [
  ['{"int": 42}', '"int" must be an object or an array', 11],
  ['{"string": "my-value"}', '"string" must be an object or an array', 13],
  ['{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}', "Unrecognized match type NUMERIC", 36],
  ['{"my_key": [{"EXISTS": true}]}', "Unrecognized match type EXISTS", 28],
  ['{"resources": []}', "Empty arrays are not allowed", 17],
  ['{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >", 49],
  ['{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}', "Value of < must be numeric", 50],
  [
    '{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}',
    "Consecutive wildcard characters at pos 26",
    72,
  ],
  ['{"EventBusArn": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}', COMPLEX, undefined],
  ['{"EventBusArn": [{"wildcard": 123}]}', "wildcard match pattern must be a string", 34],
  ['{"EventBusArn": [{"wildcard": ["a:**:b"]}]}', "wildcard match pattern must be a string", 32],
  [
    '{"detail-type": [{"equals-ignore-case": ["ec2 instance state-change notification"]}]}',
    "equals-ignore-case match pattern must be a string",
    42,
  ],
  [
    '{"detail-type": [{"equals-ignore-case": {"prefix": "ec2"}}]}',
    "equals-ignore-case match pattern must be a string",
    42,
  ],
  [
    '{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}',
    "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    66,
  ],
  ['{"detail": {"FilePath": [{"anything-but": {"wildcard": 123}}]}}', "wildcard match pattern must be a string", 59],
  ['{"detail": {"FileName": [{"anything-but": {"suffix": 123}}]}}', "prefix/suffix match pattern must be a string", 57],
  ['{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}', "prefix/suffix match pattern must be a string", 54],
  [
    '{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}}',
    "Value of anything-but must be an array or single string/number value.",
    55,
  ],
  ['{"time": [{"prefix": ["2022-07-13"]}]}', "prefix match pattern must be a string", 23],
  ['{"time": [{"prefix": 123}]}', "prefix match pattern must be a string", 25],
  ['{"FileName": [{"suffix": 123}]}', "suffix match pattern must be a string", 29],
  ['{"FileName": [{"suffix": [".png"]}]}', "suffix match pattern must be a string", 27],
  ['{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}', "prefix match pattern must be a string", 43],
  ['{"a": [{"cidr": "bad-filter"}]}', "Malformed CIDR, one '/' required", undefined],
  ['{"a": [{"cidr": "10.0.0.0/xx"}]}', "Malformed CIDR, mask bits must be an integer", undefined],
  ['{"a": [{"cidr": "xx.11.xx/8"}]}', "Nonstandard IP address: xx.11.xx", undefined],
  ['{"a": [{"cidr": "xxxx:db8:1234:1a00::/64"}]}', "Nonstandard IP address: xxxx:db8:1234:1a00::", undefined],
  ["this is valid json but not a dict", `Unrecognized token 'this': was expecting ${VALUES}`, 5],
  ["{'bad': 'quotation'}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 2],
  ['{"not": closed mark"', `Unrecognized token 'closed': was expecting ${VALUES}`, 15],
  ['["not", "a", "dict", "but valid json"]', "Filter is not an object", 2],
];

const RECORDED_TWICE: readonly (readonly [text: string, message: string, column: number])[] = [
  [
    '{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}',
    "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    67,
  ],
  [
    '{"detail": {"state": [{"anything-but": {"wildcard": [123, "*/dir/*"]}}]}}',
    "wildcard match pattern must be a string",
    57,
  ],
  [
    '{"detail": {"FileName": [{"anything-but": {"suffix": [123, ".txt"]}}]}}',
    "prefix/suffix match pattern must be a string",
    58,
  ],
  [
    '{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}',
    "prefix/suffix match pattern must be a string",
    55,
  ],
];

/** What the rest of the language refuses; the values of field "a", and the text without its place. */
const REFUSED: readonly (readonly [values: string, message: string])[] = [
  ["[[1]]", "Match value must be String, number, true, false, or null"],
  ["[{}]", "Match expression name not found"],
  ['[{"prefix": "x", "suffix": "y"}]', "Only one key allowed in match expression"],
  ['[{"exists": true, "prefix": "y"}]', "Only one key allowed in match expression"],
  ['[{"exactly": 1}]', "exact match pattern must be a string"],
  ['[{"prefix": {"wildcard": "x"}}]', "Unsupported prefix pattern: wildcard"],
  ['[{"suffix": {"prefix": "x"}}]', "Unsupported suffix pattern: prefix"],
  ['[{"prefix": {"equals-ignore-case": 1}}]', "equals-ignore-case match pattern must be a string"],
  ['[{"anything-but": {"numeric": ["=", 1]}}]', "Unsupported anything-but pattern: numeric"],
  ['[{"anything-but": null}]', "Value of anything-but must be an array or single string/number value."],
  ['[{"anything-but": true}]', "Value of anything-but must be an array or single string/number value."],
  ['[{"anything-but": ["x", null]}]', "Inside anything but list, start|null|boolean is not supported."],
  [
    '[{"anything-but": ["x", 1]}]',
    "Inside anything but list, either all values are number or string, mixed type is not supported",
  ],
  [
    '[{"anything-but": []}]',
    "Inside anything but list, either all values are number or string, mixed type is not supported",
  ],
  ['[{"anything-but": {"prefix": ""}}]', "Null prefix/suffix not allowed"],
  ['[{"anything-but": {"suffix": [""]}}]', "Null prefix/suffix not allowed"],
  ['[{"anything-but": {"wildcard": "a**"}}]', "Consecutive wildcard characters at pos 2"],
  ['[{"numeric": 1}]', "Value of numeric must be an array."],
  ['[{"numeric": [1]}]', "Invalid member in numeric match: 1"],
  ['[{"numeric": ["=", "1"]}]', "Value of equals must be numeric"],
  ['[{"numeric": ["<", 1, ">", 0]}]', "Too many elements in numeric expression"],
  ['[{"numeric": [">", 1, 2]}]', "Bad value in numeric range: 2"],
  ['[{"numeric": [">", 1, "<", 2, 3]}]', "Too many terms in numeric range expression"],
  ['[{"numeric": ["!=", 1]}]', "Unrecognized numeric range operator: !="],
  ['[{"exists": "true"}]', "exists match pattern must be either true or false."],
  ['[{"wildcard": "a\\\\b"}]', "Invalid escape character at pos 2"],
  ['[{"wildcard": "é\\\\b"}]', "Invalid escape character at pos 3"],
  ['[{"cidr": "10.0.0.0/-1"}]', "Malformed CIDR, mask bits must not be negative"],
  ['[{"cidr": "10.0.0.0/32"}]', "IPv4 mask bits must be < 32"],
  ['[{"cidr": "::1/128"}]', "IPv6 mask bits must be < 128"],
  ['[{"cidr": "10.0.0.256/8"}]', "Invalid IP address: 10.0.0.256"],
  ["{}", "Empty objects are not allowed"],
  ["true", '"a" must be an object or an array'],
  ['[1], "a": [2]', "Path `a` cannot be allowed multiple times"],
  ['{"b": [1]}, "a.b": [2]', "Path `a.b` cannot be allowed multiple times"],
  ['[1], "$or": [{"a": [2]}, {"b": [1]}]', "Path `a` cannot be allowed multiple times"],
  ['[1], "$or": [{"b": [2]}]', "Unrecognized match type b"],
  ['[1], "$or": [{"b": [2]}, 3]', "Unrecognized match type b"],
];

/** What the JSON parser behind EventBridge says. */
const NO_JSON: readonly (readonly [text: string, message: string, column: number])[] = [
  ["{", "Unexpected end-of-input: expected close marker for Object (start marker at HERE1)", 2],
  ['{"a": [1', "Unexpected end-of-input: expected close marker for Array (start marker at HERE7)", 9],
  ['{"a": [1}', "Unexpected close marker '}': expected ']' (for Array starting at HERE7)", 9],
  ['{"a" [1]}', "Unexpected character ('[' (code 91)): was expecting a colon to separate field name and value", 6],
  ['{"a": [1 2]}', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 10],
  ['{"a": [1] "b": [2]}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries", 11],
  ['{"a": [1,]}', `Unexpected character (']' (code 93)): expected a valid value ${VALUES}`, 10],
  ['{"a": [1],}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 11],
  ['{"a": ["\\x"]}', "Unrecognized character escape 'x' (code 120)", 11],
  ['{"a": [01]}', "Invalid numeric value: Leading zeroes not allowed", 9],
];

describe("parseEventPattern()", () => {
  test.each(RECORDED)("refuses %s as EventBridge did", (text, message, column) => {
    expect(refusalOf(text)).toBe(column === undefined ? message : `${message}${at(text, column)}`);
  });

  test.each(RECORDED_TWICE)("tells the place in a list twice, as EventBridge did: %s", (text, message, column) => {
    expect(refusalOf(text)).toBe(`${message}${at(text, column)}${at(text, column)}`);
  });

  test.each(REFUSED)('refuses {"a": %s}', (values, message) => {
    expect(refusalOf(`{"a": ${values}}`).split("\n at ")[0]).toBe(message);
  });

  test.each(NO_JSON)("refuses what is no JSON: %s", (text, message, column) => {
    const said = message.replace(/HERE(\d)/, (_, start: string) => at(text, Number(start)).slice("\n at ".length));
    expect(refusalOf(text)).toBe(`${said}${at(text, column)}`);
  });

  test("counts lines", () => {
    const text = '{\n  "a": [1],\n  "b": 2\n}';
    expect(refusalOf(text)).toBe(`"b" must be an object or an array${at(text, 9, 3)}`);
  });

  test("repeats 500 characters of a long text", () => {
    const text = `{"a": ["${"x".repeat(600)}"], "b": []}`;
    expect(refusalOf(text)).toContain(`"${text.slice(0, 500)}"[truncated ${text.length - 500} chars]; line: 1`);
  });

  test("multiplies $or out, at every level, with fields in the order of their paths", () => {
    const text =
      '{"z": [1], "$or": [{"b": [2]}, {"c": [3]}], "d": {"$or": [{"e": [4]}, {"$or": [{"f": [5]}, {"g": [6]}]}]}}';
    const paths = parseEventPattern(text).alternatives.map(({ fields }) => fields.map(({ path }) => path).join(" "));
    expect(paths).toEqual(["b d.e z", "c d.e z", "b d.f z", "c d.f z", "b d.g z", "c d.g z"]);
  });

  test.each([
    ['{"$or": {"a": [1]}}', "$or.a"],
    ['{"$or": [1, 2]}', "$or"],
    ['{"$or": [{"prefix": "a"}, {"suffix": "b"}]}', "$or"],
    ['{"$or": [{"prefix": "a"}]}', "$or"],
  ])("takes the $or of %s for a key", (text, path) => {
    expect(parseEventPattern(text).alternatives.map(({ fields }) => fields.map((field) => field.path))).toEqual([
      [path],
    ]);
  });

  test("refuses more than 1,000 alternatives", () => {
    const or = (name: string): string => `{"$or": [{"${name}1": [1]}, {"${name}2": [2]}]}`;
    const text = (count: number): string =>
      `{${Array.from({ length: count }, (_, index) => `"k${index}": ${or("x")}`).join(", ")}}`;
    expect(parseEventPattern(text(9)).alternatives).toHaveLength(512);
    expect(refusalOf(text(10))).toBe("Rule is too complex - try using fewer $or conditions");
  });

  test("follows 1,000 levels and no more", () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}[1]${"}".repeat(depth)}`;
    expect(parseEventPattern(nested(999)).alternatives[0]?.fields[0]?.path).toHaveLength(1997);
    expect(refusalOf(nested(1000))).toContain("Document nesting depth (1001) exceeds the maximum allowed (1000");
  });

  test("takes the keys of Object.prototype for keys", () => {
    expect(parseEventPattern('{"__proto__": ["x"], "constructor": ["y"]}').alternatives[0]?.fields).toHaveLength(2);
    expect(refusalOf('{"a": [{"toString": 1}]}')).toContain("Unrecognized match type toString");
  });
});
