/** The query language of Logs Insights: its grammar, its engine, and the queries that run or have run. */
export { findFields, type FoundField } from "./log-group-fields.ts";
export {
  type NewQuery,
  noSuchQuery,
  type Queries,
  type QueriesNeeds,
  startQueries,
  type StartedQuery,
} from "./start-queries.ts";
export type { QueryStatus } from "./running-query.ts";
