import type { S3Operations } from "../../../aws/index.ts";
import { Refusal } from "../../../core/index.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { BUCKET_TAGS_MAX, tagsOf } from "../tags.ts";
import { putDocument, readDocument } from "./documents.ts";

type TagSet = S3Operations["PutBucketTagging"]["input"]["Tagging"]["TagSet"];

/** @throws {Refusal} `NoSuchTagSet`. */
export const getBucketTagging: S3Operation<"GetBucketTagging"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const set = readDocument<TagSet>(call.buckets, name, "tagging");
  if (set === undefined) throw new Refusal("NoSuchTagSet", "The TagSet does not exist", 404, { BucketName: name });
  return { TagSet: set };
};

/** @throws {Refusal} `InvalidTag`, `BadRequest`. */
export const putBucketTagging: S3Operation<"PutBucketTagging"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const set = input.Tagging.TagSet;
  tagsOf(set, BUCKET_TAGS_MAX);
  if (set.length === 0) await call.buckets.setDocument(name, "tagging", undefined);
  else await putDocument(call.buckets, name, "tagging", set);
  return undefined;
};

export const deleteBucketTagging: S3Operation<"DeleteBucketTagging"> = async (input, call) => {
  await call.buckets.setDocument(bucketOf(call, input).name, "tagging", undefined);
  return undefined;
};
