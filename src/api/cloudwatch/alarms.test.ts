import { describe, expect, test } from "vitest";
import type { CloudwatchOperations } from "../../aws/index.ts";
import { type Cloudwatch, NOW, openCloudwatch, refusal, TOPIC } from "./open-cloudwatch.fixture.ts";

type PutInput = CloudwatchOperations["PutMetricAlarm"]["input"];

const ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:root-login";
const MINUTE = 60_000;

/** As the CIS benchmark has it made by the command line. */
const ROOT_LOGIN: PutInput = {
  AlarmName: "root-login",
  MetricName: "RootAccountUsage",
  Namespace: "CISBenchmark",
  Statistic: "Sum",
  Period: 300,
  Threshold: 1,
  ComparisonOperator: "GreaterThanOrEqualToThreshold",
  EvaluationPeriods: 1,
  AlarmActions: [TOPIC],
};

function put(cloudwatch: Cloudwatch, given: Partial<PutInput> = {}): Promise<undefined> {
  return cloudwatch.call("PutMetricAlarm", { ...ROOT_LOGIN, ...given });
}

async function describeOne(cloudwatch: Cloudwatch, name = "root-login") {
  const { MetricAlarms } = await cloudwatch.call("DescribeAlarms", { AlarmNames: [name] });
  return MetricAlarms?.[0];
}

async function names(cloudwatch: Cloudwatch, input: CloudwatchOperations["DescribeAlarms"]["input"]) {
  const { MetricAlarms } = await cloudwatch.call("DescribeAlarms", input);
  return MetricAlarms?.map(({ AlarmName }) => AlarmName);
}

