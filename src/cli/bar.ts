const COLUMNS = 24;

/** How much of something is done, as a bar with its per cent. `share` is 0 to 1. */
export function barOf(share: number): string {
  const full = Math.floor(share * COLUMNS);
  return `${"█".repeat(full)}${"░".repeat(COLUMNS - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** `40 s`, `3 min`, `2 h 10 min`: rounded up. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
