import type { AccessLogEntry } from "./access-log.ts";

/** CloudTrail's name of a call of S3, for a bucket and, where that is another call, for an object. */
type EventName = string | readonly [bucket: string, object: string];

/** Method and resource of an access log's operation, without `REST.`; both AWS's and radosgw's words for a resource. */
const OPERATIONS: Readonly<Record<string, EventName>> = {
  "COPY.OBJECT": "CopyObject",
  "COPY.OBJECT_GET": "GetObject",
  "COPY.PART": "UploadPartCopy",
  "COPY.PART_GET": "GetObject",
  "DELETE.BUCKET": "DeleteBucket",
  "DELETE.MULTI_OBJECT_DELETE": "DeleteObject",
  "DELETE.OBJECT": "DeleteObject",
  "DELETE.UPLOAD": "AbortMultipartUpload",
  "GET.ACCELERATE": "GetAccelerateConfiguration",
  "GET.BUCKET": "ListObjects",
  "GET.BUCKETVERSIONS": "ListObjectVersions",
  "GET.OBJECT": "GetObject",
  "GET.OBJECT_ATTRIBUTES": "GetObjectAttributes",
  "GET.OBJECT_TORRENT": "GetObjectTorrent",
  "GET.POLICY_STATUS": "GetBucketPolicyStatus",
  "GET.SERVICE": "ListBuckets",
  "GET.TORRENT": "GetObjectTorrent",
  "GET.UPLOAD": "ListParts",
  "GET.UPLOADS": "ListMultipartUploads",
  "HEAD.BUCKET": "HeadBucket",
  "HEAD.OBJECT": "HeadObject",
  "POST.DELETE_MULTI_OBJECT": "DeleteObjects",
  "POST.MULTI_OBJECT_DELETE": "DeleteObjects",
  "POST.OBJECT": "PostObject",
  "POST.RESTORE": "RestoreObject",
  "POST.OBJECT_RESTORE": "RestoreObject",
  "POST.SELECT": "SelectObjectContent",
  "POST.UPLOAD": "CompleteMultipartUpload",
  "POST.UPLOADS": "CreateMultipartUpload",
  "PUT.ACCELERATE": "PutAccelerateConfiguration",
  "PUT.BUCKET": "CreateBucket",
  "PUT.OBJECT": "PutObject",
  "PUT.PART": "UploadPart",
  "SELECT.OBJECT": "SelectObjectContent",
};

/** What a bucket or an object can be given, asked for and freed of: each with any of the three methods. */
const SUBRESOURCES: Readonly<Record<string, EventName>> = {
  ACL: ["BucketAcl", "ObjectAcl"],
  ANALYTICS: "AnalyticsConfiguration",
  BUCKETPOLICY: "BucketPolicy",
  CORS: "BucketCors",
  ENCRYPTION: "BucketEncryption",
  INTELLIGENT_TIERING: "IntelligentTieringConfiguration",
  INVENTORY: "InventoryConfiguration",
  LEGAL_HOLD: "ObjectLegalHold",
  LIFECYCLE: "BucketLifecycle",
  LOCATION: "BucketLocation",
  LOGGING: "BucketLogging",
  LOGGING_STATUS: "BucketLogging",
  METRICS: "MetricsConfiguration",
  NOTIFICATION: "BucketNotification",
  OBJECT_LOCK: "BucketObjectLockConfiguration",
  OBJECT_LOCK_CONFIGURATION: "BucketObjectLockConfiguration",
  OBJECT_LOCK_LEGALHOLD: "ObjectLegalHold",
  OBJECT_LOCK_RETENTION: "ObjectRetention",
  OBJECT_TAGGING: "ObjectTagging",
  OWNERSHIP_CONTROLS: "BucketOwnershipControls",
  POLICY: "BucketPolicy",
  PUBLIC_ACCESS_BLOCK: "BucketPublicAccessBlock",
  PUBLICACCESSBLOCK: "BucketPublicAccessBlock",
  REPLICATION: "BucketReplication",
  REQUEST_PAYMENT: "BucketRequestPayment",
  RETENTION: "ObjectRetention",
  TAGGING: ["BucketTagging", "ObjectTagging"],
  VERSIONING: "BucketVersioning",
  WEBSITE: "BucketWebsite",
};

const METHODS: Readonly<Record<string, string>> = { DELETE: "Delete", GET: "Get", PUT: "Put" };

/**
 * CloudTrail's name of the call that a line of an access log tells of: `PutObject` for `REST.PUT.OBJECT`. Undefined for
 * what the bucket did by itself, what a browser asked before a call, and what is not known.
 */
export function accessLogEventName(entry: Pick<AccessLogEntry, "operation" | "key" | "target">): string | undefined {
  const [interfaceName = "", method = "", ...resources] = entry.operation.split(".");
  if (!["REST", "WEBSITE", "BATCH"].includes(interfaceName)) return undefined;
  const resource = resources.join(".").toUpperCase();
  const whole = own(OPERATIONS, `${method}.${resource}`);
  if (whole !== undefined) return finer(chosen(whole, entry.key), entry.target ?? "");
  const verb = own(METHODS, method);
  const subresource = own(SUBRESOURCES, resource);
  return verb === undefined || subresource === undefined ? undefined : `${verb}${chosen(subresource, entry.key)}`;
}

function chosen(name: EventName, key: string | undefined): string {
  return typeof name === "string" ? name : name[key === undefined ? 0 : 1];
}

/** radosgw calls a part of an upload an object. */
function finer(eventName: string, target: string): string {
  const part = eventName === "PutObject" && /[?&]partNumber=/.test(target) && /[?&]uploadId=/.test(target);
  return part ? "UploadPart" : eventName;
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
