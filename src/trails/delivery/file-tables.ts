import type { Kysely, Selectable } from "kysely";
import type { DeliveryListener, Shard, ShardStatus } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import type { Trail } from "../trail.ts";

/** A log file that waits to be delivered. */
export interface PendingFile extends Shard {
  readonly id: number;
  readonly bucket: string;
}

/** All that wait, oldest first within each shard. */
export async function pendingFiles(tables: Kysely<TrailsSchema>): Promise<readonly PendingFile[]> {
  const rows = await tables
    .selectFrom("log_files")
    .select(["file_id", "trail_id", "account_id", "region", "bucket"])
    .where("state", "=", "pending")
    .orderBy("file_id")
    .execute();
  return rows.map(({ file_id, trail_id, account_id, region, bucket }) => ({
    id: file_id as number,
    trailId: trail_id,
    account: account_id,
    region,
    bucket,
  }));
}

type FileRow = Selectable<TrailsSchema["log_files"]>;

export interface LoadedFile {
  readonly row: FileRow;
  /** Its trail, with the bucket and the key that the file was decided for. */
  readonly trail: Trail;
}

/** A file that waits; undefined when it is delivered. */
export async function loadFile(tables: Kysely<TrailsSchema>, id: number): Promise<LoadedFile | undefined> {
  const row = await tables.selectFrom("log_files").selectAll().where("file_id", "=", id).executeTakeFirstOrThrow();
  if (row.state !== "pending") return undefined;
  return { row, trail: asDecided(await trailNow(tables, row.trail_id), row) };
}

/** A trail as it was when it decided a file, as far as that matters for where and how the file is put. */
export function asDecided(trail: Trail, { bucket, kms_key_id }: Pick<FileRow, "bucket" | "kms_key_id">): Trail {
  const { kmsKeyId: _, ...settings } = trail.settings;
  return { ...trail, settings: { ...settings, bucket, ...(kms_key_id === null ? {} : { kmsKeyId: kms_key_id }) } };
}

/** What is known of a file once it lies in its bucket. */
export interface PutFile {
  readonly sha256: string;
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
}

/**
 * A pending file lies in its bucket: it, its shard's status and the listener learn so as one.
 */
export async function storeDelivered(
  tables: Kysely<TrailsSchema>,
  listener: DeliveryListener,
  row: FileRow,
  put: PutFile,
  now: () => number,
): Promise<void> {
  await tables.transaction().execute(async (transaction) => {
    const shard = { trailId: row.trail_id, account: row.account_id, region: row.region };
    const { status, manifests } = await loadStatus(transaction, shard);
    // Times of delivery never go back, whatever the clock does: an hour that is in a manifest gets no more files.
    const deliveredAt = Math.max(now(), status.latestDeliveryMs ?? 0, manifests);
    await transaction
      .updateTable("log_files")
      .set({
        state: "delivered",
        delivered_at: deliveredAt,
        sha256: put.sha256,
        size: put.size,
        etag: put.etag,
        version_id: put.versionId ?? null,
        // Whoever asks for the records asks the bucket.
        sequences: new Uint8Array(),
      })
      .where("file_id", "=", row.file_id as number)
      .execute();
    const { latestError, ...rest } = status;
    const trail = await trailNow(transaction, shard.trailId);
    const kept = latestError === undefined || isOf(trail, row.bucket) ? {} : { latestError };
    const times = { latestDeliveryMs: deliveredAt, latestAttemptMs: deliveredAt, latestSuccessMs: deliveredAt };
    await storeStatus(transaction, shard, { ...rest, ...kept, ...times });
    await listener.fileDelivered(transaction, shard, {
      bucket: row.bucket,
      key: row.key,
      sha256: put.sha256,
      oldestMs: row.oldest_ms,
      newestMs: row.newest_ms,
      deliveredAt,
    });
  });
}

/** An attempt failed. `code` is undefined when that says nothing about the bucket. */
export async function storeFailedAttempt(
  tables: Kysely<TrailsSchema>,
  row: FileRow,
  code: string | undefined,
  now: number,
): Promise<void> {
  await tables.transaction().execute(async (transaction) => {
    const shard = { trailId: row.trail_id, account: row.account_id, region: row.region };
    const { status } = await loadStatus(transaction, shard);
    const tells = code !== undefined && isOf(await trailNow(transaction, shard.trailId), row.bucket);
    await storeStatus(transaction, shard, { ...status, latestAttemptMs: now, ...(tells ? { latestError: code } : {}) });
  });
}

/** Once a trail has a new bucket, what still waits for the old one says nothing about the trail any more. */
function isOf(trail: Trail, bucket: string): boolean {
  return trail.settings.bucket === bucket;
}

/** The trail as the delivery knows it now, deleted or not. */
export async function trailNow(tables: Kysely<TrailsSchema>, trailId: string): Promise<Trail> {
  const query = tables.selectFrom("trail_states").select("trail").where("trail_id", "=", trailId);
  return JSON.parse((await query.executeTakeFirstOrThrow()).trail) as Trail;
}

async function loadStatus(
  tables: Kysely<TrailsSchema>,
  { trailId, account, region }: Shard,
): Promise<{ readonly status: ShardStatus; readonly manifests: number }> {
  const { status, manifests } = await tables
    .selectFrom("delivery_shards")
    .select(["status", "manifests"])
    .where("trail_id", "=", trailId)
    .where("account_id", "=", account)
    .where("region", "=", region)
    .executeTakeFirstOrThrow();
  return { status: JSON.parse(status) as ShardStatus, manifests };
}

async function storeStatus(
  tables: Kysely<TrailsSchema>,
  { trailId, account, region }: Shard,
  status: ShardStatus,
): Promise<void> {
  await tables
    .updateTable("delivery_shards")
    .set({ status: JSON.stringify(status) })
    .where("trail_id", "=", trailId)
    .where("account_id", "=", account)
    .where("region", "=", region)
    .execute();
}
