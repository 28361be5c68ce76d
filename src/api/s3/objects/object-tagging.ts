import type { S3Operation } from "../operation.ts";
import { shownVersionId } from "../object-facts.ts";
import { bucketOf } from "../owner.ts";
import { tagSet, tagsOf } from "../tags.ts";

export const getObjectTagging: S3Operation<"GetObjectTagging"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const version = await call.buckets.version(bucket.name, input.Key, input.VersionId);
  return { TagSet: tagSet(version.tags), ...shownVersionId(bucket, version) };
};

/** @throws {Refusal} `InvalidTag`, `BadRequest`. */
export const putObjectTagging: S3Operation<"PutObjectTagging"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const tags = tagsOf(input.Tagging.TagSet);
  return shownVersionId(bucket, await call.buckets.setTags(bucket.name, input.Key, input.VersionId, tags));
};

export const deleteObjectTagging: S3Operation<"DeleteObjectTagging"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  return shownVersionId(bucket, await call.buckets.setTags(bucket.name, input.Key, input.VersionId, {}));
};
