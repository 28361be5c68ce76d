import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { dimensionPairs, type MetricKey } from "./metric.ts";
import type { AlarmsSchema } from "./schema.ts";
import { type Digest, mergeSummaries, type Summary } from "./summary.ts";

/** What was measured of one metric, under its id, in one period. */
export interface PeriodSummary {
  readonly metricId: number;
  readonly periodS: number;
  readonly startMs: number;
  readonly summary: Summary;
}

type SummaryRow = AlarmsSchema["metric_data"];

export function summaryOfRow({ samples, sum, minimum, maximum, digest }: SummaryRow): Summary {
  const known = { samples, sum, minimum, maximum };
  if (digest !== null) return { ...known, digest: JSON.parse(digest) as Digest };
  return minimum === maximum ? { ...known, digest: [[minimum, samples]] } : known;
}

function rowOf({ metricId, periodS, startMs, summary }: PeriodSummary): SummaryRow {
  const { samples, sum, minimum, maximum, digest } = summary;
  return {
    metric_id: metricId,
    period_s: periodS,
    start_ms: startMs,
    samples,
    sum,
    minimum,
    maximum,
    digest: digest === undefined || minimum === maximum ? null : JSON.stringify(digest),
  };
}

/** One text of a query for so many rows. */
const CHUNK_ROWS = 50;

/** Adds to what the tables have of the same periods. */
export async function addSummaries(tables: Kysely<AlarmsSchema>, added: readonly PeriodSummary[]): Promise<void> {
  const periods = Map.groupBy(added, ({ periodS, startMs }) => `${periodS}/${startMs}`);
  const rows: SummaryRow[] = [];
  for (const members of periods.values()) rows.push(...(await mergeWithStored(tables, members)));
  for (let index = 0; index < rows.length; index += CHUNK_ROWS) {
    await tables
      .replaceInto("metric_data")
      .values(rows.slice(index, index + CHUNK_ROWS))
      .execute();
  }
}

/** `added` are all of one period. */
async function mergeWithStored(
  tables: Kysely<AlarmsSchema>,
  added: readonly PeriodSummary[],
): Promise<readonly SummaryRow[]> {
  const merged = new Map<number, PeriodSummary>();
  for (const one of added) {
    const same = merged.get(one.metricId);
    merged.set(one.metricId, same === undefined ? one : { ...one, summary: mergeSummaries(same.summary, one.summary) });
  }
  const [first] = added;
  if (first === undefined) return [];
  const stored = await tables
    .selectFrom("metric_data")
    .selectAll()
    .where("metric_id", "in", idsIn([...merged.keys()]))
    .where("period_s", "=", first.periodS)
    .where("start_ms", "=", first.startMs)
    .execute();
  for (const row of stored) {
    const one = merged.get(row.metric_id);
    if (one !== undefined) {
      merged.set(row.metric_id, { ...one, summary: mergeSummaries(summaryOfRow(row), one.summary) });
    }
  }
  return [...merged.values()].map(rowOf);
}

/** Any number of ids as one parameter: the text of the query stays the same. */
export function idsIn(ids: readonly number[]): ReturnType<typeof sql<number>> {
  return sql<number>`(select value from json_each(${JSON.stringify(ids)}))`;
}

/** The ids of a metric: one for each unit, or only that of `unit`. */
export async function metricIds(
  tables: Kysely<AlarmsSchema>,
  key: MetricKey,
  unit?: string,
): Promise<readonly { readonly id: number; readonly unit: string }[]> {
  let query = tables
    .selectFrom("metrics")
    .select(["metric_id", "unit"])
    .where("account_id", "=", key.account)
    .where("region", "=", key.region)
    .where("namespace", "=", key.namespace)
    .where("name", "=", key.name)
    .where("dimensions", "=", key.dimensions);
  if (unit !== undefined) query = query.where("unit", "=", unit);
  const rows = await query.orderBy("unit").execute();
  return rows.flatMap(({ metric_id, unit: found }) =>
    metric_id === undefined ? [] : [{ id: metric_id, unit: found }],
  );
}

