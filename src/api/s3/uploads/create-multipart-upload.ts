import { optional } from "../../../core/index.ts";
import { checksumAlgorithm } from "../checksums.ts";
import { invalidRequest } from "../errors.ts";
import { shownEncryption } from "../object-facts.ts";
import { objectRequest } from "../object-request.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/**
 * CreateMultipartUpload: what the object is to be, before any of it is there.
 * @throws {Refusal} `InvalidRequest` for a checksum's type without its algorithm, or one that it does not have.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
 */
export const createMultipartUpload: S3Operation<"CreateMultipartUpload"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { ChecksumAlgorithm, ChecksumType, Key } = input;
  const algorithm = ChecksumAlgorithm === undefined ? undefined : checksumAlgorithm(ChecksumAlgorithm);
  if (algorithm === undefined && ChecksumType !== undefined) {
    throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
  }
  const upload = await call.buckets.createUpload(name, Key, {
    request: objectRequest(input),
    ...optional("checksumAlgorithm", algorithm),
    ...optional("checksumType", typeFrom(ChecksumType)),
  });
  return {
    Bucket: name,
    Key,
    UploadId: upload.uploadId,
    ...shownEncryption(upload.request.encryption),
    ...optional("ChecksumAlgorithm", upload.checksumAlgorithm),
    ...optional("ChecksumType", upload.checksumType),
  };
};

export function typeFrom(given: string | undefined): "FULL_OBJECT" | "COMPOSITE" | undefined {
  if (given === undefined || given === "FULL_OBJECT" || given === "COMPOSITE") return given;
  throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
}
