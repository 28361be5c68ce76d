import { join } from "node:path";
import type { Kysely } from "kysely";
import type { Clock, Random } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import { BucketTable } from "./bucket-table.ts";
import type {
  Bucket,
  BucketDocument,
  Buckets,
  DefaultRetention,
  DeleteResult,
  ListedKeys,
  ListedVersions,
  Listing,
  ObjectEncryption,
  ObjectVersion,
  OpenObject,
  PutObjectRequest,
  Upload,
  UploadedPart,
} from "./buckets.ts";
import type { StrikeFault } from "./faults.ts";
import { Files } from "./files.ts";
import { Immutability, type ImmutabilityStats, immutableSupported } from "./immutability.ts";
import { listKeys, listVersions, type Page } from "./listing.ts";
import { ObjectKeys } from "./object-keys.ts";
import { Objects, type Shelf } from "./objects.ts";
import { bucketFolder } from "./paths.ts";
import { Rows } from "./rows.ts";
import { type BucketsSchema, bucketsMigrations } from "./schema.ts";
import { type NamedPart, Uploads } from "./uploads.ts";
import { lockOf, oneVersion, textOf, toVersion } from "./version-rows.ts";
import { isLocked } from "./lock.ts";

export interface DirectoryBucketsNeeds {
  /** Made when it is not there. One process at a time uses it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: { warn(facts: object, message: string): void };
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  /** Ids of the keys that SSE-KMS may name: `alias/opentrail`, or any text as it stands behind `key/` in an ARN. */
  readonly keys: readonly string[];
  /** For tests. */
  readonly strike?: StrikeFault;
}

export interface DirectoryBucketsOptions {
  /** Make the files of locked versions immutable, where the file system can. */
  readonly immutable: boolean;
}

export interface DirectoryBuckets extends Buckets {
  /** @throws {Refusal} `KMS.NotFoundException`. */
  checkKey(keyId: string): void;
  /** Whether this process can make files in the directory immutable. Tries it on a file. */
  immutableSupported(): Promise<boolean>;
  stats(): ImmutabilityStats;
}

/** Locked versions whose files are made immutable once more: a crash may have been faster than that. */
const PROTECTED_AGAIN = 1000;

/**
 * Buckets in `directory`: `buckets.db` holds what is said of them, objects are files in folders that carry the bucket's
 * name. Nothing else may write there; what somebody does to a file all the same is served as it is.
 *
 * @throws {Failure} when the directory or the tables cannot be opened.
 */
export async function openDirectoryBuckets(
  needs: DirectoryBucketsNeeds,
  options: DirectoryBucketsOptions,
): Promise<DirectoryBuckets> {
  const { directory, clock, random, log, masterKey, keys, strike = () => undefined } = needs;
  const immutability = new Immutability(options.immutable, (cause) =>
    log.warn({ err: cause }, "could not make the file of a locked version immutable"),
  );
  const files = await Files.open(directory, strike, (path) => immutability.release(path));
  const tables = await openTables<BucketsSchema>(join(files.directory, "buckets.db"), bucketsMigrations);
  const rows = new Rows(tables, files, strike, (cause, file) =>
    log.warn({ err: cause, file }, "could not remove a file"),
  );
  try {
    await rows.settle(await files.leftovers());
    const buckets = await BucketTable.open(tables, rows, clock);
    const objectKeys = new ObjectKeys(masterKey, random, keys);
    const shelf: Shelf = { tables, rows, files, buckets, keys: objectKeys, immutability, clock, random };
    if (options.immutable) await protectAgain(shelf);
    return new OpenBuckets(shelf);
  } catch (cause) {
    await tables.destroy();
    throw cause;
  }
}

async function protectAgain({ tables, clock, files, immutability }: Shelf): Promise<void> {
  const newest = await tables
    .selectFrom("versions")
    .selectAll()
    .orderBy("sequence", "desc")
    .limit(PROTECTED_AGAIN)
    .execute();
  for (const row of newest) {
    if (row.file !== null && isLocked(lockOf(row), clock.now())) immutability.protect(files.path(row.file));
  }
}

