import type { Readable } from "node:stream";

/** A bucket as it is known to its owner. Times are milliseconds since 1970. */
export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly createdAt: number;
  readonly versioning: "Enabled" | "Suspended" | undefined;
  readonly objectLock: boolean;
  readonly defaultRetention?: DefaultRetention;
  /** What objects are encrypted with that say nothing themselves. */
  readonly encryption?: ObjectEncryption;
}

export interface DefaultRetention {
  readonly mode: LockMode;
  readonly period: { readonly days: number } | { readonly years: number };
}

export type LockMode = "GOVERNANCE" | "COMPLIANCE";

export interface ObjectEncryption {
  readonly algorithm: "AES256" | "aws:kms";
  readonly keyId?: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Documents that a bucket bears as they were put, by the name of what they are. */
export type BucketDocument =
  | "policy"
  | "tagging"
  | "publicAccessBlock"
  | "ownershipControls"
  | "encryption"
  | "lifecycle"
  | "cors";

export interface ObjectLock {
  readonly retention?: { readonly mode: LockMode; readonly until: number };
  readonly legalHold?: boolean;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  readonly key: string;
  /** `null` (the text) for what was put without versioning. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  readonly size: number;
  /** With its quotes; `"<md5>"`, or `"<md5 of md5s>-<parts>"`. */
  readonly etag: string;
  readonly lastModified: number;
  /** `content-type`, `cache-control`, `content-disposition`, `content-encoding`, `content-language`, `expires`, by name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly encryption?: ObjectEncryption;
  readonly lock: ObjectLock;
  /** Base64, as the client gave it or asked for it. */
  readonly checksum?: ObjectChecksum;
  /** Sizes of the parts of a multipart upload. */
  readonly parts?: readonly number[];
  /** Its file is not where it was put: somebody took it off the disk, or the disk lost it. */
  readonly lost?: true;
}

export type ChecksumAlgorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "SHA1" | "SHA256";

export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** How an object is to be put. */
export interface PutObjectRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly encryption?: ObjectEncryption;
  readonly lock?: ObjectLock;
  /** Computed while it is written; with a value the object is refused unless it has it. `value` may come late (trailer). */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value?: () => string | undefined };
  /** Base64 of the MD5 that the body must have. */
  readonly contentMd5?: string;
  /** The object's size when it was announced: another one is refused. */
  readonly size?: number;
  readonly onlyIf?: WriteCondition;
}

/** Met by the object as it is when the new one takes its place, or the put is refused (`PreconditionFailed`). */
export interface WriteCondition {
  /** ETag with quotes, or `*` for any. */
  readonly ifMatch?: string;
  /** Only `*`: no object of the key. */
  readonly ifNoneMatch?: "*";
}

export interface DeleteResult {
  /** The version that is gone, or the marker that was made. */
  readonly versionId?: string;
  readonly deleteMarker: boolean;
}

export interface Listing {
  readonly prefix: string;
  readonly delimiter?: string;
  /** Keys (or common prefixes) after this one. */
  readonly startAfter: string;
  readonly limit: number;
}

export interface ListedKeys {
  readonly objects: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins: its `startAfter`; undefined when there is no more. */
  readonly next?: string;
}

export interface ListedVersions {
  /** Latest first within a key; delete markers among them. */
  readonly versions: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** The last entry; `versionId` is empty when that is a common prefix. */
  readonly next?: { readonly key: string; readonly versionId: string };
}

export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedAt: number;
  readonly request: Omit<PutObjectRequest, "checksum" | "contentMd5" | "size" | "onlyIf">;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: "FULL_OBJECT" | "COMPOSITE";
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

/** An object opened for reading: what is read is the version that was found, whatever happens to its key meanwhile. */
export interface OpenObject {
  readonly version: ObjectVersion;
  /** Bytes from `start` up to and including `end`; all by default. Once; to be consumed or destroyed. */
  stream(start?: number, end?: number): Readable;
  /** When it is not streamed; otherwise nothing happens. */
  close(): void;
}

/**
 * Buckets in a directory with S3's semantics: versions, Object Lock, multipart uploads, listings in the order of UTF-8
 * bytes. Who may do what was decided before; what nobody may do (deleting a locked version) is refused here.
 *
 * Methods throw a `Refusal` with S3's code, words and status (`NoSuchBucket` 404, `NoSuchKey` 404, `NoSuchVersion` 404,
 * `NoSuchUpload` 404, `AccessDenied` 403, `PreconditionFailed` 412, `BadDigest` 400, `InvalidRequest` 400, …), and a
 * `Failure` when the disk fails. A change is durable when its promise resolves, and made whole or not at all.
 */
