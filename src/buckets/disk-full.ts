const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** Whether something went wrong because there is no space left, for files or for the tables that tell of them. */
export function isDiskFull(thrown: unknown): boolean {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    if (FULL.has((at as NodeJS.ErrnoException).code) || /database or disk is full/.test(at.message)) return true;
  }
  return false;
}
