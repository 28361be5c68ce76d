import type { Kysely } from "kysely";
import type { DeliveriesSchema } from "../deliveries/index.ts";
import type { TopicsSchema } from "./schema.ts";
import type { NewTopic } from "./topics.ts";

/** A message and its deliveries are written in one transaction. */
export type TopicsTables = TopicsSchema & DeliveriesSchema;

export interface MessageAttribute {
  /** `String`, `String.Array`, `Number`, `Binary`, or one of these with a label after a dot. */
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

export interface NewMessage {
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string;
  /** `json`: the message is an object with a text per protocol. */
  readonly structure?: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** How many deliveries caused each other up to this message; 0 when a caller published it. */
  readonly hops: number;
  /** A UUID that stays the same however often the message is published; without it each time has one of its own. */
  readonly messageId?: string;
}

/** A service that acts in its own name, as a topic's policy may name it. */
export interface PublishingService {
  /** `events.amazonaws.com` */
  readonly service: string;
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** What others of OpenTrail do with topics. */
export interface Topics {
  /** Makes the topic unless it is there already; answers its ARN. For topics that OpenTrail keeps by itself. */
  create(transaction: Kysely<TopicsSchema>, topic: NewTopic, now: number): Promise<string>;
  /**
   * Writes the message's deliveries into the transaction; answers its id.
   * @throws {Refusal} `NotFound`, `InvalidParameter`.
   */
  publish(transaction: Kysely<TopicsTables>, message: NewMessage, now: number): Promise<string>;
  /** Whether the topic's policy lets the service publish; why not, as SNS would say it, otherwise undefined. */
  whyNotPublish(tables: Kysely<TopicsSchema>, topicArn: string, who: PublishingService): Promise<string | undefined>;
}
