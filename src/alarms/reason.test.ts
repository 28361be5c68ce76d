import { describe, expect, test } from "vitest";
import { judge } from "./judge.ts";
import { NOW, rootLogin } from "./open-alarms.fixture.ts";
import { decimal, stateReason, stateReasonData } from "./reason.ts";

const MINUTE = 60_000;
const at = (values: readonly (number | undefined)[]) =>
  values.map((value, index) => ({ start: NOW - index * MINUTE, value, samples: 2 }));

describe("stateReason()", () => {
  // Sentences of notifications that users of AWS have published; numbers and times are ours.
  test.each([
    [
      {},
      [1],
      "Threshold Crossed: 1 datapoint [1.0 (20/11/26 20:00:00)] was greater than or equal to the threshold (1.0).",
    ],
    [
      { ComparisonOperator: "GreaterThanThreshold", Threshold: 60, EvaluationPeriods: 3 },
      [0.5, 0.25, 0.125],
      "Threshold Crossed: 3 datapoints [0.5 (20/11/26 20:00:00), 0.25 (20/11/26 19:59:00), 0.125 (20/11/26 19:58:00)] were not greater than the threshold (60.0).",
    ],
    [
      { DatapointsToAlarm: 1, ComparisonOperator: "GreaterThanThreshold", Threshold: 5 },
      [6],
      "Threshold Crossed: 1 out of the last 1 datapoints [6.0 (20/11/26 20:00:00)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
    ],
    [
      { DatapointsToAlarm: 3, EvaluationPeriods: 3, ComparisonOperator: "LessThanThreshold", Threshold: 0.1 },
      [0.1, 0, 0],
      "Threshold Crossed: 1 out of the last 3 datapoints [0.1 (20/11/26 20:00:00)] was not less than the threshold (0.1) (minimum 1 datapoint for ALARM -> OK transition).",
    ],
    [
      { DatapointsToAlarm: 1, EvaluationPeriods: 20, TreatMissingData: "notBreaching" },
      [613],
      "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (20/11/26 20:00:00)] was greater than or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
    ],
    [
      { EvaluationPeriods: 5, ComparisonOperator: "LessThanThreshold", Threshold: 65, DatapointsToAlarm: 5 },
      [0, 0, 0, 0, 0],
      "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent datapoints which crossed the threshold: [0.0 (20/11/26 20:00:00), 0.0 (20/11/26 19:59:00), 0.0 (20/11/26 19:58:00), 0.0 (20/11/26 19:57:00), 0.0 (20/11/26 19:56:00)] (minimum 5 datapoints for OK -> ALARM transition).",
    ],
    [
      { TreatMissingData: "notBreaching" },
      [],
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
    ],
    [
      { TreatMissingData: "breaching", EvaluationPeriods: 3 },
      [],
      "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].",
    ],
    [
      { TreatMissingData: "notBreaching", EvaluationPeriods: 3 },
      [9],
      "Threshold Crossed: 2 missing datapoints were treated as [NonBreaching].",
    ],
    [{}, [], "Insufficient Data: 1 datapoint was unknown."],
    [{ EvaluationPeriods: 2 }, [], "Insufficient Data: 2 datapoints were unknown."],
  ] as const)("of %j with %j", (given, values, expected) => {
    const settings = rootLogin(given);
    const verdict = judge(settings, at(values));
    expect(verdict && stateReason(settings, verdict)).toBe(expected);
  });
});

describe("stateReasonData()", () => {
  test("has the data that decided", () => {
    const settings = rootLogin({ EvaluationPeriods: 2, Unit: "Count" });
    const datapoints = at([3, undefined, 2]);
    const verdict = judge(settings, datapoints);
    expect(verdict && JSON.parse(stateReasonData(settings, verdict, datapoints, NOW + 1))).toEqual({
      version: "1.0",
      queryDate: "2026-11-20T20:00:00.001+0000",
      startDate: "2026-11-20T19:58:00.000+0000",
      unit: "Count",
      statistic: "Sum",
      period: 300,
      recentDatapoints: [2, 3],
      threshold: 1,
      evaluatedDatapoints: [
        { timestamp: "2026-11-20T20:00:00.000+0000", sampleCount: 2, value: 3 },
        { timestamp: "2026-11-20T19:58:00.000+0000", sampleCount: 2, value: 2 },
      ],
    });
  });
});

describe("decimal()", () => {
  test.each([
    [1, "1.0"],
    [0, "0.0"],
    [-2.5, "-2.5"],
    [9_999_999, "9999999.0"],
    [10_000_000, "1.0E7"],
    [123_456_789, "1.23456789E8"],
    [0.001, "0.001"],
    [0.00025, "2.5E-4"],
  ])("writes %d as %s", (value, text) => expect(decimal(value)).toBe(text));
});
