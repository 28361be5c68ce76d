import { type AuditRecord, isReadOnly, type UserIdentity } from "../../record/index.ts";
import { type Adapter, type Place, present, recordOf } from "./adapter.ts";
import { redacted } from "./redact.ts";
import { S3, s3Resources, signing, unprovenIdentity, withQuery } from "./s3-event.ts";
import {
  byteCount,
  httpStatus,
  isObject,
  list,
  name,
  object,
  operationName,
  statusError,
  text,
  timeMs,
  type Values,
} from "./values.ts";

/** MinIO's own calls: administration, keys of its KMS, notifications. */
const MINIO = "min.io";

/** What MinIO calls a call of S3 by another name than CloudTrail. */
const S3_NAMES: Readonly<Record<string, string>> = {
  CopyObjectPart: "UploadPartCopy",
  DeleteBucketReplicationConfig: "DeleteBucketReplication",
  DeleteMultipleObjects: "DeleteObjects",
  GetBucketACL: "GetBucketAcl",
  GetBucketAccelerate: "GetAccelerateConfiguration",
  GetBucketObjectLockConfig: "GetBucketObjectLockConfiguration",
  GetBucketReplicationConfig: "GetBucketReplication",
  GetObjectACL: "GetObjectAcl",
  GetObjectLambda: "GetObject",
  ListObjectParts: "ListParts",
  ListObjectsV1: "ListObjects",
  ListObjectsV2: "ListObjects",
  ListObjectsV2M: "ListObjects",
  NewMultipartUpload: "CreateMultipartUpload",
  PostPolicyBucket: "PostObject",
  PostRestoreObject: "RestoreObject",
  PutBucket: "CreateBucket",
  PutBucketACL: "PutBucketAcl",
  PutBucketObjectLockConfig: "PutBucketObjectLockConfiguration",
  PutBucketReplicationConfig: "PutBucketReplication",
  PutObjectACL: "PutObjectAcl",
  PutObjectExtract: "PutObject",
  PutObjectMultipart: "UploadPart",
  PutObjectPart: "UploadPart",
  SelectObject: "SelectObjectContent",
};

/** Calls that stand under no path of their own and are not of S3 either. */
const MINIO_CALLS = /^(ListenNotification|KMS|Cluster|SiteReplication|SRPeer|ResetBucketReplication|.*ReplicationMRF)/;
const STS_CALLS = /^AssumeRole/;
/** `ServerInfo`, `InfoCannedPolicy`, `KMSStatus`: how calls of MinIO's own are named that change nothing. */
const MINIO_READS =
  /^(Info|Export|Inspect|Help|Top|Trace|Verify|KMSAPIs|KMSMetrics|KMSListKeys)|(Info|Status|Stats|Metrics)$/;

/** Headers that are parameters of a call, and those of an answer that tell what became of it. */
const REQUEST_HEADERS =
  /^(x-amz-(acl|grant-.*|storage-class|copy-source(-range|-if-.*)?|tagging(-directive)?|metadata-directive|object-lock-.*|bypass-governance-retention|website-redirect-location|server-side-encryption(-aws-kms-key-id|-customer-algorithm)?)|range|if-(none-)?match)$/;
const RESPONSE_HEADERS =
  /^(x-amz-(version-id|delete-marker|expiration|server-side-encryption(-aws-kms-key-id|-customer-algorithm)?|restore)|etag)$/;

/**
 * One entry of MinIO's audit webhook (`audit_webhook`), version 1.
 *
 * Calls of S3 and STS are recorded as CloudTrail names them. MinIO's administration and what it does by itself
 * (`trigger` other than `incoming`: expiry, healing) have the eventSource `min.io` and MinIO's own names. MinIO names an
 * error only by its status.
 * @see https://docs.min.io/enterprise/aistor-object-store/operations/monitoring/audit-logging/
 */
export const minio: Adapter = (entry, place) => {
  if (!isObject(entry)) return { skipped: "not an object" };
  // What a server sends to see whether somebody listens.
  if (!("api" in entry) && !("trigger" in entry)) return { skipped: "not an audit entry" };
  const time = timeMs(entry["time"]);
  if (time === undefined) return { skipped: "no time" };
  const trigger = text(entry["trigger"]) ?? "incoming";
  return { record: trigger === "incoming" ? callRecord(entry, time, place) : ownRecord(entry, time, trigger, place) };
};