export interface Buckets {
  create(
    name: string,
    owner: { readonly account: string; readonly region: string; readonly objectLock?: boolean },
  ): Promise<Bucket>;
  /** @throws {Refusal} `BucketNotEmpty` (409): versions and markers count. */
  delete(name: string): Promise<void>;
  /** @throws {Refusal} `NoSuchBucket`. */
  get(name: string): Bucket;
  has(name: string): boolean;
  /** By name. */
  all(account: string): readonly Bucket[];
  /** @throws {Refusal} `InvalidBucketState` (409) when Object Lock forbids it. */
  setVersioning(name: string, state: "Enabled" | "Suspended"): Promise<void>;
  /** Enables Object Lock if it is not; it cannot be disabled. `undefined` leaves no default. */
  setDefaultRetention(name: string, retention: DefaultRetention | undefined): Promise<void>;
  setEncryption(name: string, encryption: ObjectEncryption | undefined): Promise<void>;
  /** The document as it was put, or undefined. */
  document(name: string, kind: BucketDocument): string | undefined;
  setDocument(name: string, kind: BucketDocument, text: string | undefined): Promise<void>;

  putObject(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array>,
    request: PutObjectRequest,
  ): Promise<ObjectVersion>;
  /**
   * The version, or the latest one.
   * @throws {Refusal} `NoSuchKey`, `NoSuchVersion`; `details.deleteMarker` and `details.versionId` when it is a marker,
   *   which is `MethodNotAllowed` (405) when the marker was asked for by its id.
   */
  version(bucket: string, key: string, versionId?: string): Promise<ObjectVersion>;
  open(bucket: string, key: string, versionId?: string): Promise<OpenObject>;
  /**
   * @throws {Refusal} `AccessDenied` when the version is locked; with `bypassGovernance` only by COMPLIANCE or legal hold.
   */
  deleteObject(
    bucket: string,
    key: string,
    options: { readonly versionId?: string; readonly bypassGovernance?: boolean; readonly ifMatch?: string },
  ): Promise<DeleteResult>;
  list(bucket: string, listing: Listing): Promise<ListedKeys>;
  listVersions(
    bucket: string,
    listing: Omit<Listing, "startAfter"> & { readonly keyMarker: string; readonly versionIdMarker?: string },
  ): Promise<ListedVersions>;
  setTags(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<ObjectVersion>;
  /** @throws {Refusal} as Object Lock's table of errors says. */
  setRetention(
    bucket: string,
    key: string,
    versionId: string | undefined,
    retention: { readonly mode: LockMode; readonly until: number } | undefined,
    options: { readonly bypassGovernance?: boolean },
  ): Promise<ObjectVersion>;
  setLegalHold(bucket: string, key: string, versionId: string | undefined, on: boolean): Promise<ObjectVersion>;

  createUpload(bucket: string, key: string, upload: Omit<Upload, "uploadId" | "key" | "initiatedAt">): Promise<Upload>;
  upload(bucket: string, key: string, uploadId: string): Promise<Upload>;
  uploadPart(
    bucket: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: AsyncIterable<Uint8Array>,
    request: Pick<PutObjectRequest, "checksum" | "contentMd5" | "size">,
  ): Promise<UploadedPart>;
  parts(
    bucket: string,
    key: string,
    uploadId: string,
    after: number,
    limit: number,
  ): Promise<{ readonly parts: readonly UploadedPart[]; readonly more: boolean }>;
  /** @throws {Refusal} `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`. */
  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly { readonly partNumber: number; readonly etag: string }[],
    request: Pick<PutObjectRequest, "checksum" | "onlyIf">,
  ): Promise<ObjectVersion>;
  abortUpload(bucket: string, key: string, uploadId: string): Promise<void>;
  uploads(
    bucket: string,
    listing: {
      readonly prefix: string;
      readonly keyMarker: string;
      readonly uploadIdMarker: string;
      readonly limit: number;
    },
  ): Promise<{ readonly uploads: readonly Upload[]; readonly more: boolean }>;
  close(): Promise<void>;
}
