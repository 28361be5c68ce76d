/** The query language of Logs Insights: its grammar, its engine, and the queries that run or have run. */
export { parseQuery } from "./parse-query.ts";
export { QueryFailure } from "./query-error.ts";
export type { Query } from "./query.ts";
export type { QueryEvent } from "./row.ts";
export { type QueryLimits, type QueryStatistics, type ResultRow, runQuery } from "./run-query.ts";
