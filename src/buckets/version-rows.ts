import type { Insertable, Kysely, Transaction } from "kysely";
import { optional } from "../core/index.ts";
import type { ObjectChecksum, ObjectEncryption, ObjectLock, ObjectVersion } from "./buckets.ts";
import { refusals } from "./refusals.ts";
import type { BucketsSchema, VersionRow } from "./schema.ts";

/** The id of what was put without versioning. */
export const NULL_VERSION = "null";

export type Tables = Kysely<BucketsSchema> | Transaction<BucketsSchema>;

/** The column `facts`: what is kept of a version and never searched. */
export interface VersionFacts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly encryption?: ObjectEncryption;
  readonly checksum?: ObjectChecksum;
  readonly parts?: readonly number[];
}

export function toVersion(row: VersionRow): ObjectVersion {
  const facts = JSON.parse(row.facts) as VersionFacts;
  return {
    key: textOf(row.key),
    versionId: row.version_id,
    isLatest: row.is_latest === 1,
    deleteMarker: row.delete_marker === 1,
    size: row.size,
    etag: row.etag,
    lastModified: row.last_modified,
    headers: facts.headers ?? {},
    metadata: facts.metadata ?? {},
    tags: JSON.parse(row.tags) as Record<string, string>,
    storageClass: facts.storageClass ?? "STANDARD",
    ...optional("encryption", facts.encryption),
    lock: lockOf(row),
    ...optional("checksum", facts.checksum),
    ...optional("parts", facts.parts),
  };
}

export function lockOf(row: Pick<VersionRow, "lock_mode" | "lock_until" | "legal_hold">): ObjectLock {
  const { lock_mode: mode, lock_until: until, legal_hold: hold } = row;
  return {
    ...optional("retention", mode !== null && until !== null ? { mode, until } : undefined),
    ...optional("legalHold", hold === null ? undefined : hold === 1),
  };
}

/** The lock as columns. */
export function lockColumns(lock: ObjectLock): Pick<VersionRow, "lock_mode" | "lock_until" | "legal_hold"> {
  return {
    lock_mode: lock.retention?.mode ?? null,
    lock_until: lock.retention?.until ?? null,
    legal_hold: lock.legalHold === undefined ? null : Number(lock.legalHold),
  };
}

export async function latestVersion(tables: Tables, bucket: string, key: Uint8Array): Promise<VersionRow | undefined> {
  return await tables
    .selectFrom("versions")
    .selectAll()
    .where("bucket", "=", bucket)
    .where("key", "=", key)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function oneVersion(
  tables: Tables,
  bucket: string,
  key: Uint8Array,
  versionId: string,
): Promise<VersionRow | undefined> {
  return await tables
    .selectFrom("versions")
    .selectAll()
    .where("bucket", "=", bucket)
    .where("key", "=", key)
    .where("version_id", "=", versionId)
    .executeTakeFirst();
}

/**
 * The version that a reader asks for.
 * @throws {Refusal} `NoSuchKey`, `NoSuchVersion`; `MethodNotAllowed` when the version that was named is a delete marker.
 */
export async function needVersion(
  tables: Tables,
  bucket: string,
  key: Uint8Array,
  versionId: string | undefined,
): Promise<VersionRow> {
  const text = textOf(key);
  if (versionId === undefined) {
    const row = await latestVersion(tables, bucket, key);
    if (row === undefined) throw refusals.noSuchKey(text);
    if (row.delete_marker === 1) throw refusals.keyIsDeleted(text, row.version_id);
    return row;
  }
  const row = await oneVersion(tables, bucket, key, versionId);
  if (row === undefined) throw refusals.noSuchVersion(text, versionId);
  if (row.delete_marker === 1) throw refusals.versionIsMarker(versionId);
  return row;
}

/** Makes a version the latest of its key; one of the same id must be gone. */
export async function addVersion(
  transaction: Transaction<BucketsSchema>,
  row: Omit<Insertable<VersionRow>, "sequence" | "is_latest">,
): Promise<VersionRow> {
  const before = await latestVersion(transaction, row.bucket, row.key);
  if (before !== undefined) await setLatest(transaction, before, 0);
  return await transaction
    .insertInto("versions")
    .values({ ...row, is_latest: 1 })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The version is gone; the one before it is the latest, when it was. */
export async function dropVersion(transaction: Transaction<BucketsSchema>, row: VersionRow): Promise<void> {
  await transaction.deleteFrom("versions").where("sequence", "=", row.sequence).execute();
  if (row.is_latest === 0) return;
  const before = await latestVersion(transaction, row.bucket, row.key);
  if (before !== undefined) await setLatest(transaction, before, 1);
}

async function setLatest(transaction: Transaction<BucketsSchema>, row: VersionRow, isLatest: 0 | 1): Promise<void> {
  await transaction.updateTable("versions").set({ is_latest: isLatest }).where("sequence", "=", row.sequence).execute();
}

export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
}
