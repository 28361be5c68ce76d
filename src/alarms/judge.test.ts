import { describe, expect, test } from "vitest";
import type { AlarmSettings, TreatMissingData } from "./alarm.ts";
import { type Datapoint, judge } from "./judge.ts";

/** `0 - X`, oldest first as in AWS's tables: not breaching, missing, breaching. */
function datapoints(picture: string): readonly Datapoint[] {
  return picture
    .split(" ")
    .reverse()
    .map((mark, index) => ({ start: -index, value: mark === "-" ? undefined : mark === "X" ? 1 : 0, samples: 1 }));
}

function rule(given: Partial<AlarmSettings>): Parameters<typeof judge>[0] {
  return { EvaluationPeriods: 3, Threshold: 1, ComparisonOperator: "GreaterThanOrEqualToThreshold", ...given };
}

const TREATMENTS: readonly TreatMissingData[] = ["missing", "ignore", "breaching", "notBreaching"];

describe("judge()", () => {
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, read in August 2026.
  test.each([
    [3, "0 - X - X", "OK OK OK OK"],
    [3, "0 - - - -", "OK OK OK OK"],
    [3, "- - - - -", "INSUFFICIENT_DATA keep ALARM OK"],
    [3, "0 X X - X", "ALARM ALARM ALARM ALARM"],
    [3, "- - X - -", "ALARM keep ALARM OK"],
    [3, "- - - - X", "keep keep ALARM OK"],
    [3, "- - - X -", "keep keep ALARM OK"],
    [2, "0 - X - X", "ALARM ALARM ALARM ALARM"],
    [2, "0 0 X 0 X", "ALARM ALARM ALARM ALARM"],
    [2, "0 - X - -", "OK OK ALARM OK"],
    [2, "- - - - 0", "OK OK ALARM OK"],
    [2, "- - - X -", "ALARM keep ALARM OK"],
  ])("agrees with AWS's tables: %s of 3 in %s is %s", (DatapointsToAlarm, picture, states) => {
    const found = TREATMENTS.map(
      (TreatMissingData) => judge(rule({ DatapointsToAlarm, TreatMissingData }), datapoints(picture))?.state ?? "keep",
    );
    expect(found.join(" ")).toBe(states);
  });

  test.each([
    ["GreaterThanOrEqualToThreshold", "- X X"],
    ["GreaterThanThreshold", "- - X"],
    ["LessThanThreshold", "X - -"],
    ["LessThanOrEqualToThreshold", "X X -"],
  ] as const)("compares with %s", (ComparisonOperator, expected) => {
    const found = [4, 5, 6].map((value) => {
      const verdict = judge(rule({ ComparisonOperator, Threshold: 5, EvaluationPeriods: 1 }), [
        { start: 0, value, samples: 1 },
      ]);
      return verdict?.state === "ALARM" ? "X" : "-";
    });
    expect(found.join(" ")).toBe(expected);
  });
});
