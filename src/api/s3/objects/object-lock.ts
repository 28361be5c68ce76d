import type { Bucket } from "../../../buckets/index.ts";
import { optional, Refusal } from "../../../core/index.ts";
import { invalidRequest, malformedXml, notImplemented } from "../errors.ts";
import { isHeld, lockModeFrom } from "../object-request.ts";
import type { Input, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

function requireObjectLock(bucket: Bucket): Bucket {
  if (!bucket.objectLock) throw invalidRequest("Bucket is missing Object Lock Configuration");
  return bucket;
}

function noLock(): Refusal {
  const message = "The specified object does not have a ObjectLock configuration";
  return new Refusal("NoSuchObjectLockConfiguration", message, 404);
}

/** @throws {Refusal} `NoSuchObjectLockConfiguration`. */
export const getObjectRetention: S3Operation<"GetObjectRetention"> = async (input, call) => {
  const { name } = requireObjectLock(bucketOf(call, input));
  const { lock } = await call.buckets.version(name, input.Key, input.VersionId);
  if (lock.retention === undefined) throw noLock();
  return { Retention: { Mode: lock.retention.mode, RetainUntilDate: new Date(lock.retention.until) } };
};

/**
 * PutObjectRetention. A retention that says nothing takes away the one there is.
 * @throws {Refusal} `AccessDenied` when it would protect the version less than before.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
 */
export const putObjectRetention: S3Operation<"PutObjectRetention"> = async (input, call) => {
  const { name } = requireObjectLock(bucketOf(call, input));
  const { Key, VersionId, BypassGovernanceRetention } = input;
  await call.buckets.setRetention(
    name,
    Key,
    VersionId,
    retentionFrom(input),
    optional("bypassGovernance", BypassGovernanceRetention),
  );
  return {};
};

function retentionFrom({ Retention }: Input<"PutObjectRetention">): Parameters<RetentionSetter>[3] {
  const { Mode, RetainUntilDate, EventHold, EventHoldDuration } = Retention ?? {};
  if (EventHold !== undefined || EventHoldDuration !== undefined) throw notImplemented("EventHold");
  if (Mode === undefined && RetainUntilDate === undefined) return undefined;
  if (Mode === undefined || RetainUntilDate === undefined) throw malformedXml();
  return { mode: lockModeFrom(Mode), until: RetainUntilDate.getTime() };
}

type RetentionSetter = Parameters<S3Operation<"PutObjectRetention">>[1]["buckets"]["setRetention"];

/** @throws {Refusal} `NoSuchObjectLockConfiguration`. */
export const getObjectLegalHold: S3Operation<"GetObjectLegalHold"> = async (input, call) => {
  const { name } = requireObjectLock(bucketOf(call, input));
  const { lock } = await call.buckets.version(name, input.Key, input.VersionId);
  if (lock.legalHold === undefined) throw noLock();
  return { LegalHold: { Status: lock.legalHold ? "ON" : "OFF" } };
};

export const putObjectLegalHold: S3Operation<"PutObjectLegalHold"> = async (input, call) => {
  const { name } = requireObjectLock(bucketOf(call, input));
  const status = input.LegalHold?.Status;
  if (status === undefined) throw malformedXml();
  await call.buckets.setLegalHold(name, input.Key, input.VersionId, isHeld(status));
  return {};
};
