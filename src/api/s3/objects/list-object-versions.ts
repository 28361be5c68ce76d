import { optional } from "../../../core/index.ts";
import { invalidArgument } from "../errors.ts";
import { keyWriter, pageLimit, requireKnownAttributes, shownEntry, shownPrefixes } from "../listing.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf, canonicalId } from "../owner.ts";

/**
 * ListObjectVersions: versions and delete markers, the latest first within a key.
 * @throws {Refusal} `InvalidArgument` for a version without its key.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export const listObjectVersions: S3Operation<"ListObjectVersions"> = async (input, call) => {
  const { name, account } = bucketOf(call, input);
  const { Prefix = "", Delimiter, KeyMarker = "", VersionIdMarker = "", EncodingType } = input;
  requireKnownAttributes(input.OptionalObjectAttributes);
  if (VersionIdMarker !== "" && KeyMarker === "") {
    const message = "A version-id marker cannot be specified without a key marker.";
    throw invalidArgument(message, "version-id-marker", VersionIdMarker);
  }
  const write = keyWriter(EncodingType);
  const limit = pageLimit(input.MaxKeys, "maxKeys");
  const page = await call.buckets.listVersions(name, {
    prefix: Prefix,
    keyMarker: KeyMarker,
    limit,
    ...optional("delimiter", Delimiter || undefined),
    ...optional("versionIdMarker", VersionIdMarker || undefined),
  });
  const Owner = { ID: canonicalId(account) };
  return {
    Name: name,
    Prefix: write(Prefix),
    KeyMarker: write(KeyMarker),
    VersionIdMarker,
    MaxKeys: limit,
    ...optional("Delimiter", Delimiter && write(Delimiter)),
    ...optional("EncodingType", EncodingType),
    IsTruncated: page.next !== undefined,
    ...optional("NextKeyMarker", page.next && write(page.next.key)),
    ...optional("NextVersionIdMarker", page.next?.versionId || undefined),
    Versions: page.versions
      .filter(({ deleteMarker }) => !deleteMarker)
      .map((version) => ({
        ...shownEntry(version, write),
        VersionId: version.versionId,
        IsLatest: version.isLatest,
        Owner,
      })),
    DeleteMarkers: page.versions
      .filter(({ deleteMarker }) => deleteMarker)
      .map(({ key, versionId, isLatest, lastModified }) => ({
        Key: write(key),
        VersionId: versionId,
        IsLatest: isLatest,
        LastModified: new Date(lastModified),
        Owner,
      })),
    CommonPrefixes: shownPrefixes(page.commonPrefixes, write),
  };
};
