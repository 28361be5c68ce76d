import { createHash } from "node:crypto";
import { type Kysely, type Selectable, sql } from "kysely";
import { type Random, Refusal } from "../core/index.ts";
import { effectiveSubscriptionText } from "./delivery-policy.ts";
import { accountOfEndpoint, parseProtocol, requiredEndpoint } from "./endpoint.ts";
import { invalidParameter, notFound, tellProblems } from "./refusals.ts";
import type { TopicsSchema } from "./schema.ts";
import { checkSubscriptionAttributeName, checkSubscriptionAttributes } from "./subscription-attributes.ts";
import type { Attributes } from "./topic-attributes.ts";
import { topicOfSubscription } from "./topic-arn.ts";
import type { SubscriptionCounts, Topic } from "./topics.ts";

type Tables = Kysely<TopicsSchema>;
type Row = Selectable<TopicsSchema["subscriptions"]>;

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  /** Who subscribed. */
  readonly account: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly attributes: Attributes;
  readonly state: "pending" | "confirmed" | "deleted";
  readonly authenticated: boolean;
}

export interface NewSubscription {
  readonly topic: Topic;
  readonly protocol: string;
  readonly endpoint: string | undefined;
  readonly attributes: Attributes;
  /** Who subscribes, and where. */
  readonly account: string;
  readonly region: string;
}

/** A subscription as it is now, and the token that its endpoint must be told. */
export interface Subscribed {
  readonly subscription: Subscription;
  readonly token?: string;
}

/** How long a token is good for; whatever nobody confirmed is gone then. */
const TOKEN_MS = 2 * 24 * 60 * 60 * 1000;
/** Of an account that nobody confirmed yet, as AWS has it. */
const PENDING_MAX = 5000;
/** Of a topic; AWS has more, but here each message is written once for every one of them. */
const SUBSCRIPTIONS_MAX = 10_000;
/** Of a topic. */
const FILTERS_MAX = 200;

/**
 * Subscribes, or finds the same subscription. Queues, functions and streams of the subscriber's own account need nobody's
 * confirmation; others get a token, and a new one each time they are subscribed until they are confirmed.
 * @throws {Refusal} `InvalidParameter`, `FilterPolicyLimitExceeded`, `SubscriptionLimitExceeded`.
 */
export async function subscribe(
  tables: Tables,
  wanted: NewSubscription,
  random: Random,
  now: number,
): Promise<Subscribed> {
  await sweep(tables, now);
  const { topic, attributes, account, region } = wanted;
  const protocol = parseProtocol(wanted.protocol);
  const endpoint = requiredEndpoint(wanted.endpoint);
  protocol.check(endpoint);
  tellProblems("many", () => checkSubscriptionAttributes(attributes, protocol));
  const known = await findSame(tables, topic.arn, protocol.name, endpoint);
  if (known !== undefined) return subscribeAgain(tables, known, attributes, random, now);
  await checkQuotas(tables, wanted);
  const isOwn = accountOfEndpoint(endpoint) === account;
  const token = isOwn ? undefined : newToken(random);
  const row: Row = {
    subscription_arn: `${topic.arn}:${random.uuid()}`,
    topic_arn: topic.arn,
    account_id: account,
    region,
    protocol: protocol.name,
    endpoint,
    attributes: JSON.stringify(attributes),
    state: isOwn ? "confirmed" : "pending",
    token_hash: token === undefined ? null : hashOf(token),
    token_expires_at: token === undefined ? null : now + TOKEN_MS,
    // Who may use the endpoint has signed.
    authenticated: isOwn ? 1 : 0,
    created_at: now,
  };
  await tables.insertInto("subscriptions").values(row).execute();
  return { subscription: subscriptionOf(row), ...(token === undefined ? {} : { token }) };
}

async function subscribeAgain(
  tables: Tables,
  known: Subscription,
  attributes: Attributes,
  random: Random,
  now: number,
): Promise<Subscribed> {
  if (Object.entries(attributes).some(([name, value]) => known.attributes[name] !== value)) {
    throw invalidParameter("Attributes Reason: Subscription already exists with different attributes");
  }
  if (known.state === "confirmed") return { subscription: known };
  const token = newToken(random);
  await change(tables, known.arn, { token_hash: hashOf(token), token_expires_at: now + TOKEN_MS });
  return { subscription: known, token };
}

