/**
 * SNS: topics, subscriptions and their confirmation, filter policies, and messages, signed so that a receiver can prove
 * whom they come from. What shall be delivered goes into the ledger of `deliveries`.
 */
export * from "./schema.ts";
export * from "./topic.ts";
