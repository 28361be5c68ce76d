import { describe, expect, test } from "vitest";
import { ACCOUNT, openTopicsWorld } from "../../topics/open-topics.fixture.ts";
import { openSns, type Sns } from "./open-sns.fixture.ts";

const ALARMS = `arn:aws:sns:us-east-1:${ACCOUNT}:opentrail-alarms`;

/** A topic of that name with one subscriber by mail; its ARN. */
async function subscribed(sns: Sns, name: string): Promise<string> {
  const { TopicArn = "" } = await sns.call("CreateTopic", { Name: name });
  await sns.call("Subscribe", { TopicArn, Protocol: "email", Endpoint: "watch@example.org" });
  const { Token = "" } = /Token=(?<Token>\w+)/.exec(sns.newest().body)?.groups ?? {};
  const { SubscriptionArn = "" } = await sns.unsigned("ConfirmSubscription", { TopicArn, Token });
  return SubscriptionArn;
}

async function open() {
  const world = await openTopicsWorld();
  const sns = openSns({ ...world, alarmsTopic: ALARMS }, ACCOUNT);
  return { world, sns, SubscriptionArn: await subscribed(sns, "opentrail-alarms") };
}

const FILTER = { AttributeName: "FilterPolicy", AttributeValue: '{"no":["such"]}' };
const DISPLAY = { AttributeName: "DisplayName", AttributeValue: "cats" };

describe("tellBefore()", () => {
  test.each<[string, (sns: Sns, SubscriptionArn: string) => Promise<unknown>]>([
    ["DeleteTopic", (sns) => sns.call("DeleteTopic", { TopicArn: ALARMS })],
    ["RemovePermission", (sns) => sns.call("RemovePermission", { TopicArn: ALARMS, Label: "x" })],
    ["SetTopicAttributes", (sns) => sns.call("SetTopicAttributes", { TopicArn: ALARMS, ...DISPLAY })],
    [
      "SetSubscriptionAttributes",
      (sns, arn) => sns.call("SetSubscriptionAttributes", { SubscriptionArn: arn, ...FILTER }),
    ],
    ["Unsubscribe", (sns, SubscriptionArn) => sns.call("Unsubscribe", { SubscriptionArn })],
  ])("tells subscribers of %s while it can", async (name, call) => {
    const { world, sns, SubscriptionArn } = await open();
    const before = world.deliveries.length;
    await call(sns, SubscriptionArn);
    const [told, ...more] = world.deliveries.slice(before);
    expect(told).toMatchObject({ kind: "email", endpoint: "watch@example.org" });
    expect(told?.body).toContain(`arn:aws:iam::${ACCOUNT}:root calls ${name} `);
    expect(more).toEqual([]);
  });

  test("tells of who follows a link too", async () => {
    const { world, sns, SubscriptionArn } = await open();
    const before = world.deliveries.length;
    await sns.unsigned("Unsubscribe", { SubscriptionArn });
    expect(world.deliveries.slice(before).map(({ parameters }) => parameters["subject"])).toEqual([
      "OpenTrail: the topic of alarms is changed",
      "AWS Notification - Unsubscribe Confirmation",
    ]);
  });

  test("says nothing of other topics", async () => {
    const { world, sns } = await open();
    const SubscriptionArn = await subscribed(sns, "opentrail-alarms-of-others");
    const before = world.deliveries.length;
    await sns.call("SetSubscriptionAttributes", { SubscriptionArn, ...FILTER });
    await sns.call("DeleteTopic", { TopicArn: `${ALARMS}-of-others` });
    expect(world.deliveries.length).toBe(before);
  });
});
