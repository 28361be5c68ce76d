import { inRange, parseRange } from "./ip.ts";
import {
  parseTemplate,
  type RequestContext,
  resolveTemplate,
  splitAtColons,
  templateMatches,
  variablesOf,
} from "./template.ts";
import { patternMatches } from "./wildcard.ts";

/** A value of a policy's condition, ready to be compared with the values of a request. */
export interface Comparison {
  /** What to ask of each value of the request; undefined when a variable inside has no value. */
  resolve(context: RequestContext): Resolved | undefined;
  /** The variables inside, as the policy spells them. */
  readonly variables: readonly string[];
}

export type Resolved = (actual: string) => boolean;

interface ComparisonRule {
  /** Whether the operator asks for the opposite; `compile` always answers for the positive one. */
  readonly negated: boolean;
  /** Undefined when the operator cannot compare with such a value: no number, no date, no address … */
  readonly compile: (value: string, variables: boolean) => Comparison | undefined;
}

type Compile = ComparisonRule["compile"];

/** Text, with variables; the wildcards only in the `Like` forms. */
function text(wild: boolean): Compile {
  return (value, variables) => {
    const template = parseTemplate(value, { wild, variables });
    if (template === undefined) return undefined;
    const resolve = (context: RequestContext): Resolved | undefined => {
      const pattern = resolveTemplate(template, context);
      return pattern === undefined ? undefined : (actual) => patternMatches(pattern, actual);
    };
    return { resolve, variables: variablesOf(template) };
  };
}

const textIgnoringCase: Compile = (value, variables) => {
  const template = parseTemplate(value, { wild: false, variables });
  if (template === undefined) return undefined;
  const resolve = (context: RequestContext): Resolved | undefined => {
    const expected = resolveTemplate(template, context)?.literal?.toLowerCase();
    return expected === undefined ? undefined : (actual) => actual.toLowerCase() === expected;
  };
  return { resolve, variables: variablesOf(template) };
};

const truth: Compile = (value, variables) => {
  const template = parseTemplate(value, { wild: false, variables });
  const expected = template?.fixed?.literal;
  if (template === undefined || (expected !== undefined && !/^(true|false)$/i.test(expected))) return undefined;
  return textIgnoringCase(value, variables);
};

/** The order of two numbers or instants (-1, 0 or 1), put to the operator's question. */
function ordered(parse: (text: string) => number | undefined, holds: (order: number) => boolean): Compile {
  return (value) => {
    const expected = parse(value);
    if (expected === undefined) return undefined;
    return constant((actual) => {
      const given = parse(actual);
      return given !== undefined && holds(given < expected ? -1 : given > expected ? 1 : 0);
    });
  };
}

/** Bytes, base64 on both sides. */
const bytes: Compile = (value) => {
  const expected = parseBase64(value);
  return expected === undefined ? undefined : constant((actual) => parseBase64(actual) === expected);
};

const address: Compile = (value) => {
  const range = parseRange(value);
  return range === undefined ? undefined : constant((actual) => inRange(range, actual));
};

/**
 * An ARN, part by part: a `*` in the account stays in the account. A variable cannot move the colons either, since the
 * policy's text is split before anything is put in; only a value that is one variable and nothing else is a whole ARN.
 */
const arn: Compile = (value, variables) => {
  const whole = splitAtColons(value, variables);
  if (whole.length < ARN_PARTS) return wholeArn(value, variables);
  const templates = arnParts(whole).map((part) => parseTemplate(part, { wild: true, variables }));
  if (templates.some((template) => template === undefined)) return undefined;
  const parts = templates.filter((template) => template !== undefined);
  const resolve = (context: RequestContext): Resolved | undefined => {
    const patterns = parts.map((part) => resolveTemplate(part, context));
    if (patterns.some((pattern) => pattern === undefined)) return undefined;
    return (actual) => {
      const given = actual.split(":");
      if (given.length < ARN_PARTS) return false;
      return arnParts(given).every((part, i) => {
        const pattern = patterns[i];
        return pattern !== undefined && patternMatches(pattern, part);
      });
    };
  };
  return { resolve, variables: parts.flatMap(variablesOf) };
};