describe("PutMetricAlarm", () => {
  test("makes an alarm that fires on data of PutMetricData", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch);
    expect(await describeOne(cloudwatch)).toEqual({
      AlarmName: "root-login",
      AlarmArn: ARN,
      ActionsEnabled: true,
      OKActions: [],
      AlarmActions: [TOPIC],
      InsufficientDataActions: [],
      MetricName: "RootAccountUsage",
      Namespace: "CISBenchmark",
      Statistic: "Sum",
      Dimensions: [],
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      AlarmConfigurationUpdatedTimestamp: new Date(NOW),
      StateValue: "INSUFFICIENT_DATA",
      StateReason: "Unchecked: Initial alarm creation",
      StateUpdatedTimestamp: new Date(NOW),
      StateTransitionedTimestamp: new Date(NOW),
    });
    const MetricData = [{ MetricName: "RootAccountUsage", Value: 1 }];
    await cloudwatch.call("PutMetricData", { Namespace: "CISBenchmark", MetricData });
    await cloudwatch.alarms.tick();
    expect(await describeOne(cloudwatch)).toMatchObject({ StateValue: "ALARM" });
    const deliveries = await cloudwatch.tables.selectFrom("deliveries").select(["kind", "endpoint"]).execute();
    expect(deliveries).toEqual([{ kind: "topic", endpoint: TOPIC }]);
  });

  test("changes an alarm and leaves its state and its tags", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, { Tags: [{ Key: "team", Value: "red" }] });
    await cloudwatch.call("SetAlarmState", { AlarmName: "root-login", StateValue: "OK", StateReason: "by hand" });
    await put(cloudwatch, { Threshold: 5, Tags: [{ Key: "team", Value: "blue" }] });
    expect(await describeOne(cloudwatch)).toMatchObject({ Threshold: 5, StateValue: "OK", StateReason: "by hand" });
    const { Tags } = await cloudwatch.call("ListTagsForResource", { ResourceARN: ARN });
    expect(Tags).toEqual([{ Key: "team", Value: "red" }]);
  });

  test("takes metric math, and judges it", async () => {
    const cloudwatch = await openCloudwatch();
    const { MetricName: _m, Namespace: _n, Statistic: _s, Period: _p, ...others } = ROOT_LOGIN;
    const stat = (MetricName: string) => ({ Metric: { Namespace: "Web", MetricName }, Period: 60, Stat: "Sum" });
    const Metrics = [
      { Id: "rate", Expression: "errors / calls * 100", Label: "error rate" },
      { Id: "errors", MetricStat: stat("Errors"), ReturnData: false },
      { Id: "calls", MetricStat: stat("Calls"), ReturnData: false },
    ];
    await cloudwatch.call("PutMetricAlarm", { ...others, Threshold: 5, Metrics });
    expect(await describeOne(cloudwatch)).toMatchObject({ Metrics });
    const MetricData = [
      { MetricName: "Errors", Value: 6 },
      { MetricName: "Calls", Value: 100 },
    ];
    await cloudwatch.call("PutMetricData", { Namespace: "Web", MetricData });
    cloudwatch.at(NOW + MINUTE);
    await cloudwatch.alarms.tick();
    expect(await describeOne(cloudwatch)).toMatchObject({
      StateValue: "ALARM",
      StateReason:
        "Threshold Crossed: 1 datapoint [6.0 (20/11/26 20:00:00)] was greater than or equal to the threshold (5.0).",
    });
    const [delivery] = await cloudwatch.tables.selectFrom("deliveries").select("body").execute();
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      Trigger: { Period: 60, Metrics: [{ Id: "rate" }, {}, {}] },
    });
  });

  const QUERY = { Id: "m1", MetricStat: { Metric: { Namespace: "a", MetricName: "b" }, Period: 60, Stat: "Sum" } };
  const NO_METRIC = { MetricName: undefined, Namespace: undefined, Statistic: undefined, Period: undefined };

  test.each<[string, object, string]>([
    [
      "an action of EC2",
      { AlarmActions: ["arn:aws:automate:us-east-1:ec2:stop"] },
      "Actions of automate are not supported by OpenTrail",
    ],
    [
      "an action of Auto Scaling",
      { OKActions: ["arn:aws:autoscaling:us-east-1:1:scalingPolicy:x"] },
      "Actions of autoscaling are not supported by OpenTrail",
    ],
    ["a subscription for a topic", { AlarmActions: [`${TOPIC}:1`] }, "Actions of sns are not supported by OpenTrail"],
    ["no ARN", { AlarmActions: ["topic"] }, "Invalid arn syntax: topic"],
    ["no metric", { MetricName: undefined }, "MetricName or Metrics must be specified."],
    ["no statistic", { Statistic: undefined }, "Exactly one of Statistic or ExtendedStatistic must be specified."],
    [
      "two statistics",
      { ExtendedStatistic: "p90" },
      "Exactly one of Statistic or ExtendedStatistic must be specified.",
    ],
    [
      "a strange statistic",
      { Statistic: undefined, ExtendedStatistic: "p101" },
      "The value p101 for parameter ExtendedStatistic is not supported.",
    ],
    ["a strange period", { Period: 45 }, "Period must be 10, 20, 30 or a multiple of 60."],
    [
      "more than a day",
      { EvaluationPeriods: 289 },
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
    ],
    [
      "more than a week",
      { EvaluationPeriods: 8, Period: 86_400 },
      "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800).",
    ],
    ["M above N", { DatapointsToAlarm: 2 }, "DatapointsToAlarm must be less than or equal to EvaluationPeriods."],
    ["no threshold", { Threshold: undefined }, "Threshold must be specified."],
    [
      "anomaly detection",
      { ComparisonOperator: "GreaterThanUpperThreshold" },
      "Alarms with ComparisonOperator GreaterThanUpperThreshold are not supported by OpenTrail",
    ],
    [
      "its threshold",
      { ThresholdMetricId: "t1" },
      "PutMetricAlarm with ThresholdMetricId is not supported by OpenTrail",
    ],
    ["a strange treatment", { TreatMissingData: "x" }, "Option x is not supported."],
    ["a control character in its name", { AlarmName: "a\nb" }, "AlarmName must not contain control characters."],
    ["both a metric and queries", { Metrics: [QUERY] }, "MetricName must not be set together with Metrics."],
    [
      "queries of which two answer",
      { ...NO_METRIC, Metrics: [QUERY, { ...QUERY, Id: "m2" }] },
      "Exactly one element of the metrics list should return data.",
    ],
    [
      "an expression of several series",
      {
        ...NO_METRIC,
        Metrics: [
          { ...QUERY, ReturnData: false },
          { ...QUERY, Id: "m2", ReturnData: false },
          { Id: "e1", Expression: "METRICS()" },
        ],
      },
      "The metrics list of an alarm must answer one time series.",
    ],
  ])("refuses %s", async (_, given, expected) => {
    const cloudwatch = await openCloudwatch();
    expect(await refusal(put(cloudwatch, given))).toContain(`ValidationError: ${expected}`);
    expect(await names(cloudwatch, {})).toEqual([]);
  });

  test("asks for permission on the alarm, and tells its actions and tags", async () => {
    const cloudwatch = await openCloudwatch();
    expect(await cloudwatch.resources("PutMetricAlarm", ROOT_LOGIN)).toEqual([ARN]);
    const Tags = [{ Key: "team", Value: "red" }];
    expect(await cloudwatch.conditions("PutMetricAlarm", { ...ROOT_LOGIN, Tags })).toEqual({
      "aws:RequestTag/team": "red",
      "aws:TagKeys": ["team"],
      "cloudwatch:AlarmActions": [TOPIC],
    });
    expect(await cloudwatch.resources("DescribeAlarms", {})).toEqual([ARN.replace("root-login", "*")]);
    expect(await cloudwatch.resources("PutMetricData", { Namespace: "x" })).toEqual(["*"]);
    expect(await cloudwatch.conditions("PutMetricData", { Namespace: "x" })).toEqual({ "cloudwatch:namespace": "x" });
  });
});

