import type { Kysely } from "kysely";
import { type Clock, type Random, reason, Refusal } from "../core/index.ts";
import { type Journal, type JournalEntry, parseRecord } from "../journal/index.ts";
import { Backoff, pause, type RetryOptions } from "./delivery/backoff.ts";
import { type Placement, placementOf } from "./delivery/placement.ts";
import type { DeliveryLog } from "./delivery/senders.ts";
import type { TrailsSchema } from "./schema.ts";
import type { Trail, Wants } from "./trail.ts";
import { listTrails } from "./trails.ts";

/** One line of a log stream: the record as it stands in log files. Times are milliseconds since 1970. */
export interface LoggedRecord {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogDeliveryNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "subscribe">;
  readonly tables: Kysely<TrailsSchema>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: DeliveryLog;
  readonly organization?: { readonly id: string };
  readonly wantsForTrail: (trail: Trail) => Wants;
  /** Appends to a stream, oldest first; resolves once durable. @throws {Refusal} when the group is not there. */
  readonly put: (groupArn: string, stream: string, events: readonly LoggedRecord[]) => Promise<void>;
}

/** Brings what trails want into their log groups, as soon as it is recorded. */
export interface LogDelivery {
  /** To be called with every change of trails. */
  trailsChanged(): void;
  /** What is under way finishes. */
  close(): Promise<void>;
}

/** Larger ones are not sent. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html */
const EVENT_BYTES_MAX = 256 * 1024;

const READ_RECORDS = 512;

/** Records come in groups a few milliseconds apart, and many cost less at once. */
const GATHER_MS = 25;

/** How old the place in the tables may be when nothing was wanted. */
const PLACE_MS = 1_000;

/**
 * Each trail with a log group has a reader of its own, with its own place in the journal, so that a group that is gone keeps
 * nobody else waiting. What follows a crash may be delivered twice: `eventID` tells. A trail counts as it is at the moment of
 * reading, not as it was when the record was made; log files are the exact ones.
 *
 * @throws {Failure} when the tables cannot be read.
 */
export async function startLogDelivery(needs: LogDeliveryNeeds, retry: RetryOptions): Promise<LogDelivery> {
  const delivery = new RunningLogDelivery(needs, retry);
  await delivery.start();
  return delivery;
}

