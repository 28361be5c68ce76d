import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import type { Transport } from "../deliveries/index.ts";
import {
  confirm,
  needSubscription,
  type NewSubscription,
  subscribe,
  type Subscription,
  unsubscribe,
} from "./subscriptions.ts";
import { type PublishNeeds, publishMessage, sendToken } from "./publish.ts";
import { whyNotPublish } from "./publishing-services.ts";
import { openSigningKeys, type SigningNeeds } from "./signing-keys.ts";
import type { NewMessage, Topics, TopicsTables } from "./topic.ts";
import { topicTransport } from "./topic-transport.ts";
import { createTopic, needTopic } from "./topics.ts";
import { validateForTrail } from "./trail-notifications.ts";

export interface TopicsNeeds extends Omit<SigningNeeds, "tables">, Omit<PublishNeeds, "keys"> {
  readonly tables: Kysely<TopicsTables>;
  /** The ledger has something new: called before the transaction commits, since who then reads waits for that by itself. */
  readonly wake: () => void;
}

/** Topics, and what their own API needs beyond what others do with them. */
export interface OpenTopics extends Topics {
  /** For callers: the ledger is told. */
  publishNow(transaction: Kysely<TopicsTables>, message: NewMessage, now: number): Promise<string>;
  /** @throws {Refusal} those of `subscribe`. */
  subscribe(transaction: Kysely<TopicsTables>, wanted: NewSubscription, now: number): Promise<Subscription>;
  /** @throws {Refusal} those of `confirm`; `NotFound`. */
  confirm(transaction: Kysely<TopicsTables>, confirmation: Confirmation, now: number): Promise<Subscription>;
  /**
   * `signed`: the call bore a signature, and the caller may end the subscription. Who follows a link is told how to undo it.
   * @throws {Refusal} `NotFound`, `InvalidParameter`; `AuthorizationError` when it takes a signature.
   */
  unsubscribe(transaction: Kysely<TopicsTables>, arn: string, signed: boolean, now: number): Promise<void>;
  /** The certificate at a path such as `/SimpleNotificationService-….pem`, as PEM; undefined when there is none. */
  certificateFor(path: string): Promise<string | undefined>;
  /** For deliveries of kind `topic`: publishes them, if the topic lets their owner's service. */
  readonly transport: Transport;
  /** Whether a trail may publish to the topic; if so, AWS's message of validation is published. */
  checkTopic(topicArn: string, trailArn: string): Promise<boolean>;
}

export interface Confirmation {
  readonly topicArn: string;
  readonly token: string;
  readonly authenticated: boolean;
}

/** Opens the topics; at the first start it makes the key that signs messages. */
export async function openTopics(needs: TopicsNeeds): Promise<OpenTopics> {
  const keys = await openSigningKeys(needs);
  const { tables, clock, random, publicUrl, addDeliveries, wake } = needs;
  const publishing: PublishNeeds = { random, keys, publicUrl, addDeliveries };
  const publish: Topics["publish"] = (transaction, message, now) =>
    publishMessage(publishing, transaction, message, now);
  const publishNow: OpenTopics["publishNow"] = async (transaction, message, now) => {
    const messageId = await publish(transaction, message, now);
    wake();
    return messageId;
  };
  const acting = { tables, clock, publish: publishNow };
  return {
    create: createTopic,
    publish,
    publishNow,
    whyNotPublish,
    subscribe: async (transaction, wanted, now) => {
      const { subscription, token } = await subscribe(transaction, wanted, random, now);
      if (token !== undefined) {
        const told = { type: "SubscriptionConfirmation", token } as const;
        await sendToken(publishing, transaction, wanted.topic, subscription, told, now);
        wake();
      }
      return subscription;
    },
    confirm: async (transaction, { topicArn, token, authenticated }, now) => {
      await needTopic(transaction, topicArn);
      return confirm(transaction, topicArn, token, authenticated, now);
    },
    unsubscribe: async (transaction, arn, signed, now) => {
      const subscription = await needSubscription(transaction, arn, now);
      if (subscription.authenticated && !signed) {
        throw new Refusal("AuthorizationError", "This subscription can only be ended by a signed call", 403);
      }
      const restorable = !signed && subscription.state === "confirmed";
      const token = await unsubscribe(transaction, arn, { restorable }, random, now);
      if (token === undefined) return;
      const topic = await needTopic(transaction, subscription.topicArn);
      const told = { type: "UnsubscribeConfirmation", token } as const;
      await sendToken(publishing, transaction, topic, subscription, told, now);
      wake();
    },
    certificateFor: (path) => keys.certificateFor(path),
    transport: topicTransport(acting),
    checkTopic: (topicArn, trailArn) => validateForTrail(acting, topicArn, trailArn),
  };
}
