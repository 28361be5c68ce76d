import { createHash } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  type HeadBucketCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { assert, optional } from "../core/index.ts";
import {
  type BucketFacts,
  BucketFailure,
  type BucketStore,
  type Encryption,
  type ListedObject,
  type ObjectFacts,
  type PutOptions,
  type PutResult,
  type ServicePrincipal,
  type WriteCheck,
} from "./bucket-store.ts";
import { encryptionMembers, factsOf, quoted, versionOf } from "./s3-members.ts";
import { isTransient, s3Failure } from "./s3-failure.ts";
import { allowWritesBelow } from "./write-check.ts";

export interface S3Settings {
  /** `https://host:port`; AWS itself when absent. */
  readonly endpoint?: string;
  readonly region: string;
  /** Whoever may write into the buckets; a function is asked again before what it gave expires. */
  readonly credentials: S3Credentials | (() => Promise<S3Credentials>);
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly forcePathStyle: boolean;
  readonly timeouts?: S3Timeouts;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface S3Timeouts {
  readonly connectMs: number;
  /** In which nothing moves on the connection. */
  readonly idleMs: number;
  /** For a whole call, its body included. */
  readonly callMs: number;
}

/** A bucket that takes a minute to answer is slow, not broken. */
const TIMEOUTS: S3Timeouts = { connectMs: 5_000, idleMs: 60_000, callMs: 300_000 };

/** What AWS's own deliveries say: the object belongs to the bucket's owner, whoever puts it. */
const OWNER_HAS_CONTROL = { ACL: "bucket-owner-full-control" } as const;

/** With these codes the ACL may be to blame: some servers know none, some buckets refuse any, some callers may set none. */
const BLAMES_ACL: ReadonlySet<string> = new Set([
  "AccessControlListNotSupported",
  "AccessDenied",
  "InvalidArgument",
  "NotImplemented",
]);

/**
 * Buckets on an S3 server. Nothing rests on conditional writes: some servers take and ignore them.
 *
 * A call that only reads is tried a second time when that may help; one that changes something is not, since a put whose
 * answer was lost would leave a second version: whoever asked for it knows better.
 */
export class S3BucketStore implements BucketStore {
  readonly #client: S3Client;
  readonly #region: string;
  readonly #callMs: number;
  /** Buckets whose server took an object only without an ACL. */
  readonly #withoutAcl = new Set<string>();

