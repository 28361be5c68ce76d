import {
  type AuditRecord,
  type LookupAttributeName,
  type LookupResource,
  lookupResources,
  lookupUsername,
} from "../record/index.ts";

/**
 * An event as LookupEvents answers it. A record that somebody else wrote may lack what ours always have; then the
 * member is absent here too.
 */
export interface HistoryEvent {
  readonly EventId?: string;
  readonly EventName?: string;
  /** `true` or `false`, as text. */
  readonly ReadOnly?: string;
  readonly AccessKeyId?: string;
  readonly EventTime: Date;
  readonly EventSource?: string;
  readonly Username?: string;
  readonly Resources: readonly LookupResource[];
  /** The record as it was journalled. */
  readonly CloudTrailEvent: string;
}

export function historyEvent(record: AuditRecord, timeMs: number, bytes: Uint8Array): HistoryEvent {
  const members: readonly (readonly [LookupAttributeName, unknown])[] = [
    ["EventId", record.eventID],
    ["EventName", record.eventName],
    ["ReadOnly", typeof record.readOnly === "boolean" ? String(record.readOnly) : undefined],
    ["AccessKeyId", record.userIdentity?.accessKeyId],
    ["EventSource", record.eventSource],
    ["Username", lookupUsername(record)],
  ];
  return {
    ...Object.fromEntries(members.filter(([, value]) => typeof value === "string" && value !== "")),
    EventTime: new Date(timeMs),
    Resources: lookupResources(record),
    CloudTrailEvent: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
  };
}
