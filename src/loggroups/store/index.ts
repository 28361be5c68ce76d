/** Where log events lie: a tail of rows, and immutable segments of many events each. */
export { type LogStoreNeeds, type LogStoreOptions, openLogStore } from "./open-log-store.ts";
export { eventIdOf, positionOf, TIMESTAMP_MAX } from "./position.ts";