async function findSame(
  tables: Tables,
  topicArn: string,
  protocol: string,
  endpoint: string,
): Promise<Subscription | undefined> {
  const row = await tables
    .selectFrom("subscriptions")
    .selectAll()
    .where("topic_arn", "=", topicArn)
    .where("protocol", "=", protocol)
    .where("endpoint", "=", endpoint)
    .where("state", "!=", "deleted")
    .executeTakeFirst();
  return row === undefined ? undefined : subscriptionOf(row);
}

async function checkQuotas(tables: Tables, { topic, account, attributes }: NewSubscription): Promise<void> {
  const all = tables.selectFrom("subscriptions").select(({ fn }) => fn.countAll<number>().as("count"));
  const ofTopic = all.where("topic_arn", "=", topic.arn).where("state", "!=", "deleted");
  const pending = all.where("account_id", "=", account).where("state", "=", "pending");
  if ((await ofTopic.executeTakeFirstOrThrow()).count >= SUBSCRIPTIONS_MAX) throw tooMany("Subscription");
  if ((await pending.executeTakeFirstOrThrow()).count >= PENDING_MAX) throw tooMany("Subscription");
  if (attributes.FilterPolicy !== undefined) await checkFilters(tables, topic.arn);
}

async function checkFilters(tables: Tables, topicArn: string): Promise<void> {
  const { count } = await tables
    .selectFrom("subscriptions")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("topic_arn", "=", topicArn)
    .where("state", "!=", "deleted")
    .where(sql`json_extract(attributes, '$.FilterPolicy')`, "is not", null)
    .executeTakeFirstOrThrow();
  if (count >= FILTERS_MAX) throw tooMany("FilterPolicy");
}

function tooMany(what: "Subscription" | "FilterPolicy"): Refusal {
  return new Refusal(`${what}LimitExceeded`, `${what} limit exceeded`, 403);
}

/**
 * Confirms what the token was made for; a second time it changes nothing.
 * @throws {Refusal} `InvalidParameter` when the token is none, or no more.
 */
