import { type EventPattern, type PatternAlternative, type PatternField, PatternError } from "./event-pattern.ts";
import { JsonReader } from "./json-reader.ts";
import { type Dialect, parseMatcher } from "./parse-matcher.ts";

/** What `$or` may multiply a pattern out to. */
const ALTERNATIVES_MAX = 1000;
const OR = "$or";

/** An `$or` whose objects have one of these keys is no OR but a field of that name, as it was before `$or` existed. */
const RESERVED: ReadonlySet<string> = new Set(
  [
    ["exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"],
    ["=", "<", "<=", ">", ">="],
    ["regex", "not-wildcard", "not-equals-ignore-case"],
    ["date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"],
    ["ip-address-in-range", "ip-address-not-in-range"],
  ].flat(),
);

/** Whether an `$or` with this key in one of its objects is an ordinary key. */
export function isReserved(key: string): boolean {
  return RESERVED.has(key);
}

/** By path. */
type Fields = Map<string, PatternField>;

/**
 * An event pattern of EventBridge.
 * @throws {PatternError} with the part of AWS's text that follows `Event pattern is not valid. Reason: `.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function parseEventPattern(text: string): EventPattern {
  return parsePattern(text, "EventBridge");
}

/** As `parseEventPattern`, in this dialect. */
export function parsePattern(text: string, dialect: Dialect): EventPattern {
  const reader = new JsonReader(text);
  if (reader.next() !== "{") throw reader.error("Filter is not an object");
  const alternatives = parseObject({ reader, dialect }, "", [new Map()]);
  if (reader.next() !== "end") throw reader.error("Filter is not an object");
  return { text, alternatives: alternatives.map(alternativeOf) };
}

interface Source {
  readonly reader: JsonReader;
  readonly dialect: Dialect;
}

/** Adds the object's fields to the alternatives so far; returns these, or what `$or` made of them. */
function parseObject(source: Source, parent: string, before: readonly Fields[]): readonly Fields[] {
  const { reader } = source;
  let alternatives = before;
  let empty = true;
  while (reader.next() !== "}") {
    empty = false;
    const key = reader.text();
    if (key === OR && isOr(reader)) {
      alternatives = parseOr(source, parent, alternatives);
      continue;
    }
    const path = parent === "" ? key : `${parent}.${key}`;
    const token = reader.next();
    if (token === "{") alternatives = parseObject(source, path, alternatives);
    else if (token === "[") addField(reader, alternatives, parseField(source, path));
    else throw reader.error(`"${key}" must be an object or an array`);
  }
  if (empty) throw reader.error("Empty objects are not allowed");
  return alternatives;
}

function parseField({ reader, dialect }: Source, path: string): PatternField {
  const matchers = [];
  for (let token = reader.next(); token !== "]"; token = reader.next()) {
    matchers.push(parseMatcher(reader, token, dialect));
  }
  if (matchers.length === 0) throw reader.error("Empty arrays are not allowed");
  return { path, matchers };
}

function addField(reader: JsonReader, alternatives: readonly Fields[], field: PatternField): void {
  for (const fields of alternatives) {
    if (fields.has(field.path)) throw reader.error(`Path \`${field.path}\` cannot be allowed multiple times`);
    fields.set(field.path, field);
  }
}

function parseOr(source: Source, parent: string, before: readonly Fields[]): readonly Fields[] {
  const { reader } = source;
  const alternatives: Fields[] = [];
  reader.next();
  while (reader.next() !== "]") {
    const copies = before.map((fields) => new Map(fields));
    alternatives.push(...parseObject(source, parent, copies));
    if (alternatives.length > ALTERNATIVES_MAX) {
      throw new PatternError(`Rule is too complex - try using fewer ${OR} conditions`);
    }
  }
  return alternatives;
}

/** Looks ahead: whether the value of the current name `$or` is what makes it an OR. */
function isOr(current: JsonReader): boolean {
  const reader = current.fork();
  try {
    return reader.next() === "[" && countObjects(reader) >= 2;
  } catch (error) {
    // What is no JSON is told where it is read for good.
    if (error instanceof PatternError) return false;
    throw error;
  }
}

/** Objects in the array that has been opened; none when there is anything else in it, or a reserved key in them. */
function countObjects(reader: JsonReader): number {
  let count = 0;
  for (let token = reader.next(); token !== "]"; token = reader.next()) {
    if (token !== "{") return 0;
    while (reader.next() !== "}") {
      if (isReserved(reader.text())) return 0;
      reader.next();
      reader.skip();
    }
    count += 1;
  }
  return count;
}

/** Paths in their order: absence is judged in the elements of arrays that earlier paths have chosen. */
function alternativeOf(fields: Fields): PatternAlternative {
  return { fields: [...fields.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
