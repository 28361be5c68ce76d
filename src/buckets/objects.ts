import type { Kysely, Transaction } from "kysely";
import { type Clock, Failure, optional, type Random, randomText, Refusal } from "../core/index.ts";
import type { BucketTable } from "./bucket-table.ts";
import type {
  Bucket,
  DeleteResult,
  LockMode,
  ObjectChecksum,
  ObjectEncryption,
  ObjectVersion,
  OpenObject,
  PutObjectRequest,
  WriteCondition,
} from "./buckets.ts";
import { type NamedContent, writeContent } from "./content.ts";
import { type Files, isAbsent } from "./files.ts";
import type { Immutability } from "./immutability.ts";
import { checkBypass, checkRemoval, checkRetention, isLocked, lockOfNewVersion, needLock } from "./lock.ts";
import type { ObjectKeys } from "./object-keys.ts";
import { keyBytes, objectFile } from "./paths.ts";
import { openContent } from "./read-object.ts";
import { refusals } from "./refusals.ts";
import type { Forget, Rows } from "./rows.ts";
import type { BucketsSchema, VersionRow } from "./schema.ts";
import { plainSize } from "./sealed-frames.ts";
import {
  addVersion,
  dropVersion,
  latestVersion,
  lockColumns,
  lockOf,
  NULL_VERSION,
  needVersion,
  oneVersion,
  textOf,
  toVersion,
  type VersionFacts,
} from "./version-rows.ts";

/** What everything over the directory works with. */
export interface Shelf {
  readonly tables: Kysely<BucketsSchema>;
  readonly rows: Rows;
  readonly files: Files;
  readonly buckets: BucketTable;
  readonly keys: ObjectKeys;
  readonly immutability: Immutability;
  readonly clock: Clock;
  readonly random: Random;
}

/** An object whose file is there and whose row is not. */
export interface ObjectDraft {
  readonly content: Pick<NamedContent, "file" | "mark" | "size">;
  /** Its id, should the bucket have versions when it is committed. */
  readonly versionId: string;
  readonly etag: string;
  readonly request: Pick<PutObjectRequest, "headers" | "metadata" | "tags" | "storageClass" | "lock" | "onlyIf">;
  readonly encryption: ObjectEncryption | undefined;
  readonly sealedKey: Uint8Array | undefined;
  readonly checksum: ObjectChecksum | undefined;
  readonly parts?: readonly number[];
}

const VERSION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Objects and their versions. */
export class Objects {
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  async put(
    bucketName: string,
    key: string,
    body: AsyncIterable<Uint8Array>,
    request: PutObjectRequest,
  ): Promise<ObjectVersion> {
    const { buckets, clock, files, keys } = this.#shelf;
    const bucket = buckets.get(bucketName);
    keyBytes(key);
    // Judged again when the version is committed; here so that nothing is written in vain.
    lockOfNewVersion(bucket, request.lock, clock.now());
    const encryption = keys.choose(bucket, request.encryption);
    const dataKey = encryption && keys.create(encryption, { bucket: bucketName, key });
    const { versionId, file } = this.newFile(bucket, key);
    const content = await writeContent(files, body, { file, key: dataKey?.key }, request);
    const algorithm = request.checksum?.algorithm;
    return await this.add(bucketName, key, {
      content,
      versionId,
      etag: `"${content.md5.toString("hex")}"`,
      request,
      encryption,
      sealedKey: dataKey?.sealed,
      checksum:
        algorithm === undefined || content.checksum === undefined
          ? undefined
          : { algorithm, value: content.checksum, type: "FULL_OBJECT" },
    });
  }

