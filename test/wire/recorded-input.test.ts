import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callerOf, type TestRecord } from "../calls.ts";
import { readJournal } from "../read-journal.ts";
import { startServer } from "../server.ts";

const WORDS = "what nobody else shall read";

test("messages, events and data are told by their calls alone, not by what they say", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-recorded-"));
  const server = await startServer({ dataDirectory });
  const call = callerOf(server);
  const { output: topic } = await call("sns", "CreateTopic", { Name: "news" });
  const { TopicArn } = topic;
  await call("logs", "CreateLogGroup", { logGroupName: "app" });
  await call("logs", "CreateLogStream", { logGroupName: "app", logStreamName: "one" });
  const message = {
    Message: WORDS,
    Subject: WORDS,
    MessageAttributes: { a: { DataType: "String", StringValue: WORDS } },
  };
  const datum = { MetricName: "m", Value: 1, Dimensions: [{ Name: "d", Value: WORDS }] };
  const event = { Source: "shop", DetailType: "sale", Detail: JSON.stringify({ words: WORDS }) };
  const calls: readonly (readonly [Parameters<typeof call>[0], string, Record<string, unknown>])[] = [
    ["sns", "Publish", { TopicArn, ...message }],
    ["sns", "PublishBatch", { TopicArn, PublishBatchRequestEntries: [{ Id: "1", ...message }] }],
    ["events", "PutEvents", { Entries: [event] }],
    ["cloudwatch", "PutMetricData", { Namespace: "shop", MetricData: [datum] }],
    [
      "logs",
      "PutLogEvents",
      { logGroupName: "app", logStreamName: "one", logEvents: [{ timestamp: BigInt(Date.now()), message: WORDS }] },
    ],
  ];
  for (const [service, operation, input] of calls) {
    const { status, message: why } = await call(service, operation, input);
    expect([operation, status, why]).toEqual([operation, 200, ""]);
  }
  await call("sns", "ConfirmSubscription", { TopicArn, Token: `token ${WORDS}` });
  await server.stop();
  const { texts } = await readJournal(dataDirectory);
  rmSync(dataDirectory, { recursive: true });
  expect(texts.filter((text) => text.includes(WORDS))).toEqual([]);
  const records = texts.map((text) => JSON.parse(text) as TestRecord);
  const told = (name: string): unknown => records.find(({ eventName }) => eventName === name)?.requestParameters;
  const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";
  expect(told("Publish")).toEqual({ topicArn: TopicArn, message: HIDDEN, subject: HIDDEN });
  expect(told("PublishBatch")).toEqual({
    topicArn: TopicArn,
    publishBatchRequestEntries: [{ id: "1", message: HIDDEN, subject: HIDDEN }],
  });
  expect(told("PutEvents")).toEqual({ entries: [{ source: "shop", detailType: "sale", detail: HIDDEN }] });
  expect(told("PutMetricData")).toEqual({ namespace: "shop" });
  expect(told("PutLogEvents")).toEqual({ logGroupName: "app", logStreamName: "one" });
  expect(told("ConfirmSubscription")).toEqual({ topicArn: TopicArn });
});
