/** What became of a call that a route took. */
export type CallOutcome =
  | "ok"
  | "client error"
  | "server error"
  /** The upstream, or a policy of ours, said no. */
  | "denied"
  /** It went no further than OpenTrail. */
  | "refused"
  /** There was no whole answer. */
  | "upstream failed"
  /** Its record could not be kept. */
  | "unrecorded";

/** Hears of every call of every route. */
export interface CallCounts {
  /** A call arrived. */
  seen(route: string): void;
  /** A call ended; unless `unrecorded`, its record is kept as the route's mode promises. */
  ended(route: string, outcome: CallOutcome): void;
  /** Something passed to a path that is excluded from recording. */
  excluded(route: string): void;
}
