import { optional } from "../../../core/index.ts";
import { shownChecksum } from "../checksums.ts";
import { contentOf, openSource } from "../copy-source.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";
import { shownEncryption, shownVersionId } from "../object-facts.ts";
import { uploadRequest } from "../objects/put-object.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import type { ByteRange } from "../range.ts";

/**
 * UploadPart: streams the body into a part; one of the same number takes the place of an earlier one.
 * @throws {Refusal} `NoSuchUpload`, `InvalidArgument` for the number, `BadDigest`, and what else bodies are refused with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
 */
export const uploadPart: S3Operation<"UploadPart"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Key, UploadId, PartNumber, ChecksumAlgorithm } = input;
  const { request } = await call.buckets.upload(name, Key, UploadId);
  const expected = uploadRequest(call, ChecksumAlgorithm);
  const part = await call.buckets.uploadPart(name, Key, UploadId, PartNumber, call.body.content(), expected);
  return { ETag: part.etag, ...shownEncryption(request.encryption), ...shownChecksum(part.checksum) };
};

/** UploadPartCopy: the same with bytes of an object. */
export const uploadPartCopy: S3Operation<"UploadPartCopy"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Key, UploadId, PartNumber } = input;
  const { request } = await call.buckets.upload(name, Key, UploadId);
  const source = await openSource(input, call);
  try {
    const range = sourceRange(input.CopySourceRange, source.version.size);
    const part = await call.buckets.uploadPart(name, Key, UploadId, PartNumber, contentOf(source, range), {});
    return {
      CopyPartResult: {
        ETag: part.etag,
        LastModified: new Date(part.lastModified),
        ...shownChecksum(part.checksum),
      },
      ...optional("CopySourceVersionId", shownVersionId(source.bucket, source.version).VersionId),
      ...shownEncryption(request.encryption),
    };
  } finally {
    source.object.close();
  }
};

/** Both ends have to be said, and to be there. */
function sourceRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (first === undefined || range.end < range.start) {
    const message =
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
    throw invalidArgument(message, "x-amz-copy-source-range", header);
  }
  if (range.end >= size)
    throw invalidRequest(`The specified copy range is invalid for the source object size: ${size}`);
  return range;
}
