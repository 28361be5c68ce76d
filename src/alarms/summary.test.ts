import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStatistic } from "./statistic.ts";
import { DIGEST_VALUES_MAX, mergeSummaries, type Summary, summaryOf } from "./summary.ts";

function summarize(values: readonly number[]): Summary {
  const [first, ...others] = values.map((value) => summaryOf(value));
  if (first === undefined) throw new Error("needs a value");
  return others.reduce(mergeSummaries, first);
}

function value(statistic: string, summary: Summary): number | undefined {
  return parseStatistic(statistic)?.of(summary);
}

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 200 });

describe("mergeSummaries()", () => {
  test("has the count, sum and bounds of all values, and a bounded ascending digest of them", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const summary = summarize(values);
        const digest = summary.digest ?? [];
        expect(summary).toMatchObject({
          samples: values.length,
          sum: values.reduce((sum, one) => sum + one, 0),
          minimum: Math.min(...values),
          maximum: Math.max(...values),
        });
        expect(digest.length).toBeLessThanOrEqual(DIGEST_VALUES_MAX);
        expect(digest.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length);
        expect(digest.map(([one]) => one)).toEqual(digest.map(([one]) => one).toSorted((a, b) => a - b));
        expect([digest[0]?.[0], digest.at(-1)?.[0]]).toEqual([summary.minimum, summary.maximum]);
      }),
    );
  });

  test("has no digest once a statistic set came in", () => {
    const set = { samples: 3, sum: 6, minimum: 1, maximum: 3 };
    expect(mergeSummaries(summaryOf(2), set).digest).toBeUndefined();
  });
});

describe("parseStatistic()", () => {
  const HUNDRED = summarize(Array.from({ length: 40 }, (_, index) => index + 1));
  test.each([
    ["SampleCount", 40],
    ["Sum", 820],
    ["Average", 20.5],
    ["Minimum", 1],
    ["Maximum", 40],
    ["p0", 1],
    ["p50", 20.5],
    ["p100", 40],
    ["p99.9", 39.961],
    ["tm50", 10.5],
    ["TM(25%:75%)", 20.5],
    ["IQM", 20.5],
    ["TM(10:12)", 11.5],
    ["tc25", 10],
    ["TC(:5)", 5],
    ["ts25", 55],
    ["TS(38:)", 79],
    ["wm50", (210 + 20 * 20) / 40],
    ["PR(:10)", 25],
    ["PR(10:20)", 25],
  ])("%s of 1 to 40 is %d", (name, expected) => expect(value(name, HUNDRED)).toBeCloseTo(expected, 9));

  test.each([
    "",
    "sum",
    "p",
    "p101",
    "p-1",
    "tm101",
    "TM(:)",
    "TM(90%:10%)",
    "TM(10%:90)",
    "PR(10%:20%)",
    "x50",
    "__proto__",
  ])("knows no %s", (name) => expect(parseStatistic(name)).toBeUndefined());

  test("a percentile lies within a step of the digest from the true one", () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 100 }), (values, percent) => {
        const summary = summarize(values);
        const found = value(`p${percent}`, summary) ?? Number.NaN;
        expect(found).toBeGreaterThanOrEqual(summary.minimum);
        expect(found).toBeLessThanOrEqual(summary.maximum);
        if (new Set(values).size > DIGEST_VALUES_MAX) return;
        const sorted = values.toSorted((a, b) => a - b);
        const rank = ((values.length - 1) * percent) / 100;
        const [low = 0, high = 0] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
        expect(found).toBeCloseTo(low + (high - low) * (rank - Math.floor(rank)), 6);
      }),
    );
  });
});
