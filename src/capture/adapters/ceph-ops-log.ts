import type { UserIdentity } from "../../record/index.ts";
import { type Adapter, present, recordOf } from "./adapter.ts";
import { redacted } from "./redact.ts";
import { S3, s3Resources, unprovenIdentity, withQuery } from "./s3-event.ts";
import {
  byteCount,
  errorOf,
  httpStatus,
  isObject,
  name,
  operationName,
  pascalCase,
  type Query,
  requestTarget,
  text,
  timeMs,
  type Values,
} from "./values.ts";

/** Calls that only radosgw has: its administration and those of Swift. */
const RADOSGW = "rgw.ceph.io";

/** radosgw's names of the calls of S3, for a bucket and, where that is another call, for an object. */
const S3_NAMES: Readonly<Record<string, string | readonly [bucket: string, object: string]>> = {
  abort_multipart: "AbortMultipartUpload",
  complete_multipart: "CompleteMultipartUpload",
  copy_obj: "CopyObject",
  create_bucket: "CreateBucket",
  delete_bucket: "DeleteBucket",
  delete_bucket_encryption: "DeleteBucketEncryption",
  delete_bucket_policy: "DeleteBucketPolicy",
  delete_bucket_public_access_block: "DeleteBucketPublicAccessBlock",
  delete_bucket_replication: "DeleteBucketReplication",
  delete_bucket_tags: "DeleteBucketTagging",
  delete_bucket_website: "DeleteBucketWebsite",
  delete_cors: "DeleteBucketCors",
  delete_lifecycle: "DeleteBucketLifecycle",
  delete_obj: "DeleteObject",
  delete_obj_tags: "DeleteObjectTagging",
  get_acls: ["GetBucketAcl", "GetObjectAcl"],
  get_bucket_encryption: "GetBucketEncryption",
  get_bucket_location: "GetBucketLocation",
  get_bucket_logging: "GetBucketLogging",
  get_bucket_object_lock: "GetBucketObjectLockConfiguration",
  get_bucket_policy: "GetBucketPolicy",
  get_bucket_policy_status: "GetBucketPolicyStatus",
  get_bucket_public_access_block: "GetBucketPublicAccessBlock",
  get_bucket_replication: "GetBucketReplication",
  get_bucket_tags: "GetBucketTagging",
  get_bucket_versioning: "GetBucketVersioning",
  get_bucket_website: "GetBucketWebsite",
  get_cors: "GetBucketCors",
  get_lifecycle: "GetBucketLifecycle",
  get_obj: "GetObject",
  get_obj_attrs: "GetObjectAttributes",
  get_obj_legal_hold: "GetObjectLegalHold",
  get_obj_retention: "GetObjectRetention",
  get_obj_tags: "GetObjectTagging",
  get_request_payment: "GetBucketRequestPayment",
  init_multipart: "CreateMultipartUpload",
  list_bucket: "ListObjects",
  list_bucket_multiparts: "ListMultipartUploads",
  list_buckets: "ListBuckets",
  list_multipart: "ListParts",
  multi_object_delete: "DeleteObjects",
  post_obj: "PostObject",
  put_acls: ["PutBucketAcl", "PutObjectAcl"],
  put_bucket_encryption: "PutBucketEncryption",
  put_bucket_logging: "PutBucketLogging",
  put_bucket_object_lock: "PutBucketObjectLockConfiguration",
  put_bucket_policy: "PutBucketPolicy",
  put_bucket_public_access_block: "PutBucketPublicAccessBlock",
  put_bucket_replication: "PutBucketReplication",
  put_bucket_tags: "PutBucketTagging",
  put_cors: "PutBucketCors",
  put_lifecycle: "PutBucketLifecycle",
  put_obj: "PutObject",
  put_obj_legal_hold: "PutObjectLegalHold",
  put_obj_retention: "PutObjectRetention",
  put_obj_tags: "PutObjectTagging",
  restore_obj: "RestoreObject",
  select_obj: "SelectObjectContent",
  set_bucket_versioning: "PutBucketVersioning",
  set_bucket_website: "PutBucketWebsite",
  set_request_payment: "PutBucketRequestPayment",
  stat_bucket: "HeadBucket",
};

/** The calls of IAM that radosgw serves are named like IAM's, but for underscores. */
const IAM_CALLS =
  /^(create|delete|get|list|put|update|modify|attach|detach|tag|untag)_.*(role|user_polic|oidc_provider)/;
const IAM_NAMES: Readonly<Record<string, string>> = {
  CreateOidcProvider: "CreateOpenIDConnectProvider",
  DeleteOidcProvider: "DeleteOpenIDConnectProvider",
  GetOidcProvider: "GetOpenIDConnectProvider",
  ListOidcProviders: "ListOpenIDConnectProviders",
  ModifyRole: "UpdateAssumeRolePolicy",
};
const STS_NAMES: Readonly<Record<string, string>> = {
  assume_role: "AssumeRole",
  assume_role_web_identity: "AssumeRoleWithWebIdentity",
  get_session_token: "GetSessionToken",
};

/** Where radosgw serves Swift: its calls share names with those of S3 and are not theirs. */
const SWIFT_PATH = /^\/(swift\/)?v1(\/|$)/;

/**
 * One entry of Ceph radosgw's ops log (`rgw_ops_log_file_path`, `rgw_ops_log_socket_path`), all members since Luminous.
 *
 * Calls of S3, IAM and STS are recorded as CloudTrail names them; those of Swift and of radosgw's administration have the
 * eventSource `rgw.ceph.io` and radosgw's name.
 */
