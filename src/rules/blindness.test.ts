import { describe, expect, test } from "vitest";
import type { JsonObject } from "../patterns/index.ts";
import { matchesPattern, parseEventPattern } from "../patterns/index.ts";
import { encodeRecord } from "../record/index.ts";
import { blindnessRules } from "./blindness.ts";
import { ACCOUNT, recordOf, REGION } from "./rules.fixture.ts";

const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:opentrail-alarms`;
const RULES = blindnessRules({ account: ACCOUNT, region: REGION, topicArn: TOPIC, buckets: ["trail-logs"] }).map(
  ({ rule: { name, eventPattern = "" } }) => ({ name, pattern: parseEventPattern(eventPattern) }),
);

/** The rules that want the record as it stands in the journal. */
function wantedBy(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const { bytes } = encodeRecord(recordOf(changes) as unknown as Parameters<typeof encodeRecord>[0]);
  const detail = JSON.parse(Buffer.from(bytes).toString()) as JsonObject;
  return RULES.filter(({ pattern }) => matchesPattern(pattern, { detail })).map(({ name }) => name);
}

const S3 = { eventSource: "s3.amazonaws.com", eventName: "PutBucketLifecycle" };
const SNS = { eventSource: "sns.amazonaws.com", eventName: "SetSubscriptionAttributes" };
const TRAIL = { eventSource: "cloudtrail.amazonaws.com", eventName: "PutEventSelectors" };
const LARGE = "x".repeat(101 * 1024);

describe("blindnessRules()", () => {
  test.each([
    ["a trail's bucket", { ...S3, requestParameters: { bucketName: "trail-logs" } }, ["bucket-changed"]],
    ["other buckets", { ...S3, requestParameters: { bucketName: "cats" } }, []],
    ["the topic", { ...SNS, requestParameters: { subscriptionArn: `${TOPIC}:1` } }, ["topic-changed"]],
    ["other topics", { ...SNS, requestParameters: { subscriptionArn: "arn:aws:sns:eu-central-1:1:cats:1" } }, []],
    ["a narrowed trail", { ...TRAIL, additionalEventData: { narrowed: ["no digest files"] } }, ["trail-narrowed"]],
    ["other changes of trails", TRAIL, []],
  ])("know %s", (_, changes, names) => {
    expect(wantedBy(changes)).toEqual(names.map((name) => `opentrail-blindness-${name}`));
  });

  test.each([
    ["a bucket", { ...S3, requestParameters: { bucketName: "trail-logs", LARGE } }, "bucket-changed"],
    ["a topic", { ...SNS, requestParameters: { subscriptionArn: `${TOPIC}:1`, LARGE } }, "topic-changed"],
    ["a trail", { ...TRAIL, additionalEventData: { narrowed: [LARGE] } }, "trail-narrowed"],
  ])("want changes of %s whose record had no room for what they are about", (_, changes, name) => {
    expect(wantedBy(changes)).toEqual([`opentrail-blindness-${name}`]);
  });
});
