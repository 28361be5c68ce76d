import type { MetricTransformation } from "./filters.ts";
import type { LogEvent } from "./log-events.ts";

/** What a metric filter measured: `count` times the same value. Times are milliseconds since 1970. */
export interface MeasuredMetric {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly timestamp: number;
  readonly value: number;
  readonly count: number;
  readonly unit?: string;
}

/** What one event says to a transformation; undefined when it has no such number, or lacks a dimension. */
export function measure(
  { metricValue, dimensions = {} }: MetricTransformation,
  { message }: Pick<LogEvent, "message">,
  extracted: Readonly<Record<string, string>>,
): { readonly value: number; readonly dimensions: Readonly<Record<string, string>> } | undefined {
  const look = lookUp(message, extracted);
  const text = metricValue.startsWith("$") ? look(metricValue) : metricValue;
  const value = text === undefined ? undefined : numberOf(text);
  if (value === undefined) return undefined;
  const found = Object.entries(dimensions).map(([name, selector]) => [name, look(selector)] as const);
  // A metric without one of its dimensions would be another metric.
  if (found.some(([, text]) => text === undefined || text === "")) return undefined;
  return { value, dimensions: Object.fromEntries(found) as Record<string, string> };
}

/** Whether the text of a `metricValue` is a number. */
export function numberOf(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim())) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** What the pattern's match has found already is taken from there; the event is taken apart only for the rest. */
function lookUp(
  message: string,
  extracted: Readonly<Record<string, string>>,
): (selector: string) => string | undefined {
  let parsed: unknown;
  let isParsed = false;
  return (selector) => {
    if (Object.hasOwn(extracted, selector)) return extracted[selector];
    if (!isParsed) parsed = parseJson(message);
    isParsed = true;
    return textOf(valueAt(parsed, selector));
  };
}

/** `$.a.b[0]`, `$.['a b']`; one value, without wildcards. */
function valueAt(root: unknown, selector: string): unknown {
  let value = root;
  for (const [, quoted, index, name] of selector.slice(1).matchAll(/\.?\['([^']*)'\]|\[(\d+)\]|\.([^.[\]]+)/g)) {
    const key = quoted ?? index ?? name ?? "";
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Most lines of most logs are no JSON: there is nothing to find in them.
    return undefined;
  }
}

const MINUTE_MS = 60_000;

/** Adds up what is measured of a batch: the same value in the same minute becomes one datum. */
export class Measurements {
  readonly #data = new Map<string, MeasuredMetric>();

  add(datum: Omit<MeasuredMetric, "count">): void {
    const minute = Math.floor(datum.timestamp / MINUTE_MS);
    const { namespace, name, unit, value } = datum;
    const dimensions = Object.entries(datum.dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1));
    const key = JSON.stringify([namespace, name, unit, value, minute, dimensions]);
    const known = this.#data.get(key);
    this.#data.set(key, known === undefined ? { ...datum, count: 1 } : { ...known, count: known.count + 1 });
  }

  get data(): readonly MeasuredMetric[] {
    return [...this.#data.values()];
  }
}
