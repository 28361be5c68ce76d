import type { Kysely } from "kysely";
import type { Clock, Random } from "../../core/index.ts";
import type { DeliveryListener, PutLogFile } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import { Backoff, type RetryOptions } from "./backoff.ts";
import type { PackedFile, WholeContents } from "./file-contents.ts";
import {
  type LoadedFile,
  loadFile,
  type PendingFile,
  pendingFiles,
  type PutFile,
  storeDelivered,
  storeFailedAttempt,
} from "./file-tables.ts";
import { type FindObject, isSameFile, lookFor, problemOf, shownError } from "./find-object.ts";
import type { Packer } from "./packer.ts";
import { Slots } from "./slots.ts";

export interface SendersNeeds {
  readonly tables: Kysely<TrailsSchema>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: DeliveryLog;
  readonly put: PutLogFile;
  readonly find: FindObject;
  readonly listener: DeliveryListener;
  readonly packer: Packer;
}

/** What the delivery has to say to the operator; pino's loggers fit. */
export interface DeliveryLog {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Per bucket, so that one that is slow or gone keeps no other waiting. */
const PUTS_AT_ONCE_PER_BUCKET = 8;

/** Files of a lane that are packed before it is their turn. */
const AHEAD_FILES_MAX = 8;

/** A lane: the files of a shard that go to one bucket, one after the other. It is there as long as it has any. */
interface Lane {
  readonly name: string;
  readonly files: PendingFile[];
  running: Promise<void>;
  /** Why its first file is still here. */
  problem: string | undefined;
  /** The first file lies in its bucket, but the tables could not be told yet. */
  arrived: PutFile | undefined;
}

/** Bring decided log files into their buckets: per shard and bucket in order, and for ever until the bucket takes them. */
export class Senders {
  readonly #needs: SendersNeeds;
  readonly #retry: RetryOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #buckets = new Map<string, Slots>();
  /** Ids of all files that wait. */
  readonly #pending = new Set<number>();
  /** Those of them that were decided in this run and never tried: any other may lie in its bucket, unknown to us. */
  readonly #untried = new Set<number>();
  #delivered = 0;
  readonly #stop = new AbortController();

  constructor(needs: SendersNeeds, retry: RetryOptions) {
    this.#needs = needs;
    this.#retry = retry;
  }

  get pendingFiles(): number {
    return this.#pending.size;
  }

  /** Since the start. */
  get deliveredFiles(): number {
    return this.#delivered;
  }

  /** Takes up everything that waits according to the tables. */
  async resume(): Promise<void> {
    for (const file of await pendingFiles(this.#needs.tables)) this.#enqueue(file);
  }

  /** A file was decided just now. Resolves once there is room for the contents of more. */
  async send(file: PendingFile, contents: WholeContents): Promise<void> {
    const lane = this.#lanes.get(laneName(file));
    const turnIsNear = lane === undefined || (lane.problem === undefined && lane.files.length < AHEAD_FILES_MAX);
    if (turnIsNear) this.#needs.packer.packAhead(file.id, contents);
    this.#untried.add(file.id);
    this.#enqueue(file);
    await this.#needs.packer.room();
  }

  /** What is on its way arrives; nothing else is begun. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#lanes.values()].map(({ running }) => running));
  }

  #enqueue(file: PendingFile): void {
    if (this.#pending.has(file.id)) return;
    this.#pending.add(file.id);
    const name = laneName(file);
    const known = this.#lanes.get(name);
    if (known !== undefined) return void known.files.push(file);
    const files = [file];
    const lane: Lane = { name, files, problem: undefined, arrived: undefined, running: Promise.resolve() };
    this.#lanes.set(name, lane);
    lane.running = this.#run(lane);
  }

  async #run(lane: Lane): Promise<void> {
    const backoff = new Backoff(this.#retry, this.#needs.random);
    for (let file = lane.files[0]; file !== undefined; file = lane.files[0]) {
      if (this.#stop.signal.aborted) return;
      if (await this.#deliver(lane, file)) {
        lane.files.shift();
        this.#pending.delete(file.id);
        backoff.reset();
      } else await backoff.wait(this.#stop.signal);
    }
    this.#lanes.delete(lane.name);
  }

  /** False when it must be tried again. */
  async #deliver(lane: Lane, { id }: PendingFile): Promise<boolean> {
    const { tables, listener, clock, log } = this.#needs;
    try {
      const file = await loadFile(tables, id);
      // Otherwise an earlier try committed, and got no answer.
      if (file !== undefined) {
        lane.arrived ??= await this.#put(id, file);
        await storeDelivered(tables, listener, file.row, lane.arrived, () => clock.now());
      }
    } catch (thrown) {
      this.#tell(lane, id, thrown);
      return false;
    }
    if (lane.arrived !== undefined) this.#delivered += 1;
    lane.arrived = undefined;
    if (lane.problem !== undefined) log.info({ lane: lane.name }, "log files are delivered again");
    lane.problem = undefined;
    return true;
  }

  async #put(id: number, file: LoadedFile): Promise<PutFile> {
    const { packer, clock, tables } = this.#needs;
    const { row } = file;
    const packed = await packer.take(id, row.sequences);
    const again = !this.#untried.delete(id);
    try {
      return await this.#slotsOf(row.bucket).run(() => this.#putOnce(file, packed, again));
    } catch (thrown) {
      if (!this.#stop.signal.aborted) await storeFailedAttempt(tables, row, shownError(thrown), clock.now());
      throw thrown;
    }
  }

  async #putOnce({ row, trail }: LoadedFile, packed: PackedFile, again: boolean): Promise<PutFile> {
    this.#stop.signal.throwIfAborted();
    const { put, find } = this.#needs;
    const { bucket, key } = row;
    const found = again ? await lookFor(find, trail, bucket, key) : undefined;
    if (found !== undefined && (await isSameFile(found.bytes, packed))) {
      return { ...found, sha256: packed.sha256, size: found.bytes.length };
    }
    const answer = await put({ trail, account: row.account_id, bucket, key, bytes: packed.gzip, again });
    return { ...answer, sha256: packed.sha256, size: packed.gzip.length };
  }

  #tell(lane: Lane, id: number, thrown: unknown): void {
    if (this.#stop.signal.aborted) return;
    // Its turn may be long in coming, and there are others to hold in memory.
    for (const file of lane.files) this.#needs.packer.drop(file.id);
    const problem = problemOf(thrown);
    if (problem === lane.problem) return;
    lane.problem = problem;
    const waiting = lane.files.length;
    this.#needs.log.warn({ err: thrown, lane: lane.name, file: id, waiting }, "a log file could not be delivered yet");
  }

  #slotsOf(bucket: string): Slots {
    const slots = this.#buckets.get(bucket) ?? new Slots(PUTS_AT_ONCE_PER_BUCKET);
    this.#buckets.set(bucket, slots);
    return slots;
  }
}

function laneName({ trailId, account, region, bucket }: PendingFile): string {
  return [trailId, account, region, bucket].join(" ");
}
