import { type Random, Refusal } from "../../core/index.ts";
import { parseQuery } from "./parse-query.ts";
import { type QueriedGroup } from "./read-groups.ts";
import { RunningQuery, type RunningQueryNeeds, type QueryStatus } from "./running-query.ts";

export interface QueriesNeeds extends RunningQueryNeeds {
  readonly random: Random;
}

/** Whose query it is: others do not see it. */
export interface QueryOwner {
  readonly account: string;
  readonly region: string;
}

/** Times are milliseconds since 1970. */
export interface NewQuery extends QueryOwner {
  /** The ARN of who starts it. */
  readonly userIdentity: string;
  readonly text: string;
  readonly groups: readonly (QueriedGroup & { readonly name: string })[];
  readonly from: number;
  /** Excluded. */
  readonly to: number;
  /** Rows of the result, unless the query itself says less. */
  readonly rowsMax: number;
}

/** A query that was started, as its owner may see it. */
export interface StartedQuery {
  readonly id: string;
  readonly createdAt: number;
  readonly request: Omit<NewQuery, "groups"> & { readonly groupNames: readonly string[] };
  readonly running: Pick<RunningQuery, "status" | "ended" | "rows" | "statistics" | "durationMs">;
}

/** The queries that run, and those that ran: kept in memory, so a restart forgets them. */
export interface Queries {
  /**
   * Starts a query and answers its id.
   * @throws {Refusal} `MalformedQueryException`; `LimitExceededException` when the account has 30 that have not ended.
   */
  start(query: NewQuery): string;
  /** Undefined when there is none of that id, its owner is another, or it was forgotten. */
  find(owner: QueryOwner, id: string): StartedQuery | undefined;
  /**
   * Ends a query.
   * @throws {Refusal} `InvalidParameterException` when it has ended, `ResourceNotFoundException`.
   */
  stop(owner: QueryOwner, id: string): void;
  /** Newest first. */
  list(owner: QueryOwner): readonly StartedQuery[];
  /** Stops them all. */
  close(): Promise<void>;
}

/** Queries of one account that have not ended; AWS's limit. */
const UNENDED_MAX = 30;
/** Queries that read at the same time; the others wait as `Scheduled`. */
const RUNNING_MAX = 3;
/** Of them, those of one account: others need not wait for its hours. */
const RUNNING_OF_ACCOUNT_MAX = 2;
const MEMORY_MAX = 64 << 20;
const KEPT_MS = 7 * 86_400_000;
/** Queries that are remembered, and the characters of all their results; the oldest are forgotten first. */
const REMEMBERED_MAX = 1_000;
const REMEMBERED_SIZE_MAX = 128 << 20;

export function startQueries(needs: QueriesNeeds): Queries {
  return new QueryRegistry(needs);
}

type Remembered = StartedQuery & { readonly running: RunningQuery };

class QueryRegistry implements Queries {
  readonly #needs: QueriesNeeds;
  /** In the order of their start. */
  readonly #queries = new Map<string, Remembered>();
  readonly #running = new Map<Remembered, Promise<void>>();

  constructor(needs: QueriesNeeds) {
    this.#needs = needs;
  }

  start({ groups, ...request }: NewQuery): string {
    const now = this.#needs.clock.now();
    const query = parseQuery(request.text, now);
    const unended = this.list(request).filter(({ running }) => !running.ended);
    if (unended.length >= UNENDED_MAX) {
      const message = `Account maximum query concurrency limit of [${UNENDED_MAX}] reached.`;
      throw new Refusal("LimitExceededException", message);
    }
    this.#forget(now);
    const id = this.#needs.random.uuid();
    const plan = { query, groups, to: request.to };
    const limits = { rowsMax: request.rowsMax, memoryMax: MEMORY_MAX };
    const running = new RunningQuery(this.#needs, plan, limits);
    const groupNames = groups.map(({ name }) => name);
    this.#queries.set(id, { id, createdAt: now, request: { ...request, groupNames }, running });
    this.#runNext();
    return id;
  }

  find(owner: QueryOwner, id: string): StartedQuery | undefined {
    this.#forget(this.#needs.clock.now());
    const query = this.#queries.get(id);
    return query !== undefined && owns(owner, query) ? query : undefined;
  }

  stop(owner: QueryOwner, id: string): void {
    const query = this.#queries.get(id);
    if (query === undefined || !owns(owner, query)) throw noSuchQuery();
    const { status, ended } = query.running;
    if (ended) throw new Refusal("InvalidParameterException", alreadyEnded(status));
    query.running.stop("Cancelled");
  }

  list(owner: QueryOwner): readonly StartedQuery[] {
    this.#forget(this.#needs.clock.now());
    return [...this.#queries.values()].filter((query) => owns(owner, query)).toReversed();
  }

  async close(): Promise<void> {
    for (const { running } of this.#queries.values()) running.stop("Cancelled");
    await Promise.all(this.#running.values());
  }

  #runNext(): void {
    if (this.#running.size >= RUNNING_MAX) return;
    const next = this.#queries.values().find((query) => query.running.status === "Scheduled" && this.#mayRun(query));
    if (next === undefined) return;
    const run = next.running.run().finally(() => {
      this.#running.delete(next);
      this.#runNext();
    });
    this.#running.set(next, run);
  }

  #mayRun({ request: { account } }: Remembered): boolean {
    const own = this.#running.keys().filter(({ request }) => request.account === account);
    return [...own].length < RUNNING_OF_ACCOUNT_MAX;
  }

  #forget(now: number): void {
    let size = 0;
    let count = 0;
    for (const query of [...this.#queries.values()].toReversed()) {
      size += query.running.size;
      count++;
      const excess = size > REMEMBERED_SIZE_MAX || count > REMEMBERED_MAX || now - query.createdAt > KEPT_MS;
      if (excess && query.running.ended) this.#queries.delete(query.id);
    }
  }
}

function owns(owner: QueryOwner, { request }: StartedQuery): boolean {
  return request.account === owner.account && request.region === owner.region;
}

export function noSuchQuery(): Refusal {
  return new Refusal("ResourceNotFoundException", "The specified query does not exist.");
}

function alreadyEnded(status: QueryStatus): string {
  return `Query is already ended with ${status} status`;
}
