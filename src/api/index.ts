/**
 * The AWS API as OpenTrail serves it: one folder per service, one file per operation with its meaning only, and the one
 * path that every request takes from the socket to its recorded answer (`answer-call.ts`).
 */
export * from "./answer-call.ts";
export * from "./cloudtrail/index.ts";
export * from "./cloudwatch/index.ts";
export * from "./control-schema.ts";
export * from "./events/index.ts";
export * from "./http-limits.ts";
export * from "./http-server.ts";
export * from "./iam/index.ts";
export * from "./logs/index.ts";
export * from "./metrics.ts";
export { isLink } from "./notification-links.ts";
export * from "./organizations/index.ts";
export * from "./outbox.ts";
export * from "./recorder.ts";
export * from "./status-server.ts";
export * from "./s3/index.ts";
export * from "./sns/index.ts";
export * from "./sts/index.ts";
export * from "./throttle.ts";
export * from "./trace.ts";
export * from "./trusted-proxies.ts";
export * from "./x-opentrail/index.ts";
