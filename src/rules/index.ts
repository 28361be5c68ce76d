/**
 * EventBridge: buses, rules, targets, archives, replays, schedules, connections and API destinations; the reader that
 * sends what is recorded to the rules; backtests over the journal.
 */
export * from "./backtest.ts";
export * from "./blindness.ts";
export * from "./bus-arn.ts";
export * from "./buses.ts";
export * from "./custom-event.ts";
export type { Archives } from "./dispatch.ts";
export { recordedEvent } from "./envelope.ts";
export * from "./events.ts";
export { checkTransformer } from "./input-transformer.ts";
export { parseJsonPath } from "./json-path.ts";
export * from "./rule.ts";
export * from "./rules.ts";
export * from "./schema.ts";
export * from "./start-rules.ts";
export * from "./tags.ts";
export * from "./target-kinds.ts";
export * from "./schedule-expression.ts";
export * from "./api-destination-transport.ts";
export * from "./api-destinations.ts";
export * from "./connection.ts";
export * from "./connections.ts";
export * from "./archive.ts";
export * from "./archive-events.ts";
export * from "./archives.ts";
export * from "./replay.ts";
export * from "./replays.ts";
export * from "./schedules.ts";
export * from "./start-replays.ts";
export * from "./templates/index.ts";
