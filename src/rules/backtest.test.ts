import { describe, expect, test } from "vitest";
import type { Segment } from "../journal/index.ts";
import { parseEventPattern } from "../patterns/index.ts";
import { type BacktestQuery, backtest, backtestStart } from "./backtest.ts";
import { ACCOUNT, MemoryJournal, OTHER_ACCOUNT, REGION, recordOf } from "./rules.fixture.ts";

const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(2026, 10, 1);

function day(number: number): string {
  return new Date(FROM_MS + number * DAY_MS).toISOString();
}

function journalOf(...records: readonly (object | string)[]) {
  const journal = new MemoryJournal();
  journal.append(...records);
  return Object.assign(journal, { segments: [] as Segment[] });
}

function queryOf(changes: Partial<BacktestQuery> = {}): BacktestQuery {
  return {
    pattern: parseEventPattern('{"detail":{"eventName":["DeleteTable"]}}'),
    seesReads: false,
    account: ACCOUNT,
    region: REGION,
    fromMs: FROM_MS,
    toMs: FROM_MS + 90 * DAY_MS,
    from: 0,
    end: 1000,
    recordsMax: 1000,
    samplesMax: 10,
    ...changes,
  };
}

describe("backtest()", () => {
  test("counts what a rule would have matched, by day, and shows the first of it", async () => {
    const journal = journalOf(
      recordOf({ eventTime: day(1), eventID: "a" }),
      recordOf({ eventTime: day(1), eventName: "PutItem" }),
      recordOf({ eventTime: day(3), eventID: "b" }),
      "no record",
      recordOf({ eventTime: day(1), eventID: "c" }),
    );
    const { samples, ...rest } = await backtest(journal, queryOf({ end: 5, samplesMax: 2 }));
    const days = new Map([
      ["2026-11-02", 2],
      ["2026-11-04", 1],
    ]);
    expect(rest).toEqual({ scanned: 4, matched: 3, days });
    expect(samples.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(["a", "b"]);
  });

  test.each([
    ["before the time", { eventTime: day(-1) }, {}, 0],
    ["at its first moment", { eventTime: day(0) }, {}, 1],
    ["at its end", { eventTime: day(90) }, {}, 0],
    ["of no time", { eventTime: "yesterday" }, {}, 0],
    ["of another account", { eventTime: day(1), recipientAccountId: OTHER_ACCOUNT }, {}, 0],
    ["of another Region", { eventTime: day(1), awsRegion: "us-east-1" }, {}, 0],
    ["of another Region, when all are asked", { eventTime: day(1), awsRegion: "us-east-1" }, { region: undefined }, 1],
    ["that only reads", { eventTime: day(1), readOnly: true }, {}, 0],
    ["that only reads, when the rule sees it", { eventTime: day(1), readOnly: true }, { seesReads: true }, 1],
  ] as const)("takes an event %s for what it is", async (_, record, query, matched) => {
    expect(await backtest(journalOf(recordOf(record)), queryOf({ end: 1, ...query }))).toMatchObject({ matched });
  });

  test("goes on where it stopped, and finds the same in parts as at once", async () => {
    const records = Array.from({ length: 700 }, (_, n) =>
      recordOf({ eventTime: day(n % 30), eventName: n % 3 === 0 ? "DeleteTable" : "PutItem" }),
    );
    const journal = journalOf(...records);
    const whole = await backtest(journal, queryOf({ end: 700 }));
    const days = new Map<string, number>();
    let [matched, scanned, from] = [0, 0, 0 as number | undefined];
    while (from !== undefined) {
      const part = await backtest(journal, queryOf({ end: 700, from, recordsMax: 99 }));
      expect(part.scanned).toBeLessThanOrEqual(99);
      for (const [name, count] of part.days) days.set(name, (days.get(name) ?? 0) + count);
      matched += part.matched;
      scanned += part.scanned;
      from = part.next;
    }
    expect({ matched, scanned, days }).toEqual({ matched: whole.matched, scanned: whole.scanned, days: whole.days });
    expect(whole.matched).toBe(234);
  });
});

describe("backtestStart()", () => {
  const segment = (first: number, times: readonly [number, number], indexed = 10) =>
    ({ first, count: 10, indexed, minTimeMs: times[0], maxTimeMs: times[1] }) as Segment;
  const before: [number, number] = [FROM_MS - DAY_MS, FROM_MS - 1];
  const inside: [number, number] = [FROM_MS, FROM_MS + 1];
  const after: [number, number] = [FROM_MS + 90 * DAY_MS, FROM_MS + 91 * DAY_MS];

  test.each([
    ["nothing is sealed", [], 0, 0],
    ["the first range is inside", [segment(0, inside)], 0, 0],
    ["two ranges are too old", [segment(0, before), segment(10, before), segment(20, inside)], 0, 20],
    ["the rest of a range is too old", [segment(0, before), segment(10, inside)], 5, 10],
    ["a range is too new", [segment(0, inside), segment(10, after)], 10, 20],
    ["it stands in a range that is inside", [segment(0, inside), segment(10, before)], 5, 5],
    ["a range holds what is in no index", [segment(0, before, 9)], 0, 0],
    ["all that is asked for is too old", [segment(0, before), segment(10, before)], 0, 15],
  ])("passes over what cannot hold anything: %s", (_, segments, from, expected) => {
    expect(backtestStart({ segments }, queryOf({ from, end: expected === 15 ? 15 : 1000 }))).toBe(expected);
  });
});
