import {
  type AlarmSettings,
  actionKind,
  alarmArn,
  COMPARISONS,
  type Comparison,
  EXTRA_PERIODS,
  type AlarmQuery,
  listAlarmTags,
  metricsOf,
  planQueries,
  parseStatistic,
  periodOf,
  putAlarm,
  runQueries,
  setAlarmTags,
  type TreatMissingData,
} from "../../alarms/index.ts";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { optional, parseArn } from "../../core/index.ts";
import { alarmArns, keyOfMetric, placeOf } from "./call-place.ts";
import type { CloudwatchCall, CloudwatchNeeds, CloudwatchOperation } from "./cloudwatch-operation.ts";
import { queryOf } from "./get-metric-data.ts";
import { invalid } from "./refusals.ts";
import { requestTags } from "./tags.ts";

type Input = CloudwatchOperations["PutMetricAlarm"]["input"];

/**
 * PutMetricAlarm: makes an alarm on a metric or an expression over metrics, or changes it; its state stays until it is judged anew.
 * @throws {Refusal} `ValidationError`, `LimitExceeded`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
export function putMetricAlarm({ alarms }: CloudwatchNeeds): CloudwatchOperation<"PutMetricAlarm"> {
  return {
    mutates: true,
    resources: ({ AlarmName }, call) => alarmArns(call, [AlarmName]),
    conditions: async ({ AlarmName, Tags = [], ...input }, call) => {
      const stored = await listAlarmTags(call.tables, alarmArn(placeOf(call), AlarmName));
      return {
        ...requestTags(Tags),
        ...Object.fromEntries(stored.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value])),
        "cloudwatch:AlarmActions": actionsOf(input),
      };
    },
    run: async (input, call) => {
      const settings = settingsOf(input, call);
      await checkResult(call, settings);
      const { alarm, made } = await putAlarm(call.tables, placeOf(call), input.AlarmName, settings, call.now);
      // Of an alarm that is there already, AWS passes over the tags.
      if (made && input.Tags !== undefined) await setAlarmTags(call.tables, alarm.arn, input.Tags);
      alarms.changed();
      return undefined;
    },
  };
}

/** What AWS knows and we do not, by member. */
const UNSUPPORTED: readonly (keyof Input)[] = [
  "ThresholdMetricId",
  "EvaluationWindow",
  "WarmUpConfiguration",
  "EvaluationCriteria",
  "EvaluationInterval",
  "ActionConfiguration",
];

function settingsOf(input: Input, call: CloudwatchCall): AlarmSettings {
  if (/\p{Cc}/u.test(input.AlarmName)) throw invalid("AlarmName must not contain control characters.");
  const unsupported = UNSUPPORTED.find((member) => input[member] !== undefined);
  if (unsupported !== undefined) throw invalid(`PutMetricAlarm with ${unsupported} is not supported by OpenTrail`);
  for (const action of actionsOf(input)) checkAction(action);
  const metric = metricOf(input, call);
  return {
    ...optional("AlarmDescription", input.AlarmDescription),
    ActionsEnabled: input.ActionsEnabled ?? true,
    OKActions: input.OKActions ?? [],
    AlarmActions: input.AlarmActions ?? [],
    InsufficientDataActions: input.InsufficientDataActions ?? [],
    ...metric,
    ...ruleOf(input, periodOf(metric)),
  };
}

function actionsOf({ OKActions = [], AlarmActions = [], InsufficientDataActions = [] }: Partial<Input>): string[] {
  return [...OKActions, ...AlarmActions, ...InsufficientDataActions];
}

function checkAction(action: string): void {
  const arn = parseArn(action);
  if (arn === undefined) throw invalid(`Invalid arn syntax: ${action}`);
  if (actionKind(arn) !== undefined) return;
  throw invalid(`Actions of ${arn.service} are not supported by OpenTrail, only SNS topics and functions: ${action}`);
}

/** What cannot stand beside `Metrics`. */
const OF_ONE_METRIC = [
  "MetricName",
  "Namespace",
  "Dimensions",
  "Period",
  "Unit",
  "Statistic",
  "ExtendedStatistic",
] as const;

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html */
const ALARM_QUERIES_MAX = 20;

function metricOf(input: Input, call: CloudwatchCall): Partial<AlarmSettings> {
  return input.Metrics === undefined ? oneMetricOf(input, call) : { Metrics: queriesOf(input, input.Metrics, call) };
}

function queriesOf(input: Input, metrics: NonNullable<Input["Metrics"]>, call: CloudwatchCall): readonly AlarmQuery[] {
  const beside = OF_ONE_METRIC.find((member) => input[member] !== undefined);
  if (beside !== undefined) throw invalid(`${beside} must not be set together with Metrics.`);
  if (metrics.length > ALARM_QUERIES_MAX) {
    throw invalid(`Metrics must not have more than ${ALARM_QUERIES_MAX} elements.`);
  }
  const queries = metrics.map(queryOf);
  if (queries.filter(({ ReturnData = true }) => ReturnData).length !== 1) {
    throw invalid("Exactly one element of the metrics list should return data.");
  }
  const [periodS, ...others] = new Set(queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []));
  if (periodS === undefined) throw invalid("Metrics must have a metric, or an expression with a period.");
  if (others.length > 0) throw invalid("All metrics and expressions of an alarm must have the same Period.");
  checkAlarmPeriod(periodS);
  const plan = planQueries(placeOf(call), queries);
  if (metricsOf(plan).length === 0) throw invalid("Metrics must have at least one metric.");
  return queries;
}

