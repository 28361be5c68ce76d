import { isoSeconds } from "../core/index.ts";
import { type AuditRecord, EVENT_VERSION } from "./audit-record.ts";

/** What OpenTrail tells about itself. */
export interface ServiceEvent {
  readonly eventName: string;
  readonly eventID: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly account: string;
  readonly region: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const OPENTRAIL = "opentrail.amazonaws.com";

/** The record of something that OpenTrail did or noticed by itself: nobody called. */
export function serviceEventRecord({
  eventName,
  eventID,
  timeMs,
  account,
  region,
  details,
}: ServiceEvent): AuditRecord {
  return {
    eventVersion: EVENT_VERSION,
    userIdentity: { accountId: account, invokedBy: OPENTRAIL },
    eventTime: isoSeconds(timeMs),
    eventSource: OPENTRAIL,
    eventName,
    awsRegion: region,
    sourceIPAddress: OPENTRAIL,
    userAgent: OPENTRAIL,
    requestParameters: null,
    responseElements: null,
    eventID,
    readOnly: false,
    eventType: "AwsServiceEvent",
    managementEvent: true,
    recipientAccountId: account,
    serviceEventDetails: details,
    eventCategory: "Management",
  };
}
