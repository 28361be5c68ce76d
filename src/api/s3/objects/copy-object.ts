import type { ObjectVersion, PutObjectRequest } from "../../../buckets/index.ts";
import { optional, Refusal } from "../../../core/index.ts";
import { checksumAlgorithm, shownChecksum } from "../checksums.ts";
import { contentOf, type CopySource, openSource } from "../copy-source.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";
import { shownEncryption, shownVersionId } from "../object-facts.ts";
import {
  encryptionFrom,
  headersFrom,
  lockFrom,
  metadataFrom,
  requireOwnersAcl,
  storageClassFrom,
  writeCondition,
} from "../object-request.ts";
import type { Input, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { tagsOfHeader } from "../tags.ts";

/** What one request can copy, bytes. */
const COPY_BYTES_MAX = 5 * 1024 ** 3;

/**
 * CopyObject: metadata and tags of the source unless they are to be replaced; lock, encryption and storage class only as
 * the request (or the target's bucket) says.
 * @throws {Refusal} `InvalidRequest` for a copy of an object to itself that changes nothing, or one that is too large.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const copyObject: S3Operation<"CopyObject"> = async (input, call) => {
  const target = bucketOf(call, input);
  const source = await openSource(input, call);
  try {
    const { version } = source;
    requireCopyable(input, source);
    const copy = await call.buckets.putObject(target.name, input.Key, contentOf(source), requestFor(input, version));
    return {
      CopyObjectResult: {
        ETag: copy.etag,
        LastModified: new Date(copy.lastModified),
        ...shownChecksum(copy.checksum),
        ...optional("ChecksumType", copy.checksum?.type),
      },
      ...optional("CopySourceVersionId", shownVersionId(source.bucket, version).VersionId),
      ...shownVersionId(call.buckets.get(target.name), copy),
      ...shownEncryption(copy.encryption),
    };
  } finally {
    source.object.close();
  }
};

function requestFor(input: Input<"CopyObject">, source: ObjectVersion): PutObjectRequest {
  requireOwnersAcl(input.ACL);
  const replaces = directive(input.MetadataDirective, "x-amz-metadata-directive") === "REPLACE";
  const retags = directive(input.TaggingDirective, "x-amz-tagging-directive") === "REPLACE";
  const algorithm = input.ChecksumAlgorithm ?? source.checksum?.algorithm;
  return {
    size: source.size,
    headers: replaces ? headersFrom(input) : source.headers,
    metadata: replaces ? metadataFrom(input) : source.metadata,
    tags: retags ? tagsOfHeader(input.Tagging) : source.tags,
    storageClass: storageClassFrom(input.StorageClass),
    ...optional("encryption", encryptionFrom(input)),
    ...optional("lock", lockFrom(input)),
    ...optional("checksum", algorithm === undefined ? undefined : { algorithm: checksumAlgorithm(algorithm) }),
    ...optional("onlyIf", writeCondition(input)),
  };
}

function directive(given = "COPY", header: string): string {
  if (given !== "COPY" && given !== "REPLACE") throw invalidArgument("Unknown directive.", header, given);
  return given;
}

function requireCopyable(input: Input<"CopyObject">, { bucket, key, version }: CopySource): void {
  if (version.size > COPY_BYTES_MAX) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${COPY_BYTES_MAX}`,
    );
  }
  const isItself = bucket.name === input.Bucket && key === input.Key && version.isLatest;
  const changes =
    input.MetadataDirective === "REPLACE" ||
    (input.StorageClass ?? version.storageClass) !== version.storageClass ||
    input.ServerSideEncryption !== undefined;
  if (!isItself || changes) return;
  throw new Refusal(
    "InvalidRequest",
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    400,
  );
}
