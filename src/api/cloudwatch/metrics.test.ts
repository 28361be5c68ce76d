import { describe, expect, test } from "vitest";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { type Cloudwatch, NOW, openCloudwatch, refusal } from "./open-cloudwatch.fixture.ts";

type Datum = NonNullable<CloudwatchOperations["PutMetricData"]["input"]["MetricData"]>[number];

const MINUTE = 60_000;
const DAY = 86_400_000;

function put(cloudwatch: Cloudwatch, ...data: readonly Partial<Datum>[]): Promise<unknown> {
  const MetricData = data.map((given) => ({ MetricName: "Logins", ...given }));
  return cloudwatch.call("PutMetricData", { Namespace: "CISBenchmark", MetricData });
}

function statistics(
  cloudwatch: Cloudwatch,
  given: Partial<CloudwatchOperations["GetMetricStatistics"]["input"]> = {},
): Promise<CloudwatchOperations["GetMetricStatistics"]["output"]> {
  return cloudwatch.call("GetMetricStatistics", {
    Namespace: "CISBenchmark",
    MetricName: "Logins",
    StartTime: new Date(NOW - 10 * MINUTE),
    EndTime: new Date(NOW + MINUTE),
    Period: 60,
    ...(given.ExtendedStatistics === undefined ? { Statistics: ["Sum"] } : {}),
    ...given,
  });
}

describe("PutMetricData", () => {
  test("takes a value, values with counts, and statistic sets", async () => {
    const cloudwatch = await openCloudwatch();
    await put(
      cloudwatch,
      { Value: 1 },
      { Values: [2, 3], Counts: [2, 1] },
      { StatisticValues: { SampleCount: 2, Sum: 10, Minimum: 4, Maximum: 6 } },
      { Value: 50, Timestamp: new Date(NOW - 5 * MINUTE), Unit: "Count" },
    );
    const Statistics = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    expect(await statistics(cloudwatch, { Statistics })).toEqual({
      Label: "Logins",
      Datapoints: [
        {
          Timestamp: new Date("2026-11-20T19:55:00Z"),
          Unit: "Count",
          SampleCount: 1,
          Average: 50,
          Sum: 50,
          Minimum: 50,
          Maximum: 50,
        },
        {
          Timestamp: new Date("2026-11-20T20:00:00Z"),
          Unit: "None",
          SampleCount: 6,
          Average: 3,
          Sum: 18,
          Minimum: 1,
          Maximum: 6,
        },
      ],
    });
    expect((await statistics(cloudwatch, { Unit: "Count" })).Datapoints).toHaveLength(1);
  });

  test.each<[string, Partial<Datum>, string]>([
    ["nothing measured", {}, "MissingParameter: The parameter MetricData.member.1.Value is required."],
    [
      "two ways at once",
      { Value: 1, Values: [1] },
      "InvalidParameterCombination: The parameters MetricData.member.1.Value, MetricData.member.1.Values and MetricData.member.1.StatisticValues are mutually exclusive and you have specified more than one.",
    ],
    [
      "no number",
      { Value: Number.NaN },
      "InvalidParameterValue: The value NaN for parameter MetricData.member.1.Value is invalid.",
    ],
    [
      "a value beyond 2^360",
      { Value: 1e109 },
      "InvalidParameterValue: The value 1e+109 for parameter MetricData.member.1.Value is invalid.",
    ],
    [
      "counts that do not fit",
      { Values: [1, 2], Counts: [1] },
      "InvalidParameterValue: The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    ],
    [
      "a datum of the past",
      { Value: 1, Timestamp: new Date(NOW - 15 * DAY) },
      "InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past and two hours in the future.",
    ],
    [
      "a datum of the future",
      { Value: 1, Timestamp: new Date(NOW + 121 * MINUTE) },
      "InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past and two hours in the future.",
    ],
    [
      "an invalid date",
      { Value: 1, Timestamp: new Date(Number.NaN) },
      "InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past and two hours in the future.",
    ],
    [
      "a dimension twice",
      {
        Value: 1,
        Dimensions: [
          { Name: "a", Value: "1" },
          { Name: "a", Value: "2" },
        ],
      },
      "InvalidParameterValue: The parameter Dimensions has a name more than once.",
    ],
  ])("refuses %s, and the whole call", async (_, given, expected) => {
    const cloudwatch = await openCloudwatch();
    expect(await refusal(put(cloudwatch, given, { Value: 1 }))).toBe(expected);
    expect((await statistics(cloudwatch)).Datapoints).toEqual([]);
  });

  test("refuses reserved namespaces and more than 1,000 data", async () => {
    const cloudwatch = await openCloudwatch();
    const reserved = cloudwatch.call("PutMetricData", {
      Namespace: "AWS/EC2",
      MetricData: [{ MetricName: "x", Value: 1 }],
    });
    expect(await refusal(reserved)).toContain(
      "InvalidParameterValue: The value AWS/ for parameter Namespace is invalid.",
    );
    expect(await refusal(put(cloudwatch, ...Array(1_001).fill({ Value: 1 })))).toBe(
      "InvalidParameterValue: The collection MetricData must not have a size greater than 1000.",
    );
  });
});

describe("GetMetricStatistics", () => {
  test("computes percentiles, but none of statistic sets", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, { Values: [1, 2, 3, 4, 5] });
    const asked = { ExtendedStatistics: ["p50", "p90"] };
    expect((await statistics(cloudwatch, asked)).Datapoints).toEqual([
      { Timestamp: new Date("2026-11-20T20:00:00Z"), Unit: "None", ExtendedStatistics: { p50: 3, p90: 4.6 } },
    ]);
    await put(cloudwatch, { StatisticValues: { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 } });
    expect((await statistics(cloudwatch, asked)).Datapoints).toMatchObject([{ ExtendedStatistics: {} }]);
  });

  test("keeps accounts, Regions and dimensions apart", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, {
      Value: 1,
      Dimensions: [
        { Name: "b", Value: "2" },
        { Name: "a", Value: "1" },
      ],
    });
    const Dimensions = [
      { Name: "a", Value: "1" },
      { Name: "b", Value: "2" },
    ];
    const count = async (where: Cloudwatch, given: object): Promise<number | undefined> =>
      (await statistics(where, given)).Datapoints?.length;
    expect(await count(cloudwatch, { Dimensions })).toBe(1);
    expect(await count(cloudwatch, {})).toBe(0);
    expect(await count(cloudwatch.in("eu-west-1"), { Dimensions })).toBe(0);
    expect(await count(cloudwatch.as("210987654321"), { Dimensions })).toBe(0);
  });

  test.each([
    ["no statistic", { Statistics: undefined }, "MissingParameter: The parameter Statistics is required."],
    [
      "too many datapoints",
      { StartTime: new Date(NOW - 2 * DAY) },
      "InvalidParameterCombination: You have requested up to 2,882 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
    ],
    [
      "a strange period",
      { Period: 45 },
      "InvalidParameterValue: The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
    ],
    [
      "an end before the start",
      { EndTime: new Date(NOW - DAY) },
      "InvalidParameterValue: The parameter StartTime must be less than the parameter EndTime.",
    ],
  ])("refuses %s", async (_, given, expected) => {
    const cloudwatch = await openCloudwatch();
    expect(await refusal(statistics(cloudwatch, given))).toBe(expected);
  });
});

