import { Worker } from "node:worker_threads";
import { assert, Failure, siblingModule } from "../core/index.ts";
import type { SealAnswer, SealRequest, SealWorkerData } from "./messages.ts";

/** Asks the sealing thread, one request at a time. The thread is there while it is needed: its memory goes with it. */
export class SealClient {
  readonly #data: SealWorkerData;
  #worker: Worker | undefined;
  #answered: { resolve: (answer: SealAnswer) => void; reject: (cause: unknown) => void } | undefined;

  constructor(data: SealWorkerData) {
    this.#data = data;
  }

  get busy(): boolean {
    return this.#answered !== undefined;
  }

  /** @throws {Failure} when the thread ends before it answers. */
  async ask(request: SealRequest): Promise<SealAnswer> {
    assert(!this.busy, "the sealing thread does one thing at a time");
    const worker = (this.#worker ??= this.#start());
    try {
      return await new Promise<SealAnswer>((resolve, reject) => {
        this.#answered = { resolve, reject };
        worker.postMessage(request);
      });
    } finally {
      this.#answered = undefined;
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
      this.#answered?.reject(new Failure("the sealing thread ended", cause));
    };
    worker.on("message", (answer: SealAnswer) => this.#answered?.resolve(answer));
    worker.on("error", ended);
    worker.on("exit", (code) => ended(new Error(`exit code ${code}`)));
    return worker;
  }
}
