import { optional } from "../../../core/index.ts";
import { shownChecksum } from "../checksums.ts";
import { pageLimit } from "../listing.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf, canonicalId } from "../owner.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: S3Operation<"ListParts"> = async (input, call) => {
  const { name, account } = bucketOf(call, input);
  const { Key, UploadId, PartNumberMarker = 0 } = input;
  const limit = pageLimit(input.MaxParts, "max-parts");
  const upload = await call.buckets.upload(name, Key, UploadId);
  const { parts, more } = await call.buckets.parts(name, Key, UploadId, PartNumberMarker, limit);
  const ID = canonicalId(account);
  return {
    Bucket: name,
    Key,
    UploadId,
    Initiator: { ID },
    Owner: { ID },
    StorageClass: upload.request.storageClass ?? "STANDARD",
    PartNumberMarker,
    NextPartNumberMarker: parts.at(-1)?.partNumber ?? PartNumberMarker,
    MaxParts: limit,
    IsTruncated: more && limit > 0,
    Parts: parts.map(({ partNumber, size, etag, lastModified, checksum }) => ({
      PartNumber: partNumber,
      LastModified: new Date(lastModified),
      ETag: etag,
      Size: size,
      ...shownChecksum(checksum),
    })),
    ...optional("ChecksumAlgorithm", upload.checksumAlgorithm),
    ...optional("ChecksumType", upload.checksumType),
  };
};
