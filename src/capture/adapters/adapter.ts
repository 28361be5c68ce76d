import { createHash } from "node:crypto";
import { isoSeconds } from "../../core/index.ts";
import {
  type AuditRecord,
  EVENT_VERSION,
  isDataEvent,
  isReadOnly,
  type RecordResource,
  type UserIdentity,
} from "../../record/index.ts";

/** Where the calls of a source belong: the account and Region of their records, and the source's name. */
export interface Place {
  readonly account: string;
  readonly region: string;
  /** The name that the configuration gives the source: told as `additionalEventData.origin.source`. */
  readonly source: string;
}

/** What became of one entry of another server's log: a record, or a short reason (one of few) why there is none. */
export type Mapped = { readonly record: AuditRecord } | { readonly skipped: string };

/**
 * Turns one entry of another server's audit log into a record. Pure: the same entry in the same place gives the same
 * record with the same eventID, so that an entry that is delivered twice is recorded once.
 *
 * An entry is text from outside: members may be missing, of any type and of any size. Never throws.
 */
export type Adapter = (entry: unknown, place: Place) => Mapped;

/** What an adapter found in an entry; `undefined` is left out of the record. */
export interface Found {
  /** The adapter's kind: `additionalEventData.origin.kind`. */
  readonly kind: string;
  readonly entry: unknown;
  /** The entry's own id, where it has one. It is told, and not trusted to be unique. */
  readonly id?: string | undefined;
  readonly timeMs: number;
  readonly eventSource: string;
  readonly eventName: string;
  readonly userIdentity: UserIdentity;
  readonly sourceIPAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly requestParameters?: Readonly<Record<string, unknown>>;
  readonly responseElements?: Readonly<Record<string, unknown>>;
  readonly additionalEventData?: Readonly<Record<string, unknown>>;
  /** More about where the record comes from. */
  readonly origin?: Readonly<Record<string, unknown>>;
  readonly requestID?: string | undefined;
  /** By the name of the call unless the adapter knows better. */
  readonly readOnly?: boolean;
  readonly resources?: readonly RecordResource[];
  /** Present: the server acted by itself, and this tells what it did. */
  readonly serviceEventDetails?: Readonly<Record<string, unknown>>;
}

/** The record of what an adapter found, under the rules that hold for all of them. */
export function recordOf(found: Found, place: Place): AuditRecord {
  const { kind, entry, id, timeMs, eventSource, eventName, serviceEventDetails, resources = [] } = found;
  const readOnly = found.readOnly ?? isReadOnly(eventSource, eventName);
  const data = isDataEvent(eventSource, eventName);
  // As in CloudTrail: calls that only read, and calls that failed, show no response.
  const showsResponse = !readOnly && found.errorCode === undefined;
  return present({
    eventVersion: EVENT_VERSION,
    userIdentity: present(found.userIdentity),
    eventTime: isoSeconds(timeMs),
    eventSource,
    eventName,
    awsRegion: place.region,
    // Every record has one; the entry did not tell.
    sourceIPAddress: found.sourceIPAddress ?? "unknown",
    userAgent: found.userAgent,
    errorCode: found.errorCode,
    errorMessage: found.errorMessage,
    requestParameters: filled(found.requestParameters) ?? null,
    responseElements: (showsResponse ? filled(found.responseElements) : undefined) ?? null,
    additionalEventData: {
      ...present(found.additionalEventData ?? {}),
      origin: present({ kind, source: place.source, id, ...found.origin }),
    },
    requestID: found.requestID,
    eventID: entryId(place.source, kind, entry),
    readOnly,
    resources: resources.length === 0 ? undefined : resources,
    eventType: serviceEventDetails === undefined ? "AwsApiCall" : "AwsServiceEvent",
    managementEvent: !data,
    recipientAccountId: place.account,
    serviceEventDetails,
    eventCategory: data ? "Data" : "Management",
  }) as AuditRecord;
}

/**
 * A UUID that only this entry of this source has: the SHA-256 of all it says (version 8 of RFC 9562).
 *
 * Ids inside an entry are not enough: who may choose one (a client of Kubernetes sends `Audit-ID`) could have a second call
 * taken for a redelivery of the first, and the log would not have it.
 */
export function entryId(source: string, kind: string, entry: unknown): string {
  const hash = createHash("sha256").update(JSON.stringify([source, kind]));
  // A stack of our own: entries may nest deeper than calls can.
  const waiting: unknown[] = [entry];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) {
      hash.update(`[${value.length},`);
      for (const element of value as readonly unknown[]) waiting.push(element);
    } else if (typeof value === "object" && value !== null) {
      const members = Object.entries(value);
      hash.update(`{${members.length},`);
      for (const [name, member] of members) waiting.push(member, name);
    } else {
      hash.update(`${JSON.stringify(value)},`);
    }
  }
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The members that are there. */
export function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<Value>;
}

type Present<Value> = { readonly [Name in keyof Value]?: Exclude<Value[Name], undefined> };

function filled(value: Readonly<Record<string, unknown>> | undefined): object | undefined {
  const members = present(value ?? {});
  return Object.keys(members).length === 0 ? undefined : members;
}
