/**
 * Event history: LookupEvents over the last 90 days. Sealed segments answer through their own index, the tail of the
 * journal through one in memory, and both are merged under one order: newest first by eventTime, then by sequence.
 */
export type { HistoryEvent } from "./history-event.ts";
export { type LookupEventsInput, type LookupQuery, parseLookup } from "./lookup-query.ts";
export type { HistoryNeeds, HistoryPage } from "./look-up.ts";
export { type History, type HistoryOptions, openHistory } from "./open-history.ts";
