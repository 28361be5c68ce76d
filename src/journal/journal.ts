import { Failure } from "../core/index.ts";
import type { Segment } from "./segment/index.ts";

/** One record to append. `bytes` is its minified JSON in UTF-8; it must not be changed afterwards. */
export interface JournalRecord {
  /** What makes it this record and no other, 1 to 255 bytes of UTF-8. */
  readonly eventID: string;
  readonly bytes: Uint8Array;
}

export interface JournalEntry {
  readonly sequence: number;
  /** Exactly the bytes that were appended. Do not change them: others read the same memory. */
  readonly bytes: Uint8Array;
}

/** A record whose `eventID` is among at least this many last ones is known and not written again. */
export const DEDUPLICATION_WINDOW = 262_144;

/** The durable, ordered log that everything else reads. Sequences are dense from 0; readers see a prefix, never a hole. */
export interface Journal {
  /**
   * Appends in order; resolves with one sequence per record, only once all of them would survive a power cut. A record
   * whose `eventID` is among the last DEDUPLICATION_WINDOW records gets the sequence that it already has and is not
   * written again, even when its bytes differ.
   *
   * After a rejection the records may or may not be durable: retry with the same `eventID`s.
   * @throws {JournalFull} when too much waits already; nothing was written.
   * @throws {Failure} when the disk refuses (`health` says whether for good), or after `close`.
   */
  append(records: readonly JournalRecord[]): Promise<readonly number[]>;

  /** The sequence that the next record will get: everything below is durable and readable. */
  readonly head: number;

  /**
   * Up to `limit` entries (default 1,000) from sequence `from` on, in order, without a hole. Fewer at the head, and
   * fewer when READ_BYTES_MAX are reached; none only when `from` is the head or beyond.
   * @throws {Failure} naming the file and the sequences when what was stored is damaged.
   */
  read(from: number, limit?: number): Promise<readonly JournalEntry[]>;

  /**
   * Calls `listener` with everything that becomes durable from now on: in sequence order, without a hole, before the
   * caller of `append` learns its sequences. It must be quick and must not throw. Returns the way to end it.
   */
  subscribe(listener: (entries: readonly JournalEntry[]) => void): () => void;

  /** A reader's durable place, by name (1 to 255 bytes); 0 when it never advanced. The same name is the same cursor. */
  cursor(name: string): Cursor;

  /** The sealed ranges, oldest first. */
  readonly segments: readonly Segment[];

  /** Calls `listener` with each range that is sealed from now on, once it is in `segments`. Returns the way to end it. */
  onSeal(listener: (segment: Segment) => void): () => void;

  /** `writable` turns true again by itself, unless `problem` says that a restart is needed. */
  readonly health: JournalHealth;

  stats(): JournalStats;

  /**
   * Reads every sealed object in full and compares it with the catalogue.
   * @throws {Failure} naming each damaged object with its sequences.
   */
  verify(): Promise<void>;

  /** Appends in flight finish, then the threads end and the files are closed. Later appends are refused. */
  close(): Promise<void>;
}

export interface Cursor {
  readonly name: string;
  /** Everything below is finished by this reader. */
  readonly sequence: number;
  /**
   * Resolves once the new place is durable; places passed over by a later one in the meantime are not written.
   * A cursor may be set back, which makes its reader redo what follows.
   * @throws {Failure} as `append` does.
   */
  advance(sequence: number): Promise<void>;
}

export interface JournalHealth {
  readonly writable: boolean;
  readonly problem?: string;
}

/** Counters count from the opening of the journal. */
export interface JournalStats {
  readonly head: number;
  /** Everything below is in segments. */
  readonly sealedEnd: number;
  readonly segments: number;
  readonly appendedRecords: number;
  readonly appendedBytes: number;
  /** Records that were known already. */
  readonly duplicateRecords: number;
  /** Calls of `append` that were answered. */
  readonly batches: number;
  /** Commit groups: how many times the disk was waited for. */
  readonly commits: number;
  readonly queuedRecords: number;
  readonly queuedBytes: number;
}

/** Bytes of records that one `read` answers at most, unless its first entry alone is larger. */
export const READ_BYTES_MAX: number = 16 * 1024 * 1024;

/** Too much waits to be written: nothing of this append was or will be. Try again later, or tell the caller to. */
export class JournalFull extends Failure {
  constructor(records: number, queuedRecords: number, queuedBytes: number) {
    super(`append ${records} records: ${queuedRecords} records (${queuedBytes} bytes) wait already`);
    this.name = "JournalFull";
  }
}
