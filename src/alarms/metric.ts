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
}

/** What others of OpenTrail do with metrics. */
export interface Metrics {
  /** Counts what was measured; quick, durable within a second. Alarms on the metric are judged soon after. */
  record(data: readonly MetricDatum[]): void;
}
