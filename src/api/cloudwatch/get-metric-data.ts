import { type AlarmQuery, planQueries, type QueryResult, runQueries } from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { optional } from "../../core/index.ts";
import { openToken, placeOf } from "./call-place.ts";
import type { CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";
import { invalid, invalidValue } from "./refusals.ts";
import { checkPeriod, seriesRange } from "./series-range.ts";

type Input = CloudwatchOperations["GetMetricData"]["input"];
type Result = NonNullable<CloudwatchOperations["GetMetricData"]["output"]["MetricDataResults"]>[number];

const QUERIES_MAX = 500;
const DATAPOINTS_MAX = 100_800;
/** Periods of all queries together, with data or without. */
const PERIODS_MAX = 2_000_000;

/** Where a page begins: in which result, and after how many of its datapoints. */
type Place = readonly [result: number, datapoints: number];

/**
 * GetMetricData: datapoints of many metrics and of expressions over them.
 * @throws {Refusal} `ValidationError`, `InvalidParameterValue`; `InvalidNextToken` when the token came from another query.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
export function getMetricData({ metrics, tokens }: CloudwatchNeeds): CloudwatchOperation<"GetMetricData"> {
  return {
    mutates: false,
    run: async ({ NextToken, ...asked }, call) => {
      const query = [placeOf(call), asked];
      const from = openToken<Place>(tokens, query, NextToken) ?? [0, 0];
      const plan = planQueries(placeOf(call), checkQueries(asked));
      const { StartTime, EndTime, MaxDatapoints = DATAPOINTS_MAX } = asked;
      if (MaxDatapoints < 1 || MaxDatapoints > DATAPOINTS_MAX) {
        throw invalidValue(`The parameter MaxDatapoints must be between 1 and ${DATAPOINTS_MAX}.`);
      }
      await metrics.flush();
      let asking = 0;
      const results = await runQueries(call.tables, plan, (periodS) => {
        const range = seriesRange(StartTime, EndTime, periodS, call.now);
        asking += (range.to - range.from) / (periodS * 1000);
        if (asking <= PERIODS_MAX) return range;
        throw invalid(
          `You have requested up to more than ${PERIODS_MAX} datapoints. Ask for less time or a longer Period.`,
        );
      });
      const page = pageOf(results, asked.ScanBy !== "TimestampAscending", from, MaxDatapoints);
      return {
        MetricDataResults: page.results,
        Messages: [],
        ...optional("NextToken", page.next === undefined ? undefined : tokens.seal(query, page.next)),
      };
    },
  };
}

function checkQueries({ MetricDataQueries }: Pick<Input, "MetricDataQueries">): readonly AlarmQuery[] {
  if (MetricDataQueries.length === 0) throw invalid("MetricDataQueries must not be empty.");
  if (MetricDataQueries.length > QUERIES_MAX) {
    throw invalid(`The collection MetricDataQueries must not have a size greater than ${QUERIES_MAX}.`);
  }
  return MetricDataQueries.map(queryOf);
}

type Query = Input["MetricDataQueries"][number];

/** A query of the model, whose metric has its names. */
export function queryOf({ Id, MetricStat, Expression, Label, ReturnData, Period, AccountId }: Query): AlarmQuery {
  if (AccountId !== undefined) throw invalid("MetricDataQueries with AccountId are not supported by OpenTrail");
  if (Period !== undefined) checkPeriod(Period, `Period of ${Id}`);
  return {
    Id,
    ...optional("MetricStat", MetricStat === undefined ? undefined : statOf(MetricStat, Id)),
    ...optional("Expression", Expression),
    ...optional("Label", Label),
    ...optional("ReturnData", ReturnData),
    ...optional("Period", Period),
  };
}

function statOf(
  { Metric, Period, Stat, Unit }: NonNullable<Query["MetricStat"]>,
  id: string,
): NonNullable<AlarmQuery["MetricStat"]> {
  const { Namespace, MetricName, Dimensions } = Metric;
  if (Namespace === undefined || MetricName === undefined) {
    throw invalid(`The metric of ${id} must have a Namespace and a MetricName.`);
  }
  checkPeriod(Period, `Period of ${id}`);
  return {
    Metric: { Namespace, MetricName, ...optional("Dimensions", Dimensions) },
    Period,
    Stat,
    ...optional("Unit", Unit),
  };
}

function pageOf(
  results: readonly QueryResult[],
  descending: boolean,
  [first, skipped]: Place,
  most: number,
): { readonly results: readonly Result[]; readonly next?: Place } {
  const page: Result[] = [];
  let room = most;
  for (const [index, { id, label, series }] of results.entries()) {
    if (index < first) continue;
    const points = descending ? [...series].reverse() : [...series];
    const begin = index === first ? skipped : 0;
    const taken = points.slice(begin, begin + room);
    room -= taken.length;
    const partial = begin + taken.length < points.length;
    page.push({
      Id: id,
      Label: label,
      Timestamps: taken.map(([time]) => new Date(time)),
      Values: taken.map(([, value]) => value),
      StatusCode: partial ? "PartialData" : "Complete",
    });
    if (partial) return { results: page, next: [index, begin + taken.length] };
    if (room === 0 && index + 1 < results.length) return { results: page, next: [index + 1, 0] };
  }
  return { results: page };
}
