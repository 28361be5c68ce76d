import type { S3Operations } from "../../../aws/index.ts";
import { Refusal } from "../../../core/index.ts";
import { malformedXml } from "../errors.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { OWNERSHIPS } from "./create-bucket.ts";
import { putDocument, readDocument } from "./documents.ts";

type Controls = S3Operations["PutBucketOwnershipControls"]["input"]["OwnershipControls"];

/** What holds of a bucket of which nothing was said; and what is kept of one whose controls were deleted. */
const DEFAULT: Controls = { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] };
const NONE: Controls = { Rules: [] };

/** @throws {Refusal} `OwnershipControlsNotFoundError`. */
export const getBucketOwnershipControls: S3Operation<"GetBucketOwnershipControls"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const controls = readDocument<Controls>(call.buckets, name, "ownershipControls") ?? DEFAULT;
  if (controls.Rules.length === 0) {
    const message = "The bucket ownership controls were not found";
    throw new Refusal("OwnershipControlsNotFoundError", message, 404, { BucketName: name });
  }
  return { OwnershipControls: controls };
};

/** Kept and told; objects are the bucket owner's whatever it says. @throws {Refusal} `MalformedXML`. */
export const putBucketOwnershipControls: S3Operation<"PutBucketOwnershipControls"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Rules } = input.OwnershipControls;
  if (Rules.length !== 1 || !Rules.every(({ ObjectOwnership }) => OWNERSHIPS.has(ObjectOwnership))) {
    throw malformedXml();
  }
  await putDocument(call.buckets, name, "ownershipControls", input.OwnershipControls);
  return undefined;
};

export const deleteBucketOwnershipControls: S3Operation<"DeleteBucketOwnershipControls"> = async (input, call) => {
  await putDocument(call.buckets, bucketOf(call, input).name, "ownershipControls", NONE);
  return undefined;
};
