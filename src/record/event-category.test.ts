import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isDataEvent } from "./index.ts";
import { SAMPLES, sampleRecords } from "./samples.fixture.ts";

describe("isDataEvent()", () => {
  test.each([
    ["s3", "GetObject", true],
    ["s3", "ListObjects", true],
    ["s3", "ListBuckets", false],
    ["s3", "PutBucketPolicy", false],
    ["lambda", "Invoke", true],
    ["lambda", "CreateFunction20150331", false],
    ["dynamodb", "PutItem", true],
    ["dynamodb", "DeleteTable", false],
    ["sns", "Publish", true],
    ["sqs", "ReceiveMessage", true],
    ["sqs", "PurgeQueue", false],
    ["kms", "Decrypt", false],
    ["bedrock", "InvokeModel", false],
    ["bedrock", "InvokeAgent", true],
    ["geo-places", "Geocode", true],
    ["sms-voice", "SendTextMessage", true],
    ["ebs", "StartSnapshot", false],
    ["nobody", "GetObject", false],
  ])("says of %s %s: %s", (service, name, expected) => {
    expect(isDataEvent(`${service}.amazonaws.com`, name)).toBe(expected);
  });

  test("does not take what names no service of AWS for one", () => {
    expect(isDataEvent("s3", "GetObject")).toBe(false);
    expect(isDataEvent("constructor", "toString")).toBe(false);
  });

  test.skipIf(!existsSync(SAMPLES))("agrees with the records that AWS wrote (needs ../shared/data/records)", () => {
    const wrong = new Set<string>();
    let compared = 0;
    for (const { managementEvent, eventSource, eventName } of sampleRecords()) {
      if (managementEvent === undefined) continue;
      compared += 1;
      if (isDataEvent(eventSource, eventName) === managementEvent) wrong.add(`${eventSource}:${eventName}`);
    }
    expect(compared).toBeGreaterThan(1000);
    expect([...wrong]).toEqual([]);
  });
});