describe("GetMetricData", () => {
  const STAT = { Metric: { Namespace: "CISBenchmark", MetricName: "Logins" }, Period: 60, Stat: "Sum" };
  const RANGE = { StartTime: new Date(NOW - 10 * MINUTE), EndTime: new Date(NOW + MINUTE) };

  async function threeMinutes(): Promise<Cloudwatch> {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, ...[0, 1, 2].map((age) => ({ Value: age + 1, Timestamp: new Date(NOW - age * MINUTE) })));
    return cloudwatch;
  }

  test("answers metrics and expressions, newest first", async () => {
    const cloudwatch = await threeMinutes();
    const { MetricDataResults } = await cloudwatch.call("GetMetricData", {
      ...RANGE,
      MetricDataQueries: [
        { Id: "e2", Expression: "e1 * 10", Label: "tens" },
        { Id: "e1", Expression: "m1 + 1", ReturnData: false },
        { Id: "m1", MetricStat: STAT },
      ],
    });
    const Timestamps = ["20:00", "19:59", "19:58"].map((time) => new Date(`2026-11-20T${time}:00Z`));
    expect(MetricDataResults).toEqual([
      { Id: "e2", Label: "tens", Timestamps, Values: [20, 30, 40], StatusCode: "Complete" },
      { Id: "m1", Label: "Logins", Timestamps, Values: [1, 2, 3], StatusCode: "Complete" },
    ]);
  });

  test("pages by datapoints", async () => {
    const cloudwatch = await threeMinutes();
    const asked = {
      ...RANGE,
      ScanBy: "TimestampAscending",
      MaxDatapoints: 2,
      MetricDataQueries: [
        { Id: "m1", MetricStat: STAT },
        { Id: "e1", Expression: "m1 * -1" },
      ],
    };
    const pages: unknown[] = [];
    let NextToken: string | undefined;
    do {
      const page = await cloudwatch.call("GetMetricData", {
        ...asked,
        ...(NextToken === undefined ? {} : { NextToken }),
      });
      pages.push(page.MetricDataResults?.map(({ Id, Values, StatusCode }) => [Id, Values, StatusCode]));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(pages).toEqual([
      [["m1", [3, 2], "PartialData"]],
      [
        ["m1", [1], "Complete"],
        ["e1", [-3], "PartialData"],
      ],
      [["e1", [-2, -1], "Complete"]],
    ]);
    const other = cloudwatch.call("GetMetricData", { ...asked, MaxDatapoints: 3, NextToken: "made.up" });
    expect(await refusal(other)).toBe("InvalidNextToken: The next token specified is invalid.");
  });

  test.each([
    [
      [{ Id: "e1", Expression: "SEARCH('x', 'Sum')", Period: 60 }],
      "Error in expression 'e1': the function SEARCH is not supported by OpenTrail",
    ],
    [
      [{ Id: "e1", Expression: "e1 + 1", Period: 60 }],
      "Error in expression 'e1': there is no e1, or it depends on itself",
    ],
    [[{ Id: "e1", Expression: "1 + 1" }], "Error in expression 'e1': it has no period and no metric to take it from"],
    [
      [{ Id: "e1", Expression: "1 + 1", Period: 60 }],
      "Error in expression 'e1': it answers a number where a time series is needed",
    ],
    [
      [{ Id: "M1", MetricStat: STAT }],
      "The value M1 for parameter id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
    ],
    [
      [
        { Id: "m1", MetricStat: STAT },
        { Id: "m1", MetricStat: STAT },
      ],
      "The values for parameter id in MetricDataQueries are not unique.",
    ],
    [[{ Id: "m1" }], "Exactly one of MetricStat and Expression must be specified for m1."],
    [
      [{ Id: "m1", MetricStat: { ...STAT, Stat: "Median" } }],
      "The value Median for parameter Stat of m1 is not supported.",
    ],
    [[], "MetricDataQueries must not be empty."],
  ])("refuses %j: %s", async (MetricDataQueries, expected) => {
    const cloudwatch = await openCloudwatch();
    const answer = cloudwatch.call("GetMetricData", { ...RANGE, MetricDataQueries });
    expect(await refusal(answer)).toBe(`ValidationError: ${expected}`);
  });
});

