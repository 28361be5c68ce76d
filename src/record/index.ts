/**
 * The CloudTrail record: what it is, how it is written under the size rules, what only reads, and by which attributes
 * event history finds it. Pure functions.
 */
export * from "./audit-record.ts";
export * from "./delivery-mark.ts";
export * from "./encode-record.ts";
export * from "./event-category.ts";
export * from "./lookup-keys.ts";
export * from "./read-only.ts";
export * from "./service-event.ts";
