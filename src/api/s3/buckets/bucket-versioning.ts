import { optional, Refusal } from "../../../core/index.ts";
import { notImplemented } from "../errors.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

export const getBucketVersioning: S3Operation<"GetBucketVersioning"> = async (input, call) =>
  optional("Status", bucketOf(call, input).versioning);

/** @throws {Refusal} `IllegalVersioningConfigurationException`, `InvalidBucketState` under Object Lock. */
export const putBucketVersioning: S3Operation<"PutBucketVersioning"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const { Status, MFADelete } = input.VersioningConfiguration;
  if (MFADelete === "Enabled") throw notImplemented("MFA delete");
  if (Status !== "Enabled" && Status !== "Suspended") {
    throw new Refusal("IllegalVersioningConfigurationException", "The Versioning element must be specified", 400);
  }
  await call.buckets.setVersioning(bucket.name, Status);
  return undefined;
};
