import { type Arn, optional, parseArn } from "../../core/index.ts";
import type { Delivery, Transport } from "../delivery.ts";
import type { AwsCaller } from "./aws-caller.ts";

/** `Delivery.parameters` of the kind `queue`. */
export interface QueueParameters {
  readonly messageGroupId?: string;
  /** As SQS takes them; binary values stand in base64. */
  readonly attributes?: MessageAttributes;
}

export type MessageAttributes = Readonly<
  Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: string }>
>;

/**
 * Sends the body to the queue that is the endpoint. A FIFO queue knows by the delivery's own id what it has seen.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function openQueueTransport(call: AwsCaller): Transport {
  return async (delivery, signal) => {
    const { messageGroupId, attributes } = delivery.parameters as QueueParameters;
    return await sendMessage(call, delivery.endpoint, delivery, { messageGroupId, attributes }, signal);
  };
}

/**
 * Puts what was given up into its dead-letter queue, with what EventBridge says of it in message attributes.
 * @throws {Error} when the queue did not take it.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
export function openDeadLetterQueue(
  call: AwsCaller,
): (arn: string, delivery: Delivery, signal: AbortSignal) => Promise<void> {
  return async (arn, delivery, signal) => {
    const attributes = textAttributes({
      RULE_ARN: delivery.owner,
      TARGET_ARN: delivery.endpoint,
      ERROR_CODE: "SDK_CLIENT_ERROR",
      ERROR_MESSAGE: delivery.lastError ?? "unknown",
      RETRY_ATTEMPTS: String(Math.max(delivery.attempts - 1, 0)),
      ...optional("EXHAUSTED_RETRY_CONDITION", exhausted(delivery)),
    });
    const result = await sendMessage(call, arn, delivery, { messageGroupId: undefined, attributes }, signal);
    if (result.outcome !== "delivered") throw new Error(result.error);
  };
}

/** Which bound of its retries a delivery reached; undefined when it was given up before. */
function exhausted({ retry, attempts, createdAt, redrivenAt, endedAt = createdAt }: Delivery): string | undefined {
  if (retry.kind !== "exponential") return undefined;
  if (attempts > retry.attemptsMax) return "MaximumRetryAttempts";
  return endedAt - (redrivenAt ?? createdAt) >= retry.ageMaxMs ? "MaximumEventAgeInSeconds" : undefined;
}

interface Message {
  readonly messageGroupId: string | undefined;
  readonly attributes: MessageAttributes | undefined;
}

function sendMessage(call: AwsCaller, arn: string, delivery: Delivery, message: Message, signal: AbortSignal) {
  const queue = parseArn(arn);
  if (queue?.service !== "sqs") {
    return Promise.resolve({ outcome: "failed", error: `${arn} is not the ARN of a queue` } as const);
  }
  const input = (endpoint: string): Record<string, unknown> => ({
    QueueUrl: `${endpoint}/${queue.account}/${queue.resource}`,
    MessageBody: delivery.body,
    ...optional("MessageAttributes", message.attributes && wireAttributes(message.attributes)),
    ...groupOf(queue, delivery, message),
  });
  return call({ service: "sqs", operation: "SendMessage", region: queue.region, input }, delivery, signal);
}

function groupOf({ resource }: Arn, delivery: Delivery, { messageGroupId }: Message): Record<string, string> {
  if (!resource.endsWith(".fifo")) return optional("MessageGroupId", messageGroupId);
  return {
    MessageGroupId: messageGroupId ?? "opentrail",
    MessageDeduplicationId: `${delivery.createdAt}-${delivery.id}`,
  };
}

function wireAttributes(attributes: MessageAttributes): Record<string, unknown> {
  const entries = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      DataType,
      ...optional("StringValue", StringValue),
      ...optional("BinaryValue", BinaryValue === undefined ? undefined : Buffer.from(BinaryValue, "base64")),
    },
  ]);
  return Object.fromEntries(entries);
}

function textAttributes(values: Readonly<Record<string, string>>): MessageAttributes {
  const entries = Object.entries(values).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]);
  return Object.fromEntries(entries);
}
