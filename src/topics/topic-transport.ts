import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { type Clock, Refusal } from "../core/index.ts";
import { type AttemptResult, type Delivery, openTransactionTransport, type Transport } from "../deliveries/index.ts";
import { toSubject } from "./message.ts";
import { publisherFor, whyNotPublish } from "./publishing-services.ts";
import type { Topics, TopicsTables } from "./topic.ts";

/** What publishes for others than callers. */
export interface ActingNeeds {
  readonly tables: Kysely<TopicsTables>;
  readonly clock: Clock;
  readonly publish: Topics["publish"];
}

/**
 * Publishes deliveries of kind `topic` in the name of their owner's service; `parameters` may hold a `subject`. A message
 * and its deliveries are there together or not at all; attempted again, it has the same id.
 */
export function topicTransport({ tables, clock, publish }: ActingNeeds): Transport {
  const transport = openTransactionTransport(tables, async (transaction, delivery): Promise<AttemptResult> => {
    const why = await whyNot(transaction, delivery);
    if (why !== undefined) return { outcome: "failed", error: why };
    await publish(transaction, messageOf(delivery), clock.now());
    return { outcome: "delivered" };
  });
  return async (delivery, signal) => {
    try {
      return await transport(delivery, signal);
    } catch (thrown) {
      // What the topic's rules forbid, they forbid next time too.
      if (thrown instanceof Refusal) return { outcome: "failed", error: `${thrown.code}: ${thrown.message}` };
      throw thrown;
    }
  };
}

async function whyNot(transaction: Kysely<TopicsTables>, { owner, endpoint }: Delivery): Promise<string | undefined> {
  const publisher = publisherFor(owner);
  if (publisher === undefined) return `${owner} is nothing that publishes to topics`;
  return whyNotPublish(transaction, endpoint, publisher);
}

function messageOf(delivery: Delivery): Parameters<Topics["publish"]>[1] {
  const { subject: given } = delivery.parameters;
  const subject = typeof given === "string" ? toSubject(given) : undefined;
  return {
    topicArn: delivery.endpoint,
    message: delivery.body,
    hops: delivery.hops,
    messageId: messageIdOf(delivery),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** A UUID of version 8: the same for the same delivery, and for no other. */
function messageIdOf({ id, owner, target, eventId }: Delivery): string {
  const bytes = createHash("sha256")
    .update(JSON.stringify([id, owner, target, eventId]))
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
