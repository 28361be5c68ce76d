import * as cloudtrail from "@aws-sdk/client-cloudtrail";
import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { DeleteTopicCommand, SetTopicAttributesCommand, type SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { ACCOUNT, bucketPolicy, keysOf, s3Of, trailArn, until } from "../../trail.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { createTopic, messagesTo, REGION, snsOf, subscribeHook, TO_THIS_MACHINE, topicArn } from "./topics-world.ts";

const BUCKET = "notified-logs";
const TRAIL = "notified";

const VALIDATED = { EnableLogFileValidation: true };

let server: TestServer;
let hook: Webhook;
let sns: SNSClient;
let trails: cloudtrail.CloudTrailClient;

beforeAll(async () => {
  server = await startServer({
    flags: ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s", ...TO_THIS_MACHINE],
  });
  hook = await startWebhook();
  sns = snsOf(server);
  trails = new cloudtrail.CloudTrailClient({ endpoint: server.endpoint, region: REGION, credentials: server.root });
  await createTopic(sns, "deliveries");
  await subscribeHook(sns, hook, topicArn("deliveries"), "/deliveries");
});

afterAll(async () => {
  sns.destroy();
  trails.destroy();
  await Promise.all([server.stop(), hook.stop()]);
});

/** The statement that AWS's documentation has owners add to a topic. */
function notifyPolicy(name: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSCloudTrailSNSPolicy20131101",
        Effect: "Allow",
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Action: "SNS:Publish",
        Resource: topicArn(name),
        Condition: { StringEquals: { "aws:SourceArn": trailArn(TRAIL) } },
      },
    ],
  });
}

async function setPolicy(AttributeValue: string): Promise<void> {
  const TopicArn = topicArn("deliveries");
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
}

function texts(): readonly string[] {
  return messagesTo(hook, "/deliveries").map(({ Message = "" }) => Message);
}

function announced(): readonly string[] {
  return texts().flatMap((text) =>
    text.startsWith("{") ? (JSON.parse(text) as { readonly s3ObjectKey: readonly string[] }).s3ObjectKey : [],
  );
}

const status = (): Promise<cloudtrail.GetTrailStatusCommandOutput> =>
  trails.send(new cloudtrail.GetTrailStatusCommand({ Name: TRAIL }));

const create = (SnsTopicName: string): Promise<cloudtrail.CreateTrailCommandOutput> =>
  trails.send(new cloudtrail.CreateTrailCommand({ Name: TRAIL, S3BucketName: BUCKET, SnsTopicName, ...VALIDATED }));

test("a trail cannot be made for a topic that does not let CloudTrail publish, or is not there", async () => {
  const s3 = s3Of(server);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: bucketPolicy(BUCKET, TRAIL) }));
  s3.destroy();
  for (const name of ["deliveries", "absent"]) {
    await expect(create(name)).rejects.toMatchObject({ name: "InsufficientSnsTopicPolicyException" });
  }
  await expect(create("a b")).rejects.toMatchObject({ name: "InvalidSnsTopicNameException" });
  expect(texts()).toEqual([]);
});

test("a topic hears first that it is one, then of every log file, in AWS's form", async () => {
  await setPolicy(notifyPolicy("deliveries"));
  expect(await create("deliveries")).toMatchObject({ SnsTopicName: "deliveries", SnsTopicARN: topicArn("deliveries") });
  await until("validation", texts, ({ length }) => length > 0);
  expect(texts()).toEqual(["CloudTrail validation message."]);
  await trails.send(new cloudtrail.StartLoggingCommand({ Name: TRAIL }));
  // Each question is a record that waits for the next file.
  const files = async (): Promise<readonly string[]> => {
    await status();
    return announced();
  };
  await until("two files", files, ({ length }) => length >= 2);
  const told = messagesTo(hook, "/deliveries").slice(1);
  for (const { Subject, Message = "" } of told) {
    expect(Subject).toBeUndefined();
    expect(JSON.parse(Message)).toEqual({
      s3Bucket: BUCKET,
      s3ObjectKey: [expect.stringMatching(`^AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/.*\\.json\\.gz$`)],
    });
  }
  const { LatestNotificationTime, LatestNotificationAttemptSucceeded, LatestNotificationError } = await status();
  expect(LatestNotificationTime?.getTime()).toBeGreaterThan(Date.now() - 30_000);
  expect(LatestNotificationAttemptSucceeded).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(LatestNotificationError ?? "").toBe("");
});

test("GetTrailStatus tells that the topic refuses, and that it takes notifications again", async () => {
  await setPolicy("");
  const refused = await until("an error", status, ({ LatestNotificationError = "" }) => LatestNotificationError !== "");
  expect(refused.LatestNotificationError).toMatch(/^AuthorizationError\b/);
  await setPolicy(notifyPolicy("deliveries"));
  await until("no error", status, ({ LatestNotificationError = "" }) => LatestNotificationError === "");
  await sns.send(new DeleteTopicCommand({ TopicArn: topicArn("deliveries") }));
  const gone = await until("an error", status, ({ LatestNotificationError = "" }) => LatestNotificationError !== "");
  expect(gone.LatestNotificationError).toMatch(/^NotFound\b/);
});

test("each file was announced once, except while the topic refused; digests never are", async () => {
  await trails.send(new cloudtrail.StopLoggingCommand({ Name: TRAIL }));
  const s3 = s3Of(server);
  const files = await keysOf(s3, BUCKET, "/CloudTrail/");
  await until(
    "a digest",
    () => keysOf(s3, BUCKET, "/CloudTrail-Digest/"),
    ({ length }) => length > 0,
  );
  s3.destroy();
  expect(new Set(announced()).size).toBe(announced().length);
  expect(announced().filter((key) => !files.includes(key))).toEqual([]);
  expect(announced().length).toBeLessThan(files.length);
});