class RunningLogDelivery implements LogDelivery {
  readonly #needs: LogDeliveryNeeds;
  readonly #retry: RetryOptions;
  readonly #readers = new Map<string, TrailReader>();
  readonly #stop = new AbortController();
  #refreshing: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(needs: LogDeliveryNeeds, retry: RetryOptions) {
    this.#needs = needs;
    this.#retry = retry;
  }

  async start(): Promise<void> {
    await this.#refresh();
    await this.#forgetStopped();
    this.#unsubscribe = this.#needs.journal.subscribe(() => {
      for (const reader of this.#readers.values()) reader.wake();
    });
  }

  trailsChanged(): void {
    // One after the other: what an earlier one read must not have the last word.
    this.#refreshing = this.#refreshing
      .then(() => this.#refresh())
      .catch((err: unknown) => this.#needs.log.warn({ err }, "trails could not be read anew for their log groups"));
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.#refreshing;
    await Promise.all([...this.#readers.values()].map((reader) => reader.ended));
  }

  async #refresh(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const trails = (await listTrails(this.#needs.tables)).filter(
      ({ logging, settings }) => logging && settings.logGroupArn !== undefined,
    );
    for (const trail of trails) {
      const known = this.#readers.get(trail.id);
      if (known === undefined) await this.#begin(trail);
      else known.becomes(trail);
    }
    const ids = new Set(trails.map(({ id }) => id));
    for (const [id, reader] of this.#readers) if (!ids.has(id)) reader.endsAt(this.#needs.journal.head);
  }

  /** Trails that were stopped when we ended: what they log when they are started again begins then. */
  async #forgetStopped(): Promise<void> {
    const { tables } = this.#needs;
    for (const { trail_id } of await tables.selectFrom("trail_logs").select("trail_id").execute()) {
      if (this.#readers.has(trail_id)) continue;
      await tables.deleteFrom("trail_logs").where("trail_id", "=", trail_id).execute();
    }
  }

  async #begin(trail: Trail): Promise<void> {
    const { tables, journal } = this.#needs;
    const query = tables.selectFrom("trail_logs").select("sequence").where("trail_id", "=", trail.id);
    const row = await query.executeTakeFirst();
    // The record of the call that made it so is not appended before that call's transaction, which we have just read.
    const place = row?.sequence ?? journal.head;
    if (row === undefined) await storePlace(tables, trail.id, place, {});
    const reader = new TrailReader(this.#needs, this.#retry, trail, place, this.#stop.signal);
    this.#readers.set(trail.id, reader);
    void reader.ended.then(() => this.#readers.delete(trail.id));
  }
}

class TrailReader {
  readonly ended: Promise<void>;
  readonly #needs: LogDeliveryNeeds;
  readonly #stop: AbortSignal;
  readonly #backoff: Backoff;
  #trail: Trail;
  #placeOf: Placement;
  #end = Number.POSITIVE_INFINITY;
  #place: number;
  #stored: number;
  #storedAt = 0;
  #problem: string | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(needs: LogDeliveryNeeds, retry: RetryOptions, trail: Trail, place: number, stop: AbortSignal) {
    this.#needs = needs;
    this.#stop = stop;
    this.#backoff = new Backoff(retry, needs.random);
    this.#trail = trail;
    this.#placeOf = this.#placementOf(trail);
    this.#place = place;
    this.#stored = place;
    stop.addEventListener("abort", () => this.wake());
    this.ended = this.#run();
  }

  wake(): void {
    this.#wake.resolve();
  }

  becomes(trail: Trail): void {
    this.#trail = trail;
    this.#placeOf = this.#placementOf(trail);
    this.#end = Number.POSITIVE_INFINITY;
    this.wake();
  }

  /** Nothing from this sequence on is wanted any more. */
  endsAt(sequence: number): void {
    this.#end = Math.min(this.#end, sequence);
    this.wake();
  }

  async #run(): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        if (this.#place >= this.#end) return await this.#forget();
        this.#wake = Promise.withResolvers();
        if (!(await this.#step())) await this.#wait();
        this.#backoff.reset();
      } catch (thrown) {
        await this.#tell(thrown);
        await this.#backoff.wait(this.#stop);
      }
    }
    if (this.#stored !== this.#place) await this.#store({}).catch((thrown: unknown) => this.#tell(thrown));
  }

  async #wait(): Promise<void> {
    const { clock, tables, journal } = this.#needs;
    const due = this.#stored !== this.#place && clock.elapsed() - this.#storedAt >= PLACE_MS;
    if (due) await storePlace(tables, this.#trail.id, this.#place, {}).then(() => this.#isStored());
    if (this.#place < Math.min(journal.head, this.#end)) return;
    await this.#wake.promise;
    await pause(GATHER_MS, this.#stop);
  }

  /** False when there is nothing more to read now. */
  async #step(): Promise<boolean> {
    const limit = Math.min(READ_RECORDS, this.#end - this.#place);
    const entries = limit <= 0 ? [] : await this.#needs.journal.read(this.#place, limit);
    const last = entries.at(-1);
    if (last === undefined) return false;
    const { logGroupArn = "" } = this.#trail.settings;
    const streams = this.#sort(entries);
    for (const [stream, events] of streams) await this.#needs.put(logGroupArn, stream, events);
    this.#place = last.sequence + 1;
    if (streams.size > 0) await this.#store({ delivered_at: this.#needs.clock.now(), error: null });
    if (this.#problem !== undefined)
      this.#needs.log.info({ trail: this.#trail.arn }, "a log group takes records again");
    this.#problem = undefined;
    return true;
  }

  /** By stream: what the trail wants, oldest first. */
  #sort(entries: readonly JournalEntry[]): ReadonlyMap<string, LoggedRecord[]> {
    const streams = new Map<string, LoggedRecord[]>();
    for (const { bytes } of entries) {
      const record = bytes.length > EVENT_BYTES_MAX ? undefined : parseRecord(bytes);
      const place = record && this.#placeOf(record);
      if (record === undefined || place === undefined) continue;
      const stream = this.#streamOf(place.account);
      const events = streams.get(stream) ?? [];
      events.push({ timestamp: timeOf(record.eventTime, this.#needs.clock), message: textOf(bytes) });
      streams.set(stream, events);
    }
    for (const events of streams.values()) events.sort((one, other) => one.timestamp - other.timestamp);
    return streams;
  }

  /** Compiles the trail's selectors: once for all of its records. */
  #placementOf(trail: Trail): Placement {
    return placementOf(trail, this.#needs.wantsForTrail(trail));
  }

  /** @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-log-group-log-stream-naming-for-cloudtrail.html */
  #streamOf(account: string): string {
    const { homeRegion, settings } = this.#trail;
    const { organization } = this.#needs;
    const prefix = settings.organization && organization !== undefined ? `${organization.id}_` : "";
    return `${prefix}${account}_CloudTrail_${homeRegion}`;
  }

  async #store(status: LogStatus): Promise<void> {
    await storePlace(this.#needs.tables, this.#trail.id, this.#place, status);
    this.#isStored();
  }

  #isStored(): void {
    this.#stored = this.#place;
    this.#storedAt = this.#needs.clock.elapsed();
  }

  async #forget(): Promise<void> {
    await this.#needs.tables.deleteFrom("trail_logs").where("trail_id", "=", this.#trail.id).execute();
  }

  async #tell(thrown: unknown): Promise<void> {
    const problem = reason(thrown);
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#needs.log.warn({ err: thrown, trail: this.#trail.arn }, "records could not be put into a log group yet");
    const error = thrown instanceof Refusal ? `${thrown.code}: ${thrown.message}` : problem;
    await storePlace(this.#needs.tables, this.#trail.id, this.#stored, { error }).catch((err: unknown) =>
      this.#needs.log.warn({ err }, "the status of a trail could not be written"),
    );
  }
}

type LogStatus = { readonly delivered_at?: number; readonly error?: string | null };

async function storePlace(
  tables: Kysely<TrailsSchema>,
  trailId: string,
  sequence: number,
  status: LogStatus,
): Promise<void> {
  await tables
    .insertInto("trail_logs")
    .values({ trail_id: trailId, sequence, delivered_at: null, error: null, ...status })
    .onConflict((conflict) => conflict.column("trail_id").doUpdateSet({ sequence, ...status }))
    .execute();
}

/** What claims a time that is none was recorded now. */
function timeOf(eventTime: string, clock: Clock): number {
  const ms = Date.parse(eventTime);
  return Number.isNaN(ms) ? clock.now() : ms;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
