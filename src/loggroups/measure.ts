import { type FilterPattern, type Message, parseValueSelector, type ValueSelector } from "./filter-patterns/index.ts";
import type { MetricTransformation } from "./filters.ts";

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

/** A transformation whose selectors were read once. */
export interface CompiledTransformation {
  readonly value: number | ValueSelector;
  readonly dimensions: readonly (readonly [name: string, selector: ValueSelector])[];
}

/** Undefined when the value or a dimension is none that events of this pattern have. */
export function compileTransformation(
  pattern: FilterPattern,
  { metricValue, dimensions = {} }: MetricTransformation,
): CompiledTransformation | undefined {
  const value = metricValue.startsWith("$") ? parseValueSelector(pattern, metricValue) : numberOf(metricValue);
  const compiled = Object.entries(dimensions).map(([name, text]) => [name, parseValueSelector(pattern, text)] as const);
  const known = compiled.flatMap(([name, selector]) => (selector === undefined ? [] : [[name, selector] as const]));
  if (value === undefined || known.length < compiled.length) return undefined;
  return { value, dimensions: known };
}

/** What one event says to a transformation; undefined when it has no such number, or lacks a dimension. */
export function measure(
  { value, dimensions }: CompiledTransformation,
  message: Message,
): { readonly value: number; readonly dimensions: Readonly<Record<string, string>> } | undefined {
  const number = typeof value === "number" ? value : numberOf(value(message) ?? "");
  if (number === undefined) return undefined;
  const found = dimensions.map(([name, selector]) => [name, selector(message)] as const);
  // A metric without one of its dimensions would be another metric.
  if (found.some(([, text]) => text === undefined || text === "")) return undefined;
  return { value: number, dimensions: Object.fromEntries(found) as Record<string, string> };
}

function numberOf(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim())) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
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
