import type { AuditRecord } from "./audit-record.ts";

/** The eight attributes of LookupEvents. */
export type LookupAttributeName =
  | "EventId"
  | "EventName"
  | "ReadOnly"
  | "Username"
  | "ResourceType"
  | "ResourceName"
  | "EventSource"
  | "AccessKeyId";

/** Where one record stands in event history. */
export interface LookupEntry {
  /** `account|region|management` or `account|region|insight`: LookupEvents never looks outside one of them. */
  readonly scope: string;
  /** eventTime, milliseconds since 1970. */
  readonly timeMs: number;
  /** Every attribute that the record can be found by; ResourceType and ResourceName may stand more than once. */
  readonly attributes: readonly (readonly [name: LookupAttributeName, value: string])[];
}

/**
 * How event history finds this record, or undefined when it never does (data and network activity events).
 *
 * A record is text from outside: members of the wrong type are passed over, never trusted and never thrown on.
 */
export function lookupEntry(record: AuditRecord): LookupEntry | undefined {
  const category = record.eventCategory ?? "Management";
  if (category !== "Management" && category !== "Insight") return undefined;
  const account = text(record.recipientAccountId) ?? text(record.userIdentity?.accountId);
  const region = text(record.awsRegion);
  const timeMs = Date.parse(text(record.eventTime) ?? "");
  if (account === undefined || region === undefined || Number.isNaN(timeMs)) return undefined;
  return { scope: lookupScope(account, region, category), timeMs, attributes: [...attributes(record)] };
}

export function lookupScope(account: string, region: string, category: "Management" | "Insight"): string {
  return `${account}|${region}|${category === "Insight" ? "insight" : "management"}`;
}

/** `Username` as LookupEvents answers it: the IAM user's name, `root`, or for a role the session's name. */
export function lookupUsername(record: AuditRecord): string | undefined {
  const identity = record.userIdentity;
  switch (identity?.type) {
    case "Root":
      return "root";
    case "AssumedRole":
    case "FederatedUser":
      return afterColon(text(identity.principalId));
    default:
      return text(identity?.userName);
  }
}

/** `Resources` as LookupEvents answers them: from `resources` and from the parameters that name things. */
export function lookupResources(
  record: AuditRecord,
): readonly { readonly ResourceType?: string; readonly ResourceName: string }[] {
  const found: { ResourceType?: string; ResourceName: string }[] = [];
  if (Array.isArray(record.resources)) {
    for (const resource of record.resources.slice(0, RESOURCES_MAX)) {
      const name = text(resource?.ARN) ?? text(resource?.ARNPrefix);
      const type = text(resource?.type);
      if (name !== undefined)
        found.push(type === undefined ? { ResourceName: name } : { ResourceType: type, ResourceName: name });
    }
  }
  return found;
}

/** A record may name any number of resources; history finds it by this many. */
const RESOURCES_MAX = 100;

function* attributes(record: AuditRecord): Generator<readonly [LookupAttributeName, string]> {
  const single: readonly (readonly [LookupAttributeName, unknown])[] = [
    ["EventId", record.eventID],
    ["EventName", record.eventName],
    ["ReadOnly", typeof record.readOnly === "boolean" ? String(record.readOnly) : undefined],
    ["Username", lookupUsername(record)],
    ["EventSource", record.eventSource],
    ["AccessKeyId", record.userIdentity?.accessKeyId],
  ];
  for (const [name, value] of single) if (typeof value === "string" && value !== "") yield [name, value];
  for (const { ResourceType, ResourceName } of lookupResources(record)) {
    if (ResourceType !== undefined) yield ["ResourceType", ResourceType];
    yield ["ResourceName", ResourceName];
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function afterColon(value: string | undefined): string | undefined {
  return value === undefined ? undefined : value.slice(value.indexOf(":") + 1);
}