describe("DescribeAlarms", () => {
  async function several(): Promise<Cloudwatch> {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, { AlarmName: "a%1", AlarmActions: [], OKActions: [`${TOPIC}-ok`] });
    await put(cloudwatch, { AlarmName: "b1" });
    await put(cloudwatch, { AlarmName: "a_2", MetricName: "Other" });
    await put(cloudwatch.in("eu-west-1"), { AlarmName: "a3" });
    await cloudwatch.call("SetAlarmState", { AlarmName: "b1", StateValue: "ALARM", StateReason: "test" });
    return cloudwatch;
  }

  test("filters", async () => {
    const cloudwatch = await several();
    expect(await names(cloudwatch, {})).toEqual(["a%1", "a_2", "b1"]);
    expect(await names(cloudwatch, { AlarmNamePrefix: "a" })).toEqual(["a%1", "a_2"]);
    expect(await names(cloudwatch, { AlarmNamePrefix: "a%" })).toEqual(["a%1"]);
    expect(await names(cloudwatch, { AlarmNames: ["b1", "nobody"] })).toEqual(["b1"]);
    expect(await names(cloudwatch, { StateValue: "ALARM" })).toEqual(["b1"]);
    expect(await names(cloudwatch, { ActionPrefix: `${TOPIC}-` })).toEqual(["a%1"]);
    expect(await names(cloudwatch, { AlarmTypes: ["CompositeAlarm"] })).toEqual([]);
    expect(await names(cloudwatch.in("eu-west-1"), {})).toEqual(["a3"]);
  });

  test("pages, with tokens for the same query only", async () => {
    const cloudwatch = await several();
    const { NextToken } = await cloudwatch.call("DescribeAlarms", { MaxRecords: 2 });
    expect(await names(cloudwatch, { MaxRecords: 2, ...(NextToken ? { NextToken } : {}) })).toEqual(["b1"]);
    const other = cloudwatch.call("DescribeAlarms", { StateValue: "OK", ...(NextToken ? { NextToken } : {}) });
    expect(await refusal(other)).toBe("InvalidNextToken: The next token specified is invalid.");
  });

  test("finds those of a metric", async () => {
    const cloudwatch = await several();
    const find = async (given: object) => {
      const metric = { Namespace: "CISBenchmark", MetricName: "RootAccountUsage", ...given };
      const { MetricAlarms } = await cloudwatch.call("DescribeAlarmsForMetric", metric);
      return MetricAlarms?.map(({ AlarmName }) => AlarmName);
    };
    expect(await find({})).toEqual(["a%1", "b1"]);
    expect(await find({ Period: 60 })).toEqual([]);
    expect(await find({ Statistic: "Sum", Period: 300 })).toEqual(["a%1", "b1"]);
    expect(await find({ Dimensions: [{ Name: "a", Value: "b" }] })).toEqual([]);
  });
});