/** What to read: windows of `periodS` seconds from `from` on, the last of them ending at or after `to`. */
export interface SeriesRange {
  readonly from: number;
  readonly to: number;
  readonly periodS: number;
}

/**
 * What was measured in each window that has data, by its start. What is kept only in longer periods than the window's, or
 * in such that do not divide it, is left out as AWS does.
 */
export async function readSeries(
  tables: Kysely<AlarmsSchema>,
  ids: readonly number[],
  { from, to, periodS }: SeriesRange,
): Promise<ReadonlyMap<number, Summary>> {
  const levels = LEVELS_S.filter((level) => periodS % level === 0);
  const series = new Map<number, Summary>();
  if (ids.length === 0 || levels.length === 0) return series;
  const rows = await seriesQuery(tables, ids, levels, from, to).execute();
  for (const row of rows) {
    const start = from + Math.floor((row.start_ms - from) / (periodS * 1000)) * periodS * 1000;
    const before = series.get(start);
    const summary = summaryOfRow(row);
    series.set(start, before === undefined ? summary : mergeSummaries(before, summary));
  }
  return series;
}

export function seriesQuery(
  tables: Kysely<AlarmsSchema>,
  ids: readonly number[],
  levels: readonly number[],
  from: number,
  to: number,
): SelectQueryBuilder<AlarmsSchema, "metric_data", SummaryRow> {
  return tables
    .selectFrom("metric_data")
    .selectAll()
    .where("metric_id", "in", idsIn(ids))
    .where("period_s", "in", levels)
    .where("start_ms", ">=", from)
    .where("start_ms", "<", to)
    .orderBy("start_ms");
}

/** The periods of rows, in seconds. */
const LEVELS_S: readonly number[] = [1, 60, 300, 3600];

/** Which metrics to list; what is absent is any. */
export interface MetricFilter {
  readonly account: string;
  readonly region: string;
  readonly namespace?: string;
  readonly name?: string;
  /** The metric has all of them; without a value any will do. */
  readonly dimensions: readonly { readonly name: string; readonly value?: string }[];
  /** Had data at or after then. */
  readonly since: number;
}

/** The place of a metric in the list. */
export type MetricPlace = readonly [namespace: string, name: string, dimensions: string];

interface ListedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly (readonly [name: string, value: string])[];
  readonly place: MetricPlace;
}

/** Metrics in order, at most `limit`, from after a place on. */
export async function listMetrics(
  tables: Kysely<AlarmsSchema>,
  filter: MetricFilter,
  limit: number,
  after?: MetricPlace,
): Promise<readonly ListedMetric[]> {
  let query = tables
    .selectFrom("metrics")
    .select(["namespace", "name", "dimensions"])
    .where("account_id", "=", filter.account)
    .where("region", "=", filter.region)
    .groupBy(["namespace", "name", "dimensions"])
    .having(({ fn }) => fn.max("last_ms"), ">=", filter.since);
  if (filter.namespace !== undefined) query = query.where("namespace", "=", filter.namespace);
  if (filter.name !== undefined) query = query.where("name", "=", filter.name);
  for (const { name, value } of filter.dimensions) {
    const pair = sql`select 1 from json_each(metrics.dimensions) where value ->> 0 = ${name}`;
    query = query.where(
      value === undefined ? sql<boolean>`exists (${pair})` : sql<boolean>`exists (${pair} and value ->> 1 = ${value})`,
    );
  }
  if (after !== undefined) {
    query = query.where(sql<boolean>`(namespace, name, dimensions) > (${after[0]}, ${after[1]}, ${after[2]})`);
  }
  const rows = await query.orderBy("namespace").orderBy("name").orderBy("dimensions").limit(limit).execute();
  return rows.map(({ namespace, name, dimensions }) => ({
    namespace,
    name,
    dimensions: dimensionPairs(dimensions),
    place: [namespace, name, dimensions],
  }));
}
