/**
 * CloudWatch's metrics and alarms: what was measured, and who is told when it crosses a threshold.
 */
export * from "./metric.ts";
export * from "./metric-rows.ts";
export * from "./metrics.ts";
export * from "./schema.ts";
export * from "./statistic.ts";
export * from "./summary.ts";
