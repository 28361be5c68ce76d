import { Refusal } from "../../core/index.ts";
import type { NamedPolicy } from "../../identity/index.ts";
import {
  findTopic,
  invalidParameter,
  listTopicTags,
  parseTopicArn,
  policyOfTopic,
  type Subscription,
  topicArn,
  topicOfSubscription,
  type TopicTag,
} from "../../topics/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { SnsCall } from "./sns-operation.ts";

/** The half of an operation that says which permissions it needs. */
export interface Permissions<Input> {
  resources(input: Input, call: SnsCall): readonly string[];
  resourcePolicy(resource: string, call: SnsCall): Promise<NamedPolicy | undefined>;
  conditions(input: Input, call: SnsCall): Promise<ConditionValues>;
}

/** Permission on the topic that a call names, whether there is one or not; its policy has a say. */
export function onTopic<Input>(
  arnOf: (input: Input, call: SnsCall) => string,
  more: (input: Input) => ConditionValues = () => ({}),
): Permissions<Input> {
  return {
    resources: (input, call) => [arnOf(input, call)],
    resourcePolicy: policyFor,
    conditions: async (input, call) => ({ ...(await tagsOf(arnOf(input, call), call)), ...more(input) }),
  };
}

/**
 * Permission on the topic of a subscription. A topic of another account says nothing about subscriptions: then the caller's
 * own policies decide, and `assertOwner` whether the subscription is theirs.
 */
export function onSubscription<Input extends { readonly SubscriptionArn: string }>(): Permissions<Input> {
  return {
    resources: ({ SubscriptionArn }, call) => [resourceOf(SubscriptionArn, call)],
    resourcePolicy: policyFor,
    conditions: async ({ SubscriptionArn }, call) => tagsOf(resourceOf(SubscriptionArn, call), call),
  };
}

function resourceOf(subscriptionArn: string, { caller }: SnsCall): string {
  try {
    const topic = topicOfSubscription(subscriptionArn);
    return parseTopicArn(topic).account === caller.account ? topic : "*";
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    // What is no ARN is refused later, in the API's own words.
    return "*";
  }
}

async function policyFor(resource: string, { tables }: SnsCall): Promise<NamedPolicy | undefined> {
  const topic = await findTopic(tables, resource);
  return topic === undefined ? undefined : policyOfTopic(topic);
}

async function tagsOf(arn: string, { tables }: SnsCall): Promise<ConditionValues> {
  return tagValues("aws:ResourceTag", await listTopicTags(tables, arn));
}

/** What a policy may ask of the tags that a call sets. */
export function requestTags(tags: readonly TopicTag[] | undefined): ConditionValues {
  if (tags === undefined || tags.length === 0) return {};
  return { ...tagValues("aws:RequestTag", tags), "aws:TagKeys": tags.map(({ Key }) => Key) };
}

function tagValues(name: string, tags: readonly TopicTag[]): ConditionValues {
  return Object.fromEntries(tags.map(({ Key, Value }) => [`${name}/${Key}`, Value]));
}

/**
 * A topic's ARN of the Region in which the call came.
 * @throws {Refusal} `InvalidParameter`.
 */
export function ownTopicArn(text: string, call: Pick<SnsCall, "region">, parameter = "TopicArn"): string {
  const { arn, region } = parseTopicArn(text, parameter);
  if (region !== call.region) throw invalidParameter(parameter);
  return arn;
}

/** The ARN of a topic of the caller's by its name. */
export function arnOfName(name: string, { region, caller }: SnsCall): string {
  return topicArn(region, caller.account, name);
}

/** @throws {Refusal} `AuthorizationError` unless the caller's account made the subscription, or has its topic. */
export function assertOwner(action: string, subscription: Subscription, { caller }: SnsCall): void {
  if (subscription.account === caller.account) return;
  if (parseTopicArn(subscription.topicArn).account === caller.account) return;
  const message = `User: ${caller.arn} is not authorized to perform: SNS:${action} on resource: ${subscription.arn}`;
  throw new Refusal("AuthorizationError", message, 403);
}
