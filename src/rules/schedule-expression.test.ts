import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import { nextTime, parseSchedule } from "./schedule-expression.ts";

const NOW = Date.UTC(2026, 10, 20, 20, 7, 30);

function times(expression: string, count: number, from = NOW): string[] {
  const schedule = parseSchedule(expression);
  const found: string[] = [];
  let at: number | undefined = from;
  while (found.length < count) {
    at = nextTime(schedule, at);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

/** Whether it is refused; what else is thrown goes on. */
function refused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (thrown) {
    if (thrown instanceof Refusal) return true;
    throw thrown;
  }
}

describe("parseSchedule()", () => {
  test.each([
    ["an empty text", ""],
    ["another word", "at(2026-11-20T10:00:00)"],
    ["a plural of one", "rate(1 minutes)"],
    ["a singular of many", "rate(5 minute)"],
    ["no time at all", "rate(0 minutes)"],
    ["a fraction", "rate(1.5 hours)"],
    ["seconds", "rate(30 seconds)"],
    ["two spaces", "rate(5  minutes)"],
    ["five fields", "cron(0 10 * * ?)"],
    ["seven fields", "cron(0 0 10 * * ? *)"],
    ["two days", "cron(0 10 * * * *)"],
    ["no day", "cron(0 10 ? * ? *)"],
    ["the minute 60", "cron(60 10 * * ? *)"],
    ["the hour 24", "cron(0 24 * * ? *)"],
    ["the day 0", "cron(0 10 0 * ? *)"],
    ["the weekday 0", "cron(0 10 ? * 0 *)"],
    ["the weekday 8", "cron(0 10 ? * 8 *)"],
    ["a sixth Friday", "cron(0 10 ? * 6#6 *)"],
    ["the year 2200", "cron(0 10 * * ? 2200)"],
    ["a step of nothing", "cron(0/0 10 * * ? *)"],
    ["L in a month", "cron(0 10 * L ? *)"],
    ["a question mark in the hours", "cron(0 ? * * ? *)"],
    ["a name in the hours", "cron(0 MON * * ? *)"],
    ["something behind it", "cron(0 10 * * ? *) "],
  ])("refuses %s", (_, expression) => {
    expect(() => parseSchedule(expression)).toThrow(
      new Refusal("ValidationException", "Parameter ScheduleExpression is not valid."),
    );
  });

  test("refuses or takes whatever it is given, and nothing else", () => {
    const field = fc.stringMatching(/^[0-9*?LW#,/A-Z-]{1,6}$/);
    const crons = fc.tuple(field, field, field, field, field, field).map((fields) => `cron(${fields.join(" ")})`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), crons), (expression) => {
        expect(refused(() => nextTime(parseSchedule(expression), NOW))).toBeTypeOf("boolean");
      }),
    );
  });
});

describe("nextTime()", () => {
  test.each([
    ["rate(1 minute)", ["2026-11-20T20:08", "2026-11-20T20:09"]],
    ["rate(12 hours)", ["2026-11-21T08:07", "2026-11-21T20:07"]],
    ["cron(0 10 * * ? *)", ["2026-11-21T10:00", "2026-11-22T10:00"]],
    ["cron(15 12 * * ? *)", ["2026-11-21T12:15", "2026-11-22T12:15"]],
    ["cron(0 18 ? * MON-FRI *)", ["2026-11-23T18:00", "2026-11-24T18:00"]],
    ["cron(0 18 ? * 2-6 *)", ["2026-11-23T18:00", "2026-11-24T18:00"]],
    ["cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00"]],
    ["cron(0/15 * * * ? *)", ["2026-11-20T20:15", "2026-11-20T20:30"]],
    ["cron(*/20 * * * ? *)", ["2026-11-20T20:20", "2026-11-20T20:40"]],
    ["cron(5/25 * * * ? *)", ["2026-11-20T20:30", "2026-11-20T20:55", "2026-11-20T21:05"]],
    ["cron(0/5 8-17 ? * MON-FRI *)", ["2026-11-23T08:00", "2026-11-23T08:05"]],
    ["cron(0 22-1 * * ? *)", ["2026-11-20T22:00", "2026-11-20T23:00", "2026-11-21T00:00", "2026-11-21T01:00"]],
    ["cron(0 9 ? * fri-sun *)", ["2026-11-21T09:00", "2026-11-22T09:00", "2026-11-27T09:00"]],
    ["cron(0 9 ? * 1 *)", ["2026-11-22T09:00"]],
    ["cron(0 9 ? * L *)", ["2026-11-21T09:00", "2026-11-28T09:00"]],
    ["cron(0 9 ? * 6L *)", ["2026-11-27T09:00", "2026-12-25T09:00"]],
    ["cron(0 9 ? * 6#3 *)", ["2026-12-18T09:00", "2027-01-15T09:00"]],
    ["cron(0 9 L * ? *)", ["2026-11-30T09:00", "2026-12-31T09:00"]],
    ["cron(0 9 LW * ? *)", ["2026-11-30T09:00", "2026-12-31T09:00", "2027-01-29T09:00"]],
    ["cron(0 9 15W * ? *)", ["2026-12-15T09:00", "2027-01-15T09:00"]],
    ["cron(0 0 29 FEB ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]],
    ["cron(0 0 1 1 ? 2030-2031)", ["2030-01-01T00:00", "2031-01-01T00:00"]],
    ["cron(0 0 1 1 ? 2020)", []],
    ["cron(0 0 30 2 ? *)", []],
  ])("of %s", (expression, expected) => {
    expect(times(expression, Math.max(expected.length, 1))).toEqual(expected);
  });

  test("keeps the beat of a rate over what was missed", () => {
    const schedule = parseSchedule("rate(5 minutes)");
    const last = NOW - 12 * 60_000;
    expect(nextTime(schedule, NOW, last)).toBe(NOW + 3 * 60_000);
    expect(nextTime(schedule, last, last)).toBe(last + 5 * 60_000);
    // The clock was set back.
    expect(nextTime(schedule, last - 3_600_000, last)).toBe(last + 5 * 60_000);
  });

  test("is behind the time asked for, and nothing is due between", () => {
    const minutes = fc.integer({ min: 0, max: 59 });
    fc.assert(
      fc.property(
        minutes,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 10_000_000 }),
        (start, step, back) => {
          const after = NOW - back;
          const next = nextTime(parseSchedule(`cron(${start}/${step} * * * ? *)`), after) ?? 0;
          const due = (at: number) => {
            const minute = new Date(at).getUTCMinutes();
            return minute >= start && (minute - start) % step === 0;
          };
          expect(due(next)).toBe(true);
          for (let at = Math.floor(after / 60_000 + 1) * 60_000; at < next; at += 60_000) expect(due(at)).toBe(false);
        },
      ),
    );
  });
});
