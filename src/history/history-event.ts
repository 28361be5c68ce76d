import { type AuditRecord, type LookupResource, lookupResources, lookupSingles } from "../record/index.ts";

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
  return {
    ...Object.fromEntries(lookupSingles(record)),
    EventTime: new Date(timeMs),
    Resources: lookupResources(record),
    CloudTrailEvent: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
  };
}