  /** The id of a version to come, and where its bytes go. */
  newFile(bucket: Bucket, key: string): { readonly versionId: string; readonly file: string } {
    const versionId = randomText(this.#shelf.random, 32, VERSION_ALPHABET);
    // What has no version of its own is replaced by a file of the same name but for this ending.
    const suffix = bucket.versioning === "Enabled" ? versionId : `${NULL_VERSION}-${versionId.slice(0, 12)}`;
    return { versionId, file: objectFile(bucket.name, key, suffix) };
  }

  /** Makes the draft the latest version of its key; `also` is done in the same transaction. */
  async add(
    bucketName: string,
    key: string,
    draft: ObjectDraft,
    also?: (transaction: Transaction<BucketsSchema>, forget: Forget) => Promise<void>,
  ): Promise<ObjectVersion> {
    const { buckets, clock, immutability, rows, tables, files } = this.#shelf;
    const bytes = keyBytes(key);
    const { file, mark } = draft.content;
    const isKnown = async (): Promise<boolean> =>
      (await tables
        .selectFrom("versions")
        .select("sequence")
        .where("bucket", "=", bucketName)
        .where("key", "=", bytes)
        .where("file", "=", file)
        .executeTakeFirst()) !== undefined;
    const row = await rows.commit(
      async (transaction, forget) => {
        const bucket = await buckets.within(transaction, bucketName);
        checkCondition(draft.request.onlyIf, await latestVersion(transaction, bucketName, bytes), key);
        await also?.(transaction, forget);
        const versionId = bucket.versioning === "Enabled" ? draft.versionId : NULL_VERSION;
        if (versionId === NULL_VERSION) await this.#dropNull(transaction, forget, bucketName, bytes);
        const now = clock.now();
        return await addVersion(transaction, {
          bucket: bucketName,
          key: bytes,
          version_id: versionId,
          delete_marker: 0,
          size: draft.content.size,
          etag: draft.etag,
          last_modified: now,
          facts: JSON.stringify(factsOf(draft)),
          tags: JSON.stringify(draft.request.tags ?? {}),
          ...lockColumns(lockOfNewVersion(bucket, draft.request.lock, now)),
          sealed_key: draft.sealedKey ?? null,
          file,
        });
      },
      { file, mark, isKnown },
    );
    if (isLocked(lockOf(row), clock.now())) immutability.protect(files.path(file));
    return toVersion(row);
  }

  async version(bucket: string, key: string, versionId?: string): Promise<ObjectVersion> {
    for (let before: VersionRow | undefined; ; ) {
      const row = await this.#find(bucket, key, versionId);
      const size = await this.#shelf.files.size(fileOf(row));
      if (size !== undefined) return { ...toVersion(row), size: row.sealed_key === null ? size : plainSize(size) };
      // The object may have been replaced, and its file removed, since its row was read.
      if (row.sequence === before?.sequence) return { ...toVersion(row), lost: true };
      before = row;
    }
  }

  async open(bucket: string, key: string, versionId?: string): Promise<OpenObject> {
    const { files, keys } = this.#shelf;
    for (let before: VersionRow | undefined; ; ) {
      const row = await this.#find(bucket, key, versionId);
      const version = toVersion(row);
      try {
        const dataKey =
          row.sealed_key !== null && version.encryption !== undefined
            ? keys.open(row.sealed_key, version.encryption, { bucket, key })
            : undefined;
        const content = await openContent(await files.read(fileOf(row)), dataKey, `${bucket}/${key}`);
        const { size } = content;
        return {
          version: { ...version, size },
          stream: (start = 0, end = size - 1) => content.stream(start, end),
          close: () => content.close(),
        };
      } catch (cause) {
        if (cause instanceof Refusal || cause instanceof Failure) throw cause;
        // The object may have been replaced, and its file removed, since its row was read.
        const replaced = isAbsent(cause) && row.sequence !== before?.sequence;
        if (!replaced) throw new Failure(`read ${bucket}/${key} from ${files.path(fileOf(row))}`, cause);
        before = row;
      }
    }
  }

  async delete(
    bucketName: string,
    key: string,
    options: { readonly versionId?: string; readonly bypassGovernance?: boolean; readonly ifMatch?: string },
  ): Promise<DeleteResult> {
    const { buckets, rows } = this.#shelf;
    const bytes = keyBytes(key);
    checkBypass(buckets.get(bucketName), options.bypassGovernance);
    return await rows.commit(async (transaction, forget) => {
      const bucket = await buckets.within(transaction, bucketName);
      if (options.ifMatch !== undefined) {
        const current =
          options.versionId === undefined
            ? await latestVersion(transaction, bucketName, bytes)
            : await oneVersion(transaction, bucketName, bytes, options.versionId);
        checkCondition({ ifMatch: options.ifMatch }, current, key);
      }
      if (options.versionId !== undefined) {
        return await this.#deleteVersion(transaction, forget, bucketName, bytes, options.versionId, options);
      }
      if (bucket.versioning === undefined) {
        await this.#dropNull(transaction, forget, bucketName, bytes);
        return { deleteMarker: false };
      }
      return await this.#addMarker(transaction, forget, bucket, bytes);
    });
  }

  async setTags(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<ObjectVersion> {
    return await this.#change(bucket, key, versionId, () => ({ tags: JSON.stringify(tags) }));
  }

  async setRetention(
    bucketName: string,
    key: string,
    versionId: string | undefined,
    retention: { readonly mode: LockMode; readonly until: number } | undefined,
    options: { readonly bypassGovernance?: boolean },
  ): Promise<ObjectVersion> {
    const bucket = this.#shelf.buckets.get(bucketName);
    checkBypass(bucket, options.bypassGovernance);
    needLock(bucket);
    return await this.#change(bucketName, key, versionId, (row) => {
      checkRetention(lockOf(row), retention, this.#shelf.clock.now(), options.bypassGovernance === true);
      return { lock_mode: retention?.mode ?? null, lock_until: retention?.until ?? null };
    });
  }

  async setLegalHold(
    bucketName: string,
    key: string,
    versionId: string | undefined,
    on: boolean,
  ): Promise<ObjectVersion> {
    needLock(this.#shelf.buckets.get(bucketName));
    return await this.#change(bucketName, key, versionId, () => ({ legal_hold: Number(on) }));
  }

  async #change(
    bucket: string,
    key: string,
    versionId: string | undefined,
    change: (row: VersionRow) => Partial<VersionRow>,
  ): Promise<ObjectVersion> {
    const { buckets, clock, files, immutability, rows } = this.#shelf;
    buckets.get(bucket);
    const bytes = keyBytes(key);
    const changed = await rows.commit(async (transaction) => {
      const row = await this.#changeable(transaction, bucket, bytes, versionId);
      return await transaction
        .updateTable("versions")
        .set(change(row))
        .where("sequence", "=", row.sequence)
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    if (isLocked(lockOf(changed), clock.now())) immutability.protect(files.path(fileOf(changed)));
    return toVersion(changed);
  }

  /** Changes of a delete marker are refused in another way than reading one. */
  async #changeable(
    transaction: Transaction<BucketsSchema>,
    bucket: string,
    key: Uint8Array,
    versionId: string | undefined,
  ): Promise<VersionRow> {
    if (versionId === undefined) {
      const latest = await latestVersion(transaction, bucket, key);
      if (latest?.delete_marker === 1) throw refusals.versionIsMarker(latest.version_id);
    }
    return await needVersion(transaction, bucket, key, versionId);
  }

  async #find(bucket: string, key: string, versionId: string | undefined): Promise<VersionRow> {
    this.#shelf.buckets.get(bucket);
    return await needVersion(this.#shelf.tables, bucket, keyBytes(key), versionId);
  }

  async #deleteVersion(
    transaction: Transaction<BucketsSchema>,
    forget: Forget,
    bucket: string,
    key: Uint8Array,
    versionId: string,
    options: { readonly bypassGovernance?: boolean },
  ): Promise<DeleteResult> {
    const row = await oneVersion(transaction, bucket, key, versionId);
    if (row === undefined) return { versionId, deleteMarker: false };
    checkRemoval(lockOf(row), this.#shelf.clock.now(), options.bypassGovernance === true);
    await dropVersion(transaction, row);
    if (row.file !== null) forget(row.file);
    return { versionId, deleteMarker: row.delete_marker === 1 };
  }

  /** Under suspended versioning the marker takes the place of what has no version. */
  async #addMarker(
    transaction: Transaction<BucketsSchema>,
    forget: Forget,
    bucket: Bucket,
    key: Uint8Array,
  ): Promise<DeleteResult> {
    const suspended = bucket.versioning === "Suspended";
    if (suspended) await this.#dropNull(transaction, forget, bucket.name, key);
    const versionId = suspended ? NULL_VERSION : this.newFile(bucket, textOf(key)).versionId;
    await addVersion(transaction, {
      bucket: bucket.name,
      key,
      version_id: versionId,
      delete_marker: 1,
      size: 0,
      etag: "",
      last_modified: this.#shelf.clock.now(),
      facts: "{}",
      tags: "{}",
      ...lockColumns({}),
      sealed_key: null,
      file: null,
    });
    return { versionId, deleteMarker: true };
  }

  async #dropNull(
    transaction: Transaction<BucketsSchema>,
    forget: Forget,
    bucket: string,
    key: Uint8Array,
  ): Promise<void> {
    const row = await oneVersion(transaction, bucket, key, NULL_VERSION);
    if (row === undefined) return;
    // A bucket with Object Lock always has versions, so this is never asked of what is locked; if ever, then it is refused.
    checkRemoval(lockOf(row), this.#shelf.clock.now(), false);
    await dropVersion(transaction, row);
    if (row.file !== null) forget(row.file);
  }
}

/**
 * @throws {Refusal} `PreconditionFailed`; `NoSuchKey` when an ETag was asked for and there is no object.
 */
function checkCondition(condition: WriteCondition | undefined, current: VersionRow | undefined, key: string): void {
  const object = current?.delete_marker === 0 ? current : undefined;
  if (condition?.ifNoneMatch !== undefined && object !== undefined) throw refusals.preconditionFailed("If-None-Match");
  if (condition?.ifMatch === undefined) return;
  if (object === undefined) throw refusals.noSuchKey(key);
  if (condition.ifMatch !== "*" && condition.ifMatch !== object.etag) throw refusals.preconditionFailed("If-Match");
}

function factsOf(draft: ObjectDraft): VersionFacts {
  return {
    ...optional("headers", draft.request.headers),
    ...optional("metadata", draft.request.metadata),
    ...optional("storageClass", draft.request.storageClass),
    ...optional("encryption", draft.encryption),
    ...optional("checksum", draft.checksum),
    ...optional("parts", draft.parts),
  };
}

/** Only delete markers have no file, and they are never found by who reads. */
function fileOf(row: VersionRow): string {
  return row.file ?? "";
}