export async function confirm(
  tables: Tables,
  topicArn: string,
  token: string,
  authenticated: boolean,
  now: number,
): Promise<Subscription> {
  if (!/^[0-9a-f]{64}$/.test(token)) throw invalidParameter("Token");
  const row = await tables
    .selectFrom("subscriptions")
    .selectAll()
    .where("topic_arn", "=", topicArn)
    .where("token_hash", "=", hashOf(token))
    .where("token_expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined) throw new Refusal("InvalidParameter", "Invalid token");
  if (row.state === "confirmed") return subscriptionOf(row);
  const again = row.state === "deleted" ? await findSame(tables, topicArn, row.protocol, row.endpoint) : undefined;
  if (again !== undefined) return again;
  const changed = { state: "confirmed", authenticated: authenticated ? 1 : 0 };
  await change(tables, row.subscription_arn, changed);
  return subscriptionOf({ ...row, ...changed });
}

/**
 * Ends a subscription. With `restorable` its endpoint gets a token that brings it back.
 */
export async function unsubscribe(
  tables: Tables,
  arn: string,
  options: { readonly restorable: boolean },
  random: Random,
  now: number,
): Promise<string | undefined> {
  await sweep(tables, now);
  const token = options.restorable ? newToken(random) : undefined;
  const hash = token === undefined ? null : hashOf(token);
  await change(tables, arn, { state: "deleted", token_hash: hash, token_expires_at: now + TOKEN_MS });
  return token;
}

/**
 * One that was not deleted. A token that expired takes what it was to confirm with it.
 * @throws {Refusal} `NotFound`; `InvalidParameter` when the text is no subscription's ARN.
 */
export async function needSubscription(tables: Tables, arn: string, now: number): Promise<Subscription> {
  topicOfSubscription(arn);
  const row = await tables
    .selectFrom("subscriptions")
    .selectAll()
    .where("subscription_arn", "=", arn)
    .where("state", "!=", "deleted")
    .where((where) => where.or([where("state", "=", "confirmed"), where("token_expires_at", ">", now)]))
    .executeTakeFirst();
  if (row === undefined) throw notFound("Subscription");
  return subscriptionOf(row);
}

/** Whose subscriptions to list. */
export type ListedBy = { readonly topicArn: string } | { readonly account: string; readonly region: string };

/** Those beyond the ARN `after` in their order, pending ones too. */
export async function listSubscriptions(
  tables: Tables,
  by: ListedBy,
  after: string,
  limit: number,
  now: number,
): Promise<readonly Subscription[]> {
  const all = tables.selectFrom("subscriptions").selectAll();
  const ofOne =
    "topicArn" in by
      ? all.where("topic_arn", "=", by.topicArn)
      : all.where("account_id", "=", by.account).where("region", "=", by.region);
  const rows = await ofOne
    .where("subscription_arn", ">", after)
    .where((where) =>
      where.or([
        where("state", "=", "confirmed"),
        where.and([where("state", "=", "pending"), where("token_expires_at", ">", now)]),
      ]),
    )
    .orderBy("subscription_arn")
    .limit(limit)
    .execute();
  return rows.map(subscriptionOf);
}

/** Confirmed ones of the topic beyond the ARN `after`, as messages go to them. */
export async function listConfirmed(
  tables: Tables,
  topicArn: string,
  after: string,
  limit: number,
): Promise<readonly Subscription[]> {
  const rows = await tables
    .selectFrom("subscriptions")
    .selectAll()
    .where("topic_arn", "=", topicArn)
    .where("subscription_arn", ">", after)
    .where("state", "=", "confirmed")
    .orderBy("subscription_arn")
    .limit(limit)
    .execute();
  return rows.map(subscriptionOf);
}

export async function countSubscriptions(tables: Tables, topicArn: string, now: number): Promise<SubscriptionCounts> {
  const rows = await tables
    .selectFrom("subscriptions")
    .select(({ fn }) => ["state", fn.countAll<number>().as("count")])
    .where("topic_arn", "=", topicArn)
    .where((where) => where.or([where("state", "=", "confirmed"), where("token_expires_at", ">", now)]))
    .groupBy("state")
    .execute();
  const countOf = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
  return { confirmed: countOf("confirmed"), pending: countOf("pending"), deleted: countOf("deleted") };
}

/**
 * Sets an attribute; an empty value takes it away.
 * @throws {Refusal} `InvalidParameter`, `FilterPolicyLimitExceeded`.
 */
export async function setSubscriptionAttribute(
  tables: Tables,
  subscription: Subscription,
  name: string,
  value: string,
): Promise<void> {
  const { [name]: before, ...others } = subscription.attributes;
  const attributes =
    value === "" || (name === "FilterPolicy" && value === "{}") ? others : { ...others, [name]: value };
  const protocol = parseProtocol(subscription.protocol);
  tellProblems("one", () => {
    checkSubscriptionAttributeName(name);
    checkSubscriptionAttributes(attributes, protocol);
  });
  const isNewFilter = name === "FilterPolicy" && before === undefined && attributes.FilterPolicy !== undefined;
  if (isNewFilter) await checkFilters(tables, subscription.topicArn);
  await change(tables, subscription.arn, { attributes: JSON.stringify(attributes) });
}

/** What GetSubscriptionAttributes answers. */
export function shownSubscriptionAttributes(subscription: Subscription, topic: Topic): Attributes {
  const { attributes, protocol } = subscription;
  const isHttp = protocol === "http" || protocol === "https";
  return {
    SubscriptionArn: subscription.arn,
    TopicArn: subscription.topicArn,
    Protocol: protocol,
    Endpoint: subscription.endpoint,
    Owner: subscription.account,
    PendingConfirmation: String(subscription.state === "pending"),
    ConfirmationWasAuthenticated: String(subscription.authenticated),
    RawMessageDelivery: "false",
    ...(attributes.FilterPolicy === undefined ? {} : { FilterPolicyScope: "MessageAttributes" }),
    ...(isHttp
      ? {
          EffectiveDeliveryPolicy: effectiveSubscriptionText(
            topic.attributes.DeliveryPolicy,
            attributes.DeliveryPolicy,
          ),
        }
      : {}),
    ...attributes,
  };
}

async function change(tables: Tables, arn: string, set: Partial<Row>): Promise<void> {
  await tables.updateTable("subscriptions").set(set).where("subscription_arn", "=", arn).execute();
}

/** What nobody confirmed, or brought back, in time. */
async function sweep(tables: Tables, now: number): Promise<void> {
  await tables
    .deleteFrom("subscriptions")
    .where("token_expires_at", "<=", now)
    .where("state", "!=", "confirmed")
    .execute();
}

/** 256 bits that only the endpoint is told; a table that is read by others lets nobody confirm. */
function newToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString("hex");
}

function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

function subscriptionOf(row: Row): Subscription {
  return {
    arn: row.subscription_arn,
    topicArn: row.topic_arn,
    account: row.account_id,
    protocol: row.protocol,
    endpoint: row.endpoint,
    attributes: JSON.parse(row.attributes) as Attributes,
    state: row.state as Subscription["state"],
    authenticated: row.authenticated === 1,
  };
}
