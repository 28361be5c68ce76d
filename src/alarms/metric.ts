import type { Summary } from "./summary.ts";

/** One measurement. Times are milliseconds since 1970. */
export interface MetricDatum {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly timestamp: number;
  /** `count` times the same value. */
  readonly value: number;
  readonly count?: number;
  readonly unit?: string;
  /** In seconds; 60 when absent. */
  readonly resolution?: 1 | 60;
}

/** Which metric. `dimensions` is canonical JSON: pairs of name and value, sorted by name. */
export interface MetricKey {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: string;
}

/** What was measured of a metric in one period of its resolution. */
export interface MetricSample extends MetricKey {
  readonly unit: string;
  readonly timestamp: number;
  readonly resolution: 1 | 60;
  readonly summary: Summary;
}

/** What others of OpenTrail do with metrics. */
export interface Metrics {
  /** Counts what was measured; quick, durable within a second. Alarms on the metric are judged soon after. */
  record(data: readonly MetricDatum[]): void;
}

/** `null` of PutMetricData's unit. */
export const NO_UNIT = "None";

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
export const METRIC_LIMITS: { readonly dimensions: number; readonly nameLength: number; readonly valueLength: number } =
  { dimensions: 30, nameLength: 255, valueLength: 1024 };

/** The canonical text of dimensions: the same for each order in which they may be given. */
export function dimensionsKey(pairs: Iterable<readonly [name: string, value: string]>): string {
  return JSON.stringify([...pairs].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
}

export function dimensionPairs(key: string): readonly (readonly [name: string, value: string])[] {
  return JSON.parse(key) as [string, string][];
}

/** One text that only this metric has, whatever its names contain. */
export function keyText({ account, region, namespace, name, dimensions }: MetricKey): string {
  return JSON.stringify([account, region, namespace, name, dimensions]);
}
