import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/** @throws {Refusal} `NoSuchUpload`. */
export const abortMultipartUpload: S3Operation<"AbortMultipartUpload"> = async (input, call) => {
  await call.buckets.abortUpload(bucketOf(call, input).name, input.Key, input.UploadId);
  return {};
};
