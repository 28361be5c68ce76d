import type { S3Operations } from "../../aws/index.ts";
import type { Bucket, ObjectEncryption, ObjectVersion } from "../../buckets/index.ts";
import { optional } from "../../core/index.ts";
import { type ChecksumMembers, shownChecksum } from "./checksums.ts";

type Head = NonNullable<S3Operations["HeadObject"]["output"]>;

/** What outputs tell of the encryption of an object that really is encrypted. */
export interface EncryptionMembers {
  readonly ServerSideEncryption?: string;
  readonly SSEKMSKeyId?: string;
}

export function shownEncryption(encryption: ObjectEncryption | undefined): EncryptionMembers {
  if (encryption === undefined) return {};
  return { ServerSideEncryption: encryption.algorithm, ...optional("SSEKMSKeyId", encryption.keyId) };
}

/** The version's id, which only buckets that have had versions tell. */
export function shownVersionId(
  bucket: Bucket,
  { versionId }: Pick<ObjectVersion, "versionId">,
): { VersionId?: string } {
  return bucket.versioning === undefined ? {} : { VersionId: versionId };
}

/** What a put answers. */
export function shownPut(
  bucket: Bucket,
  version: ObjectVersion,
): { readonly ETag: string; readonly ChecksumType?: string; readonly VersionId?: string } & EncryptionMembers &
  ChecksumMembers {
  return {
    ETag: version.etag,
    ...shownVersionId(bucket, version),
    ...shownEncryption(version.encryption),
    ...shownChecksum(version.checksum),
    ...optional("ChecksumType", version.checksum?.type),
  };
}

/** Headers of an object by their names, and the members that tell them. */
const HEADERS: readonly (readonly [name: string, member: keyof Head])[] = [
  ["cache-control", "CacheControl"],
  ["content-disposition", "ContentDisposition"],
  ["content-encoding", "ContentEncoding"],
  ["content-language", "ContentLanguage"],
  ["content-type", "ContentType"],
  ["expires", "Expires"],
];

/** What GetObject and HeadObject tell of an object beside its size; its checksum when it is asked for. */
export function shownObject(bucket: Bucket, version: ObjectVersion, withChecksum: boolean): Head {
  const { headers, lock, tags, storageClass } = version;
  const shown = HEADERS.flatMap(([name, member]) => (headers[name] === undefined ? [] : [[member, headers[name]]]));
  const tagCount = Object.keys(tags).length;
  return {
    AcceptRanges: "bytes",
    ETag: version.etag,
    LastModified: new Date(version.lastModified),
    ContentType: "binary/octet-stream",
    ...(Object.fromEntries(shown) as Head),
    Metadata: version.metadata,
    ...shownVersionId(bucket, version),
    ...shownEncryption(version.encryption),
    ...(storageClass === "STANDARD" ? {} : { StorageClass: storageClass }),
    ...(tagCount === 0 ? {} : { TagCount: tagCount }),
    ...shownLock(lock),
    ...(withChecksum
      ? { ...shownChecksum(version.checksum), ...optional("ChecksumType", version.checksum?.type) }
      : {}),
  };
}

function shownLock({ retention, legalHold }: ObjectVersion["lock"]): Head {
  return {
    ...(retention === undefined
      ? {}
      : { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.until) }),
    ...(legalHold === undefined ? {} : { ObjectLockLegalHoldStatus: legalHold ? "ON" : "OFF" }),
  };
}
