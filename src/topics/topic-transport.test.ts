import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import type { Delivery } from "../deliveries/index.ts";
import { ACCOUNT, OTHER_ACCOUNT, openTopicsWorld, type TopicsWorld } from "./open-topics.fixture.ts";
import type { TopicsTables } from "./topic.ts";

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
const RULE = `arn:aws:events:us-east-1:${ACCOUNT}:rule/deletions`;
const ALARM = `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:root`;
const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/audit`;
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:inbox`;

function letting(Service: string, more: object = {}): string {
  const statement = {
    Sid: "let",
    Effect: "Allow",
    Principal: { Service },
    Action: "sns:Publish",
    Resource: TOPIC,
    ...more,
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

/** A topic with a queue that gets its messages raw. */
async function open(Policy?: string): Promise<TopicsWorld> {
  const world = await openTopicsWorld();
  const { tables, topics, now } = world;
  await tables.transaction().execute(async (transaction: Kysely<TopicsTables>) => {
    const attributes = Policy === undefined ? {} : { Policy };
    await topics.create(transaction, { region: "us-east-1", account: ACCOUNT, name: "news", attributes }, now);
    const topic = { arn: TOPIC, region: "us-east-1", account: ACCOUNT, name: "news", attributes };
    const wanted = { topic, protocol: "sqs", endpoint: QUEUE, attributes: {}, account: ACCOUNT, region: "us-east-1" };
    await topics.subscribe(transaction, wanted, now);
  });
  return world;
}

function deliveryFor(owner: string, more: Partial<Delivery> = {}): Delivery {
  return {
    id: "7",
    owner,
    target: "t",
    kind: "topic",
    endpoint: TOPIC,
    eventId: "e",
    body: "m",
    parameters: {},
    retry: { kind: "delays", delaysMs: [] },
    hops: 1,
    state: "pending",
    createdAt: 0,
    dueAt: 0,
    attempts: 0,
    deadLettered: false,
    ...more,
  };
}

const attempt = ({ topics }: TopicsWorld, delivery: Delivery) =>
  topics.transport(delivery, new AbortController().signal);

describe("topicTransport()", () => {
  test.each([
    ["a rule", RULE, letting("events.amazonaws.com", { Condition: { ArnLike: { "aws:SourceArn": RULE } } })],
    [
      "a trail",
      TRAIL,
      letting("cloudtrail.amazonaws.com", { Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } } }),
    ],
    ["an alarm", ALARM, letting("cloudwatch.amazonaws.com")],
    ["an alarm of the same account by default", ALARM, undefined],
  ])("publishes for %s, and tells the ledger", async (_, owner, policy) => {
    const world = await open(policy);
    const told = deliveryFor(owner, { parameters: { subject: 'ALARM: "root"' }, hops: 3 });
    expect(await attempt(world, told)).toEqual({ outcome: "delivered" });
    const [delivery] = world.deliveries;
    expect(delivery).toMatchObject({ endpoint: QUEUE, hops: 4 });
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({ Message: "m", Subject: 'ALARM: "root"' });
    expect(world.wakes()).toBe(1);
  });

  test("gives the same delivery the same message id, and others others", async () => {
    const world = await open(letting("events.amazonaws.com"));
    const first = deliveryFor(RULE);
    const others = [{ id: "8" }, { target: "u" }, { eventId: "f" }].map((more) => deliveryFor(RULE, more));
    for (const delivery of [first, first, ...others]) await attempt(world, delivery);
    const ids = world.deliveries.map(({ eventId }) => eventId);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
  });

  const needs = (service: string, arn: string) =>
    `AuthorizationError: the policy of topic ${TOPIC} does not let ${service} publish; it needs the statement {"Effect":"Allow","Principal":{"Service":"${service}"},"Action":"sns:Publish","Resource":"${TOPIC}","Condition":{"ArnEquals":{"aws:SourceArn":"${arn}"}}}`;
  const theirs = ALARM.replace(ACCOUNT, OTHER_ACCOUNT);

  test.each<[string, string, string | undefined, Partial<Delivery>, string]>([
    ["a rule by default", RULE, undefined, {}, needs("events.amazonaws.com", RULE)],
    ["an alarm of another account by default", theirs, undefined, {}, needs("cloudwatch.amazonaws.com", theirs)],
    [
      "another rule",
      `${RULE}2`,
      letting("events.amazonaws.com", { Condition: { ArnLike: { "aws:SourceArn": RULE } } }),
      {},
      needs("events.amazonaws.com", `${RULE}2`),
    ],
    [
      "a rule of another account, although the policy names no source",
      RULE.replace(ACCOUNT, OTHER_ACCOUNT),
      letting("events.amazonaws.com"),
      {},
      `topic ${TOPIC} belongs to another account than the rule`,
    ],
    ["another service", TRAIL, letting("events.amazonaws.com"), {}, needs("cloudtrail.amazonaws.com", TRAIL)],
    [
      "what is denied",
      RULE,
      letting("events.amazonaws.com", { Effect: "Deny" }),
      {},
      `AuthorizationError: statement let of the policy of topic ${TOPIC} denies events.amazonaws.com to publish`,
    ],
    [
      "a topic that is not there",
      RULE,
      undefined,
      { endpoint: `${TOPIC}2` },
      `NotFound: topic ${TOPIC}2 does not exist`,
    ],
    ["a subscription", `${TOPIC}:x`, undefined, {}, `${TOPIC}:x is nothing that publishes to topics`],
    [
      "too much",
      RULE,
      letting("events.amazonaws.com"),
      { body: "m".repeat(262_145) },
      "InvalidParameter: Invalid parameter: Message too long",
    ],
    [
      "nothing",
      RULE,
      letting("events.amazonaws.com"),
      { body: "" },
      "InvalidParameter: Invalid parameter: Empty message",
    ],
  ])("gives up on %s, and says why", async (_, owner, policy, more, error) => {
    const world = await open(policy);
    expect(await attempt(world, deliveryFor(owner, more))).toEqual({ outcome: "failed", error });
    expect(world.deliveries).toEqual([]);
  });

  test.each([
    ["a\nb\u0000", "a b"],
    ["s".repeat(120), "s".repeat(100)],
    [`${"s".repeat(99)}😀`, "s".repeat(99)],
    ["\ud800", "\ufffd"],
    [" \t", undefined],
    [5, undefined],
  ])("makes of %j a subject that topics take", async (subject, expected) => {
    const world = await open(letting("events.amazonaws.com"));
    expect(await attempt(world, deliveryFor(RULE, { parameters: { subject } }))).toEqual({ outcome: "delivered" });
    expect((JSON.parse(world.deliveries[0]?.body ?? "") as { Subject?: string }).Subject).toBe(expected);
  });

  test("throws what may be better next time", async () => {
    const world = await open(letting("events.amazonaws.com"));
    await world.tables.schema.dropTable("subscriptions").execute();
    await expect(attempt(world, deliveryFor(RULE))).rejects.toThrow("subscriptions");
  });
});

describe("checkTopic()", () => {
  test("publishes AWS's message of validation where a trail may publish", async () => {
    const world = await open(letting("cloudtrail.amazonaws.com"));
    expect(await world.topics.checkTopic(TOPIC, TRAIL)).toBe(true);
    expect(JSON.parse(world.deliveries[0]?.body ?? "")).toMatchObject({ Message: "CloudTrail validation message." });
  });

  test.each([
    ["a policy that does not let the trail", TOPIC, TRAIL],
    ["a topic that is not there", `${TOPIC}2`, TRAIL],
    ["what is no trail", TOPIC, QUEUE],
  ])("answers false for %s", async (_, topic, trail) => {
    const world = await open();
    expect(await world.topics.checkTopic(topic, trail)).toBe(false);
    expect(world.deliveries).toEqual([]);
  });
});
