import { reason } from "../../core/index.ts";
import type { EncodedRecord } from "../../record/index.ts";
import type { CallRecorder } from "./audit-recorder.ts";

interface Queued {
  readonly route: string;
  readonly encoded: EncodedRecord;
  readonly bytes: number;
}

const QUEUE_RECORDS_MAX = 10_000;
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const BATCH_RECORDS_MAX = 1000;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** Records that nobody waits for. They are kept in memory while the journal refuses; what finds no room is counted. */
export class BestEffortQueue {
  readonly #recorder: CallRecorder;
  readonly #retryMs: number;
  #queue: Queued[] = [];
  #bytes = 0;
  #draining: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #why = "the queue is full";
  #closed = false;

  constructor(recorder: CallRecorder, retryMs: number) {
    this.#recorder = recorder;
    this.#retryMs = retryMs;
  }

  get records(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(route: string, encoded: EncodedRecord): void {
    const bytes = encoded.oversize.reduce((sum, value) => sum + value.bytes.length, encoded.bytes.length);
    if (this.#closed || this.#queue.length >= QUEUE_RECORDS_MAX || this.#bytes + bytes > QUEUE_BYTES_MAX) {
      this.#recorder.countLost({ route, calls: 1, why: this.#why });
      return;
    }
    this.#queue.push({ route, encoded, bytes });
    this.#bytes += bytes;
    this.#drainSoon();
  }

  /** Tries once more, and counts what the journal does not take. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#draining;
    await this.#drain();
    for (const { route } of this.#queue.splice(0)) this.#recorder.countLost({ route, calls: 1, why: this.#why });
    this.#bytes = 0;
  }

  #drainSoon(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#draining ??= this.#drain().finally(() => (this.#draining = undefined));
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#appendSome();
      this.#why = "the queue is full";
    } catch (cause) {
      this.#why = reason(cause);
      if (!this.#closed) this.#retryLater();
    }
  }

  async #appendSome(): Promise<void> {
    const count = this.#batchLength();
    const batch = this.#queue.slice(0, count).map(({ encoded }) => encoded);
    const oversize = batch.filter((encoded) => encoded.oversize.length > 0);
    if (oversize.length > 0) await this.#recorder.keep(oversize);
    await this.#recorder.append(batch);
    for (const { bytes } of this.#queue.splice(0, count)) this.#bytes -= bytes;
  }

  #batchLength(): number {
    let bytes = 0;
    const end = this.#queue.findIndex((each, index) => (bytes += each.bytes) > BATCH_BYTES_MAX && index > 0);
    return Math.min(BATCH_RECORDS_MAX, end === -1 ? this.#queue.length : end);
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#drainSoon();
    }, this.#retryMs).unref();
  }
}
