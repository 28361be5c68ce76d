import { formatArn } from "../core/index.ts";

export type StateValue = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** How a datapoint breaches, in AWS's names. */
export type Comparison =
  | "GreaterThanOrEqualToThreshold"
  | "GreaterThanThreshold"
  | "LessThanThreshold"
  | "LessThanOrEqualToThreshold";

export type TreatMissingData = "missing" | "notBreaching" | "breaching" | "ignore";

export interface AlarmDimension {
  readonly Name: string;
  readonly Value: string;
}

/** One metric of an alarm on several, or an expression over them, in the model's words. */
export interface AlarmQuery {
  readonly Id: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: readonly AlarmDimension[];
    };
    readonly Period: number;
    readonly Stat: string;
    readonly Unit?: string;
  };
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
}

/** What PutMetricAlarm sets, in the model's words. Either `MetricName` and its companions are there, or `Metrics`. */
export interface AlarmSettings {
  readonly AlarmDescription?: string;
  readonly ActionsEnabled: boolean;
  readonly OKActions: readonly string[];
  readonly AlarmActions: readonly string[];
  readonly InsufficientDataActions: readonly string[];
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Dimensions?: readonly AlarmDimension[];
  readonly Period?: number;
  readonly Unit?: string;
  readonly Metrics?: readonly AlarmQuery[];
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: Comparison;
  readonly TreatMissingData?: TreatMissingData;
  readonly EvaluateLowSampleCountPercentile?: "evaluate" | "ignore";
}

/** Where something is: an account's part of a Region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/** Times are milliseconds since 1970. */
export interface Alarm extends Place {
  readonly arn: string;
  readonly name: string;
  readonly settings: AlarmSettings;
  readonly configuredAt: number;
  readonly state: AlarmState;
}

export interface AlarmState {
  readonly value: StateValue;
  readonly reason: string;
  /** JSON. */
  readonly reasonData?: string;
  /** When the value or its reason was set last, and when the value was another before. */
  readonly updatedAt: number;
  readonly transitionedAt: number;
}

export function alarmArn({ account, region }: Place, name: string): string {
  return formatArn("cloudwatch", region, account, `alarm:${name}`);
}

/** The period of an alarm, in seconds, whatever it is on. */
export function periodOf({ Period, Metrics = [] }: Pick<AlarmSettings, "Period" | "Metrics">): number {
  if (Period !== undefined) return Period;
  const periods = Metrics.map((query) => query.MetricStat?.Period ?? query.Period ?? 0);
  return Math.max(...periods, 1);
}

/** `2026-11-20T20:00:00.000+0000`, as CloudWatch writes times inside its messages. */
export function messageTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}+0000`;
}
