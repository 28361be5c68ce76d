import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { assert, Failure, siblingModule } from "../core/index.ts";
import type { BuiltRange, SealAnswer, SealRequest } from "./messages.ts";

/** Sealing gives way to commits: whoever waits for an acknowledgement waits, nobody waits for a segment. */
const NICENESS = 10;

/**
 * Asks the sealing process, one range at a time. It is there while it is needed.
 *
 * A process and not a thread: a range takes hundreds of megabytes to build, and what a thread took stays with the
 * allocator of the process (measured: 360 MB resident long after sealing, against 160 before).
 */
export class SealClient {
  readonly #path: string;
  #process: ChildProcess | undefined;
  #asked: { resolve: (answer: SealAnswer) => void; reject: (cause: unknown) => void } | undefined;

  /** `path` is the tail's file. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {Failure} when the range cannot be read, or the process ends before it answers. */
  async build(range: Omit<SealRequest, "path">): Promise<BuiltRange> {
    assert(this.#asked === undefined, "the sealing process does one thing at a time");
    const child = (this.#process ??= this.#start());
    try {
      const answer = await new Promise<SealAnswer>((resolve, reject) => {
        this.#asked = { resolve, reject };
        child.send({ path: this.#path, ...range } satisfies SealRequest, (cause) => {
          if (cause !== null) reject(new Failure("ask the sealing process", cause));
        });
      });
      if (answer.kind === "failed") throw new Failure(answer.message);
      return answer.range;
    } finally {
      this.#asked = undefined;
    }
  }

  /** Ends the process, whatever it is doing: an unfinished range is sealed again later. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await ended;
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(siblingModule(import.meta.url, "seal-worker")), {
      serialization: "advanced",
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    if (child.pid !== undefined) setPriority(child.pid, NICENESS);
    const ended = (cause: unknown): void => {
      if (this.#process === child) this.#process = undefined;
      this.#asked?.reject(new Failure("the sealing process ended", cause));
    };
    child.on("message", (answer) => this.#asked?.resolve(answer as SealAnswer));
    child.on("error", ended);
    child.on("exit", (code, signal) => ended(new Error(`exit code ${code ?? signal}`)));
    return child;
  }
}