/** That the queries answer one time series, and take no more work than a call may. */
async function checkResult(call: CloudwatchCall, { Metrics, EvaluationPeriods }: AlarmSettings): Promise<void> {
  if (Metrics === undefined) return;
  const plan = planQueries(placeOf(call), Metrics);
  const results = await runQueries(call.tables, plan, (periodS) => {
    const spanMs = (EvaluationPeriods + EXTRA_PERIODS) * periodS * 1000;
    return { from: call.now - spanMs, to: call.now, periodS };
  });
  if (results.length !== 1) throw invalid("The metrics list of an alarm must answer one time series.");
}

function checkAlarmPeriod(periodS: number): void {
  if ([10, 20, 30].includes(periodS) || periodS % 60 === 0) return;
  throw invalid("Period must be 10, 20, 30 or a multiple of 60.");
}

function oneMetricOf(input: Input, call: CloudwatchCall): Partial<AlarmSettings> {
  const { MetricName, Namespace, Statistic, ExtendedStatistic, Dimensions, Period, Unit } = input;
  if (MetricName === undefined) throw invalid("MetricName or Metrics must be specified.");
  if (Namespace === undefined) throw invalid("Namespace must be specified together with MetricName.");
  if (Period === undefined) throw invalid("Period must be specified together with MetricName.");
  if ((Statistic === undefined) === (ExtendedStatistic === undefined)) {
    throw invalid("Exactly one of Statistic or ExtendedStatistic must be specified.");
  }
  if (ExtendedStatistic !== undefined && parseStatistic(ExtendedStatistic) === undefined) {
    throw invalid(`The value ${ExtendedStatistic} for parameter ExtendedStatistic is not supported.`);
  }
  checkAlarmPeriod(Period);
  keyOfMetric(call, Namespace, MetricName, Dimensions);
  return {
    MetricName,
    Namespace,
    Period,
    ...optional("Statistic", Statistic),
    ...optional("ExtendedStatistic", ExtendedStatistic),
    ...optional("Dimensions", Dimensions),
    ...optional("Unit", Unit),
  };
}

const TREATMENTS: readonly string[] = ["breaching", "notBreaching", "ignore", "missing"];

type Rule = Pick<
  AlarmSettings,
  | "EvaluationPeriods"
  | "DatapointsToAlarm"
  | "Threshold"
  | "ComparisonOperator"
  | "TreatMissingData"
  | "EvaluateLowSampleCountPercentile"
>;

function ruleOf(input: Input, periodS: number): Rule {
  const { EvaluationPeriods, DatapointsToAlarm, Threshold, ComparisonOperator, TreatMissingData } = input;
  if (EvaluationPeriods === undefined) throw invalid("EvaluationPeriods must be specified.");
  if (Threshold === undefined || !Number.isFinite(Threshold)) throw invalid("Threshold must be specified.");
  if (ComparisonOperator === undefined) throw invalid("ComparisonOperator must be specified.");
  if (!COMPARISONS.includes(ComparisonOperator)) {
    throw invalid(`Alarms with ComparisonOperator ${ComparisonOperator} are not supported by OpenTrail`);
  }
  if (DatapointsToAlarm !== undefined && DatapointsToAlarm > EvaluationPeriods) {
    throw invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.");
  }
  if (TreatMissingData !== undefined && !TREATMENTS.includes(TreatMissingData)) {
    throw invalid(
      `Option ${TreatMissingData} is not supported. Supported options for parameter TreatMissingData are ${TREATMENTS.join(", ")}.`,
    );
  }
  checkSpan(EvaluationPeriods, periodS);
  return {
    EvaluationPeriods,
    Threshold,
    // Both were looked up above.
    ComparisonOperator: ComparisonOperator as Comparison,
    ...optional("DatapointsToAlarm", DatapointsToAlarm),
    ...optional("TreatMissingData", TreatMissingData as TreatMissingData | undefined),
    ...optional("EvaluateLowSampleCountPercentile", lowSamplesOf(input)),
  };
}

function lowSamplesOf({
  EvaluateLowSampleCountPercentile: given,
}: Input): AlarmSettings["EvaluateLowSampleCountPercentile"] {
  if (given === undefined || given === "evaluate" || given === "ignore") return given;
  throw invalid(
    `Option ${given} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.`,
  );
}

/** A day for periods below an hour, a week for others. */
function checkSpan(periods: number, periodS: number): void {
  const [mostS, span] = periodS < 3600 ? [86_400, "a day"] : [604_800, "a week"];
  if (periods * periodS <= mostS) return;
  throw invalid(`Metrics cannot be checked across more than ${span} (EvaluationPeriods * Period must be <= ${mostS}).`);
}