/** `*` alone, or one variable alone. */
function wholeArn(value: string, variables: boolean): Comparison | undefined {
  const template = parseTemplate(value, { wild: true, variables });
  if (template === undefined) return undefined;
  const [only, ...rest] = template.parts;
  const lone = only !== undefined && rest.length === 0 && "key" in only;
  if (!lone && value !== "*") return undefined;
  const resolve = (context: RequestContext): Resolved | undefined =>
    resolveTemplate(template, context) === undefined
      ? undefined
      : (actual) => actual.startsWith("arn:") && templateMatches(template, actual, context);
  return { resolve, variables: variablesOf(template) };
}

/** The six parts; colons after the fifth belong to the resource. */
function arnParts(split: readonly string[]): string[] {
  return [...split.slice(0, ARN_PARTS - 1), split.slice(ARN_PARTS - 1).join(":")];
}

function constant(matches: Resolved): Comparison {
  return { resolve: () => matches, variables: [] };
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/**
 * Milliseconds since 1970 of a W3C date and time (`2026`, `2026-11`, `2026-11-20`, `2026-11-20T09:30Z`,
 * `2026-11-20T09:30:00.5+01:00`; without a zone it is UTC) or of seconds since 1970.
 */
function parseDate(text: string): number | undefined {
  const found = W3C_DATE.exec(text);
  if (found === null) {
    const seconds = parseNumber(text);
    return seconds === undefined ? undefined : seconds * 1000;
  }
  const [, year = "", month = "01", day = "01", hour = "00", minute = "00", second = "00", zone = "Z"] = found;
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // February 30 becomes March 2 in JavaScript; here it is no date.
  if (Number.isNaN(at) || !new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}`)) return undefined;
  return at;
}

const W3C_DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

function parseBase64(text: string): string | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, "base64").toString("base64") : undefined;
}

const ARN_PARTS = 6;

const is = (order: number): boolean => order === 0;
const below = (order: number): boolean => order < 0;
const above = (order: number): boolean => order > 0;
const atMost = (order: number): boolean => order <= 0;
const atLeast = (order: number): boolean => order >= 0;

/** Every operator but `Null`, without prefix and suffix. */
export const comparisons: ReadonlyMap<string, ComparisonRule> = new Map(
  (
    [
      ["StringEquals", false, text(false)],
      ["StringNotEquals", true, text(false)],
      ["StringEqualsIgnoreCase", false, textIgnoringCase],
      ["StringNotEqualsIgnoreCase", true, textIgnoringCase],
      ["StringLike", false, text(true)],
      ["StringNotLike", true, text(true)],
      ["NumericEquals", false, ordered(parseNumber, is)],
      ["NumericNotEquals", true, ordered(parseNumber, is)],
      ["NumericLessThan", false, ordered(parseNumber, below)],
      ["NumericLessThanEquals", false, ordered(parseNumber, atMost)],
      ["NumericGreaterThan", false, ordered(parseNumber, above)],
      ["NumericGreaterThanEquals", false, ordered(parseNumber, atLeast)],
      ["DateEquals", false, ordered(parseDate, is)],
      ["DateNotEquals", true, ordered(parseDate, is)],
      ["DateLessThan", false, ordered(parseDate, below)],
      ["DateLessThanEquals", false, ordered(parseDate, atMost)],
      ["DateGreaterThan", false, ordered(parseDate, above)],
      ["DateGreaterThanEquals", false, ordered(parseDate, atLeast)],
      ["Bool", false, truth],
      ["BinaryEquals", false, bytes],
      ["IpAddress", false, address],
      ["NotIpAddress", true, address],
      ["ArnEquals", false, arn],
      ["ArnLike", false, arn],
      ["ArnNotEquals", true, arn],
      ["ArnNotLike", true, arn],
    ] as const
  ).map(([name, negated, compile]) => [name, { negated, compile }]),
);
