/**
 * What must reach somebody: a durable ledger of deliveries, the workers that make the attempts, and the transports to the
 * world outside. Knows nothing of rules, topics or alarms; they write into the ledger and bring transports of their own.
 */
export * from "./delivery.ts";
export * from "./marks.ts";
export * from "./guard/address-guard.ts";
export * from "./guard/guarded-http.ts";
export { addDeliveries } from "./ledger.ts";
export * from "./schema.ts";
export * from "./start-deliveries.ts";
export * from "./transports/http.ts";
