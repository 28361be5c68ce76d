const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** A length of time: so many milliseconds, or months, which are not all of one length. */
export type Period =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "months"; readonly months: number };

const FIXED: readonly (readonly [names: string, ms: number])[] = [
  ["ms msec millisecond milliseconds", 1],
  ["s sec second seconds", SECOND],
  ["m min minute minutes", 60 * SECOND],
  ["h hr hour hours", 3600 * SECOND],
  ["d day days", DAY],
  ["w week weeks", 7 * DAY],
];
const MONTHS: readonly (readonly [names: string, months: number])[] = [
  ["mo mon month months", 1],
  ["q qtr quarter quarters", 3],
  ["y yr year years", 12],
];
/** Weeks begin on Sundays; day 0 was a Thursday. */
const WEEK_OFFSET = 3 * DAY;

/** `5m`, `1 hour`, `2mo`; undefined when it is no period. */
export function parsePeriod(count: number, unit: string): Period | undefined {
  if (!Number.isSafeInteger(count) || count < 1 || count > 1_000_000) return undefined;
  const named = ([names]: readonly [string, number]): boolean => names.split(" ").includes(unit.toLowerCase());
  const ms = FIXED.find(named)?.[1];
  if (ms !== undefined) return { kind: "fixed", ms: count * ms };
  const months = MONTHS.find(named)?.[1];
  return months === undefined ? undefined : { kind: "months", months: count * months };
}

/** The start of the period that a time lies in. Milliseconds since 1970, UTC. */
export function floorTo(ms: number, period: Period): number {
  if (period.kind === "months") return monthStart(Math.floor(monthOf(ms) / period.months) * period.months);
  const offset = period.ms % (7 * DAY) === 0 ? WEEK_OFFSET - 7 * DAY : 0;
  return Math.floor((ms - offset) / period.ms) * period.ms + offset;
}

/** The start of the next period, or of this one for a time that is one. */
export function ceilTo(ms: number, period: Period): number {
  const floor = floorTo(ms, period);
  if (floor === ms) return ms;
  return period.kind === "fixed" ? floor + period.ms : monthStart(monthOf(floor) + period.months);
}

function monthOf(ms: number): number {
  const date = new Date(ms);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function monthStart(month: number): number {
  return Date.UTC(1970, month);
}