export const cephOpsLog: Adapter = (entry, place) => {
  if (!isObject(entry)) return { skipped: "not an object" };
  const time = timeMs(entry["time"]);
  if (time === undefined) return { skipped: "no time" };
  const operation = text(entry["operation"]);
  if (operation === undefined) return { skipped: "no operation" };
  const request = requestLine(text(entry["uri"]) ?? "");
  const [tenant, bucket] = bucketOf(entry);
  const key = keyOf(entry, bucket, request.path);
  const call = callName(operation, request, key);
  const status = httpStatus(entry["http_status"]);
  const record = recordOf(
    {
      kind: "ceph-ops-log",
      entry,
      id: name(entry["trans_id"]),
      timeMs: time,
      ...call,
      userIdentity: identityOf(entry, request.query),
      sourceIPAddress: name(entry["remote_addr"]),
      userAgent: said(entry["user_agent"]),
      errorCode: errorOf(status, said(entry["error_code"])),
      requestParameters: withQuery(
        { bucketName: bucket, tenant, key, ...(call.eventSource === S3 ? {} : { path: name(request.path) }) },
        request.query,
      ),
      additionalEventData: {
        bytesTransferredIn: byteCount(entry["bytes_received"]),
        bytesTransferredOut: byteCount(entry["bytes_sent"]),
        objectSize: byteCount(entry["object_size"]),
        httpStatus: status,
        authenticationType: name(entry["authentication_type"]),
        temporaryUrl: entry["temp_url"] === true ? true : undefined,
        stsInfo: isObject(entry["sts_info"]) ? redacted(entry["sts_info"]) : undefined,
      },
      origin: { operation: name(operation) },
      requestID: text(entry["trans_id"]),
      resources:
        call.eventSource === S3 ? s3Resources(call.eventName, bucket, key === undefined ? [] : [key], place) : [],
    },
    place,
  );
  return { record };
};

interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
}

/** `PUT /photos/a.jpg?acl HTTP/1.1` */
function requestLine(line: string): RequestLine {
  const [, method = "", target = ""] = /^([A-Z]{1,20}) (.*?)(?: HTTP\/[\d.]+)?$/s.exec(line) ?? [];
  return { method, ...requestTarget(target) };
}

/** Buckets of a tenant are written `tenant/bucket`; a dash stands for one that was not found. */
function bucketOf(entry: Values): readonly [tenant: string | undefined, bucket: string | undefined] {
  const whole = said(entry["bucket"]);
  const slash = whole?.indexOf("/") ?? -1;
  return whole === undefined || slash < 0 ? [undefined, whole] : [whole.slice(0, slash), whole.slice(slash + 1)];
}

/** Until Quincy the key stood in the path alone; a bucket in the host name leaves all of the path to it. */
function keyOf(entry: Values, bucket: string | undefined, path: string): string | undefined {
  const told = said(entry["object"]);
  if (told !== undefined || "object" in entry || bucket === undefined || SWIFT_PATH.test(path)) return told;
  if (path === `/${bucket}`) return undefined;
  const key = path.startsWith(`/${bucket}/`) ? path.slice(bucket.length + 2) : path.slice(1);
  return key === "" ? undefined : key;
}

function callName(
  operation: string,
  { method, path, query }: RequestLine,
  key: string | undefined,
): { readonly eventSource: string; readonly eventName: string } {
  const own = { eventSource: RADOSGW, eventName: operationName(pascalCase(operation)) ?? "UnknownOperation" };
  if (SWIFT_PATH.test(path)) return own;
  if (Object.hasOwn(STS_NAMES, operation)) {
    return { eventSource: "sts.amazonaws.com", eventName: STS_NAMES[operation] ?? own.eventName };
  }
  if (IAM_CALLS.test(operation)) {
    return { eventSource: "iam.amazonaws.com", eventName: IAM_NAMES[own.eventName] ?? own.eventName };
  }
  const called = Object.hasOwn(S3_NAMES, operation) ? S3_NAMES[operation] : undefined;
  if (called === undefined) return own;
  const eventName = typeof called === "string" ? called : called[key === undefined ? 0 : 1];
  return { eventSource: S3, eventName: finer(eventName, method, query) };
}

/** radosgw has one name for what S3 tells apart by method and query. */
function finer(eventName: string, method: string, query: Query): string {
  if (eventName === "GetObject" && method === "HEAD") return "HeadObject";
  if (eventName === "PutObject" && "partNumber" in query && "uploadId" in query) return "UploadPart";
  if (eventName === "ListObjects" && "versions" in query) return "ListObjectVersions";
  return eventName;
}

/** radosgw's users are none of IAM's: what the log says of them stands as it is, with no type claimed. */
function identityOf(entry: Values, query: Query): UserIdentity {
  const user = said(entry["user"]);
  if (user === "anonymous") return unprovenIdentity(undefined, query);
  const subuser = said(entry["subuser"]);
  return present({
    type: "Unknown",
    principalId: name(user),
    accessKeyId: name(entry["access_key_id"]),
    userName: name(user === undefined || subuser === undefined ? user : `${user}:${subuser}`),
  });
}

/** radosgw writes a dash where it has nothing to say. */
function said(value: unknown): string | undefined {
  const told = text(value);
  return told === "-" ? undefined : told;
}
