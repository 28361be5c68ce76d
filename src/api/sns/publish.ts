import { HIDDEN } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import {
  invalidParameter,
  MESSAGE_BYTES_MAX,
  type MessageAttribute,
  messageBytes,
  needTopic,
  type NewMessage,
} from "../../topics/index.ts";
import { onTopic, ownTopicArn } from "./permissions.ts";
import type { SnsFamily, SnsNeeds } from "./sns-operation.ts";

/** As CloudTrail's data events show it. */
function hideMessage(given: Given): Readonly<Record<string, unknown>> {
  const { MessageAttributes: _, ...told } = given;
  return { ...told, Message: HIDDEN, ...(told.Subject === undefined ? {} : { Subject: HIDDEN }) };
}

/** A message as Publish and an entry of PublishBatch have it. */
interface Given {
  readonly Message: string;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, Attribute>> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

const BATCH_MAX = 10;

/**
 * Publish and PublishBatch. A message was published once its deliveries are in the ledger, which is when the answer comes.
 * @throws {Refusal} `InvalidParameter`, `ParameterValueInvalid`, `NotFound`; those of a batch.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function publish({ topics }: SnsNeeds): SnsFamily<"Publish" | "PublishBatch"> {
  return {
    Publish: {
      mutates: true,
      ...onTopic(({ TopicArn, TargetArn }) => TopicArn ?? TargetArn ?? "*"),
      recordedInput: hideMessage,
      run: async ({ TopicArn, TargetArn, PhoneNumber, ...given }, call) => {
        if (PhoneNumber !== undefined) {
          throw invalidParameter("PhoneNumber Reason: text messages are not supported by OpenTrail");
        }
        const parameter = TopicArn === undefined ? "TargetArn" : "TopicArn";
        const text = TopicArn ?? TargetArn;
        if (text === undefined) {
          throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
        }
        const message = messageOf(ownTopicArn(text, call, parameter), given);
        return { MessageId: await topics.publishNow(call.tables, message, call.now) };
      },
    },
    PublishBatch: {
      mutates: true,
      permission: "Publish",
      ...onTopic(({ TopicArn }) => TopicArn),
      recordedInput: (input) => ({
        ...input,
        PublishBatchRequestEntries: input.PublishBatchRequestEntries.map(hideMessage),
      }),
      run: async ({ TopicArn, PublishBatchRequestEntries: entries }, call) => {
        const { arn } = await needTopic(call.tables, ownTopicArn(TopicArn, call));
        checkBatch(entries);
        const Successful: { readonly Id: string; readonly MessageId: string }[] = [];
        const Failed: ReturnType<typeof failedEntry>[] = [];
        for (const { Id, ...given } of entries) {
          try {
            Successful.push({ Id, MessageId: await topics.publishNow(call.tables, messageOf(arn, given), call.now) });
          } catch (refused) {
            // A message is refused before anything of it is written.
            if (!(refused instanceof Refusal)) throw refused;
            Failed.push(failedEntry(Id, refused));
          }
        }
        return { Successful, Failed };
      },
    },
  };
}

function failedEntry(
  Id: string,
  { code, message }: Refusal,
): { readonly Id: string; readonly Code: string; readonly Message: string; readonly SenderFault: boolean } {
  return { Id, Code: code, Message: message, SenderFault: true };
}

function messageOf(topicArn: string, given: Given): NewMessage {
  if (given.MessageGroupId !== undefined || given.MessageDeduplicationId !== undefined) {
    const which = given.MessageGroupId === undefined ? "MessageDeduplicationId" : "MessageGroupId";
    throw invalidParameter(
      `${which} Reason: The request includes ${which} parameter that is not valid for this topic type`,
    );
  }
  const { Message, Subject, MessageStructure, MessageAttributes } = given;
  return {
    topicArn,
    message: Message,
    hops: 0,
    attributes: attributesOf(MessageAttributes),
    ...(Subject === undefined ? {} : { subject: Subject }),
    ...(MessageStructure === undefined ? {} : { structure: MessageStructure }),
  };
}

function attributesOf(given: Given["MessageAttributes"] = {}): Readonly<Record<string, MessageAttribute>> {
  return Object.fromEntries(
    Object.entries(given).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        DataType,
        ...(StringValue === undefined ? {} : { StringValue }),
        ...(BinaryValue === undefined ? {} : { BinaryValue }),
      },
    ]),
  );
}

function checkBatch(entries: readonly (Given & { readonly Id: string })[]): void {
  if (entries.length === 0) {
    throw new Refusal("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  }
  if (entries.length > BATCH_MAX) {
    throw new Refusal("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.");
  }
  if (entries.some(({ Id }) => !/^[A-Za-z0-9_-]{1,80}$/.test(Id))) {
    throw new Refusal(
      "InvalidBatchEntryId",
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new Refusal("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
  }
  const bytes = entries.reduce(
    (total, { Message, MessageAttributes }) =>
      total + messageBytes({ message: Message, attributes: attributesOf(MessageAttributes) }),
    0,
  );
  if (bytes > MESSAGE_BYTES_MAX) {
    throw new Refusal(
      "BatchRequestTooLong",
      "The length of all the batch messages put together is more than the limit.",
    );
  }
}
