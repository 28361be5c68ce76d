export const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
/** The file of the WAL's index could not grow: no record was written yet. */
const SQLITE_IOERR_SHMSIZE = 4874;

/** After these nothing was written and a later try may succeed. After any other the disk cannot be trusted any more. */
const PASSING: ReadonlySet<number> = new Set([SQLITE_BUSY, SQLITE_READONLY, SQLITE_FULL, SQLITE_CANTOPEN]);

/** After these the connection itself may be read-only: it must be opened anew before the next try. */
const REOPEN: ReadonlySet<number> = new Set([SQLITE_READONLY, SQLITE_CANTOPEN]);

/** SQLite's primary result code, or 0 when the error is not SQLite's. */
export function resultCode(thrown: unknown): number {
  return extendedCode(thrown) & 0xff;
}

/** True when the disk is full or read-only, or somebody is in the way: a later try may succeed. */
export function passes(thrown: unknown): boolean {
  return PASSING.has(resultCode(thrown)) || extendedCode(thrown) === SQLITE_IOERR_SHMSIZE;
}

export function needsReopening(thrown: unknown): boolean {
  return REOPEN.has(resultCode(thrown));
}

function extendedCode(thrown: unknown): number {
  const code = thrown instanceof Error && "errcode" in thrown ? thrown.errcode : undefined;
  return typeof code === "number" ? code : 0;
}
