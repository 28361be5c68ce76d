import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure, Refusal } from "../core/index.ts";
import {
  dimensionsKey,
  keyText,
  METRIC_LIMITS,
  type MetricDatum,
  type MetricKey,
  type MetricSample,
  type Metrics,
  NO_UNIT,
} from "./metric.ts";
import { expireMetricData, expireMetrics } from "./metric-retention.ts";
import { addSummaries, type PeriodSummary } from "./metric-rows.ts";
import type { AlarmsSchema } from "./schema.ts";
import { mergeSummaries, summaryOf } from "./summary.ts";

export interface MetricsNeeds {
  readonly tables: Kysely<AlarmsSchema>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The store of metrics. */
export interface OpenMetrics extends Metrics {
  /**
   * Counts samples; resolves once they are durable. What callers hand in at the same time shares a transaction.
   * @throws {Refusal} `LimitExceeded` when there are as many metrics as there may be; nothing of the call is kept then.
   * @throws {Failure} when the tables cannot be written; none of it is kept.
   */
  put(samples: readonly MetricSample[]): Promise<void>;
  /** Writes what `record` was told; afterwards the tables have everything. */
  flush(): Promise<void>;
  /** Is told, after each write, which metrics have new data. */
  onWritten(listener: (keys: readonly MetricKey[]) => void): void;
  /** Rolls up and drops what is over its time; done every ten minutes by itself. */
  expire(): Promise<void>;
  stats(): MetricsStats;
  close(): Promise<void>;
}

/** Counts since the start. `dropped`: data of `record` that were over a limit or could not be written. */
export interface MetricsStats {
  readonly pending: number;
  readonly written: number;
  readonly dropped: number;
}

/** How long `record` lets data wait for others. */
const FLUSH_AFTER_MS = 300;
const EXPIRE_EVERY_MS = 600_000;
/**
 * Metrics of all accounts together and of one of them. Whoever may hand in data, or write log events from which dimensions
 * are taken, could use these up and so keep an alarm's metric from beginning: some of an account's are for what filters and
 * we ourselves count without dimensions.
 */
const METRICS_MAX = 100_000;
const OF_ACCOUNT_MAX = 50_000;
const OF_ACCOUNT_KEPT = 1_000;
/** Periods in memory that wait to be written. */
const PENDING_MAX = 100_000;
/** One transaction takes so many periods, so that others come in between. */
const WRITE_MAX = 1_000;
/** Between these a datum's time must lie, seen from now. */
const TIME_MS = { past: 14 * 86_400_000, future: 2 * 3_600_000 } as const;
/** Data may be dropped with every log event: the log tells it once in so long. */
const COMPLAIN_EVERY_MS = 60_000;

interface Waiting {
  readonly samples: readonly MetricSample[];
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** @throws {Failure} when the tables cannot be read. */
export async function openMetrics(needs: MetricsNeeds): Promise<OpenMetrics> {
  const { tables, clock, log } = needs;
  const ids = new MetricIds();
  await ids.load(tables);
  const listeners: ((keys: readonly MetricKey[]) => void)[] = [];
  let pending = new Map<string, MetricSample>();
  let waiting: Waiting[] = [];
  let flushing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let written = 0;
  let dropped = 0;
  let complainedAt = Number.NEGATIVE_INFINITY;

  const drop = (count: number, why: string): void => {
    dropped += count;
    const elapsed = clock.elapsed();
    if (elapsed - complainedAt < COMPLAIN_EVERY_MS) return;
    complainedAt = elapsed;
    log.warn({ dropped, why }, "metric data are dropped");
  };
  const keep = (samples: Iterable<MetricSample>): void => {
    let refused = 0;
    for (const sample of samples) {
      const text = periodText(sample);
      const same = pending.get(text);
      if (same !== undefined) pending.set(text, { ...same, summary: mergeSummaries(same.summary, sample.summary) });
      else if (pending.size < PENDING_MAX) pending.set(text, sample);
      else refused += 1;
    }
    if (refused > 0) drop(refused, "too much waits to be written");
  };

  /** One transaction; the listeners hear of it after it. */
  const write = async (samples: readonly MetricSample[], strict: boolean): Promise<void> => {
    const learned = new MetricIds(ids);
    let over = 0;
    await tables.transaction().execute(async (transaction) => {
      const rows: PeriodSummary[] = [];
      for (const sample of samples) {
        const metricId = await learned.idOf(transaction, sample, !strict && sample.dimensions === "[]");
        if (metricId === undefined) over += 1;
        else rows.push({ ...periodOf(sample), metricId, summary: sample.summary });
      }
      if (over > 0 && strict) throw new Refusal("LimitExceeded", "there may be no more metrics");
      await addSummaries(transaction, rows);
    });
    learned.commit();
    written += samples.length - over;
    if (over > 0) drop(over, "too many metrics");
    for (const listener of listeners) listener(samples);
  };

  const writePending = async (): Promise<void> => {
    const taken = [...pending.values()];
    pending = new Map();
    for (let index = 0; index < taken.length; index += WRITE_MAX) {
      try {
        await write(taken.slice(index, index + WRITE_MAX), false);
        // The tables answer without leaving the thread: others get their turn in between.
        await nextTurn();
      } catch (cause) {
        keep(taken.slice(index));
        throw cause;
      }
    }
  };

  const writeWaiting = async (): Promise<void> => {
    const taken = waiting;
    waiting = [];
    if (taken.length === 0) return;
    try {
      await write(
        taken.flatMap(({ samples }) => samples),
        true,
      );
      for (const { resolve } of taken) resolve();
    } catch (thrown) {
      if (taken.length === 1) {
        taken[0]?.reject(thrown instanceof Refusal ? thrown : new Failure("write metric data", thrown));
        return;
      }
      // One caller's refusal is not the others': each alone.
      for (const one of taken) {
        await write(one.samples, true).then(one.resolve, (cause: unknown) =>
          one.reject(cause instanceof Refusal ? cause : new Failure("write metric data", cause)),
        );
      }
    }
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const done = flushing.then(async () => {
      await writeWaiting();
      await writePending();
    });
    flushing = done.catch(() => undefined);
    return done;
  };
  const flushLater = (): void => {
    timer ??= setTimeout(() => {
      flush().catch((err: unknown) => {
        log.error({ err }, "metric data wait for the tables");
        flushLater();
      });
    }, FLUSH_AFTER_MS);
    timer.unref();
  };

  const expire = async (): Promise<void> => {
    while (await expireMetricData(tables, clock.now())) await nextTurn();
    // No write may be under way that knows the id of a metric that goes.
    const done = flushing.then(async () => {
      if ((await expireMetrics(tables, clock.now())) > 0) await ids.load(tables);
    });
    flushing = done.catch(() => undefined);
    await done;
  };
  const expiring = setInterval(() => {
    expire().catch((err: unknown) => log.error({ err }, "old metric data could not be rolled up"));
  }, EXPIRE_EVERY_MS);
  expiring.unref();

  return {
    record: (data) => {
      const now = clock.now();
      const samples = data.filter((datum) => isSound(datum, now)).map(sampleOf);
      if (samples.length < data.length) drop(data.length - samples.length, "not within the limits of a datum");
      if (samples.length === 0) return;
      keep(samples);
      flushLater();
    },
    put: (samples) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ samples, resolve, reject });
        // Whoever comes while a write is under way joins the next one.
        if (waiting.length === 1) {
          flushing = flushing.then(writeWaiting);
        }
      }),
    flush,
    onWritten: (listener) => {
      listeners.push(listener);
    },
    expire,
    stats: () => ({ pending: pending.size, written, dropped }),
    close: async () => {
      clearInterval(expiring);
      // Others still have to be closed, whatever the tables say.
      await flush().catch((err: unknown) => log.error({ err }, "metric data could not be written before the end"));
    },
  };
}

