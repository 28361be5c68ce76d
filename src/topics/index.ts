/**
 * SNS: topics, subscriptions and their confirmation, filter policies, and messages, signed so that a receiver can prove
 * whom they come from. What shall be delivered goes into the ledger of `deliveries`.
 */
export { messageBytes } from "./message.ts";
export * from "./open-topics.ts";
export * from "./refusals.ts";
export * from "./schema.ts";
export {
  type ListedBy,
  listSubscriptions,
  countSubscriptions,
  needSubscription,
  type NewSubscription,
  setSubscriptionAttribute,
  shownSubscriptionAttributes,
  type Subscription,
} from "./subscriptions.ts";
export * from "./topic.ts";
export * from "./topic-arn.ts";
export { type Attributes, MESSAGE_BYTES_MAX } from "./topic-attributes.ts";
export { addPermission, removePermission } from "./topic-policy.ts";
export * from "./topic-tags.ts";
export * from "./topics.ts";
