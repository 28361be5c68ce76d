import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { assert, type Clock, Failure, type Random } from "../core/index.ts";
import type { DirectoryObjectStore } from "../store/index.ts";
import { CommitQueue } from "./commit-queue.ts";
import { type Fault, Faults } from "./faults.ts";
import {
  type Cursor,
  type Journal,
  type JournalEntry,
  type JournalHealth,
  type JournalRecord,
  type JournalStats,
  READ_BYTES_MAX,
} from "./journal.ts";
import { lockDirectory } from "./lock-directory.ts";
import type { RangeRules } from "./range-rules.ts";
import { SealClient } from "./seal-client.ts";
import { SealedRanges } from "./sealed-ranges.ts";
import { Sealer } from "./sealer.ts";
import { type Segment, SegmentCache } from "./segment/index.ts";
import { TailReader } from "./tail-reader.ts";

export interface JournalNeeds {
  /** The journal's own directory; made when absent. */
  readonly directory: string;
  /** Where segments go, under `segments/`. */
  readonly objects: DirectoryObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: JournalLog;
  /** Called per commit group: milliseconds from its oldest append until it was durable, and its records. */
  readonly onCommit?: (latencyMs: number, records: number) => void;
}

/** What the journal has to say to the operator; pino's loggers fit. */
export interface JournalLog {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

export interface JournalOptions {
  /** Records per segment; 65,536 unless told. What the journal was made with goes on, whatever is told later. */
  readonly segmentRecords?: number;
  /**
   * A segment that has reached this many bytes of records, before they are packed, takes no more; 128 MiB unless told.
   * Fixed when the journal is made.
   */
  readonly segmentBytes?: number;
  /** What the tail's file may grow to before appends are refused as if the disk were full; 16 GiB unless told. */
  readonly tailBytesMax?: number;
  /** What parts of segments may take in memory; 64 MiB unless told. */
  readonly segmentCacheBytes?: number;
  /** For tests: writes that fail. */
  readonly faults?: readonly Fault[];
}

const DEFAULTS = {
  segmentRecords: 65_536,
  segmentBytes: 128 * 1024 ** 2,
  tailBytesMax: 16 * 1024 ** 3,
  segmentCacheBytes: 64 * 1024 ** 2,
};
const READ_LIMIT = 1000;
/** Records that are taken out of a segment at a time: whole blocks of it. */
const SEGMENT_READ_RECORDS = 256;

/**
 * Opens the journal, made when absent, after verifying everything in its tail, and of its segments that they are there
 * and whole.
 * @throws {Failure} when another process has it, the disk refuses, or something is damaged: then naming file and sequences.
 */
export async function openJournal(needs: JournalNeeds, options: JournalOptions = {}): Promise<Journal> {
  const directory = resolve(needs.directory);
  makeDirectory(directory);
  const unlock = lockDirectory(directory);
  try {
    return await DurableJournal.open(
      needs,
      { ...DEFAULTS, faults: [], ...options },
      join(directory, "tail.db"),
      unlock,
    );
  } catch (cause) {
    unlock();
    throw new Failure(`open journal in ${directory}`, cause);
  }
}

function makeDirectory(directory: string): void {
  const made = mkdirSync(directory, { recursive: true });
  if (made === undefined) return;
  // The files' names are made durable by SQLite, the directory's own name only by this.
  const parent = openSync(dirname(made), "r");
  fsyncSync(parent);
  closeSync(parent);
}

class DurableJournal implements Journal {
  readonly #needs: JournalNeeds;
  readonly #queue: CommitQueue;
  readonly #tail: TailReader;
  readonly #ranges: SealedRanges;
  readonly #sealer: Sealer;
  readonly #unlock: () => void;
  readonly #published: Segment[];
  readonly #listeners = new Set<(entries: readonly JournalEntry[]) => void>();
  readonly #sealListeners = new Set<(segment: Segment) => void>();
  readonly #cursors: Map<string, number>;
  #closed: Promise<void> | undefined;

  static async open(
    needs: JournalNeeds,
    options: Required<JournalOptions>,
    path: string,
    unlock: () => void,
  ): Promise<DurableJournal> {
    const { segmentRecords, segmentBytes, tailBytesMax, segmentCacheBytes, faults } = options;
    assert(Number.isSafeInteger(segmentRecords) && segmentRecords > 0, "segmentRecords is a positive whole number");
    let onEntries: (entries: readonly JournalEntry[], ends: readonly number[]) => void = () => undefined;
    const { queue, opened } = await CommitQueue.open(
      { ...needs, onEntries: (entries, ends) => onEntries(entries, ends) },
      { path, segmentRecords, segmentBytes, tailBytesMax, faults },
    );
    try {
      const { rules, ends } = opened;
      if (rules.records !== segmentRecords)
        needs.log.info({ segmentRecords: rules.records }, "the journal keeps the size of segments it was made with");
      const cache = new SegmentCache(segmentCacheBytes);
      const ranges = await SealedRanges.open(needs.objects, cache, opened.catalogue, ends.at(-1) ?? 0);
      const client = new SealClient(path);
      const journal = new DurableJournal(
        { needs, queue, ranges, client, path, unlock, rules, ends, faults },
        opened.cursors,
      );
      onEntries = (entries, newEnds) => journal.#tell(entries, newEnds);
      journal.#sealer.sealWhatIsFull();
      needs.log.info({ head: opened.head, segments: ranges.segments.length }, "journal is open");
      return journal;
    } catch (cause) {
      await queue.close();
      throw cause;
    }
  }

