import { type Kysely, type RawBuilder, type Selectable, sql } from "kysely";
import { optional, parseArn } from "../core/index.ts";
import type {
  AddDeliveries,
  Delivery,
  DeliveryKind,
  DeliveryState,
  DeliverySummary,
  NewDelivery,
  RetryPolicy,
} from "./delivery.ts";
import type { DeliveriesSchema } from "./schema.ts";

type Tables = Kysely<DeliveriesSchema>;

/** What waits for its turn, without its contents. */
export interface Waiting {
  readonly id: number;
  readonly lane: string;
  readonly dueAt: number;
  /** Bytes of the body. */
  readonly size: number;
}

/** How an attempt left a delivery. */
export interface Outcome {
  readonly id: number;
  /** When the delivery that was attempted had been redriven; null when it had not. */
  readonly redrivenAt: number | null;
  readonly state: DeliveryState;
  /** Null when nothing is left to do. */
  readonly lane: string | null;
  readonly dueAt: number;
  readonly attempts: number;
  readonly endedAt: number | null;
  /** Null keeps what the ledger says. */
  readonly lastError: string | null;
  readonly deadLettered: boolean;
  readonly deadLetterError: string | null;
}

/**
 * Deliveries of the same lane share its concurrency, and follow each other. All mails go to the one mail server. Each account
 * has lanes of its own: whatever others send to its endpoints, or let fail there, delays nothing of it.
 */
export function laneOf({ kind, endpoint, owner }: Pick<NewDelivery, "kind" | "endpoint" | "owner">): string {
  const lane = `${kind} ${accountOf(owner)}`;
  return kind === "email" ? lane : `${lane} ${endpoint}`;
}

/** `laneOf` in SQL. */
export const LANE_OF_ROW: RawBuilder<string> = sql<string>`kind || ' ' || account_id || case kind when 'email' then '' else ' ' || endpoint end`;

/** Where the dead-letter queue waits for what could not be delivered. */
export function deadLetterLane({ deadLetterArn = "", owner }: Pick<NewDelivery, "deadLetterArn" | "owner">): string {
  return `dead-letter ${accountOf(owner)} ${deadLetterArn}`;
}

function accountOf(owner: string): string {
  return parseArn(owner)?.account ?? "";
}

/** SQLite takes 32,766 values in a statement. */
const ROWS_PER_STATEMENT = 50;

export const addDeliveries: AddDeliveries = async (transaction, deliveries, now) => {
  for (let at = 0; at < deliveries.length; at += ROWS_PER_STATEMENT) {
    const rows = deliveries.slice(at, at + ROWS_PER_STATEMENT).map((delivery) => ({
      account_id: accountOf(delivery.owner),
      owner: delivery.owner,
      target: delivery.target,
      kind: delivery.kind,
      endpoint: delivery.endpoint,
      event_id: delivery.eventId,
      parameters: JSON.stringify(delivery.parameters),
      retry: JSON.stringify(delivery.retry),
      dead_letter_arn: delivery.deadLetterArn ?? null,
      hops: delivery.hops,
      state: "pending",
      lane: laneOf(delivery),
      created_at: now,
      redriven_at: null,
      due_at: now,
      attempts: 0,
      ended_at: null,
      last_error: null,
      dead_lettered: 0,
      dead_letter_error: null,
      body: delivery.body,
    }));
    await transaction.insertInto("deliveries").values(rows).execute();
  }
};

/** What was added after `id` and waits, oldest first. */
export async function addedAfter(tables: Tables, id: number, limit: number): Promise<readonly Waiting[]> {
  return await waiting(tables).where("delivery_id", ">", id).orderBy("delivery_id").limit(limit).execute();
}

/** What a lane has to do, by the time when it is due. */
export async function nextOfLane(tables: Tables, lane: string, limit: number): Promise<readonly Waiting[]> {
  return await waiting(tables).where("lane", "=", lane).orderBy("due_at").orderBy("delivery_id").limit(limit).execute();
}

/** Those of `ids` that wait. */
export async function waitingOf(tables: Tables, ids: readonly number[]): Promise<readonly Waiting[]> {
  return await waiting(tables).where("delivery_id", "in", idList(ids)).execute();
}

function waiting(tables: Tables) {
  return tables
    .selectFrom("deliveries")
    .select(["delivery_id as id", "due_at as dueAt", sql<string>`lane`.as("lane")])
    .select(sql<number>`octet_length(body)`.as("size"))
    .where("lane", "is not", null);
}

