import type { Kysely } from "kysely";
import {
  type Delivery,
  type DeliveryFilter,
  type DeliveryState,
  type DeliverySummary,
  REDRIVE_MAX,
  type RedriveFilter,
} from "./delivery.ts";
import { idList, LANE_OF_ROW, loadDeliveries, type SummaryRow, toSummary } from "./ledger.ts";
import type { DeliveriesSchema } from "./schema.ts";

type Tables = Kysely<DeliveriesSchema>;

const SUMMARY_COLUMNS = [
  "delivery_id",
  "account_id",
  "owner",
  "target",
  "kind",
  "endpoint",
  "event_id",
  "parameters",
  "retry",
  "dead_letter_arn",
  "hops",
  "state",
  "lane",
  "created_at",
  "redriven_at",
  "due_at",
  "attempts",
  "ended_at",
  "last_error",
  "dead_lettered",
  "dead_letter_error",
] as const satisfies readonly (keyof SummaryRow)[];

/** Newest first. */
export async function listDeliveries(tables: Tables, filter: DeliveryFilter): Promise<readonly DeliverySummary[]> {
  let query = tables.selectFrom("deliveries").select(SUMMARY_COLUMNS);
  if (filter.account !== undefined) query = query.where("account_id", "=", filter.account);
  if (filter.owner !== undefined) query = query.where("owner", "=", filter.owner);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
  if (filter.beforeId !== undefined) query = query.where("delivery_id", "<", idOf(filter.beforeId));
  const rows = await query.orderBy("delivery_id", "desc").limit(filter.limit).execute();
  return rows.map(toSummary);
}

export async function getDelivery(tables: Tables, id: string): Promise<Delivery | undefined> {
  return (await loadDeliveries(tables, [idOf(id)]))[0]?.delivery;
}

/** -1, which is nobody's, for what is no id. */
function idOf(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : -1;
}

/** What was made pending anew, and whether it still waited for its dead-letter queue. */
export interface Redriven {
  readonly id: number;
  readonly waited: boolean;
}

/** Makes what ended pending anew, oldest first and at most `REDRIVE_MAX` of it. */
export async function redriveDeliveries(
  tables: Tables,
  filter: RedriveFilter,
  now: number,
): Promise<readonly Redriven[]> {
  let chosen = tables.selectFrom("deliveries").select(["delivery_id", "lane"]).where("ended_at", "is not", null);
  if (filter.account !== undefined) chosen = chosen.where("account_id", "=", filter.account);
  if ("ids" in filter) chosen = chosen.where("delivery_id", "in", idList(filter.ids.map(idOf)));
  else chosen = chosen.where("state", "=", "failed");
  if ("owner" in filter) chosen = chosen.where("owner", "=", filter.owner);
  const rows = await chosen.orderBy("delivery_id").limit(REDRIVE_MAX).execute();
  const ids = rows.map(({ delivery_id }) => delivery_id);
  await tables
    .updateTable("deliveries")
    .set({
      state: "pending",
      lane: LANE_OF_ROW,
      redriven_at: now,
      due_at: now,
      attempts: 0,
      ended_at: null,
      dead_lettered: 0,
      dead_letter_error: null,
    })
    .where("delivery_id", "in", idList(ids))
    .where("ended_at", "is not", null)
    .execute();
  return rows.map(({ delivery_id, lane }) => ({ id: delivery_id, waited: lane !== null }));
}

/** What a step of the retention did. */
interface Removed {
  readonly removed: number;
  /** How many of them still waited for their dead-letter queue. */
  readonly waited: number;
}

/** Removes some of what ended with this state before `endedBefore`, oldest first. */
export async function removeEnded(
  tables: Tables,
  state: DeliveryState,
  endedBefore: number,
  limit: number,
): Promise<Removed> {
  const old = endedWith(tables, state).select("delivery_id").where("ended_at", "<", endedBefore);
  const rows = await tables
    .deleteFrom("deliveries")
    .where("delivery_id", "in", old.orderBy("ended_at").limit(limit))
    .returning("lane")
    .execute();
  return { removed: rows.length, waited: rows.filter(({ lane }) => lane !== null).length };
}

/** When the newest but `count` ended with this state; undefined when there are not that many. */
export async function endOfNewest(tables: Tables, state: DeliveryState, count: number): Promise<number | undefined> {
  const newest = endedWith(tables, state).select("ended_at").orderBy("ended_at", "desc").offset(count).limit(1);
  return (await newest.executeTakeFirst())?.ended_at ?? undefined;
}

function endedWith(tables: Tables, state: DeliveryState) {
  return tables.selectFrom("deliveries").where("ended_at", "is not", null).where("state", "=", state);
}
