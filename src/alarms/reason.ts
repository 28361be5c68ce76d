import { type AlarmSettings, type Comparison, messageTime, periodOf } from "./alarm.ts";
import { breaches, type Datapoint, type Verdict } from "./judge.ts";

const COMPARED: Readonly<Record<Comparison, string>> = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

/** Up to so many values stand in the sentence; of more, only the newest stand after it. */
const INLINE_MAX = 3;
const RECENT_MAX = 5;
/** In `StateReasonData`, which may be 4,000 characters long. */
const EVALUATED_MAX = 20;

/**
 * Why an alarm is in the state of a verdict, in CloudWatch's words. Texts follow notifications that AWS's users have
 * published: `Threshold Crossed: 1 datapoint [1.0 (20/11/26 20:00:00)] was greater than or equal to the threshold (1.0).`
 */
export function stateReason(settings: AlarmSettings, verdict: Verdict): string {
  const { state, real, filled, treatedAs } = verdict;
  const periods = settings.EvaluationPeriods;
  if (state === "INSUFFICIENT_DATA") return `Insufficient Data: ${counted(periods, "datapoint")} unknown.`;
  const missing =
    treatedAs === undefined
      ? undefined
      : `${counted(filled, "missing datapoint")} treated as [${treatedAs === "breaching" ? "Breaching" : "NonBreaching"}]`;
  const isAlarm = state === "ALARM";
  const those = real.filter(({ value }) => value !== undefined && breaches(settings, value) === isAlarm);
  const parts = [
    ...(real.length === 0 ? [`no datapoints were received for ${periods} period${periods === 1 ? "" : "s"}`] : []),
    ...(those.length === 0 ? [] : [compared(settings, isAlarm, those)]),
    ...(missing === undefined ? [] : [missing]),
  ];
  return `Threshold Crossed: ${parts.join(" and ")}${those.length === 0 ? "." : ending(settings, isAlarm, those)}`;
}

function compared(settings: AlarmSettings, isAlarm: boolean, those: readonly Datapoint[]): string {
  const { EvaluationPeriods, DatapointsToAlarm, Threshold, ComparisonOperator } = settings;
  const count = those.length;
  const outOf = DatapointsToAlarm === undefined ? "" : ` out of the last ${EvaluationPeriods}`;
  const noun = count === 1 && outOf === "" ? "datapoint" : "datapoints";
  const values = count > INLINE_MAX ? "" : ` [${those.map(shown).join(", ")}]`;
  const was = `${count === 1 ? "was" : "were"}${isAlarm ? "" : " not"}`;
  return `${count}${outOf} ${noun}${values} ${was} ${COMPARED[ComparisonOperator]} the threshold (${decimal(Threshold)})`;
}

function ending(settings: AlarmSettings, isAlarm: boolean, those: readonly Datapoint[]): string {
  const { EvaluationPeriods, DatapointsToAlarm } = settings;
  const minimum = DatapointsToAlarm === undefined ? "" : minimumOf(isAlarm, EvaluationPeriods, DatapointsToAlarm);
  if (those.length <= INLINE_MAX) return `${minimum}.`;
  const which = isAlarm ? " which crossed the threshold" : "";
  return `. The most recent datapoints${which}: [${those.slice(0, RECENT_MAX).map(shown).join(", ")}]${minimum}.`;
}

function minimumOf(isAlarm: boolean, periods: number, toAlarm: number): string {
  const count = isAlarm ? toAlarm : periods - toAlarm + 1;
  const change = isAlarm ? "OK -> ALARM" : "ALARM -> OK";
  return ` (minimum ${count} datapoint${count === 1 ? "" : "s"} for ${change} transition)`;
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun} was` : `${count} ${noun}s were`;
}

/** `1.0 (20/11/26 20:00:00)` */
function shown({ start, value = Number.NaN }: Datapoint): string {
  const [date = "", time = ""] = new Date(start).toISOString().split(/[T.]/);
  const [year = "", month, day] = date.split("-");
  return `${decimal(value)} (${day}/${month}/${year.slice(2)} ${time})`;
}

/** As Java writes a double, since that is what readers of these texts know: `1.0`, `1.0E7`, `2.5E-4`. */
export function decimal(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && Number.isFinite(size) && (size < 1e-3 || size >= 1e7)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The machine's side of the reason: `StateReasonData`. */
export function stateReasonData(
  settings: AlarmSettings,
  verdict: Verdict,
  datapoints: readonly Datapoint[],
  now: number,
): string {
  const { Unit, Statistic, ExtendedStatistic, Threshold, EvaluationPeriods } = settings;
  const evaluated = (verdict.real.length === 0 ? datapoints.slice(0, EvaluationPeriods) : verdict.real).slice(
    0,
    EVALUATED_MAX,
  );
  const oldest = verdict.real.at(-1)?.start;
  return JSON.stringify({
    version: "1.0",
    queryDate: messageTime(now),
    startDate: oldest === undefined ? undefined : messageTime(oldest),
    unit: Unit,
    statistic: Statistic ?? ExtendedStatistic,
    period: periodOf(settings),
    recentDatapoints: verdict.real
      .slice(0, EVALUATED_MAX)
      .map(({ value }) => value)
      .reverse(),
    threshold: Threshold,
    evaluatedDatapoints: evaluated.map(({ start, value, samples }) => ({
      timestamp: messageTime(start),
      ...(value === undefined ? {} : { sampleCount: samples, value }),
    })),
  });
}
