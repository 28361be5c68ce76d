import type { Kysely } from "kysely";
import type { DeliveryListener, Shard } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import type { Trail } from "../trail.ts";

/** What is decided, as the tables have it: where a reader of the journal begins, and with what. */
export interface StoredPlan {
  readonly place: number;
  readonly trails: readonly StoredTrail[];
  readonly shards: readonly StoredShard[];
}

export interface StoredTrail {
  readonly trail: Trail;
  /** Everything below is planned for all of its shards. */
  readonly planned: number;
}

export interface StoredShard extends Shard {
  readonly planned: number;
  readonly files: number;
  /** Milliseconds since 1970. */
  readonly lastStamp: number;
}

/** A log file that is decided: nothing of this will ever be another. */
export interface DecidedFile extends Shard {
  readonly number: number;
  readonly bucket: string;
  readonly key: string;
  readonly sequences: Uint8Array;
  readonly records: number;
  readonly oldestMs: number;
  readonly newestMs: number;
  readonly kmsKeyId: string | undefined;
  readonly trailArn: string;
}

/** A change of a trail whose record was met. */
export interface MetChange {
  /** The trail after it; as it was when it was deleted, but not logging. */
  readonly trail: Trail;
  readonly deleted: boolean;
  readonly planned: number;
  readonly position: number;
}

/** What becomes durable together. */
export interface Decision {
  readonly now: number;
  readonly files: readonly DecidedFile[];
  readonly shards: readonly StoredShard[];
  readonly place?: number;
  readonly change?: MetChange;
}

export async function loadPlan(tables: Kysely<TrailsSchema>): Promise<StoredPlan> {
  return await tables.transaction().execute(async (transaction) => {
    const place = await transaction.selectFrom("delivery_place").select("sequence").executeTakeFirst();
    const trails = await transaction.selectFrom("trail_states").selectAll().where("deleted", "=", 0).execute();
    const shards = await transaction.selectFrom("delivery_shards").selectAll().execute();
    return {
      place: place?.sequence ?? 0,
      trails: trails.map(({ trail, planned }) => ({ trail: JSON.parse(trail) as Trail, planned })),
      shards: shards.map((row) => ({
        trailId: row.trail_id,
        account: row.account_id,
        region: row.region,
        planned: row.planned,
        files: row.files,
        lastStamp: row.last_stamp,
      })),
    };
  });
}

/**
 * Makes a decision durable, as a whole or not at all. A change of a trail is told to `listener` in the same transaction that
 * takes it from the changes to be met: exactly once, whatever crashes.
 * @returns the new files' ids, in order.
 */
export async function storeDecision(
  tables: Kysely<TrailsSchema>,
  listener: DeliveryListener,
  { now, files, shards, place, change }: Decision,
): Promise<readonly number[]> {
  return await tables.transaction().execute(async (transaction) => {
    const ids: number[] = [];
    for (const file of files) ids.push(await insertFile(transaction, file, now));
    for (const shard of shards) await storeShard(transaction, shard);
    if (change !== undefined) await storeChange(transaction, listener, change, now);
    if (place !== undefined) {
      const insert = transaction.insertInto("delivery_place").values({ id: 1, sequence: place });
      await insert.onConflict((conflict) => conflict.column("id").doUpdateSet({ sequence: place })).execute();
    }
    return ids;
  });
}

async function insertFile(transaction: Kysely<TrailsSchema>, file: DecidedFile, now: number): Promise<number> {
  const { file_id } = await transaction
    .insertInto("log_files")
    .values({
      trail_id: file.trailId,
      account_id: file.account,
      region: file.region,
      number: file.number,
      bucket: file.bucket,
      key: file.key,
      sequences: file.sequences,
      records: file.records,
      oldest_ms: file.oldestMs,
      newest_ms: file.newestMs,
      kms_key_id: file.kmsKeyId ?? null,
      trail_arn: file.trailArn,
      state: "pending",
      planned_at: now,
    })
    .returning("file_id")
    .executeTakeFirstOrThrow();
  return file_id as number;
}

/** Beside what the senders write into the row. */
async function storeShard(transaction: Kysely<TrailsSchema>, shard: StoredShard): Promise<void> {
  const decided = { planned: shard.planned, files: shard.files, last_stamp: shard.lastStamp };
  await transaction
    .insertInto("delivery_shards")
    .values({
      trail_id: shard.trailId,
      account_id: shard.account,
      region: shard.region,
      ...decided,
      status: "{}",
    })
    .onConflict((conflict) => conflict.columns(["trail_id", "account_id", "region"]).doUpdateSet(decided))
    .execute();
}

async function storeChange(
  transaction: Kysely<TrailsSchema>,
  listener: DeliveryListener,
  { trail, deleted, planned, position }: MetChange,
  now: number,
): Promise<void> {
  const state = { trail: JSON.stringify(trail), planned, deleted: deleted ? 1 : 0 };
  await transaction
    .insertInto("trail_states")
    .values({ trail_id: trail.id, ...state })
    .onConflict((conflict) => conflict.column("trail_id").doUpdateSet(state))
    .execute();
  await forgetChanges(transaction, trail.id, position);
  await listener.trailChanged(transaction, trail, now);
}

/**
 * Takes a change from those to be met, and with it those that were committed before it and are met later: calls at the same
 * time may be recorded in another order than they were made in, and the later one's trail is what both left.
 */
export async function forgetChanges(tables: Kysely<TrailsSchema>, trailId: string, position: number): Promise<void> {
  await tables.deleteFrom("trail_changes").where("trail_id", "=", trailId).where("position", "<=", position).execute();
}