  private constructor(
    parts: {
      readonly needs: JournalNeeds;
      readonly queue: CommitQueue;
      readonly ranges: SealedRanges;
      readonly client: SealClient;
      readonly path: string;
      readonly unlock: () => void;
      readonly rules: RangeRules;
      readonly ends: readonly number[];
      readonly faults: readonly Fault[];
    },
    cursors: readonly (readonly [string, number])[],
  ) {
    const { needs, queue, ranges, client, rules, ends } = parts;
    this.#needs = needs;
    this.#queue = queue;
    this.#ranges = ranges;
    this.#unlock = parts.unlock;
    this.#tail = new TailReader(parts.path);
    this.#cursors = new Map(cursors);
    this.#published = [...ranges.segments];
    this.#sealer = new Sealer({
      client,
      queue,
      ranges,
      rules,
      ends,
      objects: needs.objects.directory,
      faults: new Faults(parts.faults),
      onSeal: (segment) => this.#publish(segment),
      onProblem: (failure) => needs.log.error({ err: failure }, "a full range of the journal could not be sealed"),
    });
  }

  async append(records: readonly JournalRecord[]): Promise<readonly number[]> {
    if (this.#closed !== undefined) throw new Failure(`append ${records.length} records: the journal is closed`);
    return records.length === 0 ? [] : await this.#queue.append(records);
  }

  get head(): number {
    return this.#queue.head;
  }

  async read(from: number, limit: number = READ_LIMIT): Promise<readonly JournalEntry[]> {
    assert(Number.isSafeInteger(from) && from >= 0 && limit >= 1, "a read has a place and a limit");
    if (this.#closed !== undefined) throw new Failure(`read journal at sequence ${from}: the journal is closed`);
    const end = Math.min(from + limit, this.head);
    const found: JournalEntry[] = [];
    let bytes = 0;
    while (from + found.length < end) {
      for (const entry of await this.#readSome(from + found.length, end)) {
        bytes += entry.bytes.length;
        if (bytes > READ_BYTES_MAX && found.length > 0) return found;
        found.push(entry);
      }
    }
    return found;
  }

  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void {
    // A function of its own, so that one listener may subscribe twice and each subscription ends by itself.
    const own = (entries: readonly JournalEntry[]): void => listener(entries);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  cursor(name: string): Cursor {
    const nameBytes = Buffer.byteLength(name);
    assert(nameBytes > 0 && nameBytes <= 255, "a cursor's name has 1 to 255 bytes");
    const sequenceOf = (): number => this.#cursors.get(name) ?? 0;
    return {
      name,
      get sequence() {
        return sequenceOf();
      },
      advance: async (sequence) => {
        assert(
          Number.isSafeInteger(sequence) && sequence >= 0 && sequence <= this.head,
          "a cursor lies in the journal",
        );
        await this.#queue.advance(name, sequence);
        this.#cursors.set(name, sequence);
      },
    };
  }

  get segments(): readonly Segment[] {
    return this.#published;
  }

  onSeal(listener: (segment: Segment) => void): () => void {
    const own = (segment: Segment): void => listener(segment);
    this.#sealListeners.add(own);
    return () => void this.#sealListeners.delete(own);
  }

  get health(): JournalHealth {
    const problem = this.#sealer.problem;
    const health = this.#queue.health;
    return health.problem === undefined && problem !== undefined ? { ...health, problem } : health;
  }

  stats(): JournalStats {
    return {
      ...this.#queue.counts,
      head: this.head,
      sealedEnd: this.#sealer.recordedEnd,
      segments: this.#published.length,
      queuedRecords: this.#queue.queued.records,
      queuedBytes: this.#queue.queued.bytes,
    };
  }

  async verify(): Promise<void> {
    const damages = await this.#ranges.verify();
    if (damages.length > 0) throw new Failure(damages.join("; "));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#sealer.stop();
    // The writer's connection goes last: then SQLite moves its log into the file, which is whole by itself.
    this.#tail.close();
    await this.#queue.close();
    this.#unlock();
    this.#needs.log.info({ head: this.head }, "journal is closed");
  }

  /** From whichever holds `from`; the choice and the tail's read are one step, so that no row can go in between. */
  async #readSome(from: number, end: number): Promise<readonly JournalEntry[]> {
    if (from >= this.#ranges.end) return this.#tail.read(from, end);
    return await this.#ranges.read(from, Math.min(end - from, SEGMENT_READ_RECORDS));
  }

  #tell(entries: readonly JournalEntry[], ends: readonly number[]): void {
    for (const listener of this.#listeners) listener(entries);
    this.#sealer.sealWhatIsFull(ends);
  }

  #publish(segment: Segment): void {
    this.#published.push(segment);
    for (const listener of this.#sealListeners) listener(segment);
  }
}
