import type { Kysely } from "kysely";
import { type Alarm, type AlarmQuery, type AlarmSettings, periodOf } from "./alarm.ts";
import { type Datapoint, EXTRA_PERIODS } from "./judge.ts";
import type { MetricKey } from "./metric.ts";
import { metricsOf, planQueries, runQueries } from "./metric-queries.ts";
import type { AlarmsSchema } from "./schema.ts";

/** What an alarm asks of the metrics: its own queries, or one for its metric. */
function queriesOf(settings: AlarmSettings): readonly AlarmQuery[] {
  const { Metrics, Namespace, MetricName, Dimensions = [], Period, Statistic, ExtendedStatistic, Unit } = settings;
  if (Metrics !== undefined) return Metrics;
  const Stat = Statistic ?? ExtendedStatistic;
  if (Namespace === undefined || MetricName === undefined || Period === undefined || Stat === undefined) return [];
  const Metric = { Namespace, MetricName, Dimensions };
  return [{ Id: "m1", MetricStat: { Metric, Period, Stat, ...(Unit === undefined ? {} : { Unit }) } }];
}

/** The statistic of an alarm on one metric, or undefined. */
export function statisticOf({ settings }: Alarm): string | undefined {
  const [only, ...others] = queriesOf(settings);
  return others.length === 0 ? only?.MetricStat?.Stat : undefined;
}

/** The metrics that decide over an alarm. */
export function keysOf(alarm: Alarm): readonly MetricKey[] {
  return metricsOf(planQueries(alarm, queriesOf(alarm.settings)));
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
  const range = { from: end - count * periodS * 1000, to: end, periodS };
  const [result] = await runQueries(tables, planQueries(alarm, queriesOf(settings)), () => range);
  return Array.from({ length: count }, (_, index) => {
    const start = end - (index + 1) * periodS * 1000;
    return { start, value: result?.series.get(start), samples: result?.samples.get(start) ?? 0 };
  });
}
