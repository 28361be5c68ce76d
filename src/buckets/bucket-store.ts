import { Failure } from "../core/index.ts";

/** What objects are put with. */
export interface PutOptions {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** User metadata, names in lower case without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly encryption?: Encryption;
  /** Who puts, where that is a service of OpenTrail on somebody's behalf: the bucket's policy is asked about it. */
  readonly as?: ServicePrincipal;
}

/** `AES256` is SSE-S3, `aws:kms` SSE-KMS; `context` is authenticated with an object of SSE-KMS. */
export type Encryption =
  | { readonly algorithm: "AES256" }
  | {
      readonly algorithm: "aws:kms";
      readonly keyId: string;
      readonly context?: Readonly<Record<string, string>>;
    };

/** A service that acts for a trail: what a bucket policy's `Principal.Service` and conditions are compared with. */
export interface ServicePrincipal {
  /** `cloudtrail.amazonaws.com` */
  readonly service: string;
  /** `aws:SourceArn` and `aws:SourceAccount`. */
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

export interface PutResult {
  /** Absent where the bucket has no versions. */
  readonly versionId?: string;
  /** With its quotes, as S3 gives it. */
  readonly etag: string;
}

export interface ObjectFacts {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly versionId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lock?: { readonly mode: "GOVERNANCE" | "COMPLIANCE"; readonly until: number };
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
}

export interface BucketFacts {
  readonly region: string;
  readonly versioning: "Enabled" | "Suspended" | undefined;
  readonly objectLock: boolean;
}

/** May a service write what it wants to write? */
export type WriteCheck =
  | { readonly allowed: true }
  /** `missing`: what would have to be said, as a policy statement to paste; `why` in words. */
  | { readonly allowed: false; readonly why: string; readonly missing: readonly unknown[] };

/**
 * Where log files, digest files and manifests go: buckets in a directory of ours or on an S3 server. Small on purpose:
 * it is what delivery, digests and their checks need, whichever driver; what S3's API offers beyond is `Buckets`.
 *
 * Every method fails with a `BucketFailure` that bears S3's error code.
 */
export interface BucketStore {
  /** @throws {BucketFailure} `NoSuchBucket`, `AccessDenied`, … */
  bucket(name: string): Promise<BucketFacts>;
  /** The object is there whole or not at all, and durable once this resolves. An earlier object of the key is replaced. */
  put(bucket: string, key: string, bytes: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** The whole object. @throws {BucketFailure} `NoSuchKey`, … */
  get(
    bucket: string,
    key: string,
    versionId?: string,
  ): Promise<{ readonly facts: ObjectFacts; readonly bytes: Uint8Array }>;
  /** Undefined when there is no such object. */
  head(bucket: string, key: string, versionId?: string): Promise<ObjectFacts | undefined>;
  /** Keys in the order of their UTF-8 bytes, those after `startAfter`, at most 1,000 (or `limit`, when less). */
  list(
    bucket: string,
    range: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly more: boolean }>;
  /** With a version: that one, for good. Without: as S3 does. @throws {BucketFailure} `AccessDenied` when it is locked. */
  delete(bucket: string, key: string, versionId?: string): Promise<void>;
  /**
   * Whether `who` could write below `prefix` (which ends in `/`), encrypted like that: policies ask about it. Nothing is
   * left behind.
   * @throws {BucketFailure} `NoSuchBucket`, and on a server of somebody else's what it says of the key (`KMS.…`).
   */
  mayWrite(bucket: string, prefix: string, who: ServicePrincipal, encryption?: Encryption): Promise<WriteCheck>;
  /** Whether the key of SSE-KMS can be used. @throws {BucketFailure} `KMS.NotFoundException`, `KMS.DisabledException`. */
  checkKey(keyId: string): Promise<void>;
  close(): Promise<void>;
}

/** A bucket did not do what it was asked to. */
export class BucketFailure extends Failure {
  /**
   * S3's error code (`NoSuchBucket`, `AccessDenied`, `SlowDown`), or `Timeout` and `Unreachable` when the server gave none;
   * `InsufficientStorage` when a disk of ours is full, `Damaged` when what lies on it is not what was put there.
   */
  readonly code: string;

  constructor(code: string, doing: string, cause?: unknown) {
    super(doing, cause);
    this.name = "BucketFailure";
    this.code = code;
  }
}
