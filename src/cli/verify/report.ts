import type { Finding } from "../../integrity/verify/index.ts";
import type { Tally } from "./tally.ts";

/** One manner of telling what a check finds, to its end. */
export interface Report {
  begin(): void;
  add(finding: Finding): void;
  end(tally: Tally, outcome: Outcome): void;
}

/**
 * `nothing`: there was no digest file. `unsigned`: nothing is wrong, but the newest digest file's signature is not at hand.
 */
export type Outcome = "valid" | "invalid" | "unsigned" | "nothing";

/** What was asked for, in words and times (milliseconds since 1970). */
export interface Asked {
  /** `for trail arn:…`, or `in s3://…`. */
  readonly what: string;
  readonly fromMs?: number;
  readonly toMs: number;
}
