/** Minutes east of UTC at a time, milliseconds since 1970. */
export type Zone = (ms: number) => number;

export const utcZone: Zone = () => 0;
export const localZone: Zone = (ms) => -new Date(ms).getTimezoneOffset();

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DURATION = /^(?:\d+[smhdw])+$/;
const DURATION_PART = /(\d+)([smhdw])/g;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A point in time as a person writes it: `90s`, `30m`, `2h`, `1d12h`, `2w` before now, `now`, or an ISO 8601 date or time.
 *
 * A time that names no zone is of `zone`; a date alone is its midnight. Answers milliseconds since 1970, or undefined
 * when the text is none of these.
 */
export function parseTimeArgument(text: string, now: number, zone: Zone): number | undefined {
  if (text === "now") return now;
  const ms = DURATION.test(text) ? now - durationMs(text) : dateTimeMs(text, zone);
  // Dates end at ±8.64e15 ms: a longer duration is no time at all.
  return ms === undefined || Number.isNaN(new Date(ms).getTime()) ? undefined : ms;
}

function durationMs(text: string): number {
  return [...text.matchAll(DURATION_PART)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? Number.NaN),
    0,
  );
}

function dateTimeMs(text: string, zone: Zone): number | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, date, time = "00:00", offset] = match;
  // Date.parse() takes 31 June for 1 July; whoever asks for a day that never was has mistyped.
  const day = Date.parse(`${date}T00:00Z`);
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return undefined;
  const ms = Date.parse(`${date}T${time}${offset ?? "Z"}`);
  if (offset !== undefined || Number.isNaN(ms)) return ms;
  // The offset belongs to the time we look for; taken at the wall clock's reading it may be the other side of a change.
  const near = ms - zone(ms) * 60_000;
  return ms - zone(near) * 60_000;
}

interface TimeStyle {
  readonly zone: Zone;
  /** Leaves the year out. */
  readonly short?: boolean;
  /** Puts the offset behind: `Z` or `+02:00`. */
  readonly offset?: boolean;
}

/** `2026-08-01 14:03:22` as the clocks of the zone show it. */
export function formatTime(ms: number, { zone, short = false, offset = false }: TimeStyle): string {
  const minutes = zone(ms);
  const text = new Date(ms + minutes * 60_000).toISOString().slice(0, 19).replace("T", " ");
  return (short ? text.slice(5) : text) + (offset ? formatOffset(minutes) : "");
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const two = (part: number): string => String(Math.floor(part)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}