  constructor({ endpoint, region, credentials, forcePathStyle, timeouts = TIMEOUTS }: S3Settings) {
    this.#region = region;
    this.#callMs = timeouts.callMs;
    this.#client = new S3Client({
      ...optional("endpoint", endpoint),
      // What is not configured here shall not come from the environment or from files of whoever started the process.
      ignoreConfiguredEndpointUrls: true,
      region,
      credentials,
      forcePathStyle,
      followRegionRedirects: endpoint === undefined,
      maxAttempts: 1,
      requestHandler: { connectionTimeout: timeouts.connectMs, socketTimeout: timeouts.idleMs },
      // Every server knows Content-MD5, which a put into a locked bucket has to bear; not all know the newer checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  async bucket(name: string): Promise<BucketFacts> {
    const Bucket = { Bucket: name };
    const head = await this.#headBucket(name);
    const versioning = await this.#ask(`versioning of ${name}`, (options) =>
      this.#client.send(new GetBucketVersioningCommand(Bucket), options),
    );
    const lock = await this.#ask(`object lock of ${name}`, (options) =>
      this.#client.send(new GetObjectLockConfigurationCommand(Bucket), options),
    );
    return {
      region: head.BucketRegion ?? this.#region,
      versioning: versioning?.Status,
      objectLock: lock?.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled",
    };
  }

  async put(bucket: string, key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    const { contentType, contentEncoding, metadata, encryption } = options;
    const request = {
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentMD5: createHash("md5").update(bytes).digest("base64"),
      ...optional("ContentType", contentType),
      ...optional("ContentEncoding", contentEncoding),
      ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
      ...encryptionMembers(encryption),
    };
    const { ETag, VersionId } = await this.#withOrWithoutAcl(bucket, (acl) =>
      this.#call(`put ${bucket}/${key}`, (call) =>
        this.#client.send(new PutObjectCommand({ ...request, ...acl }), call),
      ),
    );
    return { etag: quoted(ETag), ...versionOf(VersionId) };
  }

  async get(
    bucket: string,
    key: string,
    versionId?: string,
  ): Promise<{ readonly facts: ObjectFacts; readonly bytes: Uint8Array }> {
    return await this.#read(`get ${bucket}/${key}`, async (options) => {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...optional("VersionId", versionId) });
      const { Body, ...answer } = await this.#client.send(command, options);
      assert(Body instanceof Readable, "in Node a body is a stream");
      const bytes = await buffer(addAbortSignal(options.abortSignal, Body));
      return {
        facts: factsOf(key, answer),
        bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      };
    });
  }

  async head(bucket: string, key: string, versionId?: string): Promise<ObjectFacts | undefined> {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...optional("VersionId", versionId) });
    const answer = await this.#read(`head ${bucket}/${key}`, (options) => this.#client.send(command, options)).catch(
      absentWhen(["NotFound", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"]),
    );
    if (answer !== undefined) return factsOf(key, answer);
    // Such an answer has no body that would tell which of the two is not there.
    await this.#headBucket(bucket);
    return undefined;
  }

  async list(
    bucket: string,
    { prefix, startAfter, limit }: { readonly prefix?: string; readonly startAfter?: string; readonly limit?: number },
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly more: boolean }> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      ...optional("Prefix", prefix),
      ...optional("StartAfter", startAfter),
      ...optional("MaxKeys", limit),
      // XML has no way to say most control characters.
      EncodingType: "url",
    });
    const answer = await this.#read(`list ${bucket}/${prefix ?? ""}`, (options) => this.#client.send(command, options));
    const encoded = answer.EncodingType === "url";
    const objects = (answer.Contents ?? []).map(({ Key = "", Size = 0, ETag, LastModified }) => ({
      key: encoded ? decodeURIComponent(Key.replaceAll("+", " ")) : Key,
      size: Size,
      etag: quoted(ETag),
      lastModified: LastModified?.getTime() ?? 0,
    }));
    return { objects, more: answer.IsTruncated === true };
  }

  async delete(bucket: string, key: string, versionId?: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, ...optional("VersionId", versionId) });
    const which = versionId === undefined ? "" : ` version ${versionId}`;
    await this.#call(`delete ${bucket}/${key}${which}`, (options) => this.#client.send(command, options));
  }

  /**
   * Tries it, as the only way to know what another server's policies say: begins an upload in parts, for which one must be
   * allowed to put, and gives it up. A put would leave a version behind, in a locked bucket for years.
   */
  async mayWrite(bucket: string, prefix: string, _who: ServicePrincipal, encryption?: Encryption): Promise<WriteCheck> {
    try {
      await this.#tryUpload({ Bucket: bucket, Key: `${prefix}write-check` }, encryption);
      return { allowed: true };
    } catch (failure) {
      if (!(failure instanceof BucketFailure) || failure.code !== "AccessDenied") throw failure;
      return { allowed: false, why: failure.message, missing: [allowWritesBelow(bucket, prefix)] };
    }
  }

  /** Says nothing: an S3 server tells of its keys only when an object is put. */
  async checkKey(_keyId: string): Promise<void> {
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.#client.destroy();
    await Promise.resolve();
  }

  async #headBucket(name: string): Promise<HeadBucketCommandOutput> {
    const command = new HeadBucketCommand({ Bucket: name });
    try {
      return await this.#read(`look at bucket ${name}`, (options) => this.#client.send(command, options));
    } catch (failure) {
      if (!(failure instanceof BucketFailure) || failure.code !== "NotFound") throw failure;
      throw new BucketFailure("NoSuchBucket", `there is no bucket ${name}`);
    }
  }

  async #tryUpload(
    object: { readonly Bucket: string; readonly Key: string },
    encryption: Encryption | undefined,
  ): Promise<void> {
    const doing = `try an upload to ${object.Bucket}/${object.Key}`;
    const request = { ...object, ...encryptionMembers(encryption) };
    const { UploadId } = await this.#withOrWithoutAcl(object.Bucket, (acl) =>
      this.#call(doing, (options) =>
        this.#client.send(new CreateMultipartUploadCommand({ ...request, ...acl }), options),
      ),
    );
    await this.#call(`end the upload to ${object.Bucket}/${object.Key}`, (options) =>
      this.#client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), options),
    );
  }

  /** Remembers what the bucket took last; the failure that counts is the one that no ACL can be blamed for. */
  async #withOrWithoutAcl<Answer>(
    bucket: string,
    send: (acl: typeof OWNER_HAS_CONTROL | Readonly<Record<string, never>>) => Promise<Answer>,
  ): Promise<Answer> {
    const bare = this.#withoutAcl.has(bucket);
    try {
      return await send(bare ? {} : OWNER_HAS_CONTROL);
    } catch (failure) {
      if (!(failure instanceof BucketFailure) || !BLAMES_ACL.has(failure.code)) throw failure;
      const answer = await send(bare ? OWNER_HAS_CONTROL : {}).catch((second: unknown) => {
        throw bare ? failure : second;
      });
      if (bare) this.#withoutAcl.delete(bucket);
      else this.#withoutAcl.add(bucket);
      return answer;
    }
  }

  /** What only some callers may ask and only some servers answer: undefined where nothing is to be learned. */
  async #ask<Answer>(doing: string, send: Send<Answer>): Promise<Answer | undefined> {
    return await this.#read(doing, send).catch(
      absentWhen(["AccessDenied", "ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed"]),
    );
  }

  async #read<Answer>(doing: string, send: Send<Answer>): Promise<Answer> {
    try {
      return await this.#call(doing, send);
    } catch (failure) {
      if (!isTransient(failure)) throw failure;
      return await this.#call(doing, send);
    }
  }

  async #call<Answer>(doing: string, send: Send<Answer>): Promise<Answer> {
    const abortSignal = AbortSignal.timeout(this.#callMs);
    try {
      return await send({ abortSignal });
    } catch (thrown) {
      throw s3Failure(doing, thrown, abortSignal.aborted);
    }
  }
}

type Send<Answer> = (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>;

function absentWhen(codes: readonly string[]): (failure: unknown) => undefined {
  return (failure) => {
    if (failure instanceof BucketFailure && codes.includes(failure.code)) return undefined;
    throw failure;
  };
}
