import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What the API tells Prometheus about itself. */
export class ApiMetrics {
  readonly registry: Registry = new Registry();
  readonly #calls: Histogram<"service">;
  readonly #refused: Counter<"code">;
  readonly #commits: Histogram;
  readonly #records: Counter;
  readonly #codes = new Set<string>();

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#calls = new Histogram({
      name: "opentrail_api_call_seconds",
      help: "Time from a request's arrival to its recorded answer.",
      labelNames: ["service"],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#refused = new Counter({
      name: "opentrail_api_refused_total",
      help: "Calls that were answered with an error, by error code.",
      labelNames: ["code"],
      registers,
    });
    this.#commits = new Histogram({
      name: "opentrail_journal_commit_seconds",
      help: "Time from handing records to the journal to their being durable.",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    });
    this.#records = new Counter({
      name: "opentrail_journal_records_total",
      help: "Records made durable since the start.",
      registers,
    });
  }

  called(service: string, ms: number): void {
    this.#calls.observe({ service }, ms / 1000);
  }

  refused(code: string): void {
    // Codes are ours and few; the bound is against a label that text from outside could widen without end.
    if (this.#codes.size < 200) this.#codes.add(code);
    this.#refused.inc({ code: this.#codes.has(code) ? code : "other" });
  }

  committed(latencyMs: number, records: number): void {
    this.#commits.observe(latencyMs / 1000);
    this.#records.inc(records);
  }

  /** A value that is read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Values with labels that are read when Prometheus asks; a counter is one that only grows. */
  samples(
    metric: {
      readonly name: string;
      readonly help: string;
      readonly type: "counter" | "gauge";
      readonly labels: readonly string[];
    },
    read: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>,
  ): void {
    const { name, help, labels: labelNames } = metric;
    const registers = [this.registry];
    if (metric.type === "gauge") {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.set({ ...labels }, value);
        },
      });
    } else {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const [labels, value] of read()) this.inc({ ...labels }, value);
        },
      });
    }
  }
}
