import { describe, expect, test } from "vitest";
import { ACCOUNT, type Logs, NOW, openWithStream, refusal } from "./open-logs.fixture.ts";

const SECONDS = NOW / 1000;
const RANGE = { startTime: SECONDS - 3600, endTime: SECONDS };
const GROUP = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g`;

async function filled(): Promise<Logs> {
  const logs = await openWithStream();
  const logEvents = [
    { timestamp: NOW - 3, message: '{"eventName":"ConsoleLogin","user":{"name":"bob"},"n":1}' },
    { timestamp: NOW - 2, message: "no JSON" },
    { timestamp: NOW - 1, message: '{"eventName":"StopLogging","n":2}' },
    { timestamp: NOW + 500, message: '{"eventName":"DeleteTrail"}' },
  ];
  await logs.call("PutLogEvents", { logGroupName: "g", logStreamName: "s", logEvents });
  return logs;
}

async function result(logs: Logs, queryString: string, more: object = {}) {
  const { queryId = "" } = await logs.call("StartQuery", { logGroupName: "g", ...RANGE, queryString, ...more });
  for (;;) {
    const answer = await logs.call("GetQueryResults", { queryId });
    if (answer.status !== "Running" && answer.status !== "Scheduled") return { queryId, ...answer };
    await new Promise(setImmediate);
  }
}

describe("StartQuery", () => {
  test("reads whole seconds, both inside, and GetQueryResults answers rows with a pointer", async () => {
    const logs = await filled();
    const answer = await result(logs, "fields eventName | filter ispresent(eventName) | limit 2");
    expect(answer).toMatchObject({
      status: "Complete",
      queryLanguage: "CWLI",
      results: [
        [
          { field: "eventName", value: "DeleteTrail" },
          { field: "@ptr", value: expect.any(String) },
        ],
        [
          { field: "eventName", value: "StopLogging" },
          { field: "@ptr", value: expect.any(String) },
        ],
      ],
      statistics: { recordsScanned: 2, recordsMatched: 2, logGroupsScanned: 1, estimatedRecordsSkipped: 0 },
    });
    const logRecordPointer = answer.results?.[1]?.[1]?.value ?? "";
    const { logRecord } = await logs.call("GetLogRecord", { logRecordPointer });
    expect(logRecord).toMatchObject({ eventName: "StopLogging", "@ptr": logRecordPointer, "@log": `${ACCOUNT}:g` });
  });

  test.each([[{ logGroupNames: ["g"] }], [{ logGroupIdentifiers: [GROUP] }], [{ logGroupIdentifiers: ["g", GROUP] }]])(
    "takes groups named as %j",
    async (groups) => {
      const answer = await result(await filled(), "stats count(*) as c", { logGroupName: undefined, ...groups });
      expect(answer.results).toEqual([[{ field: "c", value: "4" }]]);
    },
  );

  test("bounds the rows as asked", async () => {
    expect((await result(await filled(), "fields n", { limit: 3 })).results).toHaveLength(3);
  });

  test("reads nothing that is older than the group keeps", async () => {
    const logs = await filled();
    await logs.call("PutRetentionPolicy", { logGroupName: "g", retentionInDays: 1 });
    const later = logs.at(NOW + 86_400_000 - 2);
    expect((await result(later, "stats count(*) as c")).results).toEqual([[{ field: "c", value: "3" }]]);
  });

  test.each([
    [
      "a group that is not there",
      { logGroupName: "gone" },
      "ResourceNotFoundException: The specified log group does not exist.",
    ],
    [
      "two ways of naming",
      { logGroupNames: ["g"] },
      "InvalidParameterException: Log groups must be named in one way, and at least one of them.",
    ],
    [
      "no group",
      { logGroupName: undefined },
      "InvalidParameterException: Log groups must be named in one way, and at least one of them.",
    ],
    [
      "too many groups",
      { logGroupName: undefined, logGroupNames: Array.from({ length: 51 }, () => "g") },
      "InvalidParameterException: A query may read 50 log groups at most.",
    ],
    ["times the wrong way round", { endTime: 1 }, "InvalidParameterException: startTime must not be after endTime."],
    [
      "another language",
      { queryLanguage: "SQL" },
      "InvalidParameterException: queryLanguage SQL is not supported by OpenTrail",
    ],
    [
      "what is no query",
      { queryString: "fields a bad" },
      "MalformedQueryException: unexpected symbol found bad at line 1 and position 9",
    ],
  ])("refuses %s", async (_, more, message) => {
    const logs = await openWithStream();
    const input = { logGroupName: "g", ...RANGE, queryString: "fields @message", ...more };
    expect(await refusal(logs.call("StartQuery", input))).toBe(message);
  });

  test("needs permission on every group", async () => {
    const logs = await openWithStream();
    const input = { ...RANGE, queryString: "", logGroupIdentifiers: ["g", `${GROUP}2`] };
    expect(await logs.resources("StartQuery", input)).toEqual([`${GROUP}:log-stream:`, `${GROUP}2:log-stream:`]);
  });
});

describe("GetQueryResults", () => {
  test("answers pages", async () => {
    const logs = await filled();
    const { queryId } = await result(logs, "display n | sort n asc");
    const first = await logs.call("GetQueryResults", { queryId, maxItems: 3 });
    expect(first.results).toHaveLength(3);
    const next = await logs.call("GetQueryResults", { queryId, maxItems: 3, nextToken: first.nextToken });
    expect(next.results?.[0]?.[0]).toEqual({ field: "n", value: "2" });
    expect(next.nextToken).toBeUndefined();
    expect(await refusal(logs.call("GetQueryResults", { queryId, nextToken: "made up" }))).toContain("nextToken");
  });

  test("knows no query of another account", async () => {
    const logs = await filled();
    const { queryId } = await result(logs, "fields n");
    const other = logs.as("210987654321");
    const missing = "ResourceNotFoundException: The specified query does not exist.";
    expect(await refusal(other.call("GetQueryResults", { queryId }))).toBe(missing);
    expect(await refusal(other.call("StopQuery", { queryId }))).toBe(missing);
    expect((await other.call("DescribeQueries", {})).queries).toEqual([]);
  });
});

describe("StopQuery", () => {
  test("ends a query that has not ended", async () => {
    const logs = await filled();
    const { queryId = "" } = await logs.call("StartQuery", { logGroupName: "g", ...RANGE, queryString: "" });
    expect(await logs.call("StopQuery", { queryId })).toEqual({ success: true });
    expect((await logs.call("GetQueryResults", { queryId })).status).toBe("Cancelled");
    expect(await refusal(logs.call("StopQuery", { queryId }))).toBe(
      "InvalidParameterException: Query is already ended with Cancelled status",
    );
  });
});

describe("DescribeQueries", () => {
  test("answers queries by group and status, newest first", async () => {
    const logs = await filled();
    const { queryId } = await result(logs, "fields n");
    const failed = await result(logs, "fields n | limit 1");
    const { queries = [] } = await logs.call("DescribeQueries", { logGroupName: "g", status: "Complete" });
    expect(queries.map((query) => query.queryId)).toEqual([failed.queryId, queryId]);
    expect(queries[1]).toEqual({
      queryLanguage: "CWLI",
      queryId,
      queryString: `SOURCE "g" START=${RANGE.startTime} END=${RANGE.endTime} | fields n`,
      status: "Complete",
      createTime: NOW,
      logGroupName: "g",
      queryDuration: 0,
      bytesScanned: 123,
      userIdentity: `arn:aws:iam::${ACCOUNT}:root`,
    });
    expect((await logs.call("DescribeQueries", { status: "Failed" })).queries).toEqual([]);
    expect((await logs.call("DescribeQueries", { logGroupName: "other" })).queries).toEqual([]);
    const first = await logs.call("DescribeQueries", { maxResults: 1 });
    const next = await logs.call("DescribeQueries", { maxResults: 1, nextToken: first.nextToken });
    expect(next.queries?.map((query) => query.queryId)).toEqual([queryId]);
  });
});

describe("GetLogGroupFields", () => {
  test("answers the fields of the last minutes, and how many events have them", async () => {
    const logs = await filled();
    const { logGroupFields } = await logs.at(NOW + 1000).call("GetLogGroupFields", { logGroupName: "g" });
    const full = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];
    expect(logGroupFields).toEqual([
      ...full.map((name) => ({ name, percent: 100 })),
      { name: "eventName", percent: 75 },
      { name: "n", percent: 50 },
      { name: "user.name", percent: 25 },
    ]);
  });

  test("looks eight minutes around a time", async () => {
    const logs = await filled();
    const around = async (time: number) =>
      (await logs.call("GetLogGroupFields", { logGroupName: "g", time })).logGroupFields?.length;
    expect(await around(SECONDS + 479)).toBe(8);
    expect(await around(SECONDS - 481)).toBe(0);
    expect(await refusal(logs.call("GetLogGroupFields", { logGroupName: "gone" }))).toContain("ResourceNotFound");
  });
});