class OpenBuckets implements DirectoryBuckets {
  readonly #shelf: Shelf;
  readonly #tables: Kysely<BucketsSchema>;
  readonly #objects: Objects;
  readonly #uploads: Uploads;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
    this.#tables = shelf.tables;
    this.#objects = new Objects(shelf);
    this.#uploads = new Uploads(shelf, this.#objects);
  }

  async create(
    name: string,
    owner: { readonly account: string; readonly region: string; readonly objectLock?: boolean },
  ): Promise<Bucket> {
    return await this.#shelf.buckets.create(name, owner);
  }

  async delete(name: string): Promise<void> {
    await this.#shelf.buckets.delete(name);
    await this.#shelf.rows.settled();
    await this.#shelf.files.removeFolder(bucketFolder(name));
  }

  get(name: string): Bucket {
    return this.#shelf.buckets.get(name);
  }

  has(name: string): boolean {
    return this.#shelf.buckets.has(name);
  }

  all(account: string): readonly Bucket[] {
    return this.#shelf.buckets.all(account);
  }

  async setVersioning(name: string, state: "Enabled" | "Suspended"): Promise<void> {
    await this.#shelf.buckets.setVersioning(name, state);
  }

  async setDefaultRetention(name: string, retention: DefaultRetention | undefined): Promise<void> {
    await this.#shelf.buckets.setDefaultRetention(name, retention);
  }

  async setEncryption(name: string, encryption: ObjectEncryption | undefined): Promise<void> {
    if (encryption?.keyId !== undefined) this.checkKey(encryption.keyId);
    await this.#shelf.buckets.setEncryption(name, encryption);
  }

  document(name: string, kind: BucketDocument): string | undefined {
    return this.#shelf.buckets.document(name, kind);
  }

  async setDocument(name: string, kind: BucketDocument, text: string | undefined): Promise<void> {
    await this.#shelf.buckets.setDocument(name, kind, text);
  }

  async putObject(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array>,
    request: PutObjectRequest,
  ): Promise<ObjectVersion> {
    return await this.#objects.put(bucket, key, body, request);
  }

  async version(bucket: string, key: string, versionId?: string): Promise<ObjectVersion> {
    return await this.#objects.version(bucket, key, versionId);
  }

  async open(bucket: string, key: string, versionId?: string): Promise<OpenObject> {
    return await this.#objects.open(bucket, key, versionId);
  }

  async deleteObject(
    bucket: string,
    key: string,
    options: { readonly versionId?: string; readonly bypassGovernance?: boolean; readonly ifMatch?: string },
  ): Promise<DeleteResult> {
    return await this.#objects.delete(bucket, key, options);
  }

  async list(bucket: string, listing: Listing): Promise<ListedKeys> {
    this.get(bucket);
    const page = await listKeys(this.#tables, {
      bucket,
      prefix: Buffer.from(listing.prefix),
      delimiter: Buffer.from(listing.delimiter ?? ""),
      after: Buffer.from(listing.startAfter),
      limit: listing.limit,
    });
    const { rows, commonPrefixes } = texts(page);
    const { last } = page;
    return { objects: rows, commonPrefixes, ...(last === undefined ? {} : { next: nameOf(last) }) };
  }

  async listVersions(
    bucket: string,
    listing: Omit<Listing, "startAfter"> & { readonly keyMarker: string; readonly versionIdMarker?: string },
  ): Promise<ListedVersions> {
    this.get(bucket);
    const after = Buffer.from(listing.keyMarker);
    const { versionIdMarker = "" } = listing;
    const page = await listVersions(this.#tables, {
      bucket,
      prefix: Buffer.from(listing.prefix),
      delimiter: Buffer.from(listing.delimiter ?? ""),
      after,
      limit: listing.limit,
      ...(versionIdMarker === "" ? {} : { afterSequence: await this.#sequenceOf(bucket, after, versionIdMarker) }),
    });
    const { rows, commonPrefixes } = texts(page);
    const { last } = page;
    if (last === undefined) return { versions: rows, commonPrefixes };
    return {
      versions: rows,
      commonPrefixes,
      next: { key: nameOf(last), versionId: Buffer.isBuffer(last) ? "" : last.version_id },
    };
  }

  async setTags(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<ObjectVersion> {
    return await this.#objects.setTags(bucket, key, versionId, tags);
  }

  async setRetention(...parameters: Parameters<Buckets["setRetention"]>): Promise<ObjectVersion> {
    return await this.#objects.setRetention(...parameters);
  }

  async setLegalHold(bucket: string, key: string, versionId: string | undefined, on: boolean): Promise<ObjectVersion> {
    return await this.#objects.setLegalHold(bucket, key, versionId, on);
  }

  async createUpload(
    bucket: string,
    key: string,
    upload: Omit<Upload, "uploadId" | "key" | "initiatedAt">,
  ): Promise<Upload> {
    return await this.#uploads.create(bucket, key, upload);
  }

  async upload(bucket: string, key: string, uploadId: string): Promise<Upload> {
    return await this.#uploads.get(bucket, key, uploadId);
  }

  async uploadPart(...parameters: Parameters<Buckets["uploadPart"]>): Promise<UploadedPart> {
    return await this.#uploads.putPart(...parameters);
  }

  async parts(...parameters: Parameters<Buckets["parts"]>): ReturnType<Buckets["parts"]> {
    return await this.#uploads.parts(...parameters);
  }

  async completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    parts: readonly NamedPart[],
    request: Pick<PutObjectRequest, "checksum" | "onlyIf">,
  ): Promise<ObjectVersion> {
    return await this.#uploads.complete(bucket, key, uploadId, parts, request);
  }

  async abortUpload(bucket: string, key: string, uploadId: string): Promise<void> {
    await this.#uploads.abort(bucket, key, uploadId);
  }

  async uploads(...parameters: Parameters<Buckets["uploads"]>): ReturnType<Buckets["uploads"]> {
    return await this.#uploads.list(...parameters);
  }

  checkKey(keyId: string): void {
    this.#shelf.keys.check(keyId);
  }

  async immutableSupported(): Promise<boolean> {
    return await immutableSupported(this.#shelf.files.probe());
  }

  stats(): ImmutabilityStats {
    return this.#shelf.immutability.stats();
  }

  async close(): Promise<void> {
    await this.#shelf.rows.settled();
    await this.#shelf.immutability.settled();
    await this.#tables.destroy();
  }

  /**
   * Where a version stands among those of its key. One that is gone meanwhile stands above all, so that nothing is left
   * out: whoever deletes page by page names only versions that are gone.
   */
  async #sequenceOf(bucket: string, key: Uint8Array, versionId: string): Promise<number> {
    return (await oneVersion(this.#tables, bucket, key, versionId))?.sequence ?? Number.MAX_SAFE_INTEGER;
  }
}

function texts(page: Page): { readonly rows: readonly ObjectVersion[]; readonly commonPrefixes: readonly string[] } {
  return { rows: page.rows.map(toVersion), commonPrefixes: page.commonPrefixes.map(textOf) };
}

function nameOf(last: NonNullable<Page["last"]>): string {
  return textOf(Buffer.isBuffer(last) ? last : last.key);
}
