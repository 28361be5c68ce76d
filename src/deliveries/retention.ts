import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Clock } from "../core/index.ts";
import { endOfNewest, removeEnded } from "./ledger-keeping.ts";
import type { DeliveriesSchema } from "./schema.ts";

export interface RetentionOptions {
  /** How long what was delivered stays in the ledger. */
  readonly deliveredMs: number;
  /** How long what was given up stays, and may be redriven. */
  readonly failedMs: number;
  /** How many of each stay at most, however young they are. */
  readonly rowsMax: number;
  readonly sweepEachMs: number;
}

interface RetentionNeeds {
  readonly tables: Kysely<DeliveriesSchema>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told how many were removed that still waited for their dead-letter queue. */
  readonly onForgotten: (count: number) => void;
}

const STEP_ROWS = 200;
/** Others use the tables between steps. */
const STEP_PAUSE_MS = 5;

/** Removes what ended long ago, a little at a time, until `signal` is aborted. */
export function startRetention(needs: RetentionNeeds, options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const rules = [
    ["delivered", options.deliveredMs],
    ["failed", options.failedMs],
  ] as const;
  const sweep = async (): Promise<void> => {
    for (const [state, keptMs] of rules) {
      const surplus = await endOfNewest(needs.tables, state, options.rowsMax);
      const before = Math.max(needs.clock.now() - keptMs, (surplus ?? 0) + 1);
      while (!signal.aborted) {
        const { removed, waited } = await removeEnded(needs.tables, state, before, STEP_ROWS);
        needs.onForgotten(waited);
        if (removed < STEP_ROWS) break;
        await sleep(STEP_PAUSE_MS);
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await sweep().catch((err: unknown) => needs.log.warn({ err }, "old deliveries could not be removed yet"));
      await sleep(options.sweepEachMs, undefined, { signal, ref: false }).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
  };
  return run();
}
