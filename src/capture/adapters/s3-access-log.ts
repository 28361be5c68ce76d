import { type AccessLogEntry, accessLogEventName, parseAccessLogLine } from "../../aws/index.ts";
import { parseArn } from "../../core/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import { type Adapter, recordOf } from "./adapter.ts";
import { S3, s3Resources, unprovenIdentity, withQuery } from "./s3-event.ts";
import { errorOf, name, operationName, type Query, requestTarget } from "./values.ts";

/**
 * One line of a log in the S3 server access log format: AWS's own, and radosgw's bucket logging.
 *
 * What a bucket did by itself (`S3.EXPIRE.OBJECT`) is a record of its own kind, with the log's word as eventName.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
export const s3AccessLog: Adapter = (entry, place) => {
  if (typeof entry !== "string") return { skipped: "not a line of text" };
  const line = parseAccessLogLine(entry);
  if (line === undefined) return { skipped: "not an access log line" };
  // Such a line stands for what was about to be tried, by nobody knows whom: the standard mode's line tells of the call.
  if (line.journal) return { skipped: "journal mode" };
  const eventName = accessLogEventName(line) ?? operationName(line.operation) ?? "UnknownOperation";
  const own = line.operation.startsWith("S3.");
  const { query } = requestTarget(line.target ?? "");
  const record = recordOf(
    {
      kind: "s3-access-log",
      entry,
      id: name(line.requestId),
      timeMs: line.timeMs,
      eventSource: S3,
      eventName,
      userIdentity: own ? { accountId: place.account, invokedBy: S3 } : requesterIdentity(line, query),
      sourceIPAddress: name(line.remoteIp) ?? (own ? S3 : undefined),
      userAgent: line.userAgent,
      errorCode: errorOf(line.status, line.errorCode),
      requestParameters: withQuery(
        {
          bucketName: name(line.bucket),
          Host: name(line.hostHeader),
          key: line.key,
          versionId: query["versionId"] ?? name(line.versionId),
        },
        query,
      ),
      additionalEventData: additionalData(line),
      origin: { operation: name(line.operation) },
      requestID: line.requestId,
      resources: s3Resources(eventName, line.bucket, line.key === undefined ? [] : [line.key], place),
      ...(own ? { serviceEventDetails: { operation: name(line.operation) }, readOnly: false } : {}),
    },
    place,
  );
  return { record };
};

function additionalData(line: AccessLogEntry): Readonly<Record<string, unknown>> {
  return {
    SignatureVersion: name(line.signatureVersion),
    CipherSuite: name(line.cipherSuite),
    AuthenticationMethod: name(line.authenticationType),
    bytesTransferredOut: line.bytesSent,
    objectSize: line.objectSize,
    httpStatus: line.status,
    referrer: name(line.referrer),
    "x-amz-id-2": name(line.hostId),
  };
}

/** `svc:s3.amazonaws.com`: a service of AWS. */
const SERVICE_REQUESTER = /^svc:(.+)$/;
/** A canonical user id names an account, not one of its users. */
const CANONICAL_ID = /^[0-9a-f]{64}$/;

/** Says of a requester what its form proves, and no more: other servers write their own users' names here. */
function requesterIdentity({ requester, authenticationType }: AccessLogEntry, query: Query): UserIdentity {
  if (requester === undefined) {
    return authenticationType === "AuthHeader" ? { type: "Unknown" } : unprovenIdentity(undefined, query);
  }
  const whole = name(requester) ?? requester;
  const service = SERVICE_REQUESTER.exec(whole)?.[1];
  if (service !== undefined) return { type: "AWSService", invokedBy: service };
  if (CANONICAL_ID.test(whole)) return { type: "AWSAccount", principalId: whole };
  const arn = parseArn(whole);
  const [kind, ...names] = arn?.resource.split("/") ?? [];
  const accountId = arn?.account ?? "";
  if (kind === "user") return { type: "IAMUser", arn: whole, accountId, userName: names.at(-1) ?? "" };
  if (kind === "assumed-role") return { type: "AssumedRole", arn: whole, accountId };
  if (kind === "federated-user") return { type: "FederatedUser", arn: whole, accountId };
  if (arn?.resource === "root") return { type: "Root", arn: whole, accountId, principalId: accountId };
  return { type: "Unknown", principalId: whole, userName: whole };
}
