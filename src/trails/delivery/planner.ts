import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Clock, Random } from "../../core/index.ts";
import { type Journal, type JournalEntry, parseRecord } from "../../journal/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import type { DeliveryListener, Shard } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import type { Trail, Wants } from "../trail.ts";
import { stampAt } from "./keys.ts";
import { type ClosedBatch, OpenShard } from "./open-batch.ts";
import { type Placement, placementOf } from "./placement.ts";
import { forgetChanges, loadPlan, type MetChange, storeDecision, type StoredPlan } from "./plan-tables.ts";
import type { WholeContents } from "./file-contents.ts";

export interface PlannerNeeds {
  readonly journal: Pick<Journal, "head" | "read">;
  readonly tables: Kysely<TrailsSchema>;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: DeliveryListener;
  readonly organization?: { readonly id: string };
  readonly wantsForTrail: (trail: Trail) => Wants;
  /** A file was decided; resolves once its sender has room for more. */
  readonly onDecided: (
    file: Shard & { readonly id: number; readonly bucket: string },
    contents: WholeContents,
  ) => Promise<void>;
}

export interface PlannerOptions {
  readonly intervalMs: number;
  /** What a log file takes at most before it is packed. */
  readonly fileBytesMax: number;
  /** What waits in memory for its file at most; the largest shards are closed early to keep it so. */
  readonly heldBytesMax: number;
}

/** Records that are read at a time: others have their turn after a few milliseconds. */
const READ_RECORDS = 512;

/**
 * Reads the journal and decides which records a log file holds. A decision is durable before anything is written of it.
 *
 * After a failure the planner is thrown away: what it held in memory may or may not be what the tables say. Another one
 * begins where these say, as after a crash.
 */
export class Planner {
  readonly #needs: PlannerNeeds;
  readonly #options: PlannerOptions;
  readonly #trails = new Map<string, PlannedTrail>();
  #logging: readonly PlannedTrail[] = [];
  #position: number;
  #place: number;
  #slot: number;
  #heldBytes = 0;

  static async open(needs: PlannerNeeds, options: PlannerOptions): Promise<Planner> {
    return new Planner(needs, options, await loadPlan(needs.tables));
  }

  private constructor(needs: PlannerNeeds, options: PlannerOptions, { place, trails, shards }: StoredPlan) {
    this.#needs = needs;
    this.#options = options;
    this.#position = place;
    this.#place = place;
    this.#slot = this.#slotNow();
    for (const { trail, planned } of trails) this.#setTrail(trail, planned);
    for (const shard of shards) this.#trails.get(shard.trailId)?.shards.add(new OpenShard(shard));
  }

  /** Everything below was read. */
  get position(): number {
    return this.#position;
  }

  /** Whether there is anything to read for. */
  get logs(): boolean {
    return this.#logging.length > 0;
  }

  /** When the slot that batches are now collected in ends, milliseconds from now; 0 when it is over. */
  get slotEndsInMs(): number {
    const now = this.#needs.clock.now();
    return this.#slotNow() === this.#slot ? (this.#slot + 1) * this.#options.intervalMs - now : 0;
  }

  /** Whether records of the shard wait for their file to be decided. */
  holds({ trailId, account, region }: Shard): boolean {
    return this.#trails.get(trailId)?.shards.find(account, region)?.isOpen ?? false;
  }