describe("ListMetrics", () => {
  test("pages through 1,001 metrics, each once", async () => {
    const cloudwatch = await openCloudwatch();
    const names = Array.from({ length: 1_001 }, (_, index) => `metric ${String(index).padStart(4, "0")}`);
    for (const part of [names.slice(0, 600), names.slice(600)]) {
      await put(cloudwatch, ...part.map((MetricName) => ({ MetricName, Value: 1 })));
    }
    const found: (string | undefined)[] = [];
    const sizes: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = await cloudwatch.call("ListMetrics", {
        Namespace: "CISBenchmark",
        ...(NextToken ? { NextToken } : {}),
      });
      found.push(...(page.Metrics ?? []).map(({ MetricName }) => MetricName));
      sizes.push(page.Metrics?.length ?? 0);
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect([sizes, found]).toEqual([[500, 500, 1], names]);
  });

  test("leaves out what had no data of late", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, {
      Value: 1,
      Timestamp: new Date(NOW - 4 * 60 * MINUTE),
      Dimensions: [{ Name: "a", Value: "b" }],
    });
    const recent = await cloudwatch.call("ListMetrics", { RecentlyActive: "PT3H" });
    const all = await cloudwatch.call("ListMetrics", { Dimensions: [{ Name: "a" }] });
    const Dimensions = [{ Name: "a", Value: "b" }];
    expect([recent.Metrics, all.Metrics]).toEqual([
      [],
      [{ Namespace: "CISBenchmark", MetricName: "Logins", Dimensions }],
    ]);
  });
});
