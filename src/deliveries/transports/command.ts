import { type ChildProcess, spawn } from "node:child_process";
import type { AttemptResult, Delivery, Transport } from "../delivery.ts";

export interface CommandNeeds {
  /** Program and arguments, by the name that targets use. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

/** What is kept of what a command says. */
const OUTPUT_BYTES_MAX = 1_024;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Runs the configured command whose name is the endpoint, with the body on its standard input; it is delivered when the
 * command ends with 0. No shell is between, and the environment holds the path and what the delivery is, nothing of ours.
 * A command that does not end in time is killed with all that it started.
 */
export function openCommandTransport({ commands }: CommandNeeds): Transport {
  return async (delivery, signal) => {
    const name = delivery.endpoint;
    const [program, ...args] = Object.hasOwn(commands, name) ? (commands[name] ?? []) : [];
    if (program === undefined) {
      return { outcome: "failed", error: `there is no command ${name}; name it in targets.commands` };
    }
    return await run(program, args, delivery, signal);
  };
}

async function run(
  program: string,
  args: readonly string[],
  delivery: Delivery,
  signal: AbortSignal,
): Promise<AttemptResult> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  // In a process group of its own, which can be killed as a whole.
  const child = spawn(program, args, { env: environmentOf(delivery), detached: true, shell: false });
  const output = collect(child);
  const kill = (): void => killGroup(child);
  signal.addEventListener("abort", kill);
  child.on("error", (cause) => resolve({ outcome: "failed", error: `start ${program}: ${cause.message}` }));
  child.on("exit", (code, killedBy) => {
    // What it started may hold the pipes open.
    setImmediate(() => {
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(code === 0 ? { outcome: "delivered" } : { outcome: "retry", error: exitText(code, killedBy, output()) });
    });
  });
  // A command need not read its input.
  child.stdin.on("error", () => child.stdin.destroy());
  child.stdin.end(delivery.body);
  return await promise.finally(() => signal.removeEventListener("abort", kill));
}

function environmentOf(delivery: Delivery): NodeJS.ProcessEnv {
  return {
    PATH,
    OPENTRAIL_DELIVERY_ID: delivery.id,
    OPENTRAIL_EVENT_ID: delivery.eventId.replaceAll("\u0000", ""),
    OPENTRAIL_OWNER_ARN: delivery.owner.replaceAll("\u0000", ""),
  };
}

/** Reads all that a command says and keeps the beginning. */
function collect(child: ChildProcess): () => string {
  const kept: Buffer[] = [];
  let room = OUTPUT_BYTES_MAX;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      if (room <= 0) return;
      kept.push(chunk.subarray(0, room));
      room -= chunk.length;
    });
  }
  return () => Buffer.concat(kept).toString().trim();
}

function exitText(code: number | null, killedBy: string | null, output: string): string {
  const how = code === null ? `was killed by ${killedBy}` : `ended with ${code}`;
  return output === "" ? `the command ${how}` : `the command ${how}: ${output}`;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    // It ended just now.
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")) throw thrown;
  }
}
