import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { NewDelivery } from "../../deliveries/index.ts";
import { ACCOUNT, type Logs, NOW, openLogs, openWithStream, refusal } from "./open-logs.fixture.ts";

const GROUP = { logGroupName: "g" };
const METRIC = { metricName: "Errors", metricNamespace: "App", metricValue: "1" };
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const STREAM = `arn:aws:firehose:us-east-1:${ACCOUNT}:deliverystream/d`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/r`;

async function put(logs: Logs, ...messages: readonly string[]): Promise<void> {
  const logEvents = messages.map((message) => ({ timestamp: NOW, message }));
  await logs.call("PutLogEvents", { ...GROUP, logStreamName: "s", logEvents });
}

const payloadOf = (body: string): unknown => JSON.parse(gunzipSync(Buffer.from(body, "base64")).toString());

describe("metric filters", () => {
  test("PutMetricFilter adds and changes a filter that DescribeMetricFilters tells and DeleteMetricFilter removes", async () => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterName: "f", filterPattern: "ERROR", metricTransformations: [METRIC] };
    await logs.call("PutMetricFilter", filter);
    await logs.at(NOW + 5).call("PutMetricFilter", { ...filter, filterPattern: "WARN" });
    expect(await logs.call("DescribeMetricFilters", { metricName: "Errors", metricNamespace: "App" })).toEqual({
      metricFilters: [
        {
          filterName: "f",
          filterPattern: "WARN",
          metricTransformations: [METRIC],
          creationTime: NOW,
          logGroupName: "g",
          applyOnTransformedLogs: false,
        },
      ],
    });
    const none = [
      { metricName: "Other", metricNamespace: "App" },
      { ...GROUP, filterNamePrefix: "x" },
    ];
    for (const input of none) expect(await logs.call("DescribeMetricFilters", input)).toEqual({ metricFilters: [] });
    expect((await logs.as("210987654321").call("DescribeMetricFilters", {})).metricFilters).toEqual([]);
    expect((await logs.call("DescribeLogGroups", {})).logGroups?.[0]?.metricFilterCount).toBe(1);
    await logs.call("DeleteMetricFilter", { ...GROUP, filterName: "f" });
    expect(await refusal(logs.call("DeleteMetricFilter", { ...GROUP, filterName: "f" }))).toBe(
      "ResourceNotFoundException: The specified metric filter does not exist.",
    );
  });

  test.each([
    ["a value that is no number", { metricValue: "many" }],
    ["a default and dimensions", { defaultValue: 0, dimensions: { A: "$.a" } }],
    ["four dimensions", { dimensions: { A: "$.a", B: "$.b", C: "$.c", D: "$.d" } }],
    ["a dimension that is a constant", { dimensions: { A: "a" } }],
    ["a field that words do not have", { metricValue: "$.bytes" }],
  ])("PutMetricFilter refuses %s", async (_, part) => {
    const logs = await openWithStream();
    const metricTransformations = [{ ...METRIC, ...part }];
    const answer = logs.call("PutMetricFilter", {
      ...GROUP,
      filterName: "f",
      filterPattern: "",
      metricTransformations,
    });
    expect(await refusal(answer)).toContain("InvalidParameterException: Invalid metric transformation: ");
  });

  test("PutMetricFilter takes a hundred a group", async () => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterPattern: "", metricTransformations: [METRIC] };
    for (let at = 0; at < 100; at += 1) await logs.call("PutMetricFilter", { ...filter, filterName: `f${at}` });
    await logs.call("PutMetricFilter", { ...filter, filterName: "f1" });
    expect(await refusal(logs.call("PutMetricFilter", { ...filter, filterName: "f100" }))).toBe(
      "LimitExceededException: Resource limit exceeded.",
    );
  });

  test("accepted events are measured: constants counted, fields read, what has no number left out", async () => {
    const logs = await openWithStream();
    const transformations = [
      ["count", { ...METRIC, metricName: "Count", unit: "Count" }],
      ["bytes", { ...METRIC, metricName: "Bytes", metricValue: "$.bytes", dimensions: { User: "$.user.name" } }],
      ["none", { ...METRIC, metricName: "None", defaultValue: 0 }],
    ] as const;
    for (const [filterName, transformation] of transformations) {
      const filterPattern = filterName === "none" ? "nowhere" : "{ $.bytes = * }";
      const metricTransformations = [transformation];
      await logs.call("PutMetricFilter", { ...GROUP, filterName, filterPattern, metricTransformations });
    }
    await put(
      logs,
      '{"bytes":5,"user":{"name":"ann"}}',
      '{"bytes":"7","user":{"name":"ann"}}',
      '{"bytes":"many","user":{"name":"ann"}}',
      '{"bytes":9}',
      "other",
    );
    const common = { account: ACCOUNT, region: "us-east-1", namespace: "App", timestamp: NOW };
    expect(logs.metrics).toEqual([
      { ...common, name: "Bytes", dimensions: { User: "ann" }, value: 5, count: 1 },
      { ...common, name: "Count", dimensions: {}, value: 1, count: 4, unit: "Count" },
      { ...common, name: "Bytes", dimensions: { User: "ann" }, value: 7, count: 1 },
      { ...common, name: "None", dimensions: {}, value: 0, count: 1 },
    ]);
    // The default says it once a minute.
    logs.metrics.length = 0;
    await put(logs, "other");
    expect(logs.metrics).toEqual([]);
  });

  test("a change of filters counts for the next batch, a change that is rolled back for none", async () => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterName: "f", filterPattern: "ERROR", metricTransformations: [METRIC] };
    await put(logs, "ERROR");
    await logs.call("PutMetricFilter", filter);
    await put(logs, "ERROR");
    expect(logs.metrics).toHaveLength(1);
    const rolledBack = logs.tables.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("log_metric_filters").execute();
      logs.groups.changed();
      throw new Error("rolled back");
    });
    await expect(rolledBack).rejects.toThrow("rolled back");
    await put(logs, "ERROR");
    expect(logs.metrics).toHaveLength(2);
  });
});

describe("subscription filters", () => {
  test("PutSubscriptionFilter keeps two a group, tells them and removes them", async () => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterPattern: "", destinationArn: FUNCTION };
    await logs.call("PutSubscriptionFilter", { ...filter, filterName: "a" });
    const other = { filterPattern: "", destinationArn: STREAM, roleArn: ROLE, distribution: "Random" };
    await logs.call("PutSubscriptionFilter", { ...GROUP, filterName: "b", ...other });
    expect(await logs.call("DescribeSubscriptionFilters", GROUP)).toEqual({
      subscriptionFilters: [
        {
          filterName: "a",
          logGroupName: "g",
          filterPattern: "",
          destinationArn: FUNCTION,
          distribution: "ByLogStream",
          applyOnTransformedLogs: false,
          creationTime: NOW,
        },
        { filterName: "b", logGroupName: "g", applyOnTransformedLogs: false, creationTime: NOW, ...other },
      ],
    });
    expect(await refusal(logs.call("PutSubscriptionFilter", { ...filter, filterName: "c" }))).toBe(
      "LimitExceededException: Resource limit exceeded.",
    );
    await logs.call("DeleteSubscriptionFilter", { ...GROUP, filterName: "a" });
    expect(await refusal(logs.call("DeleteSubscriptionFilter", { ...GROUP, filterName: "a" }))).toContain("not exist");
  });

  test.each([
    [
      "a bucket",
      "arn:aws:s3:::b",
      undefined,
      "PutSubscriptionFilter operation cannot work with destinationArn for vendor s3",
    ],
    ["no ARN", "f", undefined, "destinationArn is not a valid ARN."],
    [
      "a prototype's key",
      "arn:aws:__proto__:::x",
      undefined,
      "PutSubscriptionFilter operation cannot work with destinationArn for vendor __proto__",
    ],
    ["a function with a role", FUNCTION, ROLE, "destinationArn for vendor lambda cannot be used with roleArn"],
    ["a stream without a role", STREAM, undefined, "destinationArn for vendor firehose cannot be used without roleArn"],
    ["a role that is none", STREAM, "arn:aws:iam::1:user/u", "roleArn is not the ARN of a role."],
  ])("PutSubscriptionFilter refuses %s", async (_, destinationArn, roleArn, words) => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterName: "f", filterPattern: "", destinationArn, roleArn };
    expect(await refusal(logs.call("PutSubscriptionFilter", filter))).toBe(`InvalidParameterException: ${words}`);
  });

  test("PutSubscriptionFilter calls a function first, and is refused when that fails", async () => {
    const tried: NewDelivery[] = [];
    let error: string | undefined;
    const logs = await openWithStream({
      tryDelivery: async (delivery) => {
        tried.push(delivery);
        return error === undefined ? { outcome: "delivered" } : { outcome: "retry", error };
      },
    });
    const filter = { ...GROUP, filterName: "f", filterPattern: "", destinationArn: FUNCTION };
    await logs.call("PutSubscriptionFilter", filter);
    const { awslogs } = JSON.parse(tried[0]?.body ?? "") as { awslogs: { data: string } };
    expect(payloadOf(awslogs.data)).toMatchObject({ messageType: "CONTROL_MESSAGE", owner: "CloudwatchLogs" });
    error = "no such function";
    expect(await refusal(logs.call("PutSubscriptionFilter", { ...filter, filterName: "g" }))).toContain(
      "InvalidParameterException: Could not execute the lambda function.",
    );
    expect((await logs.call("DescribeSubscriptionFilters", GROUP)).subscriptionFilters).toHaveLength(1);
  });

  test("events that match stand in the ledger once PutLogEvents answers", async () => {
    const logs = await openWithStream();
    const webhook = `arn:aws:events:us-east-1:${ACCOUNT}:api-destination/d/1`;
    const filter = { ...GROUP, filterName: "f", filterPattern: "ERROR", destinationArn: FUNCTION };
    await logs.call("PutSubscriptionFilter", filter);
    await put(logs, "fine", "ERROR 1", "ERROR 2");
    await logs.call("PutSubscriptionFilter", { ...filter, destinationArn: STREAM, roleArn: ROLE });
    await put(logs, "ERROR 3");
    await logs.call("PutSubscriptionFilter", { ...filter, destinationArn: webhook });
    await put(logs, "ERROR 4");
    await put(logs, "fine");
    const [toFunction, toStream, toWebhook, ...rest] = await logs.deliveries();
    expect(rest).toEqual([]);
    const { events = [] } = await logs.call("FilterLogEvents", { ...GROUP, filterPattern: "ERROR" });
    const [first] = events;
    expect(toFunction).toMatchObject({ kind: "function", endpoint: FUNCTION, target: "f", eventId: first?.eventId });
    const { awslogs } = JSON.parse(toFunction?.body ?? "") as { awslogs: { data: string } };
    expect(payloadOf(awslogs.data)).toEqual({
      messageType: "DATA_MESSAGE",
      owner: ACCOUNT,
      logGroup: "g",
      logStream: "s",
      subscriptionFilters: ["f"],
      logEvents: events.slice(0, 2).map(({ eventId: id, timestamp, message }) => ({ id, timestamp, message })),
    });
    expect(toStream).toMatchObject({ kind: "stream", parameters: { encoding: "base64" } });
    expect(payloadOf(toStream?.body ?? "")).toMatchObject({ logEvents: [{ message: "ERROR 3" }] });
    expect(toWebhook).toMatchObject({ kind: "api-destination", endpoint: webhook });
    expect(JSON.parse(toWebhook?.body ?? "")).toMatchObject({ logEvents: [{ message: "ERROR 4" }] });
  });

  test("a large batch becomes several deliveries", async () => {
    const logs = await openWithStream();
    const filter = { ...GROUP, filterName: "f", filterPattern: "", destinationArn: FUNCTION };
    await logs.call("PutSubscriptionFilter", filter);
    await put(logs, ...Array.from({ length: 10 }, () => "x".repeat(100_000)));
    const deliveries = await logs.deliveries();
    expect(deliveries).toHaveLength(2);
    expect(new Set(deliveries.map(({ eventId }) => eventId)).size).toBe(2);
  });
});

describe("resource policies", () => {
  const policyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "logs:PutLogEvents",
      Resource: "*",
    },
  });

  test("PutResourcePolicy adds and changes a policy, which DeleteResourcePolicy removes", async () => {
    const logs = await openLogs();
    const { revisionId } = await logs.call("PutResourcePolicy", { policyName: "p", policyDocument });
    expect(await logs.call("DescribeResourcePolicies", {})).toEqual({
      resourcePolicies: [{ policyName: "p", policyDocument, lastUpdatedTime: NOW, policyScope: "ACCOUNT", revisionId }],
    });
    const wrong = logs.call("PutResourcePolicy", { policyName: "p", policyDocument, expectedRevisionId: "x" });
    expect(await refusal(wrong)).toContain("OperationAbortedException");
    const malformed = logs.call("PutResourcePolicy", { policyName: "p", policyDocument: "{" });
    expect(await refusal(malformed)).toContain("InvalidParameterException: The policy document is not valid");
    await logs.call("DeleteResourcePolicy", { policyName: "p", expectedRevisionId: revisionId });
    expect(await refusal(logs.call("DeleteResourcePolicy", { policyName: "p" }))).toBe(
      "ResourceNotFoundException: Policy with name [p] does not exist",
    );
  });

  test("PutResourcePolicy takes ten an account and Region, and others of groups", async () => {
    const logs = await openWithStream();
    for (let at = 0; at < 10; at += 1) {
      await logs.call("PutResourcePolicy", { policyName: `p${at}`, policyDocument });
    }
    expect(await refusal(logs.call("PutResourcePolicy", { policyName: "x", policyDocument }))).toBe(
      "LimitExceededException: Resource limit exceeded.",
    );
    const resourceArn = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g`;
    await logs.call("PutResourcePolicy", { resourceArn, policyDocument });
    const { resourcePolicies } = await logs.call("DescribeResourcePolicies", { resourceArn });
    expect(resourcePolicies).toMatchObject([{ resourceArn, policyScope: "RESOURCE" }]);
    expect(await refusal(logs.call("PutResourcePolicy", { policyDocument }))).toContain("policyName must be given");
  });
});

describe("query definitions", () => {
  test("PutQueryDefinition adds and changes one, which DeleteQueryDefinition removes", async () => {
    const logs = await openLogs();
    const { queryDefinitionId } = await logs.call("PutQueryDefinition", { name: "errors", queryString: "fields a" });
    await logs.call("PutQueryDefinition", { name: "errors2", queryString: "fields b", queryDefinitionId });
    expect(await logs.call("DescribeQueryDefinitions", { queryDefinitionNamePrefix: "err" })).toEqual({
      queryDefinitions: [
        {
          queryDefinitionId,
          name: "errors2",
          queryString: "fields b",
          queryLanguage: "CWLI",
          lastModified: NOW,
          logGroupNames: [],
        },
      ],
    });
    expect((await logs.call("DescribeQueryDefinitions", { queryLanguage: "SQL" })).queryDefinitions).toEqual([]);
    const id = queryDefinitionId ?? "";
    expect(await logs.call("DeleteQueryDefinition", { queryDefinitionId: id })).toEqual({ success: true });
    expect(await refusal(logs.call("DeleteQueryDefinition", { queryDefinitionId: id }))).toContain(
      "ResourceNotFoundException",
    );
  });
});
