/**
 * CloudWatch's metrics and alarms: what was measured, and who is told when it crosses a threshold.
 */
export * from "./metric.ts";
export * from "./schema.ts";
