import { describe, expect, test } from "vitest";
import { eventIdOf, recordPointer } from "../../loggroups/index.ts";
import { ACCOUNT, type Logs, NOW, openWithStream, refusal } from "./open-logs.fixture.ts";

const STREAM = { logGroupName: "g", logStreamName: "s" };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function put(logs: Logs, ...times: readonly number[]): Promise<void> {
  const logEvents = times.map((timestamp) => ({ timestamp, message: `at ${timestamp - NOW}` }));
  await logs.call("PutLogEvents", { ...STREAM, logEvents });
}

const told = (events: readonly { readonly message?: string | undefined }[] | undefined): unknown =>
  events?.map(({ message }) => message?.slice(3));

describe("PutLogEvents", () => {
  test.each([
    [
      "a batch of too many bytes",
      [
        { timestamp: NOW, message: "x".repeat(600_000) },
        { timestamp: NOW, message: "x".repeat(500_000) },
      ],
      "Upload too large: 1100052 bytes exceeds limit of 1048576",
    ],
    [
      "an event of too many bytes",
      [{ timestamp: NOW, message: "ü".repeat(524_288) }],
      "Log event too large: 1048602 bytes exceeds limit of 1048576",
    ],
    [
      "events out of order",
      [
        { timestamp: NOW, message: "a" },
        { timestamp: NOW - 1, message: "b" },
      ],
      "Log events in a single PutLogEvents request must be in chronological order.",
    ],
    [
      "a span of over a day",
      [
        { timestamp: NOW - DAY - 1, message: "a" },
        { timestamp: NOW, message: "b" },
      ],
      "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
    ],
  ])("PutLogEvents refuses %s", async (_, logEvents, words) => {
    const logs = await openWithStream();
    expect(await refusal(logs.call("PutLogEvents", { ...STREAM, logEvents }))).toBe(
      `InvalidParameterException: ${words}`,
    );
  });

  test("PutLogEvents takes a batch of exactly the most bytes", async () => {
    const logs = await openWithStream();
    const logEvents = [{ timestamp: NOW, message: "x".repeat(1_048_576 - 26) }];
    expect(await logs.call("PutLogEvents", { ...STREAM, logEvents })).toEqual({
      nextSequenceToken: expect.any(String),
    });
  });

  test.each([
    ["too new", undefined, [0, 2 * HOUR, 2 * HOUR + 1], { tooNewLogEventStartIndex: 2 }, 2],
    ["too old", undefined, [-14 * DAY - 1, -14 * DAY], { tooOldLogEventEndIndex: 1 }, 1],
    ["expired", 3, [-3 * DAY - 1, -3 * DAY, -2.5 * DAY], { expiredLogEventEndIndex: 1 }, 2],
    ["all too old and expired", 1, [-15 * DAY], { tooOldLogEventEndIndex: 1, expiredLogEventEndIndex: 1 }, 0],
  ])("PutLogEvents leaves out what is %s and answers well", async (_, retentionInDays, ago, rejected, kept) => {
    const logs = await openWithStream();
    if (retentionInDays !== undefined) await logs.call("PutRetentionPolicy", { ...STREAM, retentionInDays });
    const logEvents = ago.map((ms) => ({ timestamp: NOW + ms, message: "m" }));
    const answer = await logs.call("PutLogEvents", { ...STREAM, logEvents });
    expect(answer.rejectedLogEventsInfo).toEqual(rejected);
    expect((await logs.call("FilterLogEvents", { logGroupName: "g" })).events).toHaveLength(kept);
  });

  test("PutLogEvents needs the group and the stream; a sequence token is not looked at", async () => {
    const logs = await openWithStream();
    const logEvents = [{ timestamp: NOW, message: "m" }];
    expect(await refusal(logs.call("PutLogEvents", { ...STREAM, logGroupName: "x", logEvents }))).toBe(
      "ResourceNotFoundException: The specified log group does not exist.",
    );
    expect(await refusal(logs.call("PutLogEvents", { ...STREAM, logStreamName: "x", logEvents }))).toBe(
      "ResourceNotFoundException: The specified log stream does not exist.",
    );
    await logs.call("PutLogEvents", { ...STREAM, logEvents, sequenceToken: "old" });
  });
});

