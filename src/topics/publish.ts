import type { Kysely } from "kysely";
import type { Random } from "../core/index.ts";
import type { AddDeliveries, NewDelivery } from "../deliveries/index.ts";
import { deliverEnvelope, type Receiver } from "./deliver-envelope.ts";
import { type Envelope, envelopeAttributes, type Signer, signed } from "./envelope.ts";
import { wants } from "./filter.ts";
import { checkMessage, type Content } from "./message.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { listConfirmed, type Subscription } from "./subscriptions.ts";
import type { NewMessage, TopicsTables } from "./topic.ts";
import { MESSAGE_BYTES_MAX } from "./topic-attributes.ts";
import { needTopic, type Topic } from "./topics.ts";

export interface PublishNeeds {
  readonly random: Random;
  readonly keys: SigningKeys;
  /** Where others reach the API. */
  readonly publicUrl: () => string;
  readonly addDeliveries: AddDeliveries;
}

/** Subscriptions whose deliveries are in memory at a time: each holds the whole message. */
const BATCH = 50;

/** Writes a delivery for each subscription that wants the message; answers its id. */
export async function publishMessage(
  needs: PublishNeeds,
  transaction: Kysely<TopicsTables>,
  message: NewMessage,
  now: number,
): Promise<string> {
  const topic = await needTopic(transaction, message.topicArn);
  const content = checkMessage(message, Number(topic.attributes.MaximumMessageSize ?? MESSAGE_BYTES_MAX));
  const messageId = message.messageId ?? needs.random.uuid();
  const notify = notifier(topic, content, messageId, signerOf(needs, topic), now);
  let after = "";
  for (;;) {
    const subscriptions = await listConfirmed(transaction, topic.arn, after, BATCH);
    const wanted = subscriptions.filter(({ attributes, protocol }) => wants(attributes, protocol, content));
    const deliveries = wanted.map((subscription) => notify(subscription, message.hops + 1));
    if (deliveries.length > 0) await needs.addDeliveries(transaction, deliveries, now);
    const last = subscriptions.at(-1);
    if (last === undefined || subscriptions.length < BATCH) return messageId;
    after = last.arn;
  }
}

/** A signature does not depend on who gets the message: one serves all subscriptions with the same text. */
function notifier(
  topic: Topic,
  content: Content,
  messageId: string,
  signer: Signer,
  now: number,
): (subscription: Subscription, hops: number) => NewDelivery {
  const { subject, attributes } = content;
  const known = new Map<string, Envelope>();
  const envelopeOf = (Message: string): Envelope => {
    const found = known.get(Message);
    if (found !== undefined) return found;
    const unsigned = {
      Type: "Notification",
      MessageId: messageId,
      TopicArn: topic.arn,
      ...(subject === undefined ? {} : { Subject: subject }),
      Message,
      Timestamp: new Date(now).toISOString(),
    } as const;
    const envelope = signed(unsigned, signer);
    known.set(Message, envelope);
    return envelope;
  };
  const MessageAttributes = envelopeAttributes(attributes);
  return (subscription, hops) => {
    const envelope = {
      ...envelopeOf(content.textFor(subscription.protocol)),
      UnsubscribeURL: `${signer.publicUrl}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
      ...(MessageAttributes === undefined ? {} : { MessageAttributes }),
    };
    return deliverEnvelope(receiverOf(topic, subscription), envelope, { hops, attributes });
  };
}

/** Tells an endpoint the token by which its subscription begins, or comes back. */
export async function sendToken(
  needs: PublishNeeds,
  transaction: Kysely<TopicsTables>,
  topic: Topic,
  subscription: Subscription,
  told: { readonly type: "SubscriptionConfirmation" | "UnsubscribeConfirmation"; readonly token: string },
  now: number,
): Promise<void> {
  const signer = signerOf(needs, topic);
  const { type, token } = told;
  const envelope = signed(
    {
      Type: type,
      MessageId: needs.random.uuid(),
      Token: token,
      TopicArn: topic.arn,
      Message: TOKEN_TEXTS[type](topic, subscription),
      SubscribeURL: `${signer.publicUrl}/?Action=ConfirmSubscription&TopicArn=${topic.arn}&Token=${token}`,
      Timestamp: new Date(now).toISOString(),
    },
    signer,
  );
  const delivery = deliverEnvelope(receiverOf(topic, subscription), envelope, { hops: 1, attributes: {} });
  // What nobody received must not be read in a queue of failures: the token would let its reader confirm.
  const { deadLetterArn: _, ...undisclosed } = delivery;
  const parameters = { ...delivery.parameters, confidential: true };
  await needs.addDeliveries(transaction, [{ ...undisclosed, parameters }], now);
}

const TOKEN_TEXTS = {
  SubscriptionConfirmation: ({ arn }: Topic) =>
    `You have chosen to subscribe to the topic ${arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
  UnsubscribeConfirmation: (_: Topic, { arn }: Subscription) =>
    `You have chosen to deactivate subscription ${arn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
} as const;

function signerOf({ keys, publicUrl }: PublishNeeds, { attributes }: Topic): Signer {
  const version = attributes.SignatureVersion === "2" ? "2" : "1";
  return { keys, version, publicUrl: publicUrl().replace(/\/+$/, "") };
}

function receiverOf(topic: Topic, subscription: Subscription): Receiver {
  const { arn, protocol, endpoint, attributes } = subscription;
  return { subscriptionArn: arn, protocol, endpoint, attributes, topicAttributes: topic.attributes };
}
