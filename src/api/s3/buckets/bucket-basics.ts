import { Answer, bareRoot } from "../answer.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/** @throws {Refusal} `BucketNotEmpty`: versions and delete markers count. */
export const deleteBucket: S3Operation<"DeleteBucket"> = async (input, call) => {
  await call.buckets.delete(bucketOf(call, input).name);
  return undefined;
};

export const headBucket: S3Operation<"HeadBucket"> = async (input, call) => ({
  BucketRegion: bucketOf(call, input).region,
  AccessPointAlias: false,
});

/** us-east-1 is told by saying nothing. The answer's one element is its root, which no model says. */
export const getBucketLocation: S3Operation<"GetBucketLocation"> = async (input, call) => {
  const { region } = bucketOf(call, input);
  return new Answer({}, { text: bareRoot("LocationConstraint", region === "us-east-1" ? "" : region) });
};