describe("GetLogEvents", () => {
  test("GetLogEvents goes forward to the end, waits there, and finds what comes later", async () => {
    const logs = await openWithStream();
    await put(logs, NOW - 3, NOW - 2, NOW - 1);
    const first = await logs.call("GetLogEvents", { ...STREAM, startFromHead: true, limit: 2 });
    expect(told(first.events)).toEqual(["-3", "-2"]);
    expect(first.nextForwardToken).toMatch(/^f\/\d{56}\/s$/);
    const second = await logs.call("GetLogEvents", { ...STREAM, nextToken: first.nextForwardToken });
    expect(told(second.events)).toEqual(["-1"]);
    const end = await logs.call("GetLogEvents", { ...STREAM, nextToken: second.nextForwardToken });
    expect(end.events).toEqual([]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
    await put(logs, NOW);
    const later = await logs.call("GetLogEvents", { ...STREAM, nextToken: end.nextForwardToken });
    expect(told(later.events)).toEqual(["0"]);
    // Turning back at the end begins with the last event.
    const back = await logs.call("GetLogEvents", { ...STREAM, nextToken: end.nextBackwardToken, limit: 2 });
    expect(told(back.events)).toEqual(["-2", "-1"]);
  });

  test("GetLogEvents without a token begins with the latest and goes back, each page oldest first", async () => {
    const logs = await openWithStream();
    await put(logs, NOW - 3, NOW - 2, NOW - 1);
    const last = await logs.call("GetLogEvents", { ...STREAM, limit: 2 });
    expect(told(last.events)).toEqual(["-2", "-1"]);
    const before = await logs.call("GetLogEvents", { ...STREAM, limit: 2, nextToken: last.nextBackwardToken });
    expect(told(before.events)).toEqual(["-3"]);
    const start = await logs.call("GetLogEvents", { ...STREAM, nextToken: before.nextBackwardToken });
    expect(start.nextBackwardToken).toBe(before.nextBackwardToken);
    const again = await logs.call("GetLogEvents", { ...STREAM, nextToken: start.nextForwardToken });
    expect(told(again.events)).toEqual(["-3", "-2", "-1"]);
  });

  test("GetLogEvents of an empty stream gives tokens that find the first event", async () => {
    const logs = await openWithStream();
    const empty = await logs.call("GetLogEvents", STREAM);
    await put(logs, NOW);
    expect(told((await logs.call("GetLogEvents", { ...STREAM, nextToken: empty.nextForwardToken })).events)).toEqual([
      "0",
    ]);
  });

  test("GetLogEvents asks for a time, whose end is not included", async () => {
    const logs = await openWithStream();
    await put(logs, NOW - 3, NOW - 2, NOW - 1);
    const asked = { ...STREAM, startTime: NOW - 3, endTime: NOW - 1, startFromHead: true };
    expect(told((await logs.call("GetLogEvents", asked)).events)).toEqual(["-3", "-2"]);
  });

  test("GetLogEvents answers no more than 1 MB", async () => {
    const logs = await openWithStream();
    for (let count = 0; count < 3; count += 1) {
      await logs.call("PutLogEvents", { ...STREAM, logEvents: [{ timestamp: NOW, message: "x".repeat(500_000) }] });
    }
    expect((await logs.call("GetLogEvents", STREAM)).events).toHaveLength(2);
    expect((await logs.call("FilterLogEvents", { logGroupName: "g" })).nextToken).toBeUndefined();
  });

  test.each(["x", "f/1/s", "f/", `g/${"1".repeat(56)}/s`])("GetLogEvents refuses the token %s", async (nextToken) => {
    const logs = await openWithStream();
    expect(await refusal(logs.call("GetLogEvents", { ...STREAM, nextToken }))).toBe(
      "InvalidParameterException: The specified nextToken is invalid.",
    );
  });
});

describe("FilterLogEvents", () => {
  test("FilterLogEvents pages through all streams in order of time", async () => {
    const logs = await openWithStream();
    await logs.call("CreateLogStream", { logGroupName: "g", logStreamName: "t" });
    await put(logs, NOW - 30, NOW - 10);
    await logs.call("PutLogEvents", {
      logGroupName: "g",
      logStreamName: "t",
      logEvents: [{ timestamp: NOW - 20, message: "at t" }],
    });
    const first = await logs.call("FilterLogEvents", { logGroupName: "g", limit: 2, interleaved: true });
    expect(told(first.events)).toEqual(["-30", "t"]);
    expect(first.searchedLogStreams).toEqual([]);
    expect(first.events?.[0]).toMatchObject({
      logStreamName: "s",
      ingestionTime: NOW,
      eventId: expect.stringMatching(/^\d{56}$/),
    });
    const input = { logGroupName: "g", limit: 2, interleaved: true, nextToken: first.nextToken };
    const second = await logs.call("FilterLogEvents", input);
    expect(told(second.events)).toEqual(["-10"]);
    expect(second.nextToken).toBeUndefined();
    expect(await refusal(logs.at(NOW + DAY + 1).call("FilterLogEvents", input))).toBe(
      "InvalidParameterException: The specified nextToken is invalid.",
    );
    expect(await refusal(logs.call("FilterLogEvents", { ...input, filterPattern: "at" }))).toContain("nextToken");
  });

  test("FilterLogEvents asks for streams, a prefix, a time whose end is included, and the other direction", async () => {
    const logs = await openWithStream();
    await logs.call("CreateLogStream", { logGroupName: "g", logStreamName: "t" });
    await put(logs, NOW - 3, NOW - 2, NOW - 1);
    const filter = async (input: object): Promise<unknown> =>
      told((await logs.call("FilterLogEvents", { logGroupName: "g", ...input })).events);
    expect(await filter({ logStreamNames: ["t"] })).toEqual([]);
    expect(await filter({ logStreamNamePrefix: "s", startTime: NOW - 2, endTime: NOW - 1 })).toEqual(["-2", "-1"]);
    expect(await filter({ startFromHead: false })).toEqual(["-1", "-2", "-3"]);
    expect(await refusal(filter({ logStreamNames: ["t", "x"] }))).toBe(
      "ResourceNotFoundException: The specified log stream does not exist.",
    );
    expect(await refusal(filter({ logStreamNames: ["t"], logStreamNamePrefix: "t" }))).toContain("mutually exclusive");
  });

  test("FilterLogEvents finds what matches, over as many pages as it takes", async () => {
    const logs = await openWithStream();
    const logEvents = Array.from({ length: 200 }, (_, at) => ({
      timestamp: NOW,
      message: at % 50 === 0 ? `ERROR ${at}` : "fine",
    }));
    await logs.call("PutLogEvents", { ...STREAM, logEvents });
    const found: unknown[] = [];
    let nextToken: string | undefined;
    do {
      const page = await logs.call("FilterLogEvents", {
        logGroupName: "g",
        filterPattern: "ERROR",
        limit: 1,
        nextToken,
      });
      found.push(...(page.events ?? []).map(({ message }) => message));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(found).toEqual(["ERROR 0", "ERROR 50", "ERROR 100", "ERROR 150"]);
  });
});

describe("GetLogRecord", () => {
  test("GetLogRecord tells the fields of one event", async () => {
    const logs = await openWithStream();
    const message = JSON.stringify({ user: { name: "ann" }, list: [1, null], __proto__: undefined });
    await logs.call("PutLogEvents", { ...STREAM, logEvents: [{ timestamp: NOW, message }] });
    const [event] = (await logs.call("FilterLogEvents", { logGroupName: "g" })).events ?? [];
    const logRecordPointer = recordPointer(`arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g`, event?.eventId ?? "");
    expect((await logs.call("GetLogRecord", { logRecordPointer })).logRecord).toEqual({
      "user.name": "ann",
      "list.0": "1",
      "list.1": "null",
      "@timestamp": `${NOW}`,
      "@ingestionTime": `${NOW}`,
      "@message": message,
      "@logStream": "s",
      "@log": `${ACCOUNT}:g`,
      "@ptr": logRecordPointer,
    });
    expect(await refusal(logs.call("GetLogRecord", { logRecordPointer: "x" }))).toContain("InvalidParameterException");
    const other = recordPointer(
      `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g`,
      eventIdOf({ timestamp: NOW, sequence: 999 }),
    );
    expect(await refusal(logs.call("GetLogRecord", { logRecordPointer: other }))).toContain(
      "ResourceNotFoundException",
    );
    expect(await refusal(logs.as("210987654321").call("GetLogRecord", { logRecordPointer }))).toContain(
      "ResourceNotFoundException",
    );
  });
});
