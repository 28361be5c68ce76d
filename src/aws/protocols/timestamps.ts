/** The three forms of a timestamp on AWS wires: epoch seconds, ISO 8601 and HTTP dates. */
import type { TimestampFormat } from "../shapes.ts";
import { DECIMAL, Malformed } from "./scalars.ts";

/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z: what every text form can say. */
const EPOCH_MS_MIN = -62_135_596_800_000;
const EPOCH_MS_MAX = 253_402_300_799_999;

const NOT_A_TIMESTAMP =
  "A timestamp is neither epoch seconds, ISO 8601 nor an HTTP date, or outside the years 1 to 9999";
const ISO8601 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/;
const HTTP_DATE = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? GMT$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Epoch seconds to the millisecond. */
export function readEpochSeconds(seconds: number): Date {
  const ms = Math.round(seconds * 1000);
  if (!(ms >= EPOCH_MS_MIN && ms <= EPOCH_MS_MAX)) throw new Malformed(NOT_A_TIMESTAMP);
  return new Date(ms);
}

/** Any of the three forms, told apart by how they look: services accept what their model does not name. */
export function readTimestampText(text: string): Date {
  const iso = ISO8601.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = iso;
    const clock = [year, month, day, hour, minute, second].map(Number);
    const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * (sign === "-" ? -60_000 : 60_000);
    return readEpochSeconds((utcMs(clock, fraction) - offset) / 1000);
  }
  const http = HTTP_DATE.exec(text);
  if (http !== null) {
    const [, day, month, year, hour, minute, second, fraction] = http;
    return readEpochSeconds(
      utcMs([year, MONTHS.indexOf(month ?? "") + 1, day, hour, minute, second].map(Number), fraction) / 1000,
    );
  }
  if (DECIMAL.test(text)) return readEpochSeconds(Number(text));
  throw new Malformed(NOT_A_TIMESTAMP);
}

function utcMs(clock: readonly number[], fraction = ""): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = clock;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Number(fraction.padEnd(3, "0").slice(0, 3)));
  // A date that does not exist (31 April, 25 o'clock) would silently have become another one.
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  if (!exists || minute > 59 || second > 59) throw new Malformed(NOT_A_TIMESTAMP);
  return date.getTime();
}

/** Milliseconds survive in every form but `rfc822`, which has none. */
export function timestampText(date: Date, format: TimestampFormat): string {
  switch (format) {
    case "unixTimestamp":
      return String(date.getTime() / 1000);
    case "iso8601":
      return isoText(date);
    case "rfc822":
      return httpDate(date);
  }
}

function isoText(date: Date): string {
  const text = date.toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, -5)}Z` : text;
}

function httpDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]}`;
  const year = String(date.getUTCFullYear()).padStart(4, "0");
  return `${day} ${year} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} GMT`;
}
