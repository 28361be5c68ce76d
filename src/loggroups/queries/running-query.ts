import type { Clock } from "../../core/index.ts";
import type { LogStore } from "../log-events.ts";
import type { Query } from "./query.ts";
import { QueryFailure } from "./query-error.ts";
import { type QueriedGroup, readGroups } from "./read-groups.ts";
import { type QueryLimits, type QueryStatistics, type ResultRow, runQuery } from "./run-query.ts";

export type QueryStatus = "Scheduled" | "Running" | "Complete" | "Failed" | "Cancelled" | "Timeout";

/** Milliseconds; AWS ends queries after an hour too. */
const TIME_MAX = 3_600_000;
/** Characters of one result. */
const RESULT_MAX = 32 << 20;

export interface RunningQueryNeeds {
  readonly store: Pick<LogStore, "read">;
  readonly clock: Clock;
  readonly log: { error(told: object, message: string): void };
}

/** What a query reads. Times are milliseconds since 1970. */
export interface QueryPlan {
  readonly query: Query;
  readonly groups: readonly QueriedGroup[];
  /** Excluded. */
  readonly to: number;
}

/** One query from its start to its end, with the rows that it has found so far. */
export class RunningQuery {
  readonly #needs: RunningQueryNeeds;
  readonly #limits: QueryLimits;
  readonly #stopping = new AbortController();
  #plan: QueryPlan | undefined;
  #startedAt: number | undefined;
  #size = 0;
  #rows: ResultRow[] = [];
  #status: QueryStatus = "Scheduled";
  #statistics: QueryStatistics = { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 };
  #durationMs = 0;

  constructor(needs: RunningQueryNeeds, plan: QueryPlan, limits: QueryLimits) {
    this.#needs = needs;
    this.#plan = plan;
    this.#limits = limits;
  }

  get status(): QueryStatus {
    return this.#status;
  }

  get ended(): boolean {
    return this.#status !== "Scheduled" && this.#status !== "Running";
  }

  /** Of a query that failed: one row with `@error`, because the API has no other place for the reason. */
  get rows(): readonly ResultRow[] {
    return this.#rows;
  }

  get statistics(): QueryStatistics {
    return this.#statistics;
  }

  get durationMs(): number {
    return this.#durationMs;
  }

  /** Characters that the rows hold. */
  get size(): number {
    return this.#size;
  }

  /** Never rejects: what goes wrong is the query's status. */
  async run(): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined || this.#status !== "Scheduled") return;
    this.#status = "Running";
    this.#startedAt = this.#needs.clock.elapsed();
    try {
      await this.#read(plan);
      if (!this.ended) this.#status = "Complete";
    } catch (error) {
      this.#fail(error);
    }
    this.#end();
  }

  /** Ends it before its time; the rows found so far stay. */
  stop(status: "Cancelled" | "Timeout"): void {
    if (this.ended) return;
    this.#status = status;
    this.#stopping.abort();
    this.#end();
  }

  async #read({ query, groups, to }: QueryPlan): Promise<void> {
    const events = readGroups(this.#needs.store, groups, to, query.order);
    const keep = (row: ResultRow): void => this.#keep(row);
    await runQuery(query, events, keep, this.#limits, {
      signal: this.#stopping.signal,
      onProgress: (statistics) => {
        this.#statistics = statistics;
        if (this.#elapsed() > TIME_MAX) this.stop("Timeout");
      },
    });
  }

  #keep(row: ResultRow): void {
    for (const { field, value } of row) this.#size += field.length + value.length;
    if (this.#size > RESULT_MAX) {
      throw new QueryFailure("The result holds more than 32 Mi characters. Show fewer fields, or fewer rows.");
    }
    this.#rows.push(row);
  }

  #fail(error: unknown): void {
    if (this.ended) return;
    this.#status = "Failed";
    const known = error instanceof QueryFailure;
    if (!known) this.#needs.log.error({ error }, "run a query of log groups");
    const value = known ? error.message : "The query failed inside the server; its log says why.";
    this.#rows = [[{ field: "@error", value }]];
    this.#size = value.length;
  }

  #end(): void {
    this.#durationMs = Math.max(this.#durationMs, Math.round(this.#elapsed()));
    this.#plan = undefined;
  }

  #elapsed(): number {
    return this.#startedAt === undefined ? 0 : this.#needs.clock.elapsed() - this.#startedAt;
  }
}
