import type { Random } from "../../core/index.ts";
import type { Shard } from "../delivery.ts";
import type { Trail } from "../trail.ts";
import { FileContents, type WholeContents } from "./file-contents.ts";
import { logFileKey, rootOf } from "./keys.ts";
import type { DecidedFile, StoredShard } from "./plan-tables.ts";
import { SequenceList } from "./sequences.ts";

/** A log file that is decided, with its contents as they came by. */
export interface ClosedBatch {
  readonly file: DecidedFile;
  readonly contents: WholeContents;
}

/** A shard as the planner knows it, with the records that wait for their log file. */
export class OpenShard {
  readonly shard: Shard;
  /** Everything below is planned. */
  planned: number;
  #files: number;
  #lastStamp: number;
  #batch: OpenBatch | undefined;

  constructor({ planned, files, lastStamp, ...shard }: StoredShard) {
    this.shard = shard;
    this.planned = planned;
    this.#files = files;
    this.#lastStamp = lastStamp;
  }

  get isOpen(): boolean {
    return this.#batch !== undefined;
  }

  /** Bytes that wait, uncompressed. */
  get bytes(): number {
    return this.#batch?.contents.bytesWith(0) ?? 0;
  }

  /** Whether a record of so many bytes would make the file larger than it may be. */
  hasNoRoom(recordBytes: number, fileBytesMax: number): boolean {
    return this.#batch !== undefined && this.#batch.contents.bytesWith(recordBytes) > fileBytesMax;
  }

  add(sequence: number, bytes: Uint8Array, eventTime: unknown): void {
    this.#batch ??= new OpenBatch();
    this.#batch.add(sequence, bytes, eventTime);
  }

  /** Decides the file of what waits; `discard` it once that is durable. `slotStampMs` is the earliest stamp it may bear. */
  close(trail: Trail, close: CloseNeeds): ClosedBatch | undefined {
    const batch = this.#batch;
    if (batch === undefined) return undefined;
    const { settings } = trail;
    const { account, region } = this.shard;
    // A clock that stepped back must not make a later file sort before an earlier one.
    this.#lastStamp = Math.max(this.#lastStamp, close.slotStampMs);
    const number = this.#files++;
    const root = rootOf(settings.prefix, settings.organization ? close.organizationId : undefined, account);
    const named = { account, region, number, stampMs: this.#lastStamp };
    const file = {
      ...this.shard,
      number,
      bucket: settings.bucket,
      key: logFileKey(root, named, close.random),
      sequences: batch.sequences.pack(),
      records: batch.contents.records,
      ...batch.timesMs(close.now),
      kmsKeyId: settings.kmsKeyId,
      trailArn: trail.arn,
    };
    return { file, contents: batch.contents.finish() };
  }

  discard(): void {
    this.#batch = undefined;
  }

  stored(): StoredShard {
    return { ...this.shard, planned: this.planned, files: this.#files, lastStamp: this.#lastStamp };
  }
}

export interface CloseNeeds {
  readonly now: number;
  readonly slotStampMs: number;
  readonly organizationId: string | undefined;
  readonly random: Random;
}

class OpenBatch {
  readonly contents: FileContents = new FileContents();
  readonly sequences: SequenceList = new SequenceList();
  #oldestMs = Infinity;
  #newestMs = -Infinity;
  #lastTime: unknown;

  add(sequence: number, bytes: Uint8Array, eventTime: unknown): void {
    this.contents.add(bytes);
    this.sequences.add(sequence);
    // Neighbours mostly share their second.
    if (eventTime === this.#lastTime) return;
    this.#lastTime = eventTime;
    const timeMs = typeof eventTime === "string" ? Date.parse(eventTime) : NaN;
    if (timeMs < this.#oldestMs) this.#oldestMs = timeMs;
    if (timeMs > this.#newestMs) this.#newestMs = timeMs;
  }

  /** A digest must name times, also of records that have none which can be read. */
  timesMs(now: number): { readonly oldestMs: number; readonly newestMs: number } {
    if (this.#oldestMs === Infinity) return { oldestMs: now, newestMs: now };
    return { oldestMs: this.#oldestMs, newestMs: this.#newestMs };
  }
}
