/**
 * CloudWatch's metrics and alarms: what was measured, and who is told when it crosses a threshold.
 */
export * from "./alarm.ts";
export * from "./alarm-tags.ts";
export * from "./alarms.ts";
export * from "./change-state.ts";
export { COMPARISONS, EXTRA_PERIODS } from "./judge.ts";
export * from "./metric.ts";
export { metricsOf, planQueries, type QueryPlan, type QueryResult, runQueries } from "./metric-queries.ts";
export { listMetrics, type MetricPlace, metricIds, readSeries, type SeriesRange } from "./metric-rows.ts";
export * from "./metrics.ts";
export * from "./schema.ts";
export * from "./start-alarms.ts";
export * from "./statistic.ts";
export * from "./summary.ts";