function periodOf({ timestamp, resolution }: MetricSample): Pick<PeriodSummary, "periodS" | "startMs"> {
  const periodMs = resolution * 1000;
  return { periodS: resolution, startMs: Math.floor(timestamp / periodMs) * periodMs };
}

function periodText(sample: MetricSample): string {
  const { periodS, startMs } = periodOf(sample);
  return `${startMs}/${periodS}/${sample.unit}/${keyText(sample)}`;
}

function sampleOf(datum: MetricDatum): MetricSample {
  const { account, region, namespace, name, timestamp, value } = datum;
  const dimensions = dimensionsKey(Object.entries(datum.dimensions));
  const { count = 1, unit = NO_UNIT, resolution = 60 } = datum;
  return {
    account,
    region,
    namespace,
    name,
    dimensions,
    timestamp,
    unit,
    resolution,
    summary: summaryOf(value, count),
  };
}

/** What PutMetricData would refuse; names come from log events, which anybody may write. */
function isSound(datum: MetricDatum, now: number): boolean {
  const { namespace, name, dimensions, timestamp, value, count = 1 } = datum;
  const { nameLength, valueLength } = METRIC_LIMITS;
  const pairs = Object.entries(dimensions);
  return (
    Number.isFinite(value) &&
    Number.isFinite(count) &&
    count > 0 &&
    Number.isFinite(value * count) &&
    timestamp >= now - TIME_MS.past &&
    timestamp <= now + TIME_MS.future &&
    [namespace, name].every((text) => text.length > 0 && text.length <= nameLength) &&
    pairs.length <= METRIC_LIMITS.dimensions &&
    pairs.every(([key, text]) => key !== "" && text !== "" && key.length <= nameLength && text.length <= valueLength)
  );
}

