import type { RecordResource } from "../../../record/index.ts";
import type { CallPlace } from "../description.ts";
import { partitionOf } from "./arn-of.ts";

export interface S3Subject {
  readonly bucket: string;
  readonly key?: string;
  /** What a listing is limited to; absent when the call lists nothing. */
  readonly prefix?: string;
}

/** Keys may hold any character; a key is at most 1,024 bytes. */
const KEY_LENGTH_MAX = 1024;
const BUCKET = /^[A-Za-z0-9._-]{1,255}$/;

/**
 * The resources of a call to S3 in CloudTrail's order: the object, which has no accountId, or for a listing the beginning of
 * the objects' ARNs, then the bucket.
 */
export function s3Resources(
  { bucket, key, prefix }: S3Subject,
  eventSource: string,
  place: CallPlace,
): readonly RecordResource[] {
  if (!BUCKET.test(bucket)) return [];
  const { partition = partitionOf(place.region) } = place;
  const express = eventSource === "s3express.amazonaws.com";
  const arn = express
    ? `arn:${partition}:s3express:${place.region}:${place.account}:bucket/${bucket}`
    : `arn:${partition}:s3:::${bucket}`;
  const owned: RecordResource = {
    accountId: place.account,
    type: express ? "AWS::S3Express::DirectoryBucket" : "AWS::S3::Bucket",
    ARN: arn,
  };
  const type = express ? "AWS::S3Express::Object" : "AWS::S3::Object";
  if (key !== undefined) return key.length > KEY_LENGTH_MAX ? [owned] : [{ type, ARN: `${arn}/${key}` }, owned];
  if (prefix !== undefined && prefix.length <= KEY_LENGTH_MAX) return [{ type, ARNPrefix: `${arn}/${prefix}` }, owned];
  return [owned];
}
