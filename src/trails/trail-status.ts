import type { Kysely } from "kysely";
import { optional } from "../core/index.ts";
import type { ShardStatus } from "./delivery.ts";
import type { TrailsSchema } from "./schema.ts";

/**
 * How a trail's deliveries of one Region went, over all accounts that it delivers. The times are the latest of any; an
 * error of any account is told as long as it lasts, the one of the latest attempt first.
 */
export async function readTrailStatus(
  tables: Kysely<TrailsSchema>,
  trailId: string,
  region: string,
): Promise<ShardStatus> {
  const rows = await tables
    .selectFrom("delivery_shards")
    .select("status")
    .where("trail_id", "=", trailId)
    .where("region", "=", region)
    .execute();
  return combine(rows.map(({ status }) => JSON.parse(status) as ShardStatus));
}

function combine(shards: readonly ShardStatus[]): ShardStatus {
  const failing = shards
    .filter(({ latestError = "" }) => latestError !== "")
    .toSorted((one, other) => (other.latestAttemptMs ?? 0) - (one.latestAttemptMs ?? 0));
  const latestError = failing[0]?.latestError;
  return {
    ...latest(shards, "latestDeliveryMs"),
    ...latest(shards, "latestAttemptMs"),
    ...latest(shards, "latestSuccessMs"),
    ...(latestError === undefined ? {} : { latestError }),
  };
}

type TimeName = "latestDeliveryMs" | "latestAttemptMs" | "latestSuccessMs";

function latest(shards: readonly ShardStatus[], name: TimeName): { readonly [Name in TimeName]?: number } {
  const times = shards.flatMap((shard) => shard[name] ?? []);
  return times.length === 0 ? {} : { [name]: Math.max(...times) };
}

/** How it went with what a trail sends besides files. Times are milliseconds since 1970; absent what never was. */
export interface ReportStatus {
  readonly latestLogsMs?: number;
  readonly latestLogsError?: string;
  readonly latestNotificationMs?: number;
  readonly latestNotificationAttemptMs?: number;
  readonly latestNotificationError?: string;
}

export async function readReportStatus(tables: Kysely<TrailsSchema>, trailId: string): Promise<ReportStatus> {
  const logs = await tables.selectFrom("trail_logs").selectAll().where("trail_id", "=", trailId).executeTakeFirst();
  const told = await tables
    .selectFrom("trail_notifications")
    .selectAll()
    .where("trail_id", "=", trailId)
    .executeTakeFirst();
  return {
    ...optional("latestLogsMs", logs?.delivered_at ?? undefined),
    ...optional("latestLogsError", logs?.error ?? undefined),
    ...optional("latestNotificationMs", told?.delivered_at ?? undefined),
    ...optional("latestNotificationAttemptMs", told?.attempted_at),
    ...optional("latestNotificationError", told?.error ?? undefined),
  };
}