interface KnownMetric {
  readonly id: number;
  lastMs: number;
}

/** The ids of metrics in memory. What a transaction learns is kept apart until it has committed. */
class MetricIds {
  readonly #base: MetricIds | undefined;
  readonly #known: Map<string, KnownMetric> = new Map();
  /** How many there are, by account. */
  readonly #counts = new Map<string, number>();

  constructor(base?: MetricIds) {
    this.#base = base;
  }

  async load(tables: Kysely<AlarmsSchema>): Promise<void> {
    const rows = await tables.selectFrom("metrics").selectAll().execute();
    this.#known.clear();
    this.#counts.clear();
    for (const row of rows) {
      const key = { ...row, account: row.account_id };
      if (row.metric_id === undefined) continue;
      this.#known.set(idText(key), { id: row.metric_id, lastMs: row.last_ms });
      this.#count(row.account_id, 1);
    }
  }

  get size(): number {
    return this.#known.size + (this.#base?.size ?? 0);
  }

  /** Undefined when there are too many: `kept` may use what is left for it. Notes that the metric has data, to the minute. */
  async idOf(tables: Kysely<AlarmsSchema>, sample: MetricSample, kept: boolean): Promise<number | undefined> {
    const text = idText(sample);
    const known = this.#find(text);
    if (known === undefined) return this.#hasRoom(sample.account, kept) ? this.#add(tables, sample, text) : undefined;
    if (sample.timestamp - known.lastMs >= 60_000) {
      const lastMs = sample.timestamp;
      await tables.updateTable("metrics").set({ last_ms: lastMs }).where("metric_id", "=", known.id).execute();
      this.#known.set(text, { id: known.id, lastMs });
    }
    return known.id;
  }

  #hasRoom(account: string, kept: boolean): boolean {
    const most = kept ? OF_ACCOUNT_MAX : OF_ACCOUNT_MAX - OF_ACCOUNT_KEPT;
    return this.size < METRICS_MAX && this.#countOf(account) < most;
  }

  #countOf(account: string): number {
    return (this.#counts.get(account) ?? 0) + (this.#base === undefined ? 0 : this.#base.#countOf(account));
  }

  #count(account: string, more: number): void {
    this.#counts.set(account, (this.#counts.get(account) ?? 0) + more);
  }

  async #add(tables: Kysely<AlarmsSchema>, sample: MetricSample, text: string): Promise<number> {
    const { account, region, namespace, name, dimensions, unit, timestamp } = sample;
    const { insertId } = await tables
      .insertInto("metrics")
      .values({
        metric_id: undefined,
        account_id: account,
        region,
        namespace,
        name,
        dimensions,
        unit,
        last_ms: timestamp,
      })
      .executeTakeFirstOrThrow();
    const id = Number(insertId);
    this.#known.set(text, { id, lastMs: timestamp });
    this.#count(account, 1);
    return id;
  }

  /** The transaction has committed. */
  commit(): void {
    const base = this.#base;
    if (base === undefined) return;
    for (const [text, known] of this.#known) base.#known.set(text, known);
    for (const [account, more] of this.#counts) base.#count(account, more);
  }

  #find(text: string): KnownMetric | undefined {
    const base = this.#base;
    return this.#known.get(text) ?? (base === undefined ? undefined : base.#find(text));
  }
}

function idText(metric: MetricKey & { readonly unit: string }): string {
  return `${metric.unit}/${keyText(metric)}`;
}
