import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as cloudtrail from "@aws-sdk/client-cloudtrail";
import * as events from "@aws-sdk/client-eventbridge";
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { DeleteTopicCommand, PublishCommand, SetTopicAttributesCommand, type SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { bucketPolicy, keysOf, s3Of, startTrail, until } from "../../trail.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { type Message, messagesTo, REGION, snsOf, subscribeHook, TO_THIS_MACHINE, topicArn } from "./topics-world.ts";

const TRAIL = "watched";
const BUCKET = "watched-logs";
const ALARMS = topicArn("opentrail-alarms");

let server: TestServer;
let hook: Webhook;
let sns: SNSClient;
let trails: cloudtrail.CloudTrailClient;
let rules: events.EventBridgeClient;

beforeAll(async () => {
  const every = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s", "--trails-check-interval", "1s"];
  server = await startServer({ flags: [...every, ...TO_THIS_MACHINE] });
  hook = await startWebhook();
  sns = snsOf(server);
  const options = { endpoint: server.endpoint, region: REGION, credentials: server.root };
  trails = new cloudtrail.CloudTrailClient(options);
  rules = new events.EventBridgeClient(options);
  await subscribeHook(sns, hook, ALARMS, "/alarms");
  await startTrail(server, { bucket: BUCKET, trail: TRAIL });
});

afterAll(async () => {
  for (const client of [sns, trails, rules]) client.destroy();
  await Promise.all([server.stop(), hook.stop()]);
});

interface Alarm {
  readonly detail: Readonly<Record<string, unknown>> & { readonly eventName: string; readonly eventID: string };
}

/** Not those that tell that the topic itself is changed. */
function alarms(): readonly Alarm[] {
  const rules = messagesTo(hook, "/alarms").filter(({ Message = "" }) => Message.startsWith("{"));
  return rules.map(({ Message = "" }) => JSON.parse(Message) as Alarm);
}

/** Waits for the first alarm about a call or an event; resolves with its record. */
async function alarmOf(eventName: string, count = 1): Promise<Alarm["detail"]> {
  const about = (): readonly Alarm[] => alarms().filter(({ detail }) => detail.eventName === eventName);
  const found = await until(`an alarm of ${eventName}`, about, ({ length }) => length >= count);
  return (found[count - 1] as Alarm).detail;
}

test("what only reads, or makes more be logged, alarms nobody", async () => {
  await trails.send(new cloudtrail.GetTrailStatusCommand({ Name: TRAIL }));
  await trails.send(
    new cloudtrail.PutEventSelectorsCommand({
      TrailName: TRAIL,
      EventSelectors: [
        { ReadWriteType: "All", DataResources: [{ Type: "AWS::S3::Object", Values: ["arn:aws:s3:::other/"] }] },
      ],
    }),
  );
  await sns.send(new PublishCommand({ TopicArn: ALARMS, Message: '{"detail":{"eventName":"Test"}}' }));
  await alarmOf("Test");
  expect(alarms().map(({ detail }) => detail.eventName)).toEqual(["Test"]);
});

describe("alarms", () => {
  test("PutEventSelectors that narrows is told, with what is lost", async () => {
    const EventSelectors = [{ ReadWriteType: "WriteOnly" as const }];
    await trails.send(new cloudtrail.PutEventSelectorsCommand({ TrailName: TRAIL, EventSelectors }));
    const { additionalEventData, userIdentity } = await alarmOf("PutEventSelectors");
    expect(additionalEventData).toMatchObject({ narrowed: expect.arrayContaining([expect.any(String)]) });
    expect(userIdentity).toMatchObject({ type: "Root" });
  });

  test("UpdateTrail that ends validation is told", async () => {
    const ended = { Name: TRAIL, EnableLogFileValidation: false };
    await trails.send(new cloudtrail.UpdateTrailCommand(ended));
    expect(await alarmOf("UpdateTrail")).toMatchObject({ additionalEventData: { narrowed: ["no digest files"] } });
    await trails.send(new cloudtrail.UpdateTrailCommand({ ...ended, EnableLogFileValidation: true }));
  });

  test("changes of a trail's bucket are told; of another they are not", async () => {
    const s3 = s3Of(server);
    await s3.send(new CreateBucketCommand({ Bucket: "somebody-elses" }));
    const policy = (Bucket: string): PutBucketPolicyCommand =>
      new PutBucketPolicyCommand({ Bucket, Policy: bucketPolicy(Bucket, TRAIL) });
    await s3.send(policy("somebody-elses"));
    await s3.send(policy(BUCKET));
    // The first was startTrail's, when the bucket was no trail's yet.
    expect(await alarmOf("PutBucketPolicy")).toMatchObject({ requestParameters: { bucketName: BUCKET } });
    const VersioningConfiguration = { Status: "Suspended" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
    expect(await alarmOf("PutBucketVersioning")).toMatchObject({ requestParameters: { bucketName: BUCKET } });
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
    await alarmOf("DeleteBucketPolicy");
    await s3.send(policy(BUCKET));
    await alarmOf("PutBucketPolicy", 2);
    s3.destroy();
    expect(JSON.stringify(alarms())).not.toContain("somebody-elses");
  });

  test("a log file that was taken out of its bucket is told, though no call took it", async () => {
    const s3 = s3Of(server);
    const [key = ""] = await until(
      "a file",
      () => keysOf(s3, BUCKET, "/CloudTrail/"),
      ({ length }) => length > 0,
    );
    s3.destroy();
    removeFromDisk(key);
    expect(await alarmOf("LogFileDeleted")).toMatchObject({
      eventType: "AwsServiceEvent",
      eventSource: "opentrail.amazonaws.com",
      serviceEventDetails: expect.objectContaining({ key }),
    });
  });

  test("StopLogging and DeleteTrail are told, those in vain too", async () => {
    await trails.send(new cloudtrail.StopLoggingCommand({ Name: TRAIL }));
    expect(await alarmOf("StopLogging")).toMatchObject({ requestParameters: { name: TRAIL } });
    const absent = trails.send(new cloudtrail.DeleteTrailCommand({ Name: "absent" }));
    await expect(absent).rejects.toMatchObject({ name: "TrailNotFoundException" });
    expect(await alarmOf("DeleteTrail")).toMatchObject({ errorCode: "TrailNotFoundException" });
    await trails.send(new cloudtrail.DeleteTrailCommand({ Name: TRAIL }));
    expect(await alarmOf("DeleteTrail", 2)).not.toHaveProperty("errorCode");
  });

  test("each was told once", () => {
    const ids = alarms().flatMap(({ detail }) => detail.eventID ?? []);
    expect(ids.length).toBeGreaterThan(8);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

/** Takes an object away behind the server's back, as a disk would, or an intruder. */
function removeFromDisk(key: string): void {
  const [file, ...others] = globSync(join(server.dataDirectory, "buckets", BUCKET, "**", `${key.split("/").at(-1)}*`));
  if (file === undefined || others.length > 0) throw new Error(`not one file of ${key}`);
  rmSync(file);
}

describe("OpenTrail's own rules", () => {
  test("can be read, and not changed or left out", async () => {
    const { Rules = [] } = await rules.send(new events.ListRulesCommand({ NamePrefix: "opentrail-blindness-" }));
    expect(Rules.length).toBeGreaterThanOrEqual(8);
    for (const { Name, ManagedBy, State } of Rules) {
      expect({ Name, ManagedBy, State }).toEqual({ Name, ManagedBy: "opentrail.amazonaws.com", State: "ENABLED" });
    }
    const Name = Rules[0]?.Name;
    const Force = true;
    const changes = [
      () => rules.send(new events.DisableRuleCommand({ Name })),
      () => rules.send(new events.DeleteRuleCommand({ Name })),
      () => rules.send(new events.DeleteRuleCommand({ Name, Force })),
      () => rules.send(new events.PutRuleCommand({ Name, EventPattern: '{"source":["none"]}' })),
      () => rules.send(new events.PutTargetsCommand({ Rule: Name, Targets: [{ Id: "alarms", Arn: topicArn("x") }] })),
      () => rules.send(new events.RemoveTargetsCommand({ Rule: Name, Ids: ["alarms"] })),
      () => rules.send(new events.RemoveTargetsCommand({ Rule: Name, Ids: ["alarms"], Force })),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject({ name: "ManagedRuleException" });
    const { Targets } = await rules.send(new events.ListTargetsByRuleCommand({ Rule: Name }));
    expect(Targets).toEqual([{ Id: "alarms", Arn: ALARMS }]);
  });

  test("have a topic that tells who silences it, while it still can", async () => {
    const silencing = (): readonly Message[] =>
      messagesTo(hook, "/alarms").filter(({ Subject }) => Subject === "OpenTrail: the topic of alarms is changed");
    const set = { TopicArn: ALARMS, AttributeName: "Policy", AttributeValue: "" };
    await sns.send(new SetTopicAttributesCommand(set));
    await sns.send(new DeleteTopicCommand({ TopicArn: ALARMS }));
    const told = await until("both", silencing, ({ length }) => length >= 2);
    const calls = told.map(({ Message = "" }) => /:root calls (\w+) /.exec(Message)?.[1]);
    expect(new Set(calls)).toEqual(new Set(["SetTopicAttributes", "DeleteTopic"]));
  });
});
