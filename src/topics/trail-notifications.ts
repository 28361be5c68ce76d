import type { Kysely } from "kysely";
import { publisherFor, whyNotPublish } from "./publishing-services.ts";
import type { TopicsTables } from "./topic.ts";
import type { ActingNeeds } from "./topic-transport.ts";

/** Receivers of a trail's notifications must live with it: it is no JSON. */
const VALIDATION_MESSAGE = "CloudTrail validation message.";

/** Whether the trail may publish to the topic; if so, its first message is published, which says nothing. */
export async function validateForTrail(needs: ActingNeeds, topicArn: string, trailArn: string): Promise<boolean> {
  const publisher = publisherFor(trailArn);
  if (publisher === undefined) return false;
  return needs.tables.transaction().execute(async (transaction: Kysely<TopicsTables>) => {
    if ((await whyNotPublish(transaction, topicArn, publisher)) !== undefined) return false;
    await needs.publish(transaction, { topicArn, message: VALIDATION_MESSAGE, hops: 0 }, needs.clock.now());
    return true;
  });
}
