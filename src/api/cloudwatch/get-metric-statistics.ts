import { metricIds, parseStatistic, readSeries, type SeriesRange, type Summary } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { keyOfMetric } from "./call-place.ts";
import type { CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";
import { invalidCombination, invalidValue, missingParameter } from "./refusals.ts";
import { checkPeriod, seriesRange } from "./series-range.ts";

type Input = CloudwatchOperations["GetMetricStatistics"]["input"];
type Datapoint = NonNullable<CloudwatchOperations["GetMetricStatistics"]["output"]["Datapoints"]>[number];

const DATAPOINTS_MAX = 1_440;

/**
 * GetMetricStatistics: statistics of one metric, oldest first; of each unit that it was measured in.
 * @throws {Refusal} `MissingParameter`, `InvalidParameterValue`, `InvalidParameterCombination`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
 */
export function getMetricStatistics({ metrics }: CloudwatchNeeds): CloudwatchOperation<"GetMetricStatistics"> {
  return {
    mutates: false,
    run: async (input, call) => {
      checkStatistics(input);
      const range = checkRange(input, call.now);
      const key = keyOfMetric(call, input.Namespace, input.MetricName, input.Dimensions);
      await metrics.flush();
      const found: Datapoint[] = [];
      for (const { id, unit } of await metricIds(call.tables, key, input.Unit)) {
        for (const [start, summary] of await readSeries(call.tables, [id], range)) {
          found.push(datapointOf(input, start, summary, unit));
        }
      }
      const time = ({ Timestamp }: Datapoint): number => Timestamp?.getTime() ?? 0;
      return { Label: input.MetricName, Datapoints: found.toSorted((one, other) => time(one) - time(other)) };
    },
  };
}

function checkStatistics({ Statistics, ExtendedStatistics }: Input): void {
  if (Statistics === undefined && ExtendedStatistics === undefined) throw missingParameter("Statistics");
  if (Statistics !== undefined && ExtendedStatistics !== undefined) {
    throw invalidCombination("The parameters Statistics and ExtendedStatistics are mutually exclusive.");
  }
  const unknown = (ExtendedStatistics ?? []).find((name) => parseStatistic(name) === undefined);
  if (unknown !== undefined) {
    throw invalidValue(`The value ${unknown} for parameter ExtendedStatistics.member.1 is not supported.`);
  }
}

function checkRange({ StartTime, EndTime, Period }: Input, now: number): SeriesRange {
  checkPeriod(Period, "Period");
  const range = seriesRange(StartTime, EndTime, Period, now);
  const count = Math.ceil((range.to - range.from) / (Period * 1000));
  if (count <= DATAPOINTS_MAX) return range;
  const shown = (value: number): string => value.toLocaleString("en-US");
  throw invalidCombination(
    `You have requested up to ${shown(count)} datapoints, which exceeds the limit of ${shown(DATAPOINTS_MAX)}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
  );
}

function datapointOf(
  { Statistics = [], ExtendedStatistics }: Input,
  start: number,
  summary: Summary,
  unit: string,
): Datapoint {
  const valueOf = (name: string): number | undefined => parseStatistic(name)?.of(summary);
  const pairs = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = valueOf(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  return {
    Timestamp: new Date(start),
    Unit: unit,
    ...pairs(Statistics),
    ...(ExtendedStatistics === undefined ? {} : { ExtendedStatistics: pairs(ExtendedStatistics) }),
  };
}
