import { parseCidr } from "./address.ts";
import { type NumericBound, PatternError, type ValueMatcher } from "./event-pattern.ts";
import type { JsonReader, JsonToken } from "./json-reader.ts";
import { splitWildcard } from "./wildcard.ts";

/** Whose patterns: SNS's filter policies know no `anything-but` of suffixes. */
export type Dialect = "EventBridge" | "SNS";

type Operator = (reader: JsonReader, token: JsonToken, dialect: Dialect) => ValueMatcher;

const ONE_KEY = "Only one key allowed in match expression";
const TOO_MANY = "Too many elements in numeric expression";

const OPERATORS: Readonly<Record<string, Operator>> = {
  exactly: (reader, token) => closed(reader, equals(stringOf(reader, token, "exact match pattern must be a string"))),
  prefix: (reader, token) => affix(reader, token, "prefix"),
  suffix: (reader, token) => affix(reader, token, "suffix"),
  "equals-ignore-case": (reader, token) => closed(reader, ignoreCase(reader, token)),
  wildcard: (reader, token) => {
    const text = stringOf(reader, token, "wildcard match pattern must be a string");
    return closed(reader, wildcard(reader, text));
  },
  "anything-but": anythingBut,
  numeric: (reader, token) => {
    if (token !== "[") throw reader.error("Value of numeric must be an array.");
    return closed(reader, numeric(reader), TOO_MANY);
  },
  exists: (reader, token) => {
    if (token !== "true" && token !== "false") {
      throw reader.error("exists match pattern must be either true or false.");
    }
    return closed(reader, { kind: "exists", exists: token === "true" });
  },
  // The text is AWS's: whoever wrote it had copied the line from prefix.
  cidr: (reader, token) => {
    const text = stringOf(reader, token, "prefix match pattern must be a string");
    const range = parseCidr(text);
    return closed(reader, { kind: "cidr", ...range });
  },
};

/** One value of a field's array; `token` is its first token. @throws {PatternError} in AWS's words. */
export function parseMatcher(reader: JsonReader, token: JsonToken, dialect: Dialect): ValueMatcher {
  if (token === "{") return parseExpression(reader, dialect);
  return parseScalar(reader, token);
}

function parseScalar(reader: JsonReader, token: JsonToken): ValueMatcher {
  if (token === "string") return equals(reader.text());
  if (token === "number") return equals(Number(reader.text()));
  if (token === "true" || token === "false") return { kind: "equals", value: token === "true" };
  if (token === "null") return { kind: "equals", value: null };
  throw reader.error("Match value must be String, number, true, false, or null");
}

function parseExpression(reader: JsonReader, dialect: Dialect): ValueMatcher {
  if (reader.next() !== "name") throw reader.error("Match expression name not found");
  const name = reader.text();
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined) throw reader.error(`Unrecognized match type ${name}`);
  return operator(reader, reader.next(), dialect);
}

function equals(value: string | number): ValueMatcher {
  return { kind: "equals", value };
}

function stringOf(reader: JsonReader, token: JsonToken, otherwise: string): string {
  if (token !== "string") throw reader.error(otherwise);
  return reader.text();
}

function closed(reader: JsonReader, matcher: ValueMatcher, otherwise: string = ONE_KEY): ValueMatcher {
  if (reader.next() !== "}") throw reader.error(otherwise);
  return matcher;
}

function ignoreCase(reader: JsonReader, token: JsonToken): ValueMatcher {
  const value = stringOf(reader, token, "equals-ignore-case match pattern must be a string");
  return { kind: "equals-ignore-case", value };
}

function affix(reader: JsonReader, token: JsonToken, kind: "prefix" | "suffix"): ValueMatcher {
  if (token !== "{") {
    const value = stringOf(reader, token, `${kind} match pattern must be a string`);
    return closed(reader, { kind, value, ignoreCase: false });
  }
  const noun = kind === "prefix" ? "Prefix" : "Suffix";
  if (reader.next() !== "name") throw reader.error(`${noun} expression name not found`);
  const name = reader.text();
  if (name !== "equals-ignore-case") throw reader.error(`Unsupported ${kind} pattern: ${name}`);
  const value = stringOf(reader, reader.next(), "equals-ignore-case match pattern must be a string");
  return closed(reader, closed(reader, { kind, value, ignoreCase: true }));
}

function wildcard(reader: JsonReader, text: string): ValueMatcher {
  const parts = splitWildcard(text);
  if (!("message" in parts)) return { kind: "wildcard", parts };
  throw parts.placed ? reader.error(parts.message) : new PatternError(parts.message);
}

interface Nested {
  readonly text: (reader: JsonReader, token: JsonToken) => string;
  readonly make: (reader: JsonReader, text: string) => ValueMatcher;
}

