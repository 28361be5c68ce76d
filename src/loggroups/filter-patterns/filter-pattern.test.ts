import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesFilter, matchFilter, parseFilterPattern, parseValueSelector, valueAt } from "./filter-pattern.ts";
import { Message } from "./message.ts";
import { splitFields } from "./split-fields.ts";

const LINE = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
const EVENT = JSON.stringify({
  eventType: "UpdateTrail",
  sourceIPAddress: "111.111.111.111",
  arrayKey: ["value", "another value"],
  objectList: [
    { name: "a", id: 1 },
    { name: "b", id: 2 },
  ],
  SomeObject: null,
  ThisFlag: true,
  latency: 404,
  text: "404",
  exponent: "1e3",
  "a.b": { "c d": "x" },
});

const matches = (pattern: string, message: string) => matchesFilter(parseFilterPattern(pattern), message);

function refusalOf(pattern: string): unknown {
  try {
    return parseFilterPattern(pattern);
  } catch (refused) {
    return refused;
  }
}

describe("parseFilterPattern(), words", () => {
  test.each([
    ["", "anything", true],
    [" ", "", true],
    ["ERROR", "[ERROR 400] BAD REQUEST", true],
    ["ERROR", "[error 400]", false],
    ["ERROR BAD", "BAD ERROR", true],
    ["ERROR BAD", "ERROR", false],
    ['"BAD REQUEST"', "[400] BAD REQUEST", true],
    ['"BAD REQUEST"', "REQUEST BAD", false],
    ['"say \\"hi\\""', 'they say "hi"', true],
    ["?ERROR ?WARN", "a WARN", true],
    ["?ERROR ?WARN", "an INFO", false],
    ["?ERROR ?WARN INFO", "an INFO", true],
    ["?ERROR -INFO", "nothing", true],
    ["ERROR -Exiting", "ERROR Exiting", false],
    ["ERROR -Exiting", "ERROR", true],
    ['-"not this"', "this", true],
    ["%^[0-9]+ AUTH%", "12 AUTH", true],
    ["%AUTHORIZED|DENIED%", "UNAUTHORIZED", true],
    ["%A\\x25%", "A%", true],
    ["größe", "die größe", true],
  ])("'%s' over '%s' is %s", (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });
});

describe("parseFilterPattern(), JSON", () => {
  test.each([
    ['{ $.eventType = "UpdateTrail" }', true],
    ["{ $.eventType = UpdateTrail }", true],
    ["{$.eventType=Update*}", true],
    ['{ $.eventType = "*Tr*l" }', true],
    ['{ $.eventType = "*" }', true],
    ['{ $.missing = "*" }', false],
    ['{ $.eventType != "UpdateTrail" }', false],
    ['{ $.eventType != "Other" }', true],
    ['{ $.missing != "Other" }', false],
    ["{ $.missing NOT EXISTS }", true],
    ["{ $.eventType NOT EXISTS }", false],
    ["{ $.SomeObject NOT EXISTS }", false],
    ["{ $.SomeObject IS NULL }", true],
    ["{ $.missing IS NULL }", false],
    ["{ $.ThisFlag IS TRUE }", true],
    ["{ $.ThisFlag IS FALSE }", false],
    ["{ $.arrayKey = value }", false],
    ['{ $.arrayKey != "value" }', false],
    ['{ $.arrayKey[0] = "value" }', true],
    ['{ $.arrayKey[1] = "value" }', false],
    ["{ $.arrayKey[2] NOT EXISTS }", true],
    ['{ $.arrayKey[*] = "another value" }', true],
    ["{ $.objectList[*].id = 2 }", true],
    ["{ $.objectList[1].id = 2 }", true],
    ["{ $.objectList[*].id > 2 }", false],
    ["{ $.* = 404 }", true],
    ["{ $.latency = 404 }", true],
    ["{ $.text = 404 }", true],
    ["{ $.latency = 4* }", true],
    ["{ $.latency >= 404 && $.latency < 405 }", true],
    ["{ $.text > 4.03e2 }", true],
    ["{ $.exponent = 1000 }", true],
    ["{ $.eventType > 3 }", false],
    ["{ $.latency != 404 }", false],
    ["{ $.sourceIPAddress = 111.111.* }", true],
    ["{ $.sourceIPAddress = %^1{3}\\.1{3}% }", true],
    ["{ $.sourceIPAddress != %^1{3}\\.1{3}% }", false],
    ["{ $.['a.b'].['c d'] = x }", true],
    ["{ $.missing = 1 || $.latency = 404 && $.text = 404 }", true],
    ["{ ($.missing = 1 || $.latency = 404) && $.text = 405 }", false],
    ["{ (($.latency=404)) }", true],
    ["{ $.__proto__ NOT EXISTS && $.constructor NOT EXISTS }", true],
  ])("%s is %s", (pattern, expected) => {
    expect(matches(pattern, EVENT)).toBe(expected);
  });

  test.each(["", "text", "[1]", '{"a":1} and more', '{"a":', "null", `${'{"a":['.repeat(5000)}`])(
    "does not match what is no JSON object: %s",
    (message) => expect(matches("{ $.a NOT EXISTS || $.a = 1 }", message)).toBe(false),
  );

  test("treats names of prototypes as data", () => {
    expect(matches("{ $.__proto__.x = 1 }", '{"__proto__":{"x":1}}')).toBe(true);
  });
});

