import type { JsonObject } from "../patterns/index.ts";
import type { AuditRecord } from "../record/index.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";

/** Larger records are sent to no rule. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-aws-service-specific-topics.html */
export const EVENT_BYTES_MAX: number = 256 * 1024;

/** Records by their eventType; every other is told of as an API call. */
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  AwsConsoleSignIn: "AWS Console Sign In via CloudTrail",
  AwsConsoleAction: "AWS Console Action via CloudTrail",
  AwsServiceEvent: "AWS Service Event via CloudTrail",
  AwsCloudTrailInsight: "AWS Insight via CloudTrail",
  AwsVpceEvent: "AWS Network Activity Event via CloudTrail",
  AwsVpceEvents: "AWS Network Activity Event via CloudTrail",
};

const API_CALL = "AWS API Call via CloudTrail";
const INSIGHT = "AWS Insight via CloudTrail";
const NETWORK_ACTIVITY = "AWS Network Activity Event via CloudTrail";

/** These give out credentials: rules see them although they only read. */
const READS_THAT_ARE_SEEN: ReadonlySet<string> = new Set(["GetFederationToken", "GetSessionToken"]);

/** A recorded call on its way to the rules: its text is made when the first of them wants it. */
class RecordedEvent implements BusEvent {
  readonly envelope: EventEnvelope;
  readonly readOnlyManagement: boolean;
  readonly hops: number;
  readonly sequence: number;
  readonly #bytes: Uint8Array;
  #text: string | undefined;

  constructor(envelope: EventEnvelope, record: AuditRecord, hops: number, sequence: number, bytes: Uint8Array) {
    this.envelope = envelope;
    this.readOnlyManagement = isReadOnlyManagement(record);
    this.hops = hops;
    this.sequence = sequence;
    this.#bytes = bytes;
  }

  get text(): string {
    this.#text ??= textAround(this.envelope, Buffer.from(this.#bytes).toString());
    return this.#text;
  }
}

/**
 * A journalled record as an event of the default bus of its account and Region; undefined when it cannot be one, for it
 * lacks what every envelope says.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export function recordedEvent(
  record: AuditRecord,
  { sequence, bytes }: { readonly sequence: number; readonly bytes: Uint8Array },
  hops: number,
): BusEvent | undefined {
  const { eventID, eventTime, eventSource, awsRegion } = record;
  const account = record.recipientAccountId ?? record.userIdentity?.accountId;
  if (![eventID, eventTime, eventSource, awsRegion, account].every(isText)) return undefined;
  const detailType = detailTypeOf(record);
  const envelope: EventEnvelope = {
    version: "0",
    id: eventID,
    "detail-type": detailType,
    source: detailType === INSIGHT ? "aws.cloudtrail" : `aws.${eventSource.split(".", 1)[0]}`,
    account: account as string,
    time: eventTime,
    region: awsRegion,
    resources: [],
    // A record came out of JSON: its members are nothing else.
    detail: record as unknown as JsonObject,
  };
  return new RecordedEvent(envelope, record, hops, sequence, bytes);
}

function detailTypeOf({ eventType, eventCategory }: AuditRecord): string {
  if (eventCategory === "Insight") return INSIGHT;
  if (eventCategory === "NetworkActivity") return NETWORK_ACTIVITY;
  return (Object.hasOwn(DETAIL_TYPES, eventType) ? DETAIL_TYPES[eventType] : undefined) ?? API_CALL;
}

function isReadOnlyManagement({ readOnly, eventCategory, eventName }: AuditRecord): boolean {
  return readOnly === true && (eventCategory ?? "Management") === "Management" && !READS_THAT_ARE_SEEN.has(eventName);
}

/** The envelope's JSON around the detail's own: writing that anew would cost more, and JSON's numbers could change. */
export function textAround(envelope: EventEnvelope, detail: string): string {
  const { detail: _, ...rest } = envelope;
  return `${JSON.stringify(rest).slice(0, -1)},"detail":${detail}}`;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
