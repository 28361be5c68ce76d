/** The only reader of the clock; everything else is handed a `Clock`. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z; may step backwards when an operator corrects the machine. */
  now(): number;
  /** Milliseconds since an arbitrary start; never steps backwards. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
};

/** `2023-07-10T12:11:08Z`: a record's eventTime, whole seconds, UTC. */
export function isoSeconds(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
