/**
 * CloudWatch Logs: groups, streams and their events in segments of their own, filter patterns, metric and subscription
 * filters, and the query language of Logs Insights.
 */
export * from "./log-events.ts";
export * from "./schema.ts";
export * from "./store/index.ts";
