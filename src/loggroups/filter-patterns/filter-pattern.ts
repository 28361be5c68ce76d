import { Refusal } from "../../core/index.ts";
import { type FieldsFilter, matchFields, namedFields, parseFieldsFilter } from "./fields-filter.ts";
import { type JsonFilter, parseJsonFilter } from "./json-filter.ts";
import { Message } from "./message.ts";
import { invalidPattern, notClosed } from "./refusals.ts";
import { Scanner } from "./scanner.ts";
import { parseSelector, selectText } from "./selector.ts";
import { matchTerms, parseTermsFilter, type TermsFilter } from "./terms-filter.ts";

/** A filter pattern that passed: of words, of a JSON object, or of fields that spaces part. */
export type FilterPattern = TermsFilter | JsonFilter | FieldsFilter;

/** What a match tells: values by selector (`$.eventName`) or field (`$status`); nothing for words. */
export interface FilterMatch {
  readonly extracted: Readonly<Record<string, string>>;
}

/** One value of a message that a metric takes as its value or as a dimension. */
export type ValueSelector = (message: Message | string) => string | undefined;

const LENGTH_MAX = 1024;

/**
 * The first character decides: `{` is for JSON, `[` for fields, everything else are words; nothing matches everything.
 * @throws {Refusal} `InvalidParameterException`
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function parseFilterPattern(text: string): FilterPattern {
  if (text.length > LENGTH_MAX) throw invalidPattern(`it has more than ${LENGTH_MAX} characters`);
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return parseJsonFilter(closed(trimmed, "{", "}"));
  if (trimmed.startsWith("[")) return parseFieldsFilter(closed(trimmed, "[", "]"));
  return parseTermsFilter(trimmed);
}

function closed(text: string, open: string, close: string): string {
  if (text.endsWith(close)) return text;
  throw notClosed(open, close);
}

/** Whether the filter matches. Give several filters one `Message`: it is then parsed once. */
export function matchesFilter(pattern: FilterPattern, message: Message | string): boolean {
  const subject = asMessage(message);
  switch (pattern.kind) {
    case "terms":
      return matchTerms(pattern, subject.text);
    case "json":
      return subject.json !== undefined && pattern.test(subject.json);
    case "fields":
      return matchFields(pattern, subject.fields);
  }
}

/** The values that the filter sees, as TestMetricFilter tells them; undefined when it does not match. */
export function matchFilter(pattern: FilterPattern, message: Message | string): FilterMatch | undefined {
  const subject = asMessage(message);
  return matchesFilter(pattern, subject) ? { extracted: Object.fromEntries(extract(pattern, subject)) } : undefined;
}

function extract(pattern: FilterPattern, message: Message): readonly (readonly [string, string])[] {
  if (pattern.kind === "terms") return [];
  if (pattern.kind === "fields") return namedFields(pattern, message.fields);
  return pattern.selectors.flatMap((selector) => {
    const value = selectText(selector, message.json);
    return value === undefined ? [] : [[selector.text, value] as const];
  });
}

/**
 * Reads `$.path` of a JSON pattern or `$field` of one for fields, once for many messages.
 * Undefined when the pattern has no such value: words have none at all.
 */
export function parseValueSelector(pattern: FilterPattern, text: string): ValueSelector | undefined {
  if (pattern.kind === "json") return jsonValue(text);
  if (pattern.kind === "terms" || !/^\$[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const named = [...pattern.head, ...(pattern.tail ?? [])].some(({ name }) => `$${name}` === text);
  if (!named && (pattern.tail === undefined || !/^\$\d+$/.test(text))) return undefined;
  return (message) => new Map(namedFields(pattern, asMessage(message).fields)).get(text);
}

/** The same for a single message. */
export function valueAt(pattern: FilterPattern, text: string, message: Message | string): string | undefined {
  return parseValueSelector(pattern, text)?.(message);
}

function jsonValue(text: string): ValueSelector | undefined {
  const scanner = new Scanner(text);
  try {
    const selector = parseSelector(scanner);
    return scanner.ended ? (message) => selectText(selector, asMessage(message).json) : undefined;
  } catch (refused) {
    if (refused instanceof Refusal) return undefined;
    throw refused;
  }
}

function asMessage(message: Message | string): Message {
  return typeof message === "string" ? new Message(message) : message;
}
