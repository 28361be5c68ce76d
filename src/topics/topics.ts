import type { Kysely, Selectable } from "kysely";
import { Refusal } from "../core/index.ts";
import type { NamedPolicy } from "../identity/index.ts";
import { effectiveTopicText } from "./delivery-policy.ts";
import { invalidParameter, notFound, tellProblems } from "./refusals.ts";
import type { TopicsSchema } from "./schema.ts";
import { type Attributes, checkTopicAttribute, withAttribute } from "./topic-attributes.ts";
import { parseTopicName, type TopicName, topicArn } from "./topic-arn.ts";
import { defaultTopicPolicy, namedTopicPolicy } from "./topic-policy.ts";
import { listTopicTags, sameTags, setTopicTags, type TopicTag } from "./topic-tags.ts";

type Tables = Kysely<TopicsSchema>;

/** A topic as it stands. */
export interface Topic extends TopicName {
  readonly attributes: Attributes;
}

export interface NewTopic {
  readonly region: string;
  readonly account: string;
  readonly name: string;
  readonly attributes?: Attributes | undefined;
  readonly tags?: readonly TopicTag[] | undefined;
}

/** Of an account in a Region. */
const TOPICS_MAX = 100_000;

/**
 * Makes the topic unless it is there already, and answers its ARN.
 * @throws {Refusal} `InvalidParameter` when it is there with other attributes or tags than those named, or something of it
 * is not valid; `TagLimitExceeded`, `TopicLimitExceeded`.
 */
export async function createTopic(tables: Tables, topic: NewTopic, now: number): Promise<string> {
  const { region, account, attributes = {}, tags } = topic;
  const name = parseTopicName(topic.name);
  const arn = topicArn(region, account, name);
  tellProblems("many", () => {
    for (const [attribute, value] of Object.entries(attributes)) checkTopicAttribute(attribute, value);
  });
  const known = await findTopic(tables, arn);
  if (known !== undefined) {
    await checkSame(tables, known, topic);
    return arn;
  }
  if ((await countTopics(tables, topic)) >= TOPICS_MAX) {
    throw new Refusal("TopicLimitExceeded", "Topic limit exceeded", 403);
  }
  const kept = Object.entries(attributes).reduce<Attributes>((all, [key, value]) => withAttribute(all, key, value), {});
  const row = { topic_arn: arn, account_id: account, region, name, attributes: JSON.stringify(kept), created_at: now };
  await tables.insertInto("topics").values(row).execute();
  await setTopicTags(tables, arn, tags ?? []);
  return arn;
}

async function checkSame(tables: Tables, known: Topic, { attributes = {}, tags }: NewTopic): Promise<void> {
  const differs = Object.entries(attributes).some(([name, value]) => {
    const kept = name === "Policy" ? policyText(known) : (known.attributes[name] ?? "");
    return withAttribute({}, name, value)[name] !== undefined && kept !== value;
  });
  if (differs) throw invalidParameter("Attributes Reason: Topic already exists with different attributes");
  if (tags !== undefined && !sameTags(await listTopicTags(tables, known.arn), tags)) {
    throw invalidParameter("Tags Reason: Topic already exists with different tags");
  }
}

async function countTopics(tables: Tables, { account, region }: NewTopic): Promise<number> {
  const { count } = await tables
    .selectFrom("topics")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("account_id", "=", account)
    .where("region", "=", region)
    .executeTakeFirstOrThrow();
  return count;
}

export async function findTopic(tables: Tables, arn: string): Promise<Topic | undefined> {
  const row = await tables.selectFrom("topics").selectAll().where("topic_arn", "=", arn).executeTakeFirst();
  return row === undefined ? undefined : topicOf(row);
}

/** @throws {Refusal} `NotFound`. */
export async function needTopic(tables: Tables, arn: string): Promise<Topic> {
  const topic = await findTopic(tables, arn);
  if (topic === undefined) throw notFound("Topic");
  return topic;
}

function topicOf(row: Selectable<TopicsSchema["topics"]>): Topic {
  const { topic_arn: arn, account_id: account, region, name } = row;
  return { arn, account, region, name, attributes: JSON.parse(row.attributes) as Attributes };
}

/** ARNs beyond `after` in their order. */
export async function listTopics(
  tables: Tables,
  { account, region }: { readonly account: string; readonly region: string },
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await tables
    .selectFrom("topics")
    .select("topic_arn")
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("topic_arn", ">", after)
    .orderBy("topic_arn")
    .limit(limit)
    .execute();
  return rows.map(({ topic_arn: arn }) => arn);
}

/** With everything that is its own; a topic that is not there is passed over. */
export async function deleteTopic(tables: Tables, arn: string): Promise<void> {
  await tables.deleteFrom("subscriptions").where("topic_arn", "=", arn).execute();
  await tables.deleteFrom("topic_tags").where("resource", "=", arn).execute();
  await tables.deleteFrom("topics").where("topic_arn", "=", arn).execute();
}

/** @throws {Refusal} `NotFound`, `InvalidParameter`. */
export async function setTopicAttribute(tables: Tables, arn: string, name: string, value: string): Promise<void> {
  const topic = await needTopic(tables, arn);
  tellProblems("one", () => checkTopicAttribute(name, value));
  await putAttributes(tables, arn, withAttribute(topic.attributes, name, value));
}

/** Changes the policy by what `change` makes of its text. */
export async function changeTopicPolicy(tables: Tables, arn: string, change: (text: string) => string): Promise<void> {
  const topic = await needTopic(tables, arn);
  await putAttributes(tables, arn, { ...topic.attributes, Policy: change(policyText(topic)) });
}

async function putAttributes(tables: Tables, arn: string, attributes: Attributes): Promise<void> {
  await tables
    .updateTable("topics")
    .set({ attributes: JSON.stringify(attributes) })
    .where("topic_arn", "=", arn)
    .execute();
}

function policyText({ arn, account, attributes }: Topic): string {
  return attributes.Policy ?? defaultTopicPolicy(arn, account);
}

/** The policy that decides who may do something with the topic. */
export function policyOfTopic(topic: Topic): NamedPolicy {
  return namedTopicPolicy(topic.arn, policyText(topic));
}

/** How many subscriptions a topic has in each state. */
export interface SubscriptionCounts {
  readonly confirmed: number;
  readonly pending: number;
  readonly deleted: number;
}

/** What GetTopicAttributes answers. */
export function shownTopicAttributes(topic: Topic, counts: SubscriptionCounts): Attributes {
  const { arn, account, attributes } = topic;
  return {
    Policy: policyText(topic),
    Owner: account,
    SubscriptionsPending: String(counts.pending),
    TopicArn: arn,
    EffectiveDeliveryPolicy: effectiveTopicText(attributes.DeliveryPolicy),
    SubscriptionsConfirmed: String(counts.confirmed),
    DisplayName: attributes.DisplayName ?? "",
    SubscriptionsDeleted: String(counts.deleted),
    ...attributes,
  };
}
