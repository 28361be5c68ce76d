import type { Kysely } from "kysely";
import { type Alarm, type Place } from "./alarm.ts";
import { periodOf } from "./alarm-messages.ts";
import { type Datapoint, EXTRA_PERIODS } from "./judge.ts";
import { dimensionsKey, type MetricKey } from "./metric.ts";
import { metricIds, readSeries } from "./metric-rows.ts";
import type { AlarmsSchema } from "./schema.ts";
import { parseStatistic } from "./statistic.ts";

/** The metric of an alarm. */
export function keyOf(
  { account, region }: Place,
  namespace: string,
  name: string,
  dimensions: readonly { readonly Name: string; readonly Value: string }[] = [],
): MetricKey {
  const pairs = dimensions.map(({ Name, Value }) => [Name, Value] as const);
  return { account, region, namespace, name, dimensions: dimensionsKey(pairs) };
}

/** The metrics that decide over an alarm. */
export function keysOf(alarm: Alarm): readonly MetricKey[] {
  const { Namespace, MetricName, Dimensions, Metrics = [] } = alarm.settings;
  if (Namespace !== undefined && MetricName !== undefined) return [keyOf(alarm, Namespace, MetricName, Dimensions)];
  return Metrics.flatMap(({ MetricStat }) => {
    if (MetricStat === undefined) return [];
    const { Metric } = MetricStat;
    return [keyOf(alarm, Metric.Namespace, Metric.MetricName, Metric.Dimensions)];
  });
}

/** Alarms move on by the minute; those with shorter periods by the period. */
export function stepMsOf({ settings }: Alarm): number {
  return Math.min(periodOf(settings), 60) * 1000;
}

/** The periods of an alarm's evaluation range that end at `end`, newest first. */
export async function readDatapoints(
  tables: Kysely<AlarmsSchema>,
  alarm: Alarm,
  end: number,
): Promise<readonly Datapoint[]> {
  const { settings } = alarm;
  const periodS = periodOf(settings);
  const count = settings.EvaluationPeriods + EXTRA_PERIODS;
  const from = end - count * periodS * 1000;
  const [key] = keysOf(alarm);
  const statistic = parseStatistic(settings.Statistic ?? settings.ExtendedStatistic ?? "");
  if (key === undefined || statistic === undefined) return [];
  const ids = (await metricIds(tables, key, settings.Unit)).map(({ id }) => id);
  const series = await readSeries(tables, ids, { from, to: end, periodS });
  return Array.from({ length: count }, (_, index) => {
    const start = end - (index + 1) * periodS * 1000;
    const summary = series.get(start);
    return {
      start,
      value: summary === undefined ? undefined : statistic.of(summary),
      samples: summary?.samples ?? 0,
    };
  });
}
