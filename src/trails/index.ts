/**
 * Trails: what they are, which events their selectors want, and the delivery of these events as log files. The delivery
 * reads the journal; which records a file holds is decided and stored before it is written.
 */
export * from "./delivery/start-delivery.ts";
export { deliveredFiles } from "./delivery/delivered-files.ts";
export * from "./delivery.ts";
export * from "./insight-selectors.ts";
export * from "./log-delivery.ts";
export * from "./narrowed.ts";
export * from "./notifications.ts";
export * from "./organization.ts";
export * from "./schema.ts";
export * from "./selectors/index.ts";
export * from "./trail.ts";
export * from "./trail-cache.ts";
export * from "./trail-name.ts";
export * from "./trail-quota.ts";
export * from "./trail-settings.ts";
export * from "./trail-status.ts";
export * from "./trail-tags.ts";
export * from "./trails.ts";
