import { headerValue } from "../../../aws/index.ts";
import { optional } from "../../../core/index.ts";
import { requestedChecksum } from "../checksums.ts";
import { shownPut } from "../object-facts.ts";
import { objectRequest, writeCondition } from "../object-request.ts";
import type { S3Call, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

/**
 * PutObject: streams the body into a new version.
 * @throws {Refusal} `BadDigest`, `EntityTooLarge`, `IncompleteBody`, `MissingContentLength`, `PreconditionFailed` and what
 *   its members are refused with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export const putObject: S3Operation<"PutObject"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const request = {
    ...objectRequest(input),
    ...uploadRequest(call, input.ChecksumAlgorithm),
    ...optional("onlyIf", writeCondition(input)),
  };
  const version = await call.buckets.putObject(bucket.name, input.Key, call.body.content(), request);
  return shownPut(call.buckets.get(bucket.name), version);
};

/** What must hold of a body that is uploaded. */
export function uploadRequest(
  { body, headers }: S3Call,
  algorithm: string | undefined,
): {
  readonly size: number;
  readonly checksum?: NonNullable<ReturnType<typeof requestedChecksum>>;
  readonly contentMd5?: string;
} {
  return {
    size: body.size(),
    ...optional("checksum", requestedChecksum(headers, body, algorithm)),
    ...optional("contentMd5", headerValue(headers, "content-md5")),
  };
}
