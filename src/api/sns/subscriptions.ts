import { Refusal } from "../../core/index.ts";
import {
  invalidParameter,
  type ListedBy,
  listSubscriptions,
  needSubscription,
  needTopic,
  parseTopicArn,
  setSubscriptionAttribute,
  shownSubscriptionAttributes,
  type Subscription,
} from "../../topics/index.ts";
import { page } from "./page.ts";
import { assertOwner, onSubscription, onTopic, ownTopicArn } from "./permissions.ts";
import type { SnsCall, SnsFamily, SnsNeeds } from "./sns-operation.ts";

type Names =
  | "Subscribe"
  | "ConfirmSubscription"
  | "Unsubscribe"
  | "ListSubscriptions"
  | "ListSubscriptionsByTopic"
  | "GetSubscriptionAttributes"
  | "SetSubscriptionAttributes";

/**
 * Subscriptions. The links in messages call ConfirmSubscription and Unsubscribe without a signature: the token, or the
 * subscription's id that only its receiver knows, stands for it.
 * @throws {Refusal} `InvalidParameter`, `NotFound`, `AuthorizationError`, `SubscriptionLimitExceeded`,
 * `FilterPolicyLimitExceeded`.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
export function subscriptions({ topics, tokens }: SnsNeeds): SnsFamily<Names> {
  const list = async (by: ListedBy, NextToken: string | undefined, { tables, now }: SnsCall) => {
    const { items, next } = await page(tokens, ["ListSubscriptions", by], NextToken, {
      read: (after, limit) => listSubscriptions(tables, by, after, limit, now),
      positionOf: ({ arn }) => arn,
    });
    return { Subscriptions: items.map(shown), ...next };
  };
  return {
    Subscribe: {
      mutates: true,
      ...onTopic(
        ({ TopicArn }) => TopicArn,
        ({ Protocol, Endpoint = "" }) => ({ "sns:Protocol": Protocol, "sns:Endpoint": Endpoint }),
      ),
      run: async ({ TopicArn, Protocol, Endpoint, Attributes = {}, ReturnSubscriptionArn }, call) => {
        const topic = await needTopic(call.tables, ownTopicArn(TopicArn, call));
        const { region, caller, now } = call;
        const wanted = { topic, protocol: Protocol, endpoint: Endpoint, attributes: Attributes, region };
        const subscription = await topics.subscribe(call.tables, { ...wanted, account: caller.account }, now);
        const isTold = subscription.state === "confirmed" || ReturnSubscriptionArn === true;
        return { SubscriptionArn: isTold ? subscription.arn : "pending confirmation" };
      },
    },
    ConfirmSubscription: {
      mutates: true,
      ...onTopic(({ TopicArn }) => TopicArn),
      run: async ({ TopicArn, Token, AuthenticateOnUnsubscribe }, call) => {
        const authenticated = isTrue(AuthenticateOnUnsubscribe);
        const confirmation = { topicArn: ownTopicArn(TopicArn, call), token: Token, authenticated };
        return { SubscriptionArn: (await topics.confirm(call.tables, confirmation, call.now)).arn };
      },
      runUnsigned: async ({ TopicArn, Token, AuthenticateOnUnsubscribe }, call) => {
        if (isTrue(AuthenticateOnUnsubscribe)) {
          throw new Refusal("AuthorizationError", "AuthenticateOnUnsubscribe takes a signed call", 403);
        }
        const confirmation = { topicArn: parseTopicArn(TopicArn).arn, token: Token, authenticated: false };
        return { SubscriptionArn: (await topics.confirm(call.tables, confirmation, call.now)).arn };
      },
    },
    Unsubscribe: {
      mutates: true,
      ...onSubscription(),
      run: async ({ SubscriptionArn }, call) => {
        assertOwner("Unsubscribe", await needSubscription(call.tables, SubscriptionArn, call.now), call);
        await topics.unsubscribe(call.tables, SubscriptionArn, true, call.now);
        return undefined;
      },
      runUnsigned: async ({ SubscriptionArn }, call) => {
        await topics.unsubscribe(call.tables, SubscriptionArn, false, call.now);
        return undefined;
      },
    },
    ListSubscriptions: {
      mutates: false,
      run: async ({ NextToken }, call) => list({ account: call.caller.account, region: call.region }, NextToken, call),
    },
    ListSubscriptionsByTopic: {
      mutates: false,
      ...onTopic(({ TopicArn }) => TopicArn),
      run: async ({ TopicArn, NextToken }, call) => {
        const { arn } = await needTopic(call.tables, ownTopicArn(TopicArn, call));
        return list({ topicArn: arn }, NextToken, call);
      },
    },
    GetSubscriptionAttributes: {
      mutates: false,
      ...onSubscription(),
      run: async ({ SubscriptionArn }, call) => {
        const subscription = await needSubscription(call.tables, SubscriptionArn, call.now);
        assertOwner("GetSubscriptionAttributes", subscription, call);
        const topic = await needTopic(call.tables, subscription.topicArn);
        return { Attributes: shownSubscriptionAttributes(subscription, topic) };
      },
    },
    SetSubscriptionAttributes: {
      mutates: true,
      ...onSubscription(),
      run: async ({ SubscriptionArn, AttributeName, AttributeValue = "" }, call) => {
        const subscription = await needSubscription(call.tables, SubscriptionArn, call.now);
        assertOwner("SetSubscriptionAttributes", subscription, call);
        await setSubscriptionAttribute(call.tables, subscription, AttributeName, AttributeValue);
        return undefined;
      },
    },
  };
}

function shown({ arn, state, account, protocol, endpoint, topicArn }: Subscription): {
  readonly SubscriptionArn: string;
  readonly Owner: string;
  readonly Protocol: string;
  readonly Endpoint: string;
  readonly TopicArn: string;
} {
  return {
    SubscriptionArn: state === "pending" ? "PendingConfirmation" : arn,
    Owner: account,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: topicArn,
  };
}

function isTrue(text: string | undefined): boolean {
  if (text === undefined || /^(true|false)?$/i.test(text)) return /^true$/i.test(text ?? "");
  throw invalidParameter("AuthenticateOnUnsubscribe");
}
