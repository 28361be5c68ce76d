import type { CloudtrailOperations } from "../aws/index.ts";
import { parseArn } from "../core/index.ts";
import { parseValues, type Values, valuesOf } from "./record-values.ts";

/** One element of what LookupEvents answers. */
export type Event = NonNullable<CloudtrailOperations["LookupEvents"]["output"]["Events"]>[number];

/** What a person wants to see of an event at a glance. Every text is from outside: nothing here is safe to print. */
export interface EventView {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number | undefined;
  readonly name: string;
  readonly source: string;
  /** `Mary`, `Admin/mary` for a session of a role, `root`, a service's name; empty when nobody is known. */
  readonly who: string;
  /** The record's `userIdentity.type`. */
  readonly identityType: string;
  readonly from: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly outcome: Outcome;
  readonly resources: readonly ResourceView[];
  readonly writes: boolean;
  readonly insight: InsightView | undefined;
  /** The record as the server keeps it, JSON. */
  readonly record: string;
}

/** `code` tells why, where the record does. */
export interface Outcome {
  readonly kind: "allowed" | "denied" | "failed";
  readonly code: string;
}

export interface ResourceView {
  readonly type: string;
  readonly name: string;
}

export interface InsightView {
  readonly state: string;
  readonly type: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly errorCode: string;
  /** Calls or errors per minute. */
  readonly average: number | undefined;
  readonly baseline: number | undefined;
}

/** Members that are missing or of another type than AWS's are passed over: records may come from anywhere. */
export function viewEvent(event: Event): EventView {
  const raw = event.CloudTrailEvent;
  const record = parseValues(raw ?? "{}");
  const identity = valuesOf(record["userIdentity"]);
  return {
    id: event.EventId ?? text(record["eventID"]),
    time: event.EventTime?.getTime() ?? timeOf(text(record["eventTime"])),
    name: event.EventName ?? text(record["eventName"]),
    source: event.EventSource ?? text(record["eventSource"]),
    who: caller(identity) || (event.Username ?? ""),
    identityType: text(identity["type"]),
    from: text(record["sourceIPAddress"]),
    userAgent: text(record["userAgent"]),
    requestId: text(record["requestID"]),
    outcome: outcome(record),
    resources: (event.Resources ?? []).map(({ ResourceType = "", ResourceName = "" }) => ({
      type: ResourceType,
      name: ResourceName,
    })),
    writes: event.ReadOnly === "false" || record["readOnly"] === false,
    insight: "insightDetails" in record ? insight(valuesOf(record["insightDetails"])) : undefined,
    record: raw ?? JSON.stringify(event),
  };
}

/** What a resource is called: of an ARN only what follows the account. */
export function resourceLabel({ name }: ResourceView): string {
  return parseArn(name)?.resource ?? name;
}

/** A role's session is told by role and session name; `arn:aws:sts::…:assumed-role/Admin/mary` holds both. */
function caller(identity: Values): string {
  switch (identity["type"]) {
    case "Root":
      return "root";
    case "AssumedRole":
    case "FederatedUser": {
      const [, ...names] = (parseArn(text(identity["arn"]))?.resource ?? "").split("/");
      return names.join("/") || text(identity["principalId"]);
    }
    default:
      return (
        text(identity["userName"]) ||
        text(identity["invokedBy"]) ||
        text(identity["principalId"]) ||
        text(identity["accountId"])
      );
  }
}

/** How services spell that somebody was not let in; everything else with a code merely failed. */
const DENIED =
  /AccessDenied|Unauthorized|NotAuthorized|Forbidden|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|MissingAuthentication|ExpiredToken|Signature/;

function outcome(record: Values): Outcome {
  const code = text(record["errorCode"]);
  if (code !== "") return { kind: DENIED.test(code) ? "denied" : "failed", code };
  // A failed sign-in has a message but no code.
  const signIn = text(valuesOf(record["responseElements"])["ConsoleLogin"]);
  const failed = signIn === "Failure" || text(record["errorMessage"]) !== "";
  return failed ? { kind: "failed", code: signIn || "failed" } : { kind: "allowed", code: "" };
}

function insight(details: Values): InsightView {
  const statistics = valuesOf(valuesOf(details["insightContext"])["statistics"]);
  return {
    state: text(details["state"]),
    type: text(details["insightType"]),
    eventName: text(details["eventName"]),
    eventSource: text(details["eventSource"]),
    errorCode: text(details["errorCode"]),
    average: number(valuesOf(statistics["insight"])["average"]),
    baseline: number(valuesOf(statistics["baseline"])["average"]),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
