import { Refusal } from "../core/index.ts";

/**
 * S3's refusals in S3's words. Members of `details` that begin with a capital are elements of the error's body;
 * `deleteMarker` and `versionId` go into headers.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const refusals: Refusals = {
  invalidBucketName: (BucketName) =>
    new Refusal("InvalidBucketName", "The specified bucket is not valid.", 400, { BucketName }),
  noSuchBucket: (BucketName) => new Refusal("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName }),
  bucketTaken: (BucketName) =>
    new Refusal(
      "BucketAlreadyExists",
      "The requested bucket name is not available. The bucket namespace is shared by all users of the system. " +
        "Please select a different name and try again.",
      409,
      { BucketName },
    ),
  bucketAlreadyYours: (BucketName) =>
    new Refusal(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      409,
      { BucketName },
    ),
  bucketNotEmpty: (BucketName, versioned) =>
    new Refusal(
      "BucketNotEmpty",
      `The bucket you tried to delete is not empty${versioned ? ". You must delete all versions in the bucket." : ""}`,
      409,
      { BucketName },
    ),
  keyTooLong: (Size) =>
    new Refusal("KeyTooLongError", "Your key is too long", 400, { Size: String(Size), MaxSizeAllowed: "1024" }),
  badKey: () => new Refusal("InvalidURI", "Couldn't parse the specified URI.", 400),
  noSuchKey: (Key) => new Refusal("NoSuchKey", "The specified key does not exist.", 404, { Key }),
  keyIsDeleted: (Key, versionId) =>
    new Refusal("NoSuchKey", "The specified key does not exist.", 404, { Key, deleteMarker: true, versionId }),
  noSuchVersion: (Key, VersionId) =>
    new Refusal("NoSuchVersion", "The specified version does not exist.", 404, { Key, VersionId }),
  versionIsMarker: (versionId) =>
    new Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405, {
      ResourceType: "DeleteMarker",
      deleteMarker: true,
      versionId,
    }),
  preconditionFailed: (Condition) =>
    new Refusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {
      Condition,
    }),
  malformedMd5: () => new Refusal("InvalidDigest", "The Content-MD5 you specified was invalid.", 400),
  wrongMd5: (ExpectedDigest, CalculatedDigest) =>
    new Refusal("BadDigest", "The Content-MD5 you specified did not match what we received.", 400, {
      ExpectedDigest,
      CalculatedDigest,
    }),
  malformedChecksum: (algorithm) =>
    new Refusal("InvalidRequest", `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`, 400),
  wrongChecksum: (algorithm) =>
    new Refusal("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`, 400),
  wrongSize: () =>
    new Refusal(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header",
      400,
    ),
  tooLarge: (MaxSizeAllowed) =>
    new Refusal("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, {
      MaxSizeAllowed: String(MaxSizeAllowed),
    }),
  noSuchUpload: (UploadId) =>
    new Refusal(
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or " +
        "completed.",
      404,
      { UploadId },
    ),
  badPartNumber: (ArgumentValue) =>
    new Refusal("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400, {
      ArgumentName: "partNumber",
      ArgumentValue: String(ArgumentValue),
    }),
  invalidPart: (UploadId, PartNumber, ETag) =>
    new Refusal(
      "InvalidPart",
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified " +
        "entity tag may not match the part's entity tag.",
      400,
      { UploadId, PartNumber: String(PartNumber), ETag },
    ),
  partsOutOfOrder: (UploadId) =>
    new Refusal(
      "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
      400,
      { UploadId },
    ),
  partTooSmall: (PartNumber, ETag, ProposedSize, MinSizeAllowed) =>
    new Refusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
      ETag,
      MinSizeAllowed: String(MinSizeAllowed),
      PartNumber: String(PartNumber),
      ProposedSize: String(ProposedSize),
    }),
  otherChecksum: (expected, given) =>
    new Refusal(
      "InvalidRequest",
      `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ` +
        given.toLowerCase(),
      400,
    ),
  badChecksumType: (algorithm, type) =>
    new Refusal(
      "InvalidRequest",
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
      400,
    ),
  noSuchEncryptionKey: (keyId) =>
    new Refusal(
      "KMS.NotFoundException",
      /(^|:)alias\//.test(keyId) ? `Alias ${keyId} is not found.` : `Key '${keyId}' does not exist`,
      400,
    ),
};

interface Refusals {
  invalidBucketName(name: string): Refusal;
  noSuchBucket(name: string): Refusal;
  bucketTaken(name: string): Refusal;
  bucketAlreadyYours(name: string): Refusal;
  bucketNotEmpty(name: string, versioned: boolean): Refusal;
  /** `size`: its bytes in UTF-8. */
  keyTooLong(size: number): Refusal;
  badKey(): Refusal;
  noSuchKey(key: string): Refusal;
  /** The latest version is this delete marker. */
  keyIsDeleted(key: string, versionId: string): Refusal;
  noSuchVersion(key: string, versionId: string): Refusal;
  /** The version that was asked for by its id is a delete marker. */
  versionIsMarker(versionId: string): Refusal;
  preconditionFailed(condition: "If-Match" | "If-None-Match"): Refusal;
  malformedMd5(): Refusal;
  wrongMd5(given: string, found: string): Refusal;
  malformedChecksum(algorithm: string): Refusal;
  wrongChecksum(algorithm: string): Refusal;
  wrongSize(): Refusal;
  tooLarge(max: number): Refusal;
  noSuchUpload(uploadId: string): Refusal;
  badPartNumber(partNumber: number): Refusal;
  invalidPart(uploadId: string, partNumber: number, etag: string): Refusal;
  partsOutOfOrder(uploadId: string): Refusal;
  partTooSmall(partNumber: number, etag: string, size: number, min: number): Refusal;
  /** A part's checksum is of another algorithm than the upload's. */
  otherChecksum(expected: string, given: string): Refusal;
  badChecksumType(algorithm: string, type: string): Refusal;
  noSuchEncryptionKey(keyId: string): Refusal;
}
