import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { logsRefusal } from "./logs-operation.ts";
import { ACCOUNT, NOW, openLogs, openWithStream, refusal } from "./open-logs.fixture.ts";

const ARN = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g`;
const GROUP = { logGroupName: "g" };

describe("CreateLogGroup", () => {
  test("CreateLogGroup makes a group that DescribeLogGroups tells", async () => {
    const logs = await openLogs();
    await logs.call("CreateLogGroup", { ...GROUP, tags: { team: "red" } });
    expect(await logs.call("DescribeLogGroups", {})).toEqual({
      logGroups: [
        {
          logGroupName: "g",
          creationTime: NOW,
          metricFilterCount: 0,
          arn: `${ARN}:*`,
          logGroupArn: ARN,
          storedBytes: 0,
          logGroupClass: "STANDARD",
          deletionProtectionEnabled: false,
        },
      ],
    });
    expect(await logs.call("ListTagsLogGroup", GROUP)).toEqual({ tags: { team: "red" } });
    expect(await logs.as("210987654321").call("DescribeLogGroups", {})).toEqual({ logGroups: [] });
  });

  test.each([
    [
      "a name that is taken",
      { logGroupName: "g" },
      "ResourceAlreadyExistsException: The specified log group already exists",
    ],
    [
      "a name of AWS's",
      { logGroupName: "aws/x" },
      "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.",
    ],
    [
      "a key",
      { logGroupName: "x", kmsKeyId: "k" },
      "InvalidParameterException: kmsKeyId is not supported by OpenTrail",
    ],
    [
      "a class",
      { logGroupName: "x", logGroupClass: "DELIVERY" },
      "InvalidParameterException: The log group class DELIVERY is not supported by OpenTrail",
    ],
    [
      "a tag of AWS's",
      { logGroupName: "x", tags: { "aws:x": "1" } },
      "InvalidParameterException: The tag key aws:x is reserved: keys must not begin with aws:",
    ],
  ])("CreateLogGroup refuses %s", async (_, input, words) => {
    const logs = await openLogs();
    await logs.call("CreateLogGroup", GROUP);
    expect(await refusal(logs.call("CreateLogGroup", input))).toBe(words);
  });

  test("CreateLogGroup of a name that was deleted begins empty, however soon", async () => {
    const logs = await openWithStream();
    const put = { ...GROUP, logStreamName: "s", logEvents: [{ timestamp: NOW, message: "old" }] };
    await logs.call("PutLogEvents", put);
    await logs.call("DeleteLogGroup", GROUP);
    await logs.call("CreateLogGroup", GROUP);
    await logs.call("CreateLogStream", { ...GROUP, logStreamName: "s" });
    await logs.call("PutLogEvents", { ...put, logEvents: [{ timestamp: NOW, message: "new" }] });
    await logs.groups.close();
    const { events } = await logs.call("FilterLogEvents", GROUP);
    expect(events?.map(({ message }) => message)).toEqual(["new"]);
  });
});

describe("DescribeLogGroups", () => {
  test("DescribeLogGroups pages, by prefix, pattern, class and identifier", async () => {
    const logs = await openLogs();
    for (const logGroupName of ["a/1", "a/2", "a/3", "b/1"]) await logs.call("CreateLogGroup", { logGroupName });
    const names = async (input: object): Promise<unknown> =>
      (await logs.call("DescribeLogGroups", input)).logGroups?.map(({ logGroupName }) => logGroupName);
    const first = await logs.call("DescribeLogGroups", { logGroupNamePrefix: "a/", limit: 2 });
    expect(first.logGroups).toHaveLength(2);
    expect(await names({ logGroupNamePrefix: "a/", limit: 2, nextToken: first.nextToken })).toEqual(["a/3"]);
    expect(await names({ logGroupNamePattern: "/1" })).toEqual(["a/1", "b/1"]);
    expect(await names({ logGroupClass: "INFREQUENT_ACCESS" })).toEqual([]);
    expect(await names({ logGroupIdentifiers: ["b/1", `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:a/2`] })).toEqual([
      "a/2",
      "b/1",
    ]);
    expect(await refusal(names({ logGroupNamePrefix: "b", nextToken: first.nextToken }))).toBe(
      "InvalidParameterException: The specified nextToken is invalid.",
    );
    expect(await refusal(names({ logGroupNamePrefix: "b", logGroupNamePattern: "b" }))).toBe(
      "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
    );
    const listed = await logs.call("ListLogGroups", { logGroupNamePattern: "^b/1|a/3" });
    expect(listed.logGroups?.map(({ logGroupName }) => logGroupName)).toEqual(["a/3", "b/1"]);
  });
});

describe("DeleteLogGroup", () => {
  test("DeleteLogGroup takes streams, filters, tags and events along", async () => {
    const logs = await openWithStream();
    await logs.call("PutLogEvents", { ...GROUP, logStreamName: "s", logEvents: [{ timestamp: NOW, message: "m" }] });
    await logs.call("DeleteLogGroup", GROUP);
    await logs.groups.close();
    expect(logs.store.held().size).toBe(0);
    expect(await refusal(logs.call("DescribeLogStreams", GROUP))).toBe(
      "ResourceNotFoundException: The specified log group does not exist.",
    );
    expect(await refusal(logs.call("DeleteLogGroup", GROUP))).toContain("ResourceNotFoundException");
  });

  test("DeleteLogGroup that is rolled back leaves the events", async () => {
    const logs = await openWithStream();
    await logs.call("PutLogEvents", { ...GROUP, logStreamName: "s", logEvents: [{ timestamp: NOW, message: "m" }] });
    // What the operation tells before its transaction ends, which then fails.
    logs.groups.removed(ARN);
    logs.groups.removed(ARN, "s");
    await logs.groups.close();
    expect((await logs.call("FilterLogEvents", GROUP)).events).toHaveLength(1);
  });

  test("DeleteLogGroup refuses a protected group until the protection is gone", async () => {
    const logs = await openWithStream();
    const protect = { logGroupIdentifier: ARN, deletionProtectionEnabled: true };
    await logs.call("PutLogGroupDeletionProtection", protect);
    expect(await refusal(logs.call("DeleteLogGroup", GROUP))).toContain("ValidationException: The log group has");
    await logs.call("PutLogGroupDeletionProtection", { ...protect, deletionProtectionEnabled: false });
    await logs.call("DeleteLogGroup", GROUP);
  });
});

describe("streams", () => {
  test("DescribeLogStreams orders by name or last event, both ways, and pages", async () => {
    const logs = await openWithStream();
    for (const [logStreamName, ago] of [
      ["a", 10],
      ["b", 30],
      ["c", 20],
    ] as const) {
      await logs.call("CreateLogStream", { ...GROUP, logStreamName });
      const logEvents = [{ timestamp: NOW - ago, message: "m" }];
      await logs.call("PutLogEvents", { ...GROUP, logStreamName, logEvents });
    }
    const names = async (input: object): Promise<unknown> =>
      (await logs.call("DescribeLogStreams", { ...GROUP, ...input })).logStreams?.map((each) => each.logStreamName);
    expect(await names({})).toEqual(["a", "b", "c", "s"]);
    expect(await names({ orderBy: "LastEventTime", descending: true })).toEqual(["a", "c", "b", "s"]);
    expect(await names({ logStreamNamePrefix: "b" })).toEqual(["b"]);
    const first = await logs.call("DescribeLogStreams", { ...GROUP, descending: true, limit: 3 });
    expect(await names({ descending: true, limit: 3, nextToken: first.nextToken })).toEqual(["a"]);
    expect(await refusal(names({ orderBy: "LastEventTime", logStreamNamePrefix: "b" }))).toBe(
      "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.",
    );
    const { logStreams } = await logs.call("DescribeLogStreams", { logGroupIdentifier: ARN, limit: 1 });
    expect(logStreams?.[0]).toMatchObject({
      arn: `${ARN}:log-stream:a`,
      firstEventTimestamp: NOW - 10,
      lastEventTimestamp: NOW - 10,
      lastIngestionTime: NOW,
    });
  });

  test("DeleteLogStream removes its events; one made again begins empty", async () => {
    const logs = await openWithStream();
    const stream = { ...GROUP, logStreamName: "s" };
    await logs.call("PutLogEvents", { ...stream, logEvents: [{ timestamp: NOW, message: "m" }] });
    expect(await refusal(logs.call("CreateLogStream", stream))).toBe(
      "ResourceAlreadyExistsException: The specified log stream already exists",
    );
    await logs.call("DeleteLogStream", stream);
    await logs.call("CreateLogStream", stream);
    expect((await logs.call("GetLogEvents", { ...stream, startFromHead: true })).events).toEqual([]);
    await logs.call("DeleteLogStream", stream);
    expect(await refusal(logs.call("DeleteLogStream", stream))).toBe(
      "ResourceNotFoundException: The specified log stream does not exist.",
    );
  });
});

describe("naming a group", () => {
  test.each([
    ["both name and identifier", { logGroupName: "g", logGroupIdentifier: "g" }, "ValidationException"],
    ["neither", {}, "InvalidParameterException"],
    ["an ARN of something else", { logGroupIdentifier: "arn:aws:s3:::b" }, "InvalidParameterException"],
    ["a name with a blank", { logGroupIdentifier: "a=b" }, "InvalidParameterException"],
    [
      "another account's",
      { logGroupIdentifier: "arn:aws:logs:us-east-1:210987654321:log-group:g" },
      "ResourceNotFoundException",
    ],
    [
      "another Region's",
      { logGroupIdentifier: `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:g` },
      "ResourceNotFoundException",
    ],
  ])("%s is refused", async (_, input, code) => {
    const logs = await openWithStream();
    expect(await refusal(logs.call("DescribeLogStreams", input))).toContain(`${code}: `);
  });

  test("a group is found by name and by ARN", async () => {
    const logs = await openWithStream();
    for (const logGroupIdentifier of ["g", ARN]) {
      expect((await logs.call("DescribeLogStreams", { logGroupIdentifier })).logStreams).toHaveLength(1);
    }
  });

  test("permissions are asked for as AWS asks for them", async () => {
    const logs = await openWithStream();
    expect(await logs.resources("DeleteLogGroup", GROUP)).toEqual([`${ARN}:log-stream:`]);
    expect(await logs.resources("PutLogEvents", { ...GROUP, logStreamName: "s", logEvents: [] })).toEqual([
      `${ARN}:log-stream:s`,
    ]);
    expect(await logs.resources("DescribeLogGroups", {})).toEqual([
      `arn:aws:logs:us-east-1:${ACCOUNT}:log-group::log-stream:`,
    ]);
    expect(await logs.resources("TagResource", { resourceArn: `${ARN}:*`, tags: {} })).toEqual([ARN]);
    expect(await logs.resources("FilterLogEvents", { logGroupName: "g", logGroupIdentifier: "g" })).toHaveLength(1);
    await logs.call("TagResource", { resourceArn: ARN, tags: { team: "red" } });
    expect(await logs.conditions("TagLogGroup", { ...GROUP, tags: { a: "1" } })).toEqual({
      "aws:ResourceTag/team": "red",
      "aws:RequestTag/a": "1",
      "aws:TagKeys": ["a"],
    });
  });
});

describe("tags and retention", () => {
  test("tags are set, changed and removed by ARN", async () => {
    const logs = await openWithStream();
    await logs.call("TagResource", { resourceArn: ARN, tags: { a: "1", b: "2" } });
    await logs.call("TagResource", { resourceArn: ARN, tags: { a: "3" } });
    await logs.call("UntagResource", { resourceArn: ARN, tagKeys: ["b", "c"] });
    expect(await logs.call("ListTagsForResource", { resourceArn: ARN })).toEqual({ tags: { a: "3" } });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, ""]));
    expect(await refusal(logs.call("TagLogGroup", { ...GROUP, tags: many }))).toContain("TooManyTagsException");
    await logs.call("UntagLogGroup", { ...GROUP, tags: ["a"] });
    expect(await logs.call("ListTagsLogGroup", GROUP)).toEqual({ tags: {} });
  });

  test("a retention hides what is older at once", async () => {
    const logs = await openWithStream();
    const logEvents = [{ timestamp: NOW - 30 * 3_600_000, message: "old" }];
    await logs.call("PutLogEvents", { ...GROUP, logStreamName: "s", logEvents });
    await logs.call("PutRetentionPolicy", { ...GROUP, retentionInDays: 1 });
    expect((await logs.call("FilterLogEvents", GROUP)).events).toEqual([]);
    expect((await logs.call("DescribeLogGroups", {})).logGroups?.[0]?.retentionInDays).toBe(1);
    await logs.call("DeleteRetentionPolicy", GROUP);
    expect((await logs.call("FilterLogEvents", GROUP)).events).toHaveLength(1);
    expect(await refusal(logs.call("PutRetentionPolicy", { ...GROUP, retentionInDays: 2 }))).toContain(
      "InvalidParameterException: 1 validation error detected: Value '2' at 'retentionInDays'",
    );
  });
});

test("logsRefusal() renames broken constraints and nothing else", () => {
  const broken = new Refusal("ValidationException", "2 validation errors detected: Value …");
  expect(logsRefusal(broken).code).toBe("InvalidParameterException");
  expect(logsRefusal(new Refusal("ValidationException", "LogGroup name and …")).code).toBe("ValidationException");
});