describe("SetAlarmState", () => {
  test("changes the state, with history and actions, until the alarm is judged", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, { TreatMissingData: "notBreaching" });
    await cloudwatch.alarms.tick();
    const input = { AlarmName: "root-login", StateValue: "ALARM", StateReason: "a test", StateReasonData: '{"a":1}' };
    await cloudwatch.call("SetAlarmState", input);
    expect(await describeOne(cloudwatch)).toMatchObject({ StateValue: "ALARM", StateReasonData: '{"a":1}' });
    const { AlarmHistoryItems } = await cloudwatch.call("DescribeAlarmHistory", { AlarmName: "root-login" });
    expect(AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary)).toEqual([
      `Handed over action ${TOPIC}`,
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
      'Alarm "root-login" created',
    ]);
    cloudwatch.at(NOW + MINUTE);
    await cloudwatch.alarms.tick();
    expect(await describeOne(cloudwatch)).toMatchObject({ StateValue: "OK" });
  });

  test("refuses unknown alarms, other states and what is not JSON", async () => {
    const cloudwatch = await openCloudwatch();
    const set = (given: object) =>
      refusal(
        cloudwatch.call("SetAlarmState", { AlarmName: "root-login", StateValue: "OK", StateReason: "", ...given }),
      );
    expect(await set({})).toBe("ResourceNotFound: No alarm found with name root-login");
    await put(cloudwatch);
    expect(await set({ StateReasonData: "{" })).toBe("InvalidFormat: StateReasonData was not in a valid JSON format.");
    expect(await set({ StateValue: "FINE" })).toContain("ValidationError: 1 validation error detected");
  });
});

describe("DeleteAlarms, EnableAlarmActions and DisableAlarmActions", () => {
  test("pass over names of nobody, and leave the history", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch, { Tags: [{ Key: "a", Value: "b" }] });
    const AlarmNames = ["nobody", "root-login"];
    await cloudwatch.call("DisableAlarmActions", { AlarmNames });
    expect(await describeOne(cloudwatch)).toMatchObject({ ActionsEnabled: false });
    await cloudwatch.call("EnableAlarmActions", { AlarmNames });
    expect(await describeOne(cloudwatch)).toMatchObject({ ActionsEnabled: true });
    await cloudwatch.call("DeleteAlarms", { AlarmNames });
    expect(await names(cloudwatch, {})).toEqual([]);
    expect(await cloudwatch.tables.selectFrom("alarm_tags").selectAll().execute()).toEqual([]);
    const { AlarmHistoryItems, NextToken } = await cloudwatch.call("DescribeAlarmHistory", {
      ScanBy: "TimestampAscending",
      MaxRecords: 3,
    });
    const rest = await cloudwatch.call("DescribeAlarmHistory", {
      ScanBy: "TimestampAscending",
      MaxRecords: 3,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    const summaries = [...(AlarmHistoryItems ?? []), ...(rest.AlarmHistoryItems ?? [])];
    expect(summaries.map(({ HistorySummary }) => HistorySummary)).toEqual([
      'Alarm "root-login" created',
      'Alarm "root-login" updated',
      'Alarm "root-login" updated',
      'Alarm "root-login" deleted',
    ]);
  });
});

describe("TagResource, UntagResource and ListTagsForResource", () => {
  test("keep tags of an alarm", async () => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch);
    const tags = async () => (await cloudwatch.call("ListTagsForResource", { ResourceARN: ARN })).Tags;
    await cloudwatch.call("TagResource", {
      ResourceARN: ARN,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "__proto__", Value: "" },
      ],
    });
    await cloudwatch.call("TagResource", { ResourceARN: ARN, Tags: [{ Key: "a", Value: "2" }] });
    expect(await tags()).toEqual([
      { Key: "a", Value: "2" },
      { Key: "__proto__", Value: "" },
    ]);
    await cloudwatch.call("UntagResource", { ResourceARN: ARN, TagKeys: ["a", "nobody"] });
    expect(await tags()).toEqual([{ Key: "__proto__", Value: "" }]);
  });

  test.each([
    ["nobody's alarm", `${ARN}-not`],
    ["a dashboard", "arn:aws:cloudwatch::123456789012:dashboard/x"],
    ["an alarm of another Region", ARN.replace("us-east-1", "eu-west-1")],
  ])("know no %s", async (_, ResourceARN) => {
    const cloudwatch = await openCloudwatch();
    await put(cloudwatch);
    await put(cloudwatch.in("eu-west-1"));
    const answer = cloudwatch.call("TagResource", { ResourceARN, Tags: [{ Key: "a", Value: "1" }] });
    expect(await refusal(answer)).toBe(`ResourceNotFoundException: Unknown resource: ${ResourceARN}`);
  });
});
