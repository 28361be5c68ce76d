import { Failure, reason } from "../core/index.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { CatalogueRow } from "./messages.ts";
import type { SealClient } from "./seal-client.ts";
import { describeRange, type SealedRanges } from "./sealed-ranges.ts";
import type { Segment } from "./segment/index.ts";

/** After a range could not be sealed it is tried again this much later. */
const RETRY_MS = 1000;

export interface SealerNeeds {
  readonly client: SealClient;
  readonly queue: CommitQueue;
  readonly ranges: SealedRanges;
  readonly segmentRecords: number;
  readonly onSeal: (segment: Segment) => void;
  readonly onProblem: (failure: Failure) => void;
}

/**
 * Seals full ranges, one after the other. The order is what makes it safe: the object is durable before the catalogue
 * names it, and read from before its rows are dead. A crash anywhere before the catalogue's commit redoes all of it.
 */
export class Sealer {
  readonly #needs: SealerNeeds;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  #problem: string | undefined;
  /** The catalogue holds everything below. */
  #recordedEnd: number;

  constructor(needs: SealerNeeds) {
    this.#needs = needs;
    this.#recordedEnd = needs.ranges.end;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get recordedEnd(): number {
    return this.#recordedEnd;
  }

  /** Call when the head has moved: begins to seal when a range is full. */
  sealWhatIsFull(): void {
    if (this.#stopped || this.#running !== undefined || this.#retry !== undefined || !this.#isDue()) return;
    // Without a commit at its end the work would be for nothing.
    if (!this.#needs.queue.health.writable) return this.#tryLater();
    this.#running = this.#sealAll().finally(() => {
      this.#running = undefined;
    });
  }

  /** Reads every object in full; answers what is damaged. Waits for a range that is being sealed. */
  async verify(): Promise<readonly string[]> {
    while (this.#running !== undefined) await this.#running;
    const damages: string[] = [];
    this.#running = this.#verifyAll(damages).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
    this.sealWhatIsFull();
    return damages;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#needs.client.stop();
    await this.#running;
  }

  #isDue(): boolean {
    return this.#needs.queue.head >= this.#recordedEnd + this.#needs.segmentRecords;
  }

  async #sealAll(): Promise<void> {
    try {
      while (this.#isDue() && !this.#stopped) await this.#sealNext();
      this.#problem = undefined;
      // The thread's memory is worth more than the time that starting it takes.
      await this.#needs.client.stop();
    } catch (cause) {
      if (this.#stopped) return;
      const failure = new Failure(`seal the range at sequence ${this.#recordedEnd}`, cause);
      if (this.#problem !== failure.message) this.#needs.onProblem(failure);
      this.#problem = failure.message;
      this.#tryLater();
    }
  }

  #tryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.sealWhatIsFull();
    }, RETRY_MS).unref();
  }

  async #sealNext(): Promise<void> {
    const { client, queue, ranges, segmentRecords, onSeal } = this.#needs;
    const first = this.#recordedEnd;
    const answer = await client.ask({ kind: "seal", first, count: segmentRecords });
    if (answer.kind !== "sealed") throw new Error(answer.kind === "failed" ? answer.message : "no answer");
    // A try before this one may have come as far as here.
    const known = ranges.end > first ? ranges.segments.at(-1) : undefined;
    const segment = known ?? (await ranges.add(answer.range));
    await queue.seal(answer.range);
    this.#recordedEnd = first + segmentRecords;
    onSeal(segment);
  }

  async #verifyAll(damages: string[]): Promise<void> {
    for (const row of this.#needs.ranges.rows) {
      const answer = await this.#verifyOne(row);
      if (this.#stopped) return;
      if (answer !== undefined) damages.push(answer);
    }
    await this.#needs.client.stop();
  }

  async #verifyOne(row: CatalogueRow): Promise<string | undefined> {
    try {
      const answer = await this.#needs.client.ask({ kind: "verify", row });
      return answer.kind === "failed" ? `${describeRange(row)}: ${answer.message}` : undefined;
    } catch (cause) {
      return `${describeRange(row)}: ${reason(cause)}`;
    }
  }
}
