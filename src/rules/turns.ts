import { setTimeout as sleep } from "node:timers/promises";

export interface TurnsLog {
  warn(details: object, message: string): void;
}

/** Something that is done again and again until it is closed. */
export interface Turns {
  /** The next turn begins now. */
  wake(): void;
  /** Resolves when the turn under way has ended. */
  close(): Promise<void>;
}

/**
 * Calls `turn` at once, and again: at once when it answered that there is more to do, else after `tickMs`. One that fails is
 * told to the log and comes again after `tickMs`, so it must leave everything as it was.
 */
export function startTurns(turn: () => Promise<boolean>, tickMs: number, log: TurnsLog, doing: string): Turns {
  let awake = Promise.withResolvers<void>();
  let closed = false;
  const run = async (): Promise<void> => {
    while (!closed) {
      awake = Promise.withResolvers();
      if (await more(turn, log, doing)) continue;
      const waiting = new AbortController();
      const waited = sleep(tickMs, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined);
      if (!closed) await Promise.race([awake.promise, waited]);
      waiting.abort();
    }
  };
  const running = run();
  return {
    wake: () => awake.resolve(),
    close: () => {
      closed = true;
      awake.resolve();
      return running;
    },
  };
}

async function more(turn: () => Promise<boolean>, log: TurnsLog, doing: string): Promise<boolean> {
  try {
    return await turn();
  } catch (thrown) {
    log.warn({ err: thrown }, `${doing} failed and begins anew`);
    return false;
  }
}
