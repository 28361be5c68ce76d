import { cwd, env, exit, stderr, stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Random, systemClock, systemRandom } from "../core/index.ts";

/** Where text goes: `process.stdout` and `process.stderr` are such. */
export interface Output {
  /** Calls `done` once the text has left the process. */
  write(text: string, done?: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. */
  readonly columns?: number | undefined;
  /** The reader may go away (`opentrail lookup | head`). */
  on?(event: "error", listener: (error: Error) => void): unknown;
}

/** Everything that a command takes from the world besides the network. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves after so many milliseconds; rejects when aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls `stop` when a person asks for the end (Ctrl-C); only commands that run until then listen. */
  readonly onInterrupt: (stop: () => void) => void;
  /** Ends the process with a code other than 0. */
  readonly exit: (code: number) => void;
}

export function processIo(): Io {
  return {
    env,
    cwd: cwd(),
    stdout,
    stderr,
    clock: systemClock,
    random: systemRandom,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    onInterrupt: (stop) => {
      process.once("SIGINT", stop).once("SIGTERM", stop);
    },
    exit,
  };
}
