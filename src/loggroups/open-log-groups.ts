import type { Kysely } from "kysely";
import type { Clock } from "../core/index.ts";
import { addDeliveries, type DeliveriesSchema } from "../deliveries/index.ts";
import { GroupFilters } from "./apply-filters.ts";
import { metricFilters, subscriptionFilters } from "./filters.ts";
import { createStream, findGroup, getGroup, hasStream, keptSince, listExpiringGroups, listStreams } from "./groups.ts";
import type { LogEvent, LogGroups, LogStore, NewLogEvent } from "./log-events.ts";
import type { MeasuredMetric } from "./measure.ts";
import type { LogGroupsSchema } from "./schema.ts";
import { TIMESTAMP_MAX } from "./store/index.ts";

export interface LogGroupsNeeds {
  readonly tables: Kysely<LogGroupsSchema & DeliveriesSchema>;
  readonly store: LogStore;
  readonly clock: Clock;
  readonly log: { error(told: object, message: string): void };
  /** Takes what metric filters measure. */
  readonly recordMetrics: (data: readonly MeasuredMetric[]) => void;
  /** Subscription filters have written into the ledger. */
  readonly wake: () => void;
}

/** Log groups at work: what comes is stored and told to filters, what is too old goes. */
export interface RunningLogGroups extends LogGroups {
  /**
   * Stores the events of a stream and tells them to the group's filters. Resolves once they are durable and what
   * subscription filters deliver of them stands in the ledger.
   */
  append(group: string, stream: string, events: readonly NewLogEvent[], now: number): Promise<readonly LogEvent[]>;
  /** Filters have changed, or will have once the transaction under way commits. */
  changed(): void;
  /** A group or stream is gone, or will be once the transaction under way commits: its events go after it. */
  removed(group: string, stream?: string): void;
  close(): Promise<void>;
}

const SWEEP_MS = 3_600_000;
/** Groups whose filters are kept ready. */
const FILTERS_KEPT_MAX = 10_000;

/** Begins by dropping what is expired, and the events of groups and streams that are no more. */
export function openLogGroups(needs: LogGroupsNeeds): RunningLogGroups {
  return new OpenLogGroups(needs);
}

class OpenLogGroups implements RunningLogGroups {
  readonly #needs: LogGroupsNeeds;
  readonly #filters = new Map<string, Promise<GroupFilters>>();
  readonly #timer: NodeJS.Timeout;
  /** One after the other. */
  #housekeeping: Promise<void> = Promise.resolve();

  constructor(needs: LogGroupsNeeds) {
    this.#needs = needs;
    this.#keepHouse(() => this.#collectAll());
    this.#keepHouse(() => this.#expire());
    this.#timer = setInterval(() => this.#keepHouse(() => this.#expire()), SWEEP_MS).unref();
  }

  async append(
    group: string,
    stream: string,
    events: readonly NewLogEvent[],
    now: number,
  ): Promise<readonly LogEvent[]> {
    const { store, tables, recordMetrics, wake, clock } = this.#needs;
    const stored = await store.append(group, stream, events, now);
    const filters = await this.#filtersOf(group);
    const { metrics, deliveries } = await filters.apply(stream, stored);
    if (metrics.length > 0) recordMetrics(metrics);
    if (deliveries.length > 0) {
      await tables
        .transaction()
        .execute((transaction) =>
          addDeliveries(transaction.$pickTables<keyof DeliveriesSchema>(), deliveries, clock.now()),
        );
      wake();
    }
    return stored;
  }

  async put(group: string, stream: string, events: readonly NewLogEvent[]): Promise<void> {
    const now = this.#needs.clock.now();
    await this.#makeStream(group, stream, now);
    const timely = events.map(({ timestamp, message }) => ({
      timestamp: Math.min(Math.max(0, Math.floor(timestamp)), TIMESTAMP_MAX),
      message,
    }));
    await this.append(group, stream, timely, now);
  }

  async has(group: string): Promise<boolean> {
    return (await findGroup(this.#tables(), group)) !== undefined;
  }

  changed(): void {
    // What is being read now may be older than the change: nobody else shall use it.
    this.#filters.clear();
  }

  removed(group: string, stream?: string): void {
    this.changed();
    this.#keepHouse(() => this.#collect(group, stream));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#housekeeping;
  }

  #tables(): Kysely<LogGroupsSchema> {
    return this.#needs.tables.$pickTables<keyof LogGroupsSchema>();
  }

  #filtersOf(group: string): Promise<GroupFilters> {
    const known = this.#filters.get(group);
    if (known !== undefined) return known;
    if (this.#filters.size >= FILTERS_KEPT_MAX) this.#filters.clear();
    const reading = this.#readFilters(group);
    this.#filters.set(group, reading);
    reading.catch(() => {
      if (this.#filters.get(group) === reading) this.#filters.delete(group);
    });
    return reading;
  }

  async #readFilters(group: string): Promise<GroupFilters> {
    const tables = this.#tables();
    return new GroupFilters(await metricFilters.list(tables, group), await subscriptionFilters.list(tables, group));
  }

  async #makeStream(group: string, stream: string, now: number): Promise<void> {
    const tables = this.#tables();
    await getGroup(tables, group);
    if (await hasStream(tables, group, stream)) return;
    await tables.transaction().execute(async (transaction) => {
      await getGroup(transaction, group);
      if (!(await hasStream(transaction, group, stream))) {
        await addStream(transaction, this.#needs.store, group, stream, now);
      }
    });
  }

  async #expire(): Promise<void> {
    const now = this.#needs.clock.now();
    for (const group of await listExpiringGroups(this.#tables())) {
      await this.#needs.store.expire(group.arn, keptSince(group, now));
    }
  }

  async #collectAll(): Promise<void> {
    for (const [group, streams] of this.#needs.store.held()) {
      const known = new Set((await listStreams(this.#tables(), group)).map(({ name }) => name));
      const gone = streams.filter((stream) => !known.has(stream));
      for (const stream of gone) await this.#collect(group, stream);
      if (known.size === 0) await this.#collect(group);
    }
  }

  /** In a transaction, so that nobody makes it anew between the look and the removal. */
  async #collect(group: string, stream?: string): Promise<void> {
    const removal = await this.#tables()
      .transaction()
      .execute(async (transaction) => {
        const isThere =
          stream === undefined
            ? (await findGroup(transaction, group)) !== undefined
            : await hasStream(transaction, group, stream);
        return { done: isThere ? undefined : this.#needs.store.remove(group, stream) };
      });
    await removal.done;
  }

  #keepHouse(work: () => Promise<void>): void {
    this.#housekeeping = this.#housekeeping
      .then(work)
      // What could not be removed is tried again at the next sweep or start.
      .catch((err: unknown) => this.#needs.log.error({ err }, "old log events could not be removed yet"));
  }
}

/**
 * Makes a stream inside a transaction. What is left of one of the same name that was deleted goes first: should the
 * transaction be rolled back, nobody misses it.
 * @throws {Refusal} `ResourceAlreadyExistsException`, `LimitExceededException`.
 */
export async function addStream(
  transaction: Kysely<LogGroupsSchema>,
  store: LogStore,
  group: string,
  stream: string,
  now: number,
): Promise<void> {
  await createStream(transaction, group, stream, now);
  await store.remove(group, stream);
}