describe("parseFilterPattern(), fields", () => {
  test.each([
    ["[ip, identity, user, time, request, status, bytes]", true],
    ["[ip, identity, user, time, request, status]", false],
    ["[ip, identity, user, time, request, status, bytes, more]", false],
    ["[..., status = 4*, bytes > 1000]", true],
    ["[..., status = 4*, bytes > 2000]", false],
    ["[ip = 127.*, ...]", true],
    ["[ip, ..., bytes = 1534]", true],
    ["[ip, user, username, timestamp, request = *.html*, status_code = 4*, bytes]", true],
    ["[ip, i, u, t, r, status = 403 || status = 404, b]", true],
    ["[ip, i, u, t, r, (status >= 400 && status != 404), b]", false],
    ['[ip, i, u, t = "10/Oct/2000:13:25:15 -0700", ...]', true],
    ["[ip = %127\\.0\\.0\\.[1-9]%, ...]", true],
    ["[...]", true],
  ])("%s is %s", (pattern, expected) => {
    expect(matches(pattern, LINE)).toBe(expected);
  });

  test("splitFields() is quick where nothing is closed", () => {
    expect(splitFields("[ ".repeat(50_000))).toHaveLength(50_000);
  });
});

describe("parseFilterPattern()", () => {
  const term = (wrong: string) => `Invalid character(s) in term '${wrong}'`;
  test.each([
    ["user@example.com", term("@")],
    ["?Status: timeout", term(":")],
    ['""', term('""')],
    ['"open', term('"')],
    ["?", term("?")],
    ["ERROR -[x]", term("[")],
    ["%a(b)%", term("(")],
    ["%a\\(b%", term("\\(")],
    ["%a!%", term("!")],
    ["%é%", term("é")],
    ["%(a)\\1%", term("(")],
    ["%a\\1%", term("\\1")],
    ["%a\\u0041%", term("\\u")],
    ["%%", term("%%")],
    ["%[a%", "Invalid filter pattern: error parsing regexp: missing closing ]: `[a` in %[a%"],
    ["%a{5}b{96}%", "Invalid filter pattern: the regular expression %a{5}b{96}% is too large"],
    ["%[a-c]{50}.{50}\\d%", "Invalid filter pattern: the regular expression %[a-c]{50}.{50}\\d% is too large"],
    ["%a% b", term("b")],
    ["{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"],
    ["[a, b", "If a filter pattern starts with '[' it must end with ']'"],
    ["{}", term("}")],
    ["{ $.a }", term("}")],
    ["{ $.a EXISTS }", term("EXISTS")],
    ["{ $.a IS NOT NULL }", term("IS")],
    ["{ $ = 1 }", term("$")],
    ['{ $."sc-status" = 5* }', term('$."')],
    ["{ a = 1 }", term("a")],
    ["{ $.a > x }", term("x")],
    ['{ $.a >= "someString" }', term('"someString"')],
    ["{ $.a = 1 && }", term("}")],
    ["{ ($.a = 1 }", term("}")],
    ["{ $.a = 1 } }", term("}")],
    ['{ $.a = "}', term('"')],
    ["{ $.a.*.b[*] = 1 }", "Invalid filter pattern: $.a.*.b[*] has more than one wildcard"],
    ["{ $.*=1 || $.*=2 || $.*=3 || $.*=4 }", "Invalid filter pattern: more than 3 of its selectors have a wildcard"],
    ["{ $.a=%1% || $.a=%2% || $.a=%3% }", "Invalid filter pattern: it has more than 2 regular expressions"],
    ["[a, , b]", term(",")],
    ["[...fields, status=FAILED]", term("fields")],
    ["[..., a, ...]", "Invalid filter pattern: it has more than one ..."],
    ["[a = 4* && b > 1000]", "Invalid filter pattern: one field is named a and b"],
    ["[a && a > 1000]", "Invalid filter pattern: a stands without a condition among conditions"],
    ["[]", term("]")],
    ["x".repeat(1025), "Invalid filter pattern: it has more than 1024 characters"],
  ])("refuses %s", (pattern, message) => {
    expect(refusalOf(pattern)).toMatchObject({ code: "InvalidParameterException", message });
  });

  test("ends soon on a deep pattern and on a hostile message", () => {
    expect(matches(`{${"(".repeat(500)}$.a=1${")".repeat(500)}}`, '{"a":1}')).toBe(true);
    expect(matches(`{ $.a = "${"*a".repeat(200)}*b" }`, JSON.stringify({ a: "a".repeat(100_000) }))).toBe(false);
    expect(matches("%a*a*a*a*a*a*a*b%", "a".repeat(100_000))).toBe(false);
  });

  test("agrees with a naive evaluation of JSON conditions", () => {
    const name = fc.constantFrom("a", "b", "c");
    const value = fc.oneof(
      fc.constantFrom("x", "xy", "yx", ""),
      fc.integer({ min: -2, max: 2 }),
      fc.boolean(),
      fc.constant(null),
    );
    const event = fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value), fc.array(value)));
    const condition = fc.oneof(
      fc.tuple(name, fc.constantFrom("=", "!="), fc.constantFrom('"x"', '"x*"', '"*x"', '"*"', "1", "-1")),
      fc.tuple(name, fc.constantFrom(">", "<=", "<", ">="), fc.constantFrom("0", "1", "-1.5")),
      fc.tuple(name, fc.constantFrom("IS"), fc.constantFrom("NULL", "TRUE", "FALSE")),
      fc.tuple(name, fc.constantFrom("NOT"), fc.constantFrom("EXISTS")),
    );
    const { expression } = fc.letrec<{ expression: Naive }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        condition.map(naiveCondition),
        fc.tuple(tie("expression"), fc.constantFrom("&&", "||"), tie("expression")).map(([left, joint, right]) => ({
          text: `(${left.text}) ${joint} (${right.text})`,
          holds: (subject: Fields) =>
            joint === "&&" ? left.holds(subject) && right.holds(subject) : left.holds(subject) || right.holds(subject),
        })),
      ),
    }));
    fc.assert(
      fc.property(expression, event, (naive, subject) => {
        expect(matches(`{${naive.text}}`, JSON.stringify(subject))).toBe(naive.holds(subject));
      }),
      { numRuns: 500 },
    );
  });
});

