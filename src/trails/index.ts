/**
 * Trails: what they are, which events their selectors want, and the delivery of these events as log files. The delivery
 * reads the journal; which records a file holds is decided and stored before it is written.
 */
export * from "./delivery/start-delivery.ts";
export * from "./delivery.ts";
export * from "./schema.ts";
export * from "./trail.ts";