function callRecord(entry: Values, timeMs: number, place: Place): AuditRecord {
  const api = object(entry["api"]);
  const query = object(entry["requestQuery"]);
  const requestHeaders = lowerCased(object(entry["requestHeader"]));
  const responseHeaders = lowerCased(object(entry["responseHeader"]));
  const authorization = text(requestHeaders["authorization"]);
  const call = callName(entry, api);
  const bucket = text(api["bucket"]);
  const objects = objectNames(api);
  const status = httpStatus(api["statusCode"]);
  return recordOf(
    {
      ...common(entry, timeMs),
      ...call,
      userIdentity: identityOf(entry, authorization, query),
      errorCode: statusError(status),
      errorMessage: text(entry["error"]),
      requestParameters: withQuery(
        {
          bucketName: bucket,
          Host: name(entry["requestHost"]),
          key: text(api["object"]),
          ...(objects.length === 0 ? {} : { objects: objects.slice(0, 1000) }),
          ...(call.eventSource === S3 ? {} : { path: name(entry["requestPath"]) }),
          ...chosen(requestHeaders, REQUEST_HEADERS),
        },
        query,
      ),
      responseElements: chosen(responseHeaders, RESPONSE_HEADERS),
      additionalEventData: {
        ...signing(authorization, query),
        bytesTransferredIn: byteCount(api["rx"]),
        bytesTransferredOut: byteCount(api["tx"]),
        "x-amz-id-2": name(responseHeaders["x-amz-id-2"]),
        httpStatus: status,
        claims: isObject(entry["requestClaims"]) ? redacted(entry["requestClaims"]) : undefined,
      },
      readOnly: call.eventSource === MINIO ? minioReads(call.eventName) : isReadOnly(call.eventSource, call.eventName),
      resources:
        call.eventSource === S3 ? s3Resources(call.eventName, bucket, [...keysOf(api), ...objects], place) : [],
    },
    place,
  );
}

/** What MinIO did by itself. */
function ownRecord(entry: Values, timeMs: number, trigger: string, place: Place): AuditRecord {
  const api = object(entry["api"]);
  const bucket = text(api["bucket"]);
  const objects = objectNames(api);
  const details = redacted({ trigger, event: entry["event"], api, tags: entry["tags"], error: entry["error"] });
  return recordOf(
    {
      ...common(entry, timeMs),
      eventSource: MINIO,
      eventName: operationName(api["name"]) ?? operationName(trigger) ?? "InternalEvent",
      userIdentity: { accountId: place.account, invokedBy: MINIO },
      sourceIPAddress: MINIO,
      errorMessage: text(entry["error"]),
      readOnly: false,
      resources: s3Resources("", bucket, [...keysOf(api), ...objects], place),
      serviceEventDetails: present(object(details)),
    },
    place,
  );
}

function common(entry: Values, timeMs: number) {
  return {
    kind: "minio",
    entry,
    id: name(entry["requestID"]),
    timeMs,
    requestID: text(entry["requestID"]),
    sourceIPAddress: name(entry["remotehost"]),
    userAgent: text(entry["userAgent"]),
    origin: { deploymentId: name(entry["deploymentid"]) },
  };
}

function callName(entry: Values, api: Values): { readonly eventSource: string; readonly eventName: string } {
  const called = operationName(api["name"]);
  const own = /^\/minio\/(admin|kms|health|v2)\//.test(text(entry["requestPath"]) ?? "");
  if (called === undefined) return { eventSource: own ? MINIO : S3, eventName: "UnknownOperation" };
  if (STS_CALLS.test(called)) return { eventSource: "sts.amazonaws.com", eventName: called };
  if (own || MINIO_CALLS.test(called)) return { eventSource: MINIO, eventName: called.replace(/Handler$/, "") };
  return { eventSource: S3, eventName: Object.hasOwn(S3_NAMES, called) ? (S3_NAMES[called] ?? called) : called };
}

/** MinIO's keys are names of users, or belong to one that it tells as parent. Without a key, the one that was claimed. */
function identityOf(entry: Values, authorization: string | undefined, query: Values): UserIdentity {
  const accessKeyId = name(entry["accessKey"]);
  const userName = name(entry["parentUser"]) ?? accessKeyId;
  if (accessKeyId !== undefined) return present({ type: "Unknown", principalId: userName, accessKeyId, userName });
  // Without the headers nobody can say that there was no signature.
  if (!isObject(entry["requestHeader"]) || "accessKey" in entry) return { type: "Unknown" };
  return unprovenIdentity(authorization, query);
}

function minioReads(eventName: string): boolean {
  return isReadOnly(MINIO, eventName) || MINIO_READS.test(eventName);
}

function keysOf(api: Values): readonly string[] {
  const key = text(api["object"]);
  return key === undefined ? [] : [key];
}

/** The keys of a call on many. */
function objectNames(api: Values): readonly string[] {
  return list(api["objects"]).flatMap((element) => text(object(element)["objectName"]) ?? []);
}

function lowerCased(headers: Values): Values {
  return Object.fromEntries(Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]));
}

function chosen(headers: Values, pattern: RegExp): Values {
  const texts = Object.entries(headers).filter(([header, value]) => pattern.test(header) && typeof value === "string");
  return Object.fromEntries(texts);
}