/** What stands inside `anything-but: {…}`: one string, or a list of them. */
const NESTED: Readonly<Record<string, Nested>> = {
  "equals-ignore-case": {
    text: (reader, token) => {
      const otherwise = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
      return stringOf(reader, token, otherwise);
    },
    make: (_, value) => ({ kind: "equals-ignore-case", value }),
  },
  prefix: { text: affixText, make: (_, value) => ({ kind: "prefix", value, ignoreCase: false }) },
  suffix: { text: affixText, make: (_, value) => ({ kind: "suffix", value, ignoreCase: false }) },
  wildcard: {
    text: (reader, token) => stringOf(reader, token, "wildcard match pattern must be a string"),
    make: wildcard,
  },
};

function affixText(reader: JsonReader, token: JsonToken): string {
  const value = stringOf(reader, token, "prefix/suffix match pattern must be a string");
  if (value === "") throw reader.error("Null prefix/suffix not allowed");
  return value;
}

function anythingBut(reader: JsonReader, token: JsonToken, dialect: Dialect): ValueMatcher {
  if (token !== "{") {
    requireExcludable(reader, token);
    const none = token === "[" ? plainList(reader) : [parseScalar(reader, token)];
    return closed(reader, { kind: "anything-but", none }, TOO_MANY);
  }
  if (reader.next() !== "name") throw reader.error("Anything-But expression name not found");
  const name = reader.text();
  const nested = Object.hasOwn(NESTED, name) ? NESTED[name] : undefined;
  const unknown = nested === undefined || (dialect === "SNS" && name === "suffix");
  if (unknown) throw reader.error(`Unsupported anything-but pattern: ${name}`);
  const first = reader.next();
  requireExcludable(reader, first);
  const texts = first === "[" ? list(reader, (token) => nested.text(reader, token)) : [nested.text(reader, first)];
  const none = texts.map((text) => nested.make(reader, text));
  return closed(reader, closed(reader, { kind: "anything-but", none }, TOO_MANY), TOO_MANY);
}

function requireExcludable(reader: JsonReader, token: JsonToken): void {
  if (token === "[" || token === "string" || token === "number") return;
  throw reader.error("Value of anything-but must be an array or single string/number value.");
}

function plainList(reader: JsonReader): readonly ValueMatcher[] {
  const types = new Set<JsonToken>();
  const values = list(reader, (token) => {
    if (token !== "string" && token !== "number") {
      throw reader.error("Inside anything but list, start|null|boolean is not supported.");
    }
    types.add(token);
    return parseScalar(reader, token);
  });
  if (types.size === 1) return values;
  const message = "Inside anything but list, either all values are number or string, mixed type is not supported";
  throw reader.error(message);
}

/** What is wrong inside a list AWS catches and says again, so that the place stands there twice. */
function list<Value>(reader: JsonReader, read: (token: JsonToken) => Value): readonly Value[] {
  const values: Value[] = [];
  try {
    for (let token = reader.next(); token !== "]"; token = reader.next()) values.push(read(token));
  } catch (error) {
    throw error instanceof PatternError ? reader.error(error.message) : error;
  }
  return values;
}

function numeric(reader: JsonReader): ValueMatcher {
  if (reader.next() !== "string") throw reader.error(`Invalid member in numeric match: ${reader.text()}`);
  const operator = reader.text();
  if (!/^(?:=|<=?|>=?)$/.test(operator)) {
    // AWS looks at the operand before it looks at the operator.
    reader.next();
    throw reader.error(`Unrecognized numeric range operator: ${operator}`);
  }
  const first = operand(reader, operator);
  const token = reader.next();
  if (operator === ">" || operator === ">=") {
    const low = { value: first, inclusive: operator === ">=" };
    if (token === "]") return { kind: "numeric", low };
    const high = upperBound(reader, token);
    if (low.value >= high.value) throw reader.error("Bottom must be less than top");
    return { kind: "numeric", low, high };
  }
  if (token !== "]") throw reader.error(TOO_MANY);
  const bound = { value: first, inclusive: operator !== "<" };
  return operator === "=" ? { kind: "numeric", low: bound, high: bound } : { kind: "numeric", high: bound };
}

function upperBound(reader: JsonReader, token: JsonToken): NumericBound {
  if (token !== "string") throw reader.error(`Bad value in numeric range: ${reader.text()}`);
  const operator = reader.text();
  if (operator !== "<" && operator !== "<=") throw reader.error(`Bad numeric range operator: ${operator}`);
  const value = operand(reader, operator);
  if (reader.next() !== "]") throw reader.error("Too many terms in numeric range expression");
  return { value, inclusive: operator === "<=" };
}

function operand(reader: JsonReader, operator: string): number {
  if (reader.next() === "number") return Number(reader.text());
  throw reader.error(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
}
