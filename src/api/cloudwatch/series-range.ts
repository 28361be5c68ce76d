import type { SeriesRange } from "../../alarms/index.ts";
import { invalidValue } from "./refusals.ts";

const DAY_MS = 86_400_000;

/** @throws {Refusal} `InvalidParameterValue` for a period that no metric has. */
export function checkPeriod(period: number, path: string): void {
  if ([1, 5, 10, 20, 30].includes(period) || (period > 0 && period % 60 === 0)) return;
  throw invalidValue(`The parameter ${path} must be 1, 5, 10, 20, 30 or a multiple of 60.`);
}

/**
 * The windows of a query. The start is rounded down to what is kept of that time.
 * @throws {Refusal} `InvalidParameterValue` unless the start is before the end.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
 */
export function seriesRange(start: Date, end: Date, periodS: number, now: number): SeriesRange {
  const [from, to] = [start.getTime(), end.getTime()];
  if (!(from < to)) throw invalidValue("The parameter StartTime must be less than the parameter EndTime.");
  const age = now - from;
  const roundS = age > 63 * DAY_MS ? 3600 : age > 15 * DAY_MS ? 300 : Math.min(periodS, 60);
  return { from: Math.floor(from / (roundS * 1000)) * roundS * 1000, to, periodS };
}
