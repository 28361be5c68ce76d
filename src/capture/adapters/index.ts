/**
 * Adapters for servers that one cannot put a proxy in front of: each turns the entries of such a server's own audit log
 * into records, and webhooks and followed files bring the entries.
 */
export type { Adapter, Mapped, Place } from "./adapter.ts";
export { cephOpsLog } from "./ceph-ops-log.ts";
export { type AuditSource, parseSource, parseSources, type SourceKind } from "./audit-source.ts";
export { kubernetes } from "./kubernetes.ts";
export { minio } from "./minio.ts";
export { s3AccessLog } from "./s3-access-log.ts";
export { openSources, type Sources, type SourcesLog, type SourcesNeeds } from "./sources.ts";
export type { SourceStats } from "./source-intake.ts";
export { vault } from "./vault.ts";
export type { WebhookAnswer, WebhookHeaders } from "./webhook.ts";
