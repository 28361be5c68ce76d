import type { Kysely } from "kysely";
import { addSummaries, idsIn, summaryOfRow } from "./metric-rows.ts";
import type { AlarmsSchema } from "./schema.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long data is kept in each period, and the period into which it goes then. A datum may come two weeks late: what is
 * joined into periods of five minutes has no more to come.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
 */
const RETENTION: readonly {
  readonly periodS: number;
  readonly keptMs: number;
  readonly thenS?: number;
}[] = [
  { periodS: 1, keptMs: 3 * HOUR_MS, thenS: 60 },
  { periodS: 60, keptMs: 15 * DAY_MS, thenS: 300 },
  { periodS: 300, keptMs: 63 * DAY_MS, thenS: 3600 },
  { periodS: 3600, keptMs: 455 * DAY_MS },
];

/** So many rows at a time, so that nobody waits long for the tables. */
const STEP_ROWS = 500;

/** Moves or drops some of what is over its time; answers whether there is more. */
export async function expireMetricData(tables: Kysely<AlarmsSchema>, now: number): Promise<boolean> {
  let more = false;
  for (const { periodS, keptMs, thenS } of RETENTION) {
    // Whole periods of the next level only.
    const unitMs = (thenS ?? periodS) * 1000;
    const before = Math.floor((now - keptMs) / unitMs) * unitMs;
    const moved = await tables.transaction().execute((transaction) => moveRows(transaction, periodS, before, thenS));
    more ||= moved === STEP_ROWS;
  }
  return more;
}

async function moveRows(
  tables: Kysely<AlarmsSchema>,
  periodS: number,
  before: number,
  thenS: number | undefined,
): Promise<number> {
  const rows = await tables
    .selectFrom("metric_data")
    .selectAll()
    .where("period_s", "=", periodS)
    .where("start_ms", "<", before)
    .orderBy("start_ms")
    .limit(STEP_ROWS)
    .execute();
  if (thenS !== undefined) {
    const moved = rows.map((row) => ({
      metricId: row.metric_id,
      periodS: thenS,
      startMs: Math.floor(row.start_ms / (thenS * 1000)) * thenS * 1000,
      summary: summaryOfRow(row),
    }));
    await addSummaries(tables, moved);
  }
  for (const [start, members] of Map.groupBy(rows, ({ start_ms }) => start_ms)) {
    await tables
      .deleteFrom("metric_data")
      .where("period_s", "=", periodS)
      .where("start_ms", "=", start)
      .where("metric_id", "in", idsIn(members.map(({ metric_id }) => metric_id)))
      .execute();
  }
  return rows.length;
}

/** Forgets metrics that have had no data for so long that none is kept. */
export async function expireMetrics(tables: Kysely<AlarmsSchema>, now: number): Promise<number> {
  const keptMs = RETENTION.at(-1)?.keptMs ?? 0;
  const { numDeletedRows } = await tables
    .deleteFrom("metrics")
    .where("last_ms", "<", now - keptMs - DAY_MS)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