/** The lanes that have something to do after lane `after`, and when each of them is first due. */
export async function lanesAfter(
  tables: Tables,
  after: string,
  limit: number,
): Promise<readonly { readonly lane: string; readonly dueAt: number }[]> {
  // Steps from lane to lane in the index; a plain "group by" would read every entry.
  const { rows } = await sql<{ lane: string; dueAt: number }>`
    with recursive lanes (lane) as (
      select min(lane) from deliveries where lane is not null and lane > ${after}
      union all
      select (select min(d.lane) from deliveries d where d.lane is not null and d.lane > lanes.lane)
      from lanes where lanes.lane is not null
      limit ${limit}
    )
    select lane, (select min(d.due_at) from deliveries d where d.lane = lanes.lane) as dueAt
    from lanes where lane is not null`.execute(tables);
  return rows;
}

/** The newest id that was ever given. */
export async function newestId(tables: Tables): Promise<number> {
  const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = 'deliveries'`.execute(
    tables,
  );
  return rows[0]?.seq ?? 0;
}

export async function countWaiting(tables: Tables): Promise<number> {
  const counted = tables.selectFrom("deliveries").select(sql<number>`count(*)`.as("count"));
  return (await counted.where("lane", "is not", null).executeTakeFirstOrThrow()).count;
}

/** A delivery with its contents, and whose turn it is. */
export interface Loaded {
  readonly lane: string | null;
  readonly delivery: Delivery;
}

/** Those of `ids` that are still there. */
export async function loadDeliveries(tables: Tables, ids: readonly number[]): Promise<readonly Loaded[]> {
  const rows = await tables.selectFrom("deliveries").selectAll().where("delivery_id", "in", idList(ids)).execute();
  return rows.map((row) => ({ lane: row.lane, delivery: { ...toSummary(row), body: row.body } }));
}

/** One statement whatever the number of ids is. */
export function idList(ids: readonly number[]): RawBuilder<number> {
  return sql<number>`(select value from json_each(${JSON.stringify(ids)}))`;
}

/**
 * Writes how attempts ended, in one statement; answers those that it wrote. What was redriven while its dead-letter queue
 * was asked stays as it is: nobody wants to know any more.
 */
export async function writeOutcomes(tables: Tables, outcomes: readonly Outcome[]): Promise<ReadonlySet<Outcome>> {
  const rows = outcomes.map((outcome) => [
    outcome.id,
    outcome.state,
    outcome.lane,
    outcome.dueAt,
    outcome.attempts,
    outcome.endedAt,
    outcome.lastError,
    Number(outcome.deadLettered),
    outcome.deadLetterError,
    outcome.redrivenAt,
  ]);
  const { rows: written } = await sql<{ delivery_id: number; redriven_at: number | null }>`
    update deliveries set state = value ->> 1, lane = value ->> 2, due_at = value ->> 3, attempts = value ->> 4,
      ended_at = value ->> 5, last_error = coalesce(value ->> 6, last_error), dead_lettered = value ->> 7, dead_letter_error = value ->> 8
    from json_each(${JSON.stringify(rows)}) where delivery_id = value ->> 0 and redriven_at is value ->> 9
    returning delivery_id, redriven_at`.execute(tables);
  const keys = new Set(written.map((row) => `${row.delivery_id} ${row.redriven_at}`));
  return new Set(outcomes.filter(({ id, redrivenAt }) => keys.has(`${id} ${redrivenAt}`)));
}

export type SummaryRow = Omit<Selectable<DeliveriesSchema["deliveries"]>, "body">;

/** A row as everybody else sees it. */
export function toSummary(row: SummaryRow): DeliverySummary {
  const errors = [
    row.last_error,
    row.dead_letter_error === null ? null : `dead-letter queue: ${row.dead_letter_error}`,
  ];
  const lastError = errors.filter((error) => error !== null).join("; ");
  return {
    id: String(row.delivery_id),
    owner: row.owner,
    target: row.target,
    kind: row.kind as DeliveryKind,
    endpoint: row.endpoint,
    eventId: row.event_id,
    parameters: JSON.parse(row.parameters) as Record<string, unknown>,
    retry: JSON.parse(row.retry) as RetryPolicy,
    ...optional("deadLetterArn", row.dead_letter_arn ?? undefined),
    hops: row.hops,
    state: row.state as DeliveryState,
    createdAt: row.created_at,
    ...optional("redrivenAt", row.redriven_at ?? undefined),
    dueAt: row.due_at,
    attempts: row.attempts,
    ...optional("endedAt", row.ended_at ?? undefined),
    ...(lastError === "" ? {} : { lastError }),
    deadLettered: row.dead_lettered === 1,
  };
}
