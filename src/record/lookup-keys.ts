import type { AuditRecord, RecordResource } from "./audit-record.ts";
import { parameterResources } from "./resource-parameters.ts";

/** The eight attributes of LookupEvents. */
export const LOOKUP_ATTRIBUTE_NAMES: readonly [
  "EventId",
  "EventName",
  "ReadOnly",
  "Username",
  "ResourceType",
  "ResourceName",
  "EventSource",
  "AccessKeyId",
] = ["EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"];

export type LookupAttributeName = (typeof LOOKUP_ATTRIBUTE_NAMES)[number];

/** Where one record stands in event history. */
export interface LookupEntry {
  /** `account|region|management`, `…|data` or `…|insight`: each category has a history of its own. */
  readonly scope: string;
  /** eventTime, milliseconds since 1970. */
  readonly timeMs: number;
  /** Every attribute that the record can be found by; ResourceType and ResourceName may stand more than once. */
  readonly attributes: readonly (readonly [name: LookupAttributeName, value: string])[];
}

/**
 * How event history finds this record, or undefined when it never does (network activity events).
 *
 * A record is text from outside: members of the wrong type are passed over, never trusted and never thrown on.
 */
export function lookupEntry(record: AuditRecord): LookupEntry | undefined {
  const category = record.eventCategory ?? "Management";
  if (category !== "Management" && category !== "Data" && category !== "Insight") return undefined;
  const account = text(record.recipientAccountId) ?? text(record.userIdentity?.accountId);
  const region = text(record.awsRegion);
  const timeMs = Date.parse(text(record.eventTime) ?? "");
  // NaN fails the comparison too. No event is older than the clock's zero; later than a four-digit year is not a time.
  if (account === undefined || region === undefined || !(timeMs >= 0 && timeMs <= TIME_MS_MAX)) return undefined;
  return { scope: lookupScope(account, region, category), timeMs, attributes: attributesOf(record) };
}

export function lookupScope(account: string, region: string, category: "Management" | "Data" | "Insight"): string {
  return `${account}|${region}|${category.toLowerCase()}`;
}

/** The attributes that a record has once, where it has them as text; LookupEvents answers them under the same names. */
export function lookupSingles(record: AuditRecord): readonly (readonly [LookupAttributeName, string])[] {
  const members: readonly (readonly [LookupAttributeName, unknown])[] = [
    ["EventId", record.eventID],
    ["EventName", record.eventName],
    ["ReadOnly", typeof record.readOnly === "boolean" ? String(record.readOnly) : undefined],
    ["Username", lookupUsername(record)],
    ["EventSource", record.eventSource],
    ["AccessKeyId", record.userIdentity?.accessKeyId],
  ];
  return members.filter((member): member is readonly [LookupAttributeName, string] => Boolean(text(member[1])));
}

/**
 * `Username` as LookupEvents answers it: the IAM user's name, `root`, or for a role the session's name. Sessions that are
 * known by their ARN alone have their name in it.
 */
export function lookupUsername(record: AuditRecord): string | undefined {
  const identity = record.userIdentity;
  if (identity?.type === "Root") return "root";
  const session = identity?.type === "AssumedRole" || identity?.type === "FederatedUser";
  if (!session) return text(identity?.userName);
  return afterColon(text(identity.principalId)) ?? afterLastSlash(text(identity.arn));
}

/**
 * `Resources` as LookupEvents answers them: from `resources` and from the parameters that name things, each pair of type
 * and name once, at most RESOURCES_MAX.
 */
export function lookupResources(record: AuditRecord): readonly LookupResource[] {
  const found: LookupResource[] = [];
  const add = (ResourceType: string | undefined, ResourceName: string): void => {
    if (found.length === RESOURCES_MAX) return;
    if (found.some((known) => known.ResourceName === ResourceName && known.ResourceType === ResourceType)) return;
    found.push(ResourceType === undefined ? { ResourceName } : { ResourceType, ResourceName });
  };
  if (Array.isArray(record.resources)) {
    for (const resource of record.resources as readonly (RecordResource | null)[]) {
      const name = text(resource?.ARN) || text(resource?.ARNPrefix);
      if (name) add(text(resource?.type) || undefined, name);
    }
  }
  parameterResources(record, add);
  return found;
}

export interface LookupResource {
  readonly ResourceType?: string;
  readonly ResourceName: string;
}

/** A record may name any number of resources; history finds it by this many. */
const RESOURCES_MAX = 100;
/** 9999-12-31T23:59:59.999Z */
const TIME_MS_MAX = 253_402_300_799_999;
/** LookupEvents takes values of up to 2,000 characters: nobody can ask for a longer one. */
const VALUE_LENGTH_MAX = 2000;

function attributesOf(record: AuditRecord): LookupEntry["attributes"] {
  const found: (readonly [LookupAttributeName, string])[] = [];
  const add = (name: LookupAttributeName, value: string | undefined): void => {
    if (value && value.length <= VALUE_LENGTH_MAX) found.push([name, value]);
  };
  for (const [name, value] of lookupSingles(record)) add(name, value);
  for (const { ResourceType, ResourceName } of lookupResources(record)) {
    add("ResourceType", ResourceType);
    add("ResourceName", ResourceName);
  }
  return found;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function afterLastSlash(value: string | undefined): string | undefined {
  return value?.slice(value.lastIndexOf("/") + 1) || undefined;
}

function afterColon(value: string | undefined): string | undefined {
  return value === undefined ? undefined : value.slice(value.indexOf(":") + 1);
}