  /** Reads some records; false once there are no more. Ends the slot before, when it is over. */
  async step(): Promise<boolean> {
    const slot = this.#slotNow();
    if (slot !== this.#slot) await this.#endSlot(slot);
    const { head } = this.#needs.journal;
    if (this.#position === head) return false;
    if (!this.logs && !(await this.#changesWait())) {
      // A change is committed before its call is recorded: those recorded below `head` would be among the waiting.
      this.#position = head;
      return false;
    }
    for (const entry of await this.#needs.journal.read(this.#position, READ_RECORDS)) await this.#take(entry);
    await nextTurn();
    return this.#position < this.#needs.journal.head;
  }

  #slotNow(): number {
    return Math.floor(this.#needs.clock.now() / this.#options.intervalMs);
  }

  async #changesWait(): Promise<boolean> {
    const query = this.#needs.tables.selectFrom("trail_changes").select("request_id").limit(1);
    return (await query.executeTakeFirst()) !== undefined;
  }

  async #take(entry: JournalEntry): Promise<void> {
    const { sequence, bytes } = entry;
    const record = parseRecord(bytes);
    if (record !== undefined) {
      if (mayChangeTrail(record)) await this.#meet(entry, record);
      for (const trail of this.#logging) await this.#offer(trail, entry, record);
    }
    this.#position = sequence + 1;
    if (this.#heldBytes > this.#options.heldBytesMax) await this.#closeEarly(this.#largest(), this.#position);
  }

  /** Puts the record where the trail wants it, unless it is planned there already. */
  async #offer(trail: PlannedTrail, { sequence, bytes }: JournalEntry, record: AuditRecord): Promise<void> {
    const place = sequence < trail.planned ? undefined : trail.placeOf(record);
    if (place === undefined) return;
    const shard = trail.shards.findOrAdd(trail.trail.id, place.account, place.region);
    if (sequence < shard.planned) return;
    if (shard.hasNoRoom(bytes.length, this.#options.fileBytesMax)) await this.#closeEarly([shard], sequence);
    this.#heldBytes -= shard.bytes;
    shard.add(sequence, bytes, record.eventTime);
    this.#heldBytes += shard.bytes;
  }

  /** As many of the largest as must go so that a quarter of the memory is free. */
  #largest(): readonly OpenShard[] {
    const chosen: OpenShard[] = [];
    let heldBytes = this.#heldBytes;
    for (const shard of this.#openShards().toSorted((left, right) => right.bytes - left.bytes)) {
      if (heldBytes <= this.#options.heldBytesMax * 0.75) break;
      chosen.push(shard);
      heldBytes -= shard.bytes;
    }
    return chosen;
  }

  #openShards(): OpenShard[] {
    return [...this.#trails.values()].flatMap(({ shards }) => shards.open());
  }

  async #closeEarly(shards: readonly OpenShard[], planned: number): Promise<void> {
    for (const shard of shards) shard.planned = planned;
    await this.#decide(shards, (this.#slotNow() + 1) * this.#options.intervalMs);
  }

  async #endSlot(slot: number): Promise<void> {
    const shards = this.#openShards();
    for (const shard of shards) shard.planned = this.#position;
    if (shards.length > 0 || this.#position !== this.#place) {
      await this.#decide(shards, slot * this.#options.intervalMs, { place: this.#position });
      this.#place = this.#position;
    }
    this.#slot = slot;
  }

  /** A record that may be of a call that changed one of our trails: the change counts from here on. */
  async #meet(entry: JournalEntry, record: AuditRecord): Promise<void> {
    const change = await this.#needs.tables
      .selectFrom("trail_changes")
      .selectAll()
      .where("request_id", "=", record.requestID ?? "")
      .executeTakeFirst();
    if (change === undefined) return;
    const known = this.#trails.get(change.trail_id);
    const after = change.trail === null ? known && stopped(known.trail) : (JSON.parse(change.trail) as Trail);
    // Made and deleted at about the same time, and the latter was recorded first: nothing of it was ever logged.
    if (after === undefined) return await forgetChanges(this.#needs.tables, change.trail_id, change.position);
    const ends = known !== undefined && known.trail.logging && !after.logging;
    // What ends the logging is the last that is logged; anything else counts from its own record on.
    if (ends) await this.#offer(known, entry, record);
    const planned = ends ? entry.sequence + 1 : entry.sequence;
    const deleted = change.trail === null;
    await this.#decide(known?.shards.open() ?? [], (this.#slotNow() + 1) * this.#options.intervalMs, {
      change: { trail: after, deleted, planned, position: change.position },
    });
    if (deleted) this.#trails.delete(after.id);
    else this.#setTrail(after, planned, known?.shards);
    this.#setLogging();
  }

  /** Closes the shards' batches, all of one decision; these go on to their senders once it is durable. */
  async #decide(
    shards: readonly OpenShard[],
    slotEndMs: number,
    rest: { readonly place?: number; readonly change?: MetChange } = {},
  ): Promise<void> {
    const { clock, random, tables, listener, organization } = this.#needs;
    const now = clock.now();
    const close = { now, random, slotStampMs: stampAt(slotEndMs), organizationId: organization?.id };
    const closed = shards.flatMap((shard) => shard.close(this.#trailOf(shard), close) ?? []);
    const stored = shards.map((shard) => shard.stored());
    const files = closed.map(({ file }) => file);
    const ids = await storeDecision(tables, listener, { now, files, shards: stored, ...rest });
    for (const shard of shards) {
      this.#heldBytes -= shard.bytes;
      shard.discard();
    }
    await this.#handOver(closed, ids);
  }

  async #handOver(closed: readonly ClosedBatch[], ids: readonly number[]): Promise<void> {
    for (const [index, { file, contents }] of closed.entries()) {
      const { trailId, account, region, bucket } = file;
      await this.#needs.onDecided({ id: ids[index] as number, trailId, account, region, bucket }, contents);
    }
  }

  #trailOf({ shard }: OpenShard): Trail {
    return (this.#trails.get(shard.trailId) as PlannedTrail).trail;
  }

  #setTrail(trail: Trail, planned: number, shards: Shards = new Shards()): void {
    const placeOf = placementOf(trail, this.#needs.wantsForTrail(trail));
    this.#trails.set(trail.id, { trail, planned, placeOf, shards });
    this.#setLogging();
  }

  #setLogging(): void {
    this.#logging = [...this.#trails.values()].filter(({ trail }) => trail.logging);
  }
}

interface PlannedTrail {
  readonly trail: Trail;
  /** Everything below is planned for all of its shards. */
  readonly planned: number;
  readonly placeOf: Placement;
  readonly shards: Shards;
}

/** The shards of one trail. */
class Shards {
  /** By account, then by Region: joining the two for every record would be slow. */
  readonly #accounts = new Map<string, Map<string, OpenShard>>();

  add(shard: OpenShard): void {
    const { account, region } = shard.shard;
    const regions = this.#accounts.get(account) ?? new Map<string, OpenShard>();
    this.#accounts.set(account, regions.set(region, shard));
  }

  find(account: string, region: string): OpenShard | undefined {
    return this.#accounts.get(account)?.get(region);
  }

  findOrAdd(trailId: string, account: string, region: string): OpenShard {
    const known = this.find(account, region);
    if (known !== undefined) return known;
    const shard = new OpenShard({ trailId, account, region, planned: 0, files: 0, lastStamp: 0 });
    this.add(shard);
    return shard;
  }

  open(): OpenShard[] {
    return [...this.#accounts.values()].flatMap((regions) => [...regions.values()].filter(({ isOpen }) => isOpen));
  }
}

/** Calls that were refused change nothing, and those that only read neither. */
function mayChangeTrail({ eventSource, readOnly, errorCode }: AuditRecord): boolean {
  return eventSource === "cloudtrail.amazonaws.com" && readOnly === false && errorCode === undefined;
}

/** A deleted trail, as those who listen may still know it. */
function stopped(trail: Trail): Trail {
  return { ...trail, logging: false };
}
