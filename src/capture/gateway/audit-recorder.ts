import type { JournalRecord } from "../../journal/index.ts";
import type { EncodedRecord } from "../../record/index.ts";

/** Where records go; the part of the recorder that the gateway needs. */
export interface CallRecorder {
  /** Keeps the values that were too large for their records. @throws {Failure} when the disk refuses. */
  keep(records: readonly EncodedRecord[]): Promise<void>;
  /**
   * Resolves once the records are durable in the journal; those that it has are not written again.
   * @throws {Failure} when the journal refuses; the same records may be given again.
   */
  append(records: readonly JournalRecord[]): Promise<void>;
  /** Calls of a route that go unrecorded, to be told inside the log as soon as it takes records. */
  countLost(loss: { readonly route?: string; readonly calls: number; readonly why: string }): void;
}
