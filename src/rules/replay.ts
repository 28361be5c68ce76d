export type ReplayState = "STARTING" | "RUNNING" | "CANCELLING" | "COMPLETED" | "CANCELLED" | "FAILED";

/** Sends what an archive holds to the rules of its bus once more. */
export interface Replay {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly archiveArn: string;
  readonly archiveId: number;
  readonly busArn: string;
  /** Only to these rules. */
  readonly ruleArns?: readonly string[];
  /** Times of events, both included, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: ReplayState;
  readonly stateReason?: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** The last event that was sent, by its time and its id in the archive: those behind it are not sent yet. */
  readonly sent?: { readonly timeMs: number; readonly archivedId: number };
}

/** In these it is not over. */
export const REPLAY_UNDER_WAY: readonly ReplayState[] = ["STARTING", "RUNNING", "CANCELLING"];
