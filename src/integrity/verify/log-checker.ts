import { Worker } from "node:worker_threads";
import { Failure, siblingModule } from "../../core/index.ts";
import { checkLog, type LogClaim } from "./check-log.ts";
import type { Content } from "./log-source.ts";
import type { Problem } from "./problems.ts";

export interface CheckRequest {
  readonly number: number;
  readonly content: Exclude<Content, { readonly kind: "chunks" }>;
  readonly claim: LogClaim;
}

export interface CheckAnswer {
  readonly number: number;
  readonly problem?: Problem | undefined;
  /** Why it could not be read. */
  readonly failed?: string;
}

interface Waiting {
  readonly resolve: (found: Problem | undefined) => void;
  readonly reject: (thrown: Failure) => void;
}

/** A worker never waits for its next file while it has two. */
const PER_WORKER = 2;
/** Fewer compressed bytes in all are checked sooner than a thread has started. */
const ALONE_BYTES = 512 * 1024;

/**
 * Checks log files in threads, which read, inflate and hash: as many at once as there are threads to keep busy. With none
 * it does so itself.
 */
export class LogChecker {
  readonly #threads: number;
  #workers: readonly CheckThread[] | undefined;
  #aloneBytes = 0;
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(threads: number) {
    this.#threads = threads;
    this.#free = Math.max(1, threads * PER_WORKER);
  }

  /**
   * What is wrong with the file that `open` finds, if anything; `open` is called only once a thread is about to be free, so
   * that not many files lie in memory at once.
   */
  async check(open: () => Promise<Content | Problem>, claim: LogClaim): Promise<Problem | undefined> {
    await this.#take();
    try {
      const content = await open();
      if ("code" in content) return content;
      // What is too large for a message is read here, as it comes.
      if (content.kind === "chunks") return await checkLog(content, claim);
      const thread = this.#threadFor(content.kind === "path" ? content.size : content.bytes.length);
      return await (thread === undefined ? checkLog(content, claim) : thread.check(content, claim));
    } finally {
      this.#give();
    }
  }

  async close(): Promise<void> {
    await Promise.all((this.#workers ?? []).map((worker) => worker.close()));
  }

  #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #give(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }

  /** The least busy one; undefined while threads are not worth it. */
  #threadFor(bytes: number): CheckThread | undefined {
    this.#aloneBytes += bytes;
    if (this.#threads === 0 || this.#aloneBytes < ALONE_BYTES) return undefined;
    this.#workers ??= Array.from({ length: this.#threads }, () => new CheckThread());
    return this.#workers.reduce((best, worker) => (worker.busy < best.busy ? worker : best));
  }
}

/** Memory that holds nothing but this content moves to the thread instead of being copied. */
function ownBuffers(content: CheckRequest["content"]): ArrayBuffer[] {
  if (content.kind !== "bytes") return [];
  const { buffer, byteLength } = content.bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

class CheckThread {
  readonly #worker = new Worker(siblingModule(import.meta.url, "check-worker"));
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  #ended: Failure | undefined;

  constructor() {
    this.#worker.on("message", (answer: CheckAnswer) => this.#answered(answer));
    this.#worker.on("error", (cause) => this.#failed(new Failure("check log files", cause)));
    this.#worker.on("exit", () => this.#failed(new Failure("check log files: the thread ended")));
  }

  get busy(): number {
    return this.#waiting.size;
  }

  check(content: CheckRequest["content"], claim: LogClaim): Promise<Problem | undefined> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const number = this.#number++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      const request: CheckRequest = { number, content, claim };
      this.#worker.postMessage(request, ownBuffers(content));
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered({ number, problem, failed }: CheckAnswer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failed === undefined) waiting?.resolve(problem);
    else waiting?.reject(new Failure(failed));
  }

  #failed(why: Failure): void {
    this.#ended ??= why;
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
