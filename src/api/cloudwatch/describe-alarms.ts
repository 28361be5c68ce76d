import { type Alarm, dimensionsKey, type HistoryPlace, listAlarms, listHistory } from "../../alarms/index.ts";
import { optional } from "../../core/index.ts";
import { alarmMembers } from "./alarm-members.ts";
import { alarmArns, keyOfMetric, openToken, placeOf } from "./call-place.ts";
import type { CloudwatchFamily, CloudwatchNeeds } from "./cloudwatch-operation.ts";
import { invalid } from "./refusals.ts";

const PAGE_ALARMS = 50;
const PAGE_HISTORY = 100;
const ALARMS_OF_METRIC_MAX = 5_000;

/**
 * DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmHistory. There are alarms on metrics only: of other types and of
 * relations between alarms none is found.
 * @throws {Refusal} `InvalidNextToken` when the token came from another query, `ValidationError` for names together with
 * a prefix.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
 */
export function describeAlarms({
  tokens,
}: CloudwatchNeeds): CloudwatchFamily<"DescribeAlarms" | "DescribeAlarmsForMetric" | "DescribeAlarmHistory"> {
  return {
    DescribeAlarms: {
      mutates: false,
      resources: ({ AlarmNames }, call) => alarmArns(call, AlarmNames),
      run: async ({ NextToken, MaxRecords = PAGE_ALARMS, ...asked }, call) => {
        const { AlarmNames, AlarmNamePrefix, AlarmTypes, ChildrenOfAlarmName, ParentsOfAlarmName } = asked;
        if (AlarmNames !== undefined && AlarmNamePrefix !== undefined) {
          throw invalid("AlarmNamePrefix and AlarmNames cannot be specified together");
        }
        const query = ["DescribeAlarms", placeOf(call), asked];
        const after = openToken<string>(tokens, query, NextToken);
        const others = ChildrenOfAlarmName ?? ParentsOfAlarmName;
        if (others !== undefined || (AlarmTypes !== undefined && !AlarmTypes.includes("MetricAlarm"))) {
          return { MetricAlarms: [], CompositeAlarms: [] };
        }
        const found = await listAlarms(
          call.tables,
          {
            place: placeOf(call),
            ...optional("names", AlarmNames),
            ...optional("prefix", AlarmNamePrefix),
            ...optional("state", asked.StateValue),
            ...optional("actionPrefix", asked.ActionPrefix),
            ...optional("after", after),
          },
          MaxRecords + 1,
        );
        const page = found.slice(0, MaxRecords);
        const last = found.length > MaxRecords ? page.at(-1) : undefined;
        return {
          MetricAlarms: page.map(alarmMembers),
          CompositeAlarms: [],
          ...optional("NextToken", last === undefined ? undefined : tokens.seal(query, last.name)),
        };
      },
    },
    DescribeAlarmsForMetric: {
      mutates: false,
      run: async ({ Namespace, MetricName, Dimensions, ...asked }, call) => {
        const { dimensions } = keyOfMetric(call, Namespace, MetricName, Dimensions);
        const metric = { namespace: Namespace, name: MetricName };
        const filter = { place: placeOf(call), metric };
        const found = await listAlarms(call.tables, filter, ALARMS_OF_METRIC_MAX);
        const isAsked = ({ settings }: Alarm): boolean =>
          dimensionsKey((settings.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])) === dimensions &&
          (["Statistic", "ExtendedStatistic", "Period", "Unit"] as const).every(
            (member) => asked[member] === undefined || asked[member] === settings[member],
          );
        return { MetricAlarms: found.filter(isAsked).map(alarmMembers) };
      },
    },
    DescribeAlarmHistory: {
      mutates: false,
      resources: ({ AlarmName }, call) => alarmArns(call, AlarmName === undefined ? undefined : [AlarmName]),
      run: async ({ NextToken, MaxRecords = PAGE_HISTORY, ...asked }, call) => {
        const query = ["DescribeAlarmHistory", placeOf(call), asked];
        const after = openToken<HistoryPlace>(tokens, query, NextToken);
        const { AlarmTypes, AlarmContributorId } = asked;
        // Without types AWS tells of alarms on metrics alone too.
        if (AlarmContributorId !== undefined || (AlarmTypes !== undefined && !AlarmTypes.includes("MetricAlarm"))) {
          return { AlarmHistoryItems: [] };
        }
        const rows = await listHistory(
          call.tables,
          {
            place: placeOf(call),
            ...optional("name", asked.AlarmName),
            ...optional("type", asked.HistoryItemType),
            ...optional("from", asked.StartDate?.getTime()),
            ...optional("to", asked.EndDate?.getTime()),
            ascending: asked.ScanBy === "TimestampAscending",
            ...optional("after", after),
          },
          MaxRecords + 1,
        );
        const page = rows.slice(0, MaxRecords);
        const last = rows.length > MaxRecords ? page.at(-1) : undefined;
        return {
          AlarmHistoryItems: page.map((row) => ({
            AlarmName: row.name,
            AlarmType: "MetricAlarm",
            Timestamp: new Date(row.time_ms),
            HistoryItemType: row.type,
            HistorySummary: row.summary,
            HistoryData: row.data,
          })),
          ...optional(
            "NextToken",
            last === undefined ? undefined : tokens.seal(query, [last.time_ms, last.history_id]),
          ),
        };
      },
    },
  };
}
