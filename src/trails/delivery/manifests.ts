import type { Kysely, Selectable } from "kysely";
import { type Clock, isoSeconds } from "../../core/index.ts";
import type { Shard, ShardStatus } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import type { Trail } from "../trail.ts";
import { asDecided, trailNow } from "./file-tables.ts";
import { type FindObject, lookFor } from "./find-object.ts";
import { manifestKey, rootOfKey } from "./keys.ts";
import type { DeliveryLog } from "./senders.ts";

export type PutManifest = (
  trail: Trail,
  account: string,
  bucket: string,
  key: string,
  bytes: Uint8Array,
) => Promise<void>;

export interface ManifestsNeeds {
  readonly tables: Kysely<TrailsSchema>;
  readonly clock: Clock;
  readonly log: DeliveryLog;
  readonly putManifest: PutManifest;
  readonly find: FindObject;
}

const HOUR_MS = 3_600_000;

/**
 * Lists of the log files that were delivered in an hour, for readers that would not list a bucket: per shard and hour of the
 * clock in which there were any, once it is over. They follow from the tables alone, so a crash redoes the same bytes.
 */
export class Manifests {
  readonly #needs: ManifestsNeeds;
  /** Trails whose manifests are being written: one with a slow bucket keeps no other waiting. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(needs: ManifestsNeeds) {
    this.#needs = needs;
  }

  /** Writes what is due, and forgets deleted trails of which nothing is left to do. What fails stays due. */
  async sweep(): Promise<void> {
    const trails = await this.#needs.tables.selectFrom("trail_states").select(["trail_id", "deleted"]).execute();
    for (const { trail_id, deleted } of trails) {
      if (this.#running.has(trail_id) || this.#stop.signal.aborted) continue;
      const work = this.#sweepTrail(trail_id, deleted === 1)
        .catch((err: unknown) =>
          this.#needs.log.warn({ err, trail: trail_id }, "an hour's manifest could not be written yet"),
        )
        .finally(() => this.#running.delete(trail_id));
      this.#running.set(trail_id, work);
    }
  }

  /** Resolves once nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** The manifest that is on its way arrives; no other is begun. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }

  async #sweepTrail(trailId: string, deleted: boolean): Promise<void> {
    const { tables, log } = this.#needs;
    const shards = await tables.selectFrom("delivery_shards").selectAll().where("trail_id", "=", trailId).execute();
    let left = false;
    for (const row of shards) {
      const { latestDeliveryMs } = JSON.parse(row.status) as ShardStatus;
      if (latestDeliveryMs === undefined || latestDeliveryMs < row.manifests) continue;
      const shard = { trailId, account: row.account_id, region: row.region };
      try {
        left = (await this.#sweepShard(shard, row.manifests)) || left;
      } catch (err) {
        log.warn({ err, ...shard }, "an hour's manifest could not be written yet");
        left = true;
      }
    }
    if (deleted && !left) await forgetTrail(tables, trailId);
  }

  /** True when a later sweep has to come back. */
  async #sweepShard(shard: Shard, from: number): Promise<boolean> {
    for (let next = from; !this.#stop.signal.aborted; ) {
      const first = await firstDelivery(this.#needs.tables, shard, next);
      if (first === undefined) return false;
      const hourMs = Math.floor(first / HOUR_MS) * HOUR_MS;
      next = hourMs + HOUR_MS;
      if (next > this.#needs.clock.now()) return true;
      await this.#write(shard, hourMs);
    }
    return true;
  }

  /** Until all there is was put: the clock may step back meanwhile, and one more file be delivered in the hour. */
  async #write(shard: Shard, hourMs: number): Promise<void> {
    const { tables } = this.#needs;
    for (let files = await filesOf(tables, shard, hourMs); ; ) {
      await this.#put(shard, hourMs, files);
      const known = await tables.transaction().execute(async (transaction) => {
        const found = await filesOf(transaction, shard, hourMs);
        if (found.length === files.length) await storeWritten(transaction, shard, hourMs + HOUR_MS);
        return found;
      });
      if (known.length === files.length) return;
      files = known;
    }
  }

  /** One manifest, but where the trail was given another bucket or prefix within the hour. */
  async #put(shard: Shard, hourMs: number, files: readonly FileRow[]): Promise<void> {
    const { tables, putManifest, find } = this.#needs;
    const now = await trailNow(tables, shard.trailId);
    const byPlace = Map.groupBy(files, ({ bucket, key }) => `${bucket}/${rootOfKey(key)}`);
    for (const some of byPlace.values()) {
      const last = some.at(-1) as FileRow;
      const trail = asDecided(now, last);
      const key = manifestKey(rootOfKey(last.key), { ...shard, trail: trail.name, hourMs });
      const bytes = manifestBytes(trail, shard, hourMs, some);
      // An earlier try may have come as far as here; a locked bucket would keep each for ever.
      const found = await lookFor(find, trail, last.bucket, key);
      if (found !== undefined && Buffer.compare(found.bytes, bytes) === 0) continue;
      await putManifest(trail, shard.account, last.bucket, key, bytes);
    }
  }
}

type FileRow = Selectable<TrailsSchema["log_files"]>;

/** What was delivered in an hour, in the order of delivery; times are RFC 3339, `sha256` is of the uncompressed bytes. */
function manifestBytes(trail: Trail, shard: Shard, hourMs: number, files: readonly FileRow[]): Uint8Array {
  const manifest = {
    version: "1",
    trailARN: trail.arn,
    account: shard.account,
    region: shard.region,
    hour: isoSeconds(hourMs),
    files: files.map((file) => ({
      s3Bucket: file.bucket,
      s3Object: file.key,
      size: file.size,
      sha256: file.sha256,
      records: file.records,
      oldestEventTime: isoSeconds(file.oldest_ms),
      newestEventTime: isoSeconds(file.newest_ms),
      deliveredTime: isoSeconds(file.delivered_at ?? hourMs),
    })),
  };
  return Buffer.from(JSON.stringify(manifest));
}

async function firstDelivery(tables: Kysely<TrailsSchema>, shard: Shard, from: number): Promise<number | undefined> {
  const row = await tables
    .selectFrom("log_files")
    .select("delivered_at")
    .where("trail_id", "=", shard.trailId)
    .where("account_id", "=", shard.account)
    .where("region", "=", shard.region)
    .where("delivered_at", ">=", from)
    .orderBy("delivered_at")
    .limit(1)
    .executeTakeFirst();
  return row?.delivered_at ?? undefined;
}

async function filesOf(tables: Kysely<TrailsSchema>, shard: Shard, hourMs: number): Promise<readonly FileRow[]> {
  return await tables
    .selectFrom("log_files")
    .selectAll()
    .where("trail_id", "=", shard.trailId)
    .where("account_id", "=", shard.account)
    .where("region", "=", shard.region)
    .where("delivered_at", ">=", hourMs)
    .where("delivered_at", "<", hourMs + HOUR_MS)
    .orderBy("number")
    .execute();
}

async function storeWritten(tables: Kysely<TrailsSchema>, shard: Shard, until: number): Promise<void> {
  await tables
    .updateTable("delivery_shards")
    .set({ manifests: until })
    .where("trail_id", "=", shard.trailId)
    .where("account_id", "=", shard.account)
    .where("region", "=", shard.region)
    .execute();
}

/** A deleted trail of which everything is delivered; its log files stay known. */
async function forgetTrail(tables: Kysely<TrailsSchema>, trailId: string): Promise<void> {
  await tables.transaction().execute(async (transaction) => {
    const pending = transaction.selectFrom("log_files").select("file_id").where("state", "=", "pending");
    if ((await pending.where("trail_id", "=", trailId).limit(1).executeTakeFirst()) !== undefined) return;
    await transaction.deleteFrom("trail_states").where("trail_id", "=", trailId).execute();
    await transaction.deleteFrom("delivery_shards").where("trail_id", "=", trailId).execute();
  });
}
