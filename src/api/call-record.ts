import { headerValue, SECRET_MEMBERS, toRecordMembers } from "../aws/index.ts";
import { type Clock, isoSeconds, type Random, type Refusal } from "../core/index.ts";
import { foreignIdentity, unknownIdentity, userIdentity } from "../identity/index.ts";
import {
  type AuditRecord,
  DELIVERY_MARK_HEADER,
  EVENT_VERSION,
  isDataEvent,
  isReadOnly,
  markedDelivery,
  READS_WITH_RESPONSE,
} from "../record/index.ts";
import { claimedOperation } from "./identify.ts";
import type { Operation } from "./operation.ts";
import type { Trace } from "./trace.ts";

/** How a call ended. */
export type Outcome = { readonly output: unknown } | { readonly refusal: Refusal };

interface RecordNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly defaultAccount: string;
  readonly defaultRegion: string;
}

/** Services whose records all carry one Region, wherever they are called. */
const GLOBAL_SERVICES: ReadonlyMap<string, string> = new Map([["iam", "us-east-1"]]);

/**
 * The records of a call whose operation is known: the caller's own, and a copy for each other account whose resources
 * it used. The copies share a `sharedEventID` and show of the caller what AWS shows a stranger.
 */
export function callRecords(
  needs: RecordNeeds,
  trace: Trace,
  operation: Operation<never, unknown, never> | undefined,
  outcome: Outcome,
): readonly [AuditRecord, ...AuditRecord[]] {
  const own = callRecord(needs, trace, operation, outcome);
  const { caller } = trace;
  // A call that was refused is told in the caller's account only.
  const owners = "output" in outcome && caller !== undefined ? (operation?.owners?.(trace.input as never) ?? []) : [];
  const others = owners.filter((account) => account !== caller?.account);
  if (others.length === 0 || caller === undefined) return [own];
  const sharedEventID = needs.random.uuid();
  const copies = others.map((recipientAccountId) => ({
    ...own,
    userIdentity: foreignIdentity(caller),
    eventID: needs.random.uuid(),
    recipientAccountId,
    sharedEventID,
  }));
  return [{ ...own, sharedEventID }, ...copies];
}

function callRecord(
  needs: RecordNeeds,
  trace: Trace,
  operation: Operation<never, unknown, never> | undefined,
  outcome: Outcome,
): AuditRecord {
  const { model, served, input } = trace;
  if (model === undefined || served === undefined) throw new Error("the operation is not known");
  const eventSource = `${served.model.signingName}.amazonaws.com`;
  const readOnly = isReadOnly(eventSource, model.name);
  const management = !isDataEvent(eventSource, model.name);
  const succeeded = "output" in outcome;
  const showsResponse = succeeded && (!readOnly || READS_WITH_RESPONSE.has(model.name));
  const resources = succeeded ? operation?.recordedResources?.(input as never) : undefined;
  return {
    ...common(needs, trace, outcome),
    eventSource,
    eventName: model.name,
    awsRegion: GLOBAL_SERVICES.get(served.model.name) ?? regionOf(trace) ?? needs.defaultRegion,
    requestParameters: shown(model.input, operation?.recordedInput?.(input as never) ?? input),
    responseElements: showsResponse ? shown(model.output, outcome.output) : null,
    readOnly,
    ...(resources === undefined || resources.length === 0 ? {} : { resources }),
    managementEvent: management,
    eventCategory: management ? "Management" : "Data",
  };
}

/** The record of a request that got nowhere near an operation: what was asked for is told as far as it can be. */
export function unparsedRecord(needs: RecordNeeds, trace: Trace, outcome: Outcome): AuditRecord {
  const { method, path } = trace.arrived.wire;
  const service = trace.served?.model.signingName ?? trace.signed?.service;
  const eventSource = service !== undefined && /^[a-z0-9-]{1,64}$/.test(service) ? service : "opentrail";
  const eventName = claimedOperation(trace.arrived.wire) ?? "UnknownOperation";
  return {
    ...common(needs, trace, outcome),
    eventSource: `${eventSource}.amazonaws.com`,
    eventName,
    awsRegion: GLOBAL_SERVICES.get(eventSource) ?? regionOf(trace) ?? needs.defaultRegion,
    // The query is left out: a presigned one carries a signature and may carry a token.
    requestParameters: { method, path: path.slice(0, 1024) },
    responseElements: null,
    readOnly: isReadOnly(`${eventSource}.amazonaws.com`, eventName),
    managementEvent: true,
    eventCategory: "Management",
  };
}

/**
 * The Region that the signature names. Unless it is proven it is text from outside: then only something that looks like
 * a Region is taken over, since nobody would look for the record in another.
 */
function regionOf(trace: Trace): string | undefined {
  const region = trace.signed?.region;
  if (trace.caller !== undefined) return region;
  return region !== undefined && /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(region) ? region : undefined;
}

type CommonMembers = Omit<AuditRecord, "eventSource" | "eventName" | "awsRegion">;

function common(needs: RecordNeeds, trace: Trace, outcome: Outcome): CommonMembers {
  // Header values come as one character per byte; agents that say more than ASCII say it in UTF-8.
  const header = headerValue(trace.arrived.wire.headers, "user-agent");
  const userAgent = header === undefined ? undefined : Buffer.from(header, "latin1").toString("utf8");
  const { caller } = trace;
  return {
    eventVersion: EVENT_VERSION,
    userIdentity: caller === undefined ? unknownIdentity(trace.signed?.accessKeyId) : userIdentity(caller),
    eventTime: isoSeconds(needs.clock.now()),
    sourceIPAddress: trace.arrived.sourceIp,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...("refusal" in outcome ? { errorCode: outcome.refusal.code, errorMessage: outcome.refusal.message } : {}),
    requestID: trace.requestId,
    eventID: needs.random.uuid(),
    eventType: "AwsApiCall",
    recipientAccountId: caller?.account ?? needs.defaultAccount,
    ...additionalEventData(trace),
    ...(trace.arrived.tls === undefined ? {} : { tlsDetails: trace.arrived.tls }),
  };
}

function additionalEventData({ arrived, additional }: Trace): Pick<AuditRecord, "additionalEventData"> {
  const said = { ...additional, ...markedDelivery(headerValue(arrived.wire.headers, DELIVERY_MARK_HEADER)) };
  return Object.keys(said).length === 0 ? {} : { additionalEventData: said };
}

function shown(shape: Parameters<typeof toRecordMembers>[0] | undefined, value: unknown): unknown {
  if (shape === undefined || value === undefined || value === null) return null;
  const members = toRecordMembers(shape, value as Record<string, unknown>, { omit: SECRET_MEMBERS });
  return Object.keys(members as object).length === 0 ? null : members;
}
