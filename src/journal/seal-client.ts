import { Worker } from "node:worker_threads";
import { assert, Failure, siblingModule } from "../core/index.ts";
import type { BuiltRange, SealAnswer, SealRequest, SealWorkerData } from "./messages.ts";

/** Asks the sealing thread, one range at a time. The thread is there while it is needed: its memory goes with it. */
export class SealClient {
  readonly #data: SealWorkerData;
  #worker: Worker | undefined;
  #asked: { resolve: (answer: SealAnswer) => void; reject: (cause: unknown) => void } | undefined;

  constructor(data: SealWorkerData) {
    this.#data = data;
  }

  /** @throws {Failure} when the range cannot be read, or the thread ends before it answers. */
  async build(request: SealRequest): Promise<BuiltRange> {
    assert(this.#asked === undefined, "the sealing thread does one thing at a time");
    const worker = (this.#worker ??= this.#start());
    try {
      const answer = await new Promise<SealAnswer>((resolve, reject) => {
        this.#asked = { resolve, reject };
        worker.postMessage(request);
      });
      if (answer.kind === "failed") throw new Failure(answer.message);
      return answer.range;
    } finally {
      this.#asked = undefined;
    }
  }

  /** Ends the thread, whatever it is doing: an unfinished range is sealed again later. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(siblingModule(import.meta.url, "seal-worker"), { workerData: this.#data });
    const ended = (cause: unknown): void => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#asked?.reject(new Failure("the sealing thread ended", cause));
    };
    worker.on("message", (answer: SealAnswer) => this.#asked?.resolve(answer));
    worker.on("error", ended);
    worker.on("exit", (code) => ended(new Error(`exit code ${code}`)));
    return worker;
  }
}
