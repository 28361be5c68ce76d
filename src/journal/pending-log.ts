import type { Clock, Failure } from "../core/index.ts";
import type { JournalRecord } from "./journal.ts";
import type { JournalLog } from "./open-journal.ts";

/** A record that is pending. */
export interface PendingRecord extends JournalRecord {
  /** When it was put, milliseconds since 1970. */
  readonly sinceMs: number;
}

/**
 * Records that are to be journalled if nothing better comes.
 *
 * Who replays what is left may tell the journal a record that it has, for `done` is not waited for: it reaches the disk
 * with the next record that is put, after 100 ms, or once 1,024 are together, whatever comes first. A crash forgets no
 * more than these, and the journal knows their eventIDs as long as it takes fewer than DEDUPLICATION_WINDOW records in
 * that time, which is more than it can. While the disk refuses this log, and takes the journal's writes, they wait longer.
 */
export interface PendingLog {
  /**
   * Resolves once the record would survive a power cut; many puts share one wait for the disk. A record with the
   * eventID of a pending one takes its place.
   *
   * After a rejection the record may still be found by a later start.
   * @throws {Failure} when the disk refuses, `bytesMax` is reached, or after `close`.
   */
  put(record: JournalRecord): Promise<void>;
  /** The journal has a record with this eventID: it need not be told again. An unknown one is harmless. */
  done(eventID: string): void;
  /** Whether a record with this eventID is pending. */
  has(eventID: string): boolean;
  /**
   * What is pending now, oldest first: right after opening, what earlier runs left. What is done meanwhile is left out.
   * A record that cannot be read any more is left out too, and becomes one of `damages`.
   */
  left(): AsyncIterable<PendingRecord>;
  /** How many records are pending. */
  readonly pending: number;
  /** What the files take, done records included until their file goes. */
  readonly bytes: number;
  /** True when `put` would be refused for want of room. */
  readonly full: boolean;
  /** When the oldest pending record was put, milliseconds since 1970. */
  readonly oldestMs: number | undefined;
  /** Why nothing can be put; undefined again, by itself, once the disk takes records. */
  readonly problem: string | undefined;
  /** What was acknowledged and cannot be read, each naming file and offset. */
  readonly damages: readonly Failure[];
  /** What was asked for finishes, done marks reach the disk, files are closed. */
  close(): Promise<void>;
}

export interface PendingLogNeeds {
  /** A directory of its own; made when absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: JournalLog;
}

export interface PendingLogOptions {
  /** What the files may take; 1 GiB unless told. */
  readonly bytesMax?: number;
  /** A file that has reached this is followed by the next; 64 MiB unless told. */
  readonly fileBytes?: number;
}
