import { type Alarm, type AlarmQuery, type AlarmSettings, type AlarmState, messageTime, periodOf } from "./alarm.ts";
import { regionName } from "./region-names.ts";

/** A message's subject may be so long. @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT_MAX = 100;

/** An alarm that has changed its state, and the state before. */
export interface StateChange {
  readonly alarm: Alarm;
  readonly previous: AlarmState;
}

/** `ALARM: "root-login" in US East (N. Virginia)`; names that a subject could not bear are cut or left out. */
export function messageSubject({ alarm }: StateChange): string {
  const ending = `" in ${regionName(alarm.region)}`;
  const beginning = `${alarm.state.value}: "`;
  const printable = alarm.name.replace(/[^\x20-\x7e]/g, "?");
  return `${beginning}${printable.slice(0, SUBJECT_MAX - beginning.length - ending.length)}${ending}`;
}

/** What an SNS topic gets. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html */
export function topicMessage({ alarm, previous }: StateChange): string {
  const { settings, state } = alarm;
  return JSON.stringify({
    AlarmName: alarm.name,
    AlarmDescription: settings.AlarmDescription ?? null,
    AWSAccountId: alarm.account,
    AlarmConfigurationUpdatedTimestamp: messageTime(alarm.configuredAt),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: messageTime(state.updatedAt),
    Region: regionName(alarm.region),
    AlarmArn: alarm.arn,
    OldStateValue: previous.value,
    OKActions: settings.OKActions,
    AlarmActions: settings.AlarmActions,
    InsufficientDataActions: settings.InsufficientDataActions,
    Trigger: { ...triggerMetric(settings), ...triggerRule(settings) },
  });
}

function triggerMetric(settings: AlarmSettings): object {
  const { MetricName, Namespace, Statistic, ExtendedStatistic, Unit, Dimensions = [], Metrics } = settings;
  if (Metrics !== undefined) return { Period: periodOf(settings), Metrics: Metrics.map(triggerQuery) };
  const statistic =
    Statistic === undefined
      ? { StatisticType: "ExtendedStatistic", ExtendedStatistic }
      : { StatisticType: "Statistic", Statistic: STATISTIC_WORDS[Statistic] ?? Statistic.toUpperCase() };
  return {
    MetricName,
    Namespace,
    ...statistic,
    Unit: Unit ?? null,
    Dimensions: Dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
    Period: settings.Period,
  };
}

const STATISTIC_WORDS: Readonly<Record<string, string>> = { SampleCount: "SAMPLE_COUNT" };

function triggerQuery({ Id, MetricStat, Expression, Label, ReturnData = true }: AlarmQuery): object {
  const named = { Id, ...(Label === undefined ? {} : { Label }), ReturnData };
  if (MetricStat === undefined) return { Expression, ...named };
  const { Metric, Period, Stat, Unit } = MetricStat;
  const dimensions = (Metric.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name }));
  const metric = { Dimensions: dimensions, MetricName: Metric.MetricName, Namespace: Metric.Namespace };
  return { ...named, MetricStat: { Metric: metric, Period, Stat, ...(Unit === undefined ? {} : { Unit }) } };
}

function triggerRule(settings: AlarmSettings): object {
  const { EvaluationPeriods, DatapointsToAlarm, ComparisonOperator, Threshold } = settings;
  return {
    EvaluationPeriods,
    ...(DatapointsToAlarm === undefined ? {} : { DatapointsToAlarm }),
    ComparisonOperator,
    Threshold,
    TreatMissingData: settings.TreatMissingData ?? "",
    EvaluateLowSampleCountPercentile: settings.EvaluateLowSampleCountPercentile ?? "",
  };
}

/** What a function gets. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html */
export function functionPayload(change: StateChange): string {
  const { alarm } = change;
  return JSON.stringify({
    source: "aws.cloudwatch",
    alarmArn: alarm.arn,
    accountId: alarm.account,
    time: messageTime(alarm.state.updatedAt),
    region: alarm.region,
    alarmData: eventDetail(change),
  });
}

/**
 * The detail of an event `CloudWatch Alarm State Change`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export function eventDetail({ alarm, previous }: StateChange): Readonly<Record<string, unknown>> {
  const { settings } = alarm;
  return {
    alarmName: alarm.name,
    configuration: {
      ...(settings.AlarmDescription === undefined ? {} : { description: settings.AlarmDescription }),
      metrics: queriesOf(alarm),
    },
    previousState: stateDetail(previous),
    state: stateDetail(alarm.state),
  };
}

function stateDetail({ value, reason, reasonData, updatedAt }: AlarmState): object {
  return {
    reason,
    ...(reasonData === undefined ? {} : { reasonData }),
    timestamp: messageTime(updatedAt),
    value,
  };
}

function queriesOf({ settings }: Alarm): readonly object[] {
  const { Metrics, MetricName, Namespace, Dimensions = [], Period, Statistic, ExtendedStatistic } = settings;
  if (Metrics !== undefined) return Metrics.map(queryDetail);
  const metric = { dimensions: dimensionsOf(Dimensions), name: MetricName, namespace: Namespace };
  return [{ id: "m1", metricStat: { metric, period: Period, stat: Statistic ?? ExtendedStatistic }, returnData: true }];
}

function queryDetail({ Id, MetricStat, Expression, Label, ReturnData = true }: AlarmQuery): object {
  const label = Label === undefined ? {} : { label: Label };
  if (MetricStat === undefined) return { id: Id, expression: Expression, ...label, returnData: ReturnData };
  const { Metric, Period, Stat } = MetricStat;
  const { Dimensions = [], MetricName, Namespace } = Metric;
  const metric = { dimensions: dimensionsOf(Dimensions), name: MetricName, namespace: Namespace };
  return { id: Id, ...label, metricStat: { metric, period: Period, stat: Stat }, returnData: ReturnData };
}

function dimensionsOf(dimensions: NonNullable<AlarmSettings["Dimensions"]>): Readonly<Record<string, string>> {
  return Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value]));
}
