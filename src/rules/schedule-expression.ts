import { Cron } from "croner";
import { Refusal } from "../core/index.ts";

/** When a scheduled rule is due. Times are UTC. */
export type Schedule =
  | { readonly kind: "rate"; readonly periodMs: number }
  /** `fields` are in croner's words: seconds to year. */
  | { readonly kind: "cron"; readonly fields: string };

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/**
 * `rate(value unit)` or `cron(minutes hours day-of-month month day-of-week year)`, as EventBridge takes them: a rate's unit
 * is singular for 1 and plural otherwise; of the two days of a cron exactly one is `?`; days of the week are 1 to 7 from
 * Sunday on.
 * @throws {Refusal} `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): Schedule {
  const schedule = parseRate(expression) ?? parseCron(expression);
  if (schedule !== undefined) return schedule;
  throw new Refusal("ValidationException", "Parameter ScheduleExpression is not valid.");
}

/**
 * The first time behind `after` at which it is due, in milliseconds since 1970; undefined when there is none. A rate counts
 * from `last`, when it was due before, so that it keeps its beat whatever was missed.
 */
export function nextTime(schedule: Schedule, after: number, last: number = after): number | undefined {
  if (schedule.kind === "rate") {
    const { periodMs } = schedule;
    return last + Math.max(1, Math.floor((after - last) / periodMs) + 1) * periodMs;
  }
  return search(schedule.fields).nextRun(new Date(after))?.getTime();
}

function parseRate(expression: string): Schedule | undefined {
  const [, digits = "", unit = "", plural = ""] = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const value = Number(digits);
  if (value < 1 || (value === 1) !== (plural === "")) return undefined;
  const periodMs = value * UNIT_MS[unit as keyof typeof UNIT_MS];
  // A date of JavaScript ends in the year 275760; that is late enough.
  return periodMs > 1e15 ? undefined : { kind: "rate", periodMs };
}

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** What the field may say besides numbers, in croner's words too. */
  readonly special?: RegExp;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const MINUTES: Field = { min: 0, max: 59 };
const HOURS: Field = { min: 0, max: 23 };
const DAYS_OF_MONTH: Field = { min: 1, max: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/ };
const MONTHS_OF_YEAR: Field = { min: 1, max: 12, names: MONTHS };
/** `6L`: the last Friday; `6#3`: the third one. */
const DAYS_OF_WEEK: Field = { min: 1, max: 7, names: DAYS, special: /^([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])$/ };
const YEARS: Field = { min: 1970, max: 2199 };

function parseCron(expression: string): Schedule | undefined {
  const parts = /^cron\(([^()]{11,250})\)$/.exec(expression)?.[1]?.split(" ") ?? [];
  const [minutes = "", hours = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = parts;
  if (parts.length !== 6 || (dayOfMonth === "?") === (dayOfWeek === "?")) return undefined;
  const fields = [
    "0",
    fieldOf(minutes, MINUTES),
    fieldOf(hours, HOURS),
    dayOfMonth === "?" ? "*" : fieldOf(dayOfMonth, DAYS_OF_MONTH),
    fieldOf(month, MONTHS_OF_YEAR),
    // An L alone is the last day of the week.
    dayOfWeek === "?" ? "*" : fieldOf(dayOfWeek.toUpperCase() === "L" ? "7" : dayOfWeek, DAYS_OF_WEEK),
    fieldOf(year, YEARS),
  ];
  return fields.includes(undefined) ? undefined : { kind: "cron", fields: fields.join(" ") };
}

/** The field with every number named, so that nothing depends on how croner reads steps and ranges. */
function fieldOf(text: string, field: Field): string | undefined {
  if (text === "*") return "*";
  const items = text
    .toUpperCase()
    .split(",")
    .map((item) => itemOf(item, field));
  return items.includes(undefined) ? undefined : items.join(",");
}

function itemOf(item: string, field: Field): string | undefined {
  if (field.special?.test(item)) return item;
  const [, from = "", to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(item) ?? [];
  const first = from === "*" ? field.min : numberOf(from, field);
  // `5/15` is every fifteenth from 5 on.
  const last = to === undefined ? (from === "*" || step !== undefined ? field.max : first) : numberOf(to, field);
  const each = step === undefined ? 1 : Number(step);
  if (first === undefined || last === undefined || each < 1 || (from === "*" && to !== undefined)) return undefined;
  return numbers(first, last, each, field).join(",");
}

function numberOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text) ?? -1;
  const value = named >= 0 ? named + min : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** A range may go over the end: FRI-MON. */
function numbers(first: number, last: number, step: number, { min, max }: Field): readonly number[] {
  const span = max - min + 1;
  const end = last < first ? last + span : last;
  const found: number[] = [];
  for (let value = first; value <= end; value += step) found.push(min + ((value - min) % span));
  return found;
}

function search(fields: string): Cron {
  return new Cron(fields, { paused: true, timezone: "UTC", mode: "7-part", alternativeWeekdays: true });
}
