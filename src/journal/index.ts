/**
 * The journal: the durable, ordered log of record bytes that everything else reads. Appends are committed in groups on
 * a thread of their own into an SQLite file, the tail; a full range of sequences is then sealed into an immutable
 * segment in the object store. Every record has its leaf of the transparency log from the first moment on.
 */
export type { Fault, WriteStep } from "./faults.ts";
export {
  type Cursor,
  type Journal,
  type JournalEntry,
  type JournalHealth,
  type JournalRecord,
  type JournalStats,
} from "./journal.ts";
export { lockDirectory } from "./lock-directory.ts";
export { type JournalLog, type JournalNeeds, type JournalOptions, openJournal } from "./open-journal.ts";
export { openPendingLog } from "./open-pending-log.ts";
export type { PendingLog, PendingLogNeeds, PendingLogOptions, PendingRecord } from "./pending-log.ts";
export * from "./segment/index.ts";
