/**
 * The SNS API, families of operations that are alike in one file each. What is not in the table (mobile push, text messages,
 * data protection policies) is refused by name.
 */
import type { SnsOperations } from "../../aws/index.ts";
import type { TopicsTables } from "../../topics/index.ts";
import type { Operations } from "../operation.ts";
import { policiesAndTags } from "./policies-and-tags.ts";
import { publish } from "./publish.ts";
import type { SnsNeeds } from "./sns-operation.ts";
import { subscriptions } from "./subscriptions.ts";
import { tellBefore } from "./tell-before.ts";
import { topics } from "./topics.ts";

export type { SnsNeeds } from "./sns-operation.ts";

export function snsOperations(needs: SnsNeeds): Operations<SnsOperations, TopicsTables> {
  const operations = { ...policiesAndTags, ...publish(needs), ...subscriptions(needs), ...topics(needs) };
  return needs.alarmsTopic === undefined ? operations : tellBefore(needs.alarmsTopic, needs.topics, operations);
}
