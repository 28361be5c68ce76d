/**
 * CloudWatch Logs: groups, streams and their events in segments of their own, filter patterns, metric and subscription
 * filters, and the query language of Logs Insights.
 */
export * from "./filter-patterns/index.ts";
export * from "./filters.ts";
export * from "./group-arn.ts";
export * from "./group-tags.ts";
export * from "./groups.ts";
export * from "./log-events.ts";
export { compileTransformation, type MeasuredMetric } from "./measure.ts";
export { addStream, type LogGroupsNeeds, openLogGroups, type RunningLogGroups } from "./open-log-groups.ts";
export { type LogGroupTransportNeeds, openLogGroupTransport } from "./log-group-transport.ts";
export * from "./queries/index.ts";
export * from "./query-definitions.ts";
export * from "./record-pointer.ts";
export * from "./resource-policies.ts";
export * from "./schema.ts";
export * from "./store/index.ts";
export { controlDelivery, destinationKind } from "./subscription-payload.ts";
