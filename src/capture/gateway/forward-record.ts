import type { ResolvedCall } from "../../aws/index.ts";
import { isoSeconds, optional } from "../../core/index.ts";
import { type AuditRecord, EVENT_VERSION, markedDelivery, type UserIdentity } from "../../record/index.ts";
import type { RequestDescription, ResponseDescription } from "../call/description.ts";
import { recordedUserAgent } from "../call/special/index.ts";

/** TLS as the client negotiated it. */
export interface TlsFacts {
  readonly tlsVersion?: string;
  readonly cipherSuite?: string;
  readonly clientProvidedHostHeader?: string;
  readonly keyExchange?: string;
}

/** What is known of a forwarded call that its request and response do not say themselves. */
export interface ForwardFacts {
  readonly eventID: string;
  /** When the call ended, milliseconds since 1970. */
  readonly now: number;
  /** Absent when the call was for OpenTrail itself. */
  readonly route?: string;
  readonly resolved: ResolvedCall;
  readonly identity: UserIdentity;
  readonly region: string;
  readonly account: string;
  readonly sourceIp: string;
  /** As sent, one character per byte. */
  readonly userAgent?: string;
  /** What the request says of the delivery of ours that it is. */
  readonly deliveryMark?: string;
  readonly tls?: TlsFacts;
  /** `amz-sdk-invocation-id`: the retries of one call share it. */
  readonly invocationId?: string;
  /** Our own id, given to the client when no upstream gave one. */
  readonly ownRequestId?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * How a call ended that has no answer of the upstream to tell it.
 *
 * `outcome` goes into `additionalEventData`: `not-forwarded`, `unknown` (it went out, and no whole answer came), or
 * `client-left`.
 */
export interface OddOutcome {
  readonly outcome: "not-forwarded" | "unknown" | "client-left";
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** The record of a call that went, or should have gone, to an upstream. */
export function forwardRecord(
  facts: ForwardFacts,
  request: RequestDescription,
  response: ResponseDescription | undefined,
  odd: OddOutcome | undefined,
): AuditRecord {
  const { resolved, tls } = facts;
  const errorCode = odd?.errorCode ?? response?.errorCode;
  const errorMessage = odd?.errorMessage ?? response?.errorMessage;
  const requestID = response?.requestID ?? facts.ownRequestId;
  // An answer knows the request's and more; an error knows none.
  const resources = response !== undefined && response.resources.length > 0 ? response.resources : request.resources;
  // Header values come as one character per byte; agents that say more than ASCII say it in UTF-8.
  const agent = facts.userAgent === undefined ? undefined : Buffer.from(facts.userAgent, "latin1").toString("utf8");
  return {
    eventVersion: EVENT_VERSION,
    userIdentity: facts.identity,
    eventTime: isoSeconds(facts.now),
    eventSource: resolved.eventSource,
    eventName: resolved.eventName,
    awsRegion: facts.region,
    sourceIPAddress: facts.sourceIp,
    ...(agent === undefined ? {} : { userAgent: recordedUserAgent(resolved.eventSource, agent) }),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage === undefined ? {} : { errorMessage }),
    requestParameters: request.requestParameters,
    responseElements: errorCode === undefined ? (response?.responseElements ?? null) : null,
    additionalEventData: {
      bytesTransferredIn: facts.bytesIn,
      bytesTransferredOut: facts.bytesOut,
      // S3 counts an object's bytes without their framing.
      ...request.additionalEventData,
      ...cipherOf(facts),
      ...response?.additionalEventData,
      ...(facts.invocationId === undefined ? {} : { sdkInvocationId: facts.invocationId.slice(0, 64) }),
      ...(odd === undefined ? {} : { outcome: odd.outcome }),
      ...markedDelivery(facts.deliveryMark),
      ...(facts.route === undefined ? {} : { route: facts.route }),
    },
    ...(requestID === undefined ? {} : { requestID }),
    eventID: facts.eventID,
    readOnly: request.readOnly,
    ...(resources.length === 0 ? {} : { resources }),
    eventType: "AwsApiCall",
    ...(request.apiVersion === undefined ? {} : { apiVersion: request.apiVersion }),
    managementEvent: request.managementEvent,
    recipientAccountId: facts.account,
    eventCategory: request.eventCategory,
    ...(tls === undefined ? {} : { tlsDetails: tls }),
  };
}

/** S3 repeats it there. Seen in real records. */
function cipherOf({ resolved, tls }: ForwardFacts): { readonly CipherSuite?: string } {
  return resolved.eventSource === "s3.amazonaws.com" ? optional("CipherSuite", tls?.cipherSuite) : {};
}
