import type { NewDelivery } from "../deliveries/index.ts";
import { effectiveDelivery } from "./delivery-policy.ts";
import { type Protocol, parseProtocol } from "./endpoint.ts";
import { type Envelope, envelopeText } from "./envelope.ts";
import type { MessageAttributes } from "./message.ts";
import { delaysOf, MAIL_RETRIES, MANAGED_RETRIES } from "./retry-policy.ts";
import { deadLetterArnOf } from "./subscription-attributes.ts";
import type { Attributes } from "./topic-attributes.ts";

/** What a delivery must know of its subscription and topic. */
export interface Receiver {
  readonly subscriptionArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly attributes: Attributes;
  readonly topicAttributes: Attributes;
}

/** How often a delivery of something caused another; and what raw messages bear of their attributes. */
interface More {
  readonly hops: number;
  readonly attributes: MessageAttributes;
}

/** How a subscription gets its messages; the same for each of them. */
interface Way {
  readonly protocol: Protocol;
  readonly raw: boolean;
  readonly retry: NewDelivery["retry"];
  readonly deadLetterArn?: string;
  readonly contentType: string;
}

/** What the ledger needs to bring the envelope to the subscription's endpoint. */
export function deliverEnvelope(receiver: Receiver, envelope: Envelope, { hops, attributes }: More): NewDelivery {
  const way = wayTo(receiver);
  const { protocol, retry, deadLetterArn } = way;
  const form = FORMS[protocol.name];
  return {
    owner: receiver.subscriptionArn,
    target: "",
    kind: protocol.kind,
    endpoint: receiver.endpoint,
    eventId: envelope.MessageId,
    ...form({ receiver, envelope, attributes, way }),
    retry,
    hops,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
}

function wayTo({ protocol: name, attributes, topicAttributes }: Receiver): Way {
  const protocol = parseProtocol(name);
  const { DeliveryPolicy, RawMessageDelivery, RedrivePolicy } = attributes;
  const { retry, contentType } = effectiveDelivery(topicAttributes.DeliveryPolicy, DeliveryPolicy);
  return {
    protocol,
    raw: RawMessageDelivery === "true",
    retry:
      protocol.kind === "http"
        ? { kind: "delays", delaysMs: delaysOf(retry) }
        : protocol.kind === "email"
          ? MAIL_RETRIES
          : MANAGED_RETRIES,
    contentType,
    ...(RedrivePolicy === undefined ? {} : { deadLetterArn: deadLetterArnOf(RedrivePolicy) }),
  };
}

interface FormInput {
  readonly receiver: Receiver;
  readonly envelope: Envelope;
  readonly attributes: MessageAttributes;
  readonly way: Way;
}

type Form = (input: FormInput) => Pick<NewDelivery, "body" | "parameters">;

const FORMS: Readonly<Record<Protocol["name"], Form>> = {
  http: httpForm,
  https: httpForm,
  email: mailForm,
  "email-json": ({ envelope }) => ({
    body: `${envelopeText(envelope)}\n`,
    parameters: mailParameters(envelope),
  }),
  sqs: queueForm,
  lambda: functionForm,
  // Records of a stream are put one behind the other: lines keep them apart.
  firehose: (input) => ({ body: `${bodyOf(input)}\n`, parameters: {} }),
};

function isRaw({ envelope, way }: FormInput): boolean {
  return way.raw && envelope.Type === "Notification";
}

function bodyOf(input: FormInput): string {
  return isRaw(input) ? input.envelope.Message : envelopeText(input.envelope);
}

/** How long AWS waits for an answer. */
const TIMEOUT_MS = 15_000;

/** @see https://docs.aws.amazon.com/sns/latest/dg/http-header.html */
function httpForm(input: FormInput): ReturnType<Form> {
  const { envelope, receiver, way } = input;
  return {
    body: bodyOf(input),
    parameters: {
      headers: {
        "x-amz-sns-message-type": envelope.Type,
        "x-amz-sns-message-id": envelope.MessageId,
        "x-amz-sns-topic-arn": envelope.TopicArn,
        ...(envelope.Type === "SubscriptionConfirmation"
          ? {}
          : { "x-amz-sns-subscription-arn": receiver.subscriptionArn }),
        ...(isRaw(input) ? { "x-amz-sns-rawdelivery": "true" } : {}),
        "content-type": way.contentType,
        "user-agent": "Amazon Simple Notification Service Agent",
      },
      timeoutMs: TIMEOUT_MS,
    },
  };
}

function mailForm({ envelope }: FormInput): ReturnType<Form> {
  return { body: MAIL_TEXTS[envelope.Type](envelope), parameters: mailParameters(envelope) };
}

function mailParameters({ Subject, Type }: Envelope): Readonly<Record<string, unknown>> {
  return { subject: Subject ?? MAIL_SUBJECTS[Type] };
}

const MAIL_SUBJECTS: Readonly<Record<Envelope["Type"], string>> = {
  Notification: "AWS Notification Message",
  SubscriptionConfirmation: "AWS Notification - Subscription Confirmation",
  UnsubscribeConfirmation: "AWS Notification - Unsubscribe Confirmation",
};

const MAIL_TEXTS: Readonly<Record<Envelope["Type"], (envelope: Envelope) => string>> = {
  Notification: ({ Message, UnsubscribeURL }) =>
    `${Message}\n\n--\nTo get no more notifications of this topic, open this link:\n${UnsubscribeURL}\n`,
  SubscriptionConfirmation: ({ TopicArn, SubscribeURL }) =>
    `This address was subscribed to the topic\n${TopicArn}\n\nTo confirm that, open this link; otherwise nothing needs to be done:\n${SubscribeURL}\n`,
  UnsubscribeConfirmation: ({ TopicArn, SubscribeURL }) =>
    `This address was unsubscribed from the topic\n${TopicArn}\n\nIf that was not meant, this link subscribes it again:\n${SubscribeURL}\n`,
};

/** Attributes stand beside a raw message, which has no envelope that could hold them. */
function queueForm(input: FormInput): ReturnType<Form> {
  const entries = Object.entries(input.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    StringValue === undefined
      ? { DataType, BinaryValue: Buffer.from(BinaryValue ?? []).toString("base64") }
      : { DataType, StringValue },
  ]);
  const isBeside = isRaw(input) && entries.length > 0;
  return { body: bodyOf(input), parameters: isBeside ? { attributes: Object.fromEntries(entries) } : {} };
}

/**
 * The event that a function gets, with the two URLs in Lambda's own spelling.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
 */
function functionForm({ envelope, receiver }: FormInput): ReturnType<Form> {
  const { Subject = null, SigningCertURL, UnsubscribeURL, MessageAttributes = {}, ...members } = envelope;
  const { Type, MessageId, TopicArn, Message, ...others } = members;
  const record = {
    EventSource: "aws:sns",
    EventVersion: "1.0",
    EventSubscriptionArn: receiver.subscriptionArn,
    Sns: {
      Type,
      MessageId,
      TopicArn,
      Subject,
      Message,
      ...others,
      SigningCertUrl: SigningCertURL,
      ...(UnsubscribeURL === undefined ? {} : { UnsubscribeUrl: UnsubscribeURL }),
      MessageAttributes,
    },
  };
  return { body: JSON.stringify({ Records: [record] }), parameters: {} };
}
