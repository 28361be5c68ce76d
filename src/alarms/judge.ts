import type { AlarmSettings, Comparison, StateValue, TreatMissingData } from "./alarm.ts";

/** The value of one period of an alarm; undefined where there is no data. */
export interface Datapoint {
  readonly start: number;
  readonly value: number | undefined;
  readonly samples: number;
}

/** What an alarm's data say. */
export interface Verdict {
  readonly state: StateValue;
  /** The data that decided, newest first. */
  readonly real: readonly Datapoint[];
  /** How many periods without data counted as `treatedAs`. */
  readonly filled: number;
  readonly treatedAs?: "breaching" | "notBreaching";
}

/** The part of an alarm's settings that decides. */
export type AlarmRule = Pick<
  AlarmSettings,
  "EvaluationPeriods" | "DatapointsToAlarm" | "Threshold" | "ComparisonOperator" | "TreatMissingData"
>;

/**
 * Alarms look so many periods further back than they need, so that data that come late or not in every period still
 * decide. Seen of alarms of AWS: their table of missing data has five periods for three, and an alarm over one period
 * of 15 minutes went back to OK 46 minutes after its last datum.
 */
export const EXTRA_PERIODS = 2;

const BREACHES: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export const COMPARISONS: readonly string[] = Object.keys(BREACHES);

export function breaches({ ComparisonOperator, Threshold }: AlarmRule, value: number): boolean {
  return BREACHES[ComparisonOperator](value, Threshold);
}

/**
 * Judges the evaluation range of an alarm: `EvaluationPeriods` and the extra ones, newest first. Undefined: the alarm
 * keeps its state.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function judge(rule: AlarmRule, datapoints: readonly Datapoint[]): Verdict | undefined {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods } = rule;
  const breach = ({ value }: Datapoint): boolean => value !== undefined && breaches(rule, value);
  const real = datapoints.filter(({ value }) => value !== undefined).slice(0, EvaluationPeriods);
  const missing = EvaluationPeriods - real.length;
  const breaching = real.filter(breach).length;
  const decide = (state: StateValue): Verdict => ({ state, real, filled: 0 });
  if (breaching >= DatapointsToAlarm) return decide("ALARM");
  if (missing === 0) return decide("OK");
  const fill = (treatedAs: "breaching" | "notBreaching"): Verdict => {
    const alarm = treatedAs === "breaching" && breaching + missing >= DatapointsToAlarm;
    return { state: alarm ? "ALARM" : "OK", real, filled: missing, treatedAs };
  };
  const treat: TreatMissingData = rule.TreatMissingData ?? "missing";
  if (treat === "breaching" || treat === "notBreaching") return fill(treat);
  if (breaching < real.length) return decide("OK");
  if (treat === "ignore") return undefined;
  if (real.length === 0) return { state: "INSUFFICIENT_DATA", real, filled: missing };
  // All there is breaches, but it is too little. It counts once the missing data could not make it less: before, the next
  // datum may show that it was a single one.
  const oldest = datapoints.findLastIndex(breach) + 1;
  return oldest >= DatapointsToAlarm ? decide("ALARM") : undefined;
}
