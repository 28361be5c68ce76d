import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A server that somebody else wrote, started for a test. */
export interface StartedProcess {
  /** What it said when it was ready. */
  readonly ready: RegExpExecArray;
  /** The end of what it printed. */
  readonly log: () => string;
  /** Resolves when it is gone, by force if it does not go by itself. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Stands in what it prints once it is ready. */
  readonly ready: RegExp;
  readonly readyMs: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** It starts others, which go when it goes. */
  readonly group?: boolean;
}

const STOP_MS = 3000;
const LOG_CHARACTERS_MAX = 20_000;

/** @throws {Error} with what it printed when it ends or is not ready in time. */
export async function startProcess(
  command: string,
  args: readonly string[],
  { ready, readyMs, environment = {}, group = false }: StartOptions,
): Promise<StartedProcess> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: group,
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
  });
  // A test run that is broken off must not leave servers behind.
  const signal = (name: NodeJS.Signals): void => {
    if (group && child.pid !== undefined) process.kill(-child.pid, name);
    else child.kill(name);
  };
  const kill = (): void => signal("SIGKILL");
  process.once("exit", kill);
  let log = "";
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      kill();
      reject(new Error(`${command} ${why}\n${log}`));
    };
    const timer = setTimeout(() => fail(`is not ready after ${readyMs} ms`), readyMs);
    const hear = (chunk: Buffer): void => {
      log = (log + chunk.toString()).slice(-LOG_CHARACTERS_MAX);
      const said = ready.exec(log);
      if (said === null) return;
      clearTimeout(timer);
      resolve(said);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (cause) => fail(cause.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
  return {
    ready: found,
    log: () => log,
    stop: async () => {
      process.off("exit", kill);
      await stopChild(child, signal);
    },
  };
}

async function stopChild(child: ChildProcess, signal: (name: NodeJS.Signals) => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  signal("SIGTERM");
  const timer = setTimeout(() => signal("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}
