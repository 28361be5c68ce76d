import type { AuditRecord } from "../../record/index.ts";

/**
 * What a route promises about its records.
 *
 * - `required`: a call is answered only once its record is durable; a mutating one goes out only once its intent is.
 * - `spool`: answered once its record is in the local spool, from where it catches up with the journal.
 * - `best-effort`: answered at once; what could not be recorded is counted inside the log.
 */
export type AuditMode = "required" | "spool" | "best-effort";

/** Brings the records of forwarded calls into the journal as the route's mode promises. */
export interface CallAudit {
  /**
   * To be awaited before a call is forwarded. `intent` is the record that will tell of the call if nothing better can be
   * told; the record given to `finish` has the same `eventID`.
   * @throws {Failure} when the mode's promise cannot be kept: the call must not be forwarded then.
   */
  begin(mode: AuditMode, call: { readonly mutates: boolean; readonly intent: () => AuditRecord }): Promise<void>;
  /**
   * To be awaited before the end of the answer is given.
   * @throws {Failure} in `required` and `spool` when the record could not be made durable.
   */
  finish(mode: AuditMode, route: string, record: AuditRecord): Promise<void>;
}
