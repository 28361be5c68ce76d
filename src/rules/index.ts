/**
 * EventBridge: buses, rules, targets, archives, replays, schedules, connections and API destinations; the reader that
 * sends what is recorded to the rules; backtests over the journal.
 */
export * from "./events.ts";
export * from "./rule.ts";
export * from "./schema.ts";
export * from "./schedule-expression.ts";
export * from "./api-destination-transport.ts";
export * from "./api-destinations.ts";
export * from "./connection.ts";
export * from "./connections.ts";
export * from "./schema-archives.ts";
export * from "./templates.ts";