type Fields = Readonly<Record<string, unknown>>;
interface Naive {
  readonly text: string;
  holds(subject: Fields): boolean;
}

function naiveCondition([name, operator, operand]: readonly [string, string, string]): Naive {
  return {
    text: `$.${name} ${operator} ${operand}`,
    holds: (subject) => {
      const value = subject[name];
      if (operator === "NOT") return !(name in subject);
      if (operator === "IS") return JSON.stringify(value) === operand.toLowerCase();
      if (!(name in subject) || (typeof value === "object" && value !== null)) return false;
      if (operator === "=" || operator === "!=") return naivelyEqual(value as string, operand) === (operator === "=");
      const number = typeof value === "number" ? value : Number.NaN;
      const limit = Number(operand);
      return (
        { ">": number > limit, "<": number < limit, ">=": number >= limit, "<=": number <= limit }[operator] ?? false
      );
    },
  };
}

function naivelyEqual(value: string | number | boolean | null, operand: string): boolean {
  if (value === null) return false;
  if (!operand.startsWith('"')) return String(value) === operand;
  return new RegExp(`^${operand.slice(1, -1).replaceAll("*", ".*")}$`).test(String(value));
}

describe("matchFilter()", () => {
  test("tells the values of the selectors", () => {
    const pattern = parseFilterPattern('{ $.eventType = "*" && $.objectList[1].id > 1 && $.missing NOT EXISTS }');
    expect(matchFilter(pattern, EVENT)).toEqual({
      extracted: { "$.eventType": "UpdateTrail", "$.objectList[1].id": "2" },
    });
    expect(matchFilter(pattern, "{}")).toBeUndefined();
  });

  test("tells fields by name, and by position where they have none", () => {
    expect(matchFilter(parseFilterPattern("[ip, ..., bytes]"), LINE)?.extracted).toEqual({
      $ip: "127.0.0.1",
      $2: "-",
      $3: "frank",
      $4: "10/Oct/2000:13:25:15 -0700",
      $5: "GET /index.html HTTP/1.0",
      $6: "404",
      $bytes: "1534",
    });
  });

  test("tells nothing for words", () => {
    expect(matchFilter(parseFilterPattern("frank"), LINE)).toEqual({ extracted: {} });
  });

  test("shares what was parsed among filters", () => {
    const message = new Message(EVENT);
    expect(matchesFilter(parseFilterPattern("{ $.latency = 404 }"), message)).toBe(true);
    expect(message.json).toBe(message.json);
    expect(message.fields).toBe(message.fields);
  });
});

describe("valueAt()", () => {
  test.each([
    ["{ $.latency = * }", "$.latency", EVENT, "404"],
    ["{ $.latency = * }", "$.objectList[0].name", EVENT, "a"],
    ["{ $.latency = * }", "$.objectList", EVENT, undefined],
    ["{ $.latency = * }", "$.missing", EVENT, undefined],
    ["[..., bytes]", "$bytes", LINE, "1534"],
    ["[..., bytes]", "$2", LINE, "-"],
  ])("over %s takes %s", (pattern, selector, message, expected) => {
    expect(valueAt(parseFilterPattern(pattern), selector, message)).toBe(expected);
  });

  test.each([
    ["ERROR", "$.a"],
    ["{ $.a = 1 }", "$a b"],
    ["{ $.a = 1 }", "$size"],
    ["[size]", "$.size"],
    ["[size]", "$other"],
    ["[size]", "$1"],
  ])("parseValueSelector() knows that %s has no %s", (pattern, selector) => {
    expect(parseValueSelector(parseFilterPattern(pattern), selector)).toBeUndefined();
  });
});
