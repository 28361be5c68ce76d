import { Failure } from "../core/index.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Faults } from "./faults.ts";
import { type RangeRules, stretchOf } from "./range-rules.ts";
import type { SealClient } from "./seal-client.ts";
import { segmentKey, type SealedRanges } from "./sealed-ranges.ts";
import type { Segment } from "./segment/index.ts";

/** After a range could not be sealed it is tried again this much later, and after each further failure twice as much. */
const RETRY_MS = 1000;
const RETRY_MS_MAX = 60_000;

export interface SealerNeeds {
  readonly client: SealClient;
  readonly queue: CommitQueue;
  readonly ranges: SealedRanges;
  readonly rules: RangeRules;
  /** Where ranges end that are full and not sealed. */
  readonly ends: readonly number[];
  /** The directory of objects. */
  readonly objects: string;
  readonly faults: Faults;
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
  #failures = 0;
  /** Where ranges end that are full and not in the catalogue. */
  readonly #ends: number[];
  /** The catalogue holds everything below. */
  #recordedEnd: number;

  constructor(needs: SealerNeeds) {
    this.#needs = needs;
    this.#ends = [...needs.ends];
    this.#recordedEnd = needs.ranges.end;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get recordedEnd(): number {
    return this.#recordedEnd;
  }

  /** Call when the head has moved, with the ends of ranges that became full: begins to seal them. */
  sealWhatIsFull(ends: readonly number[] = []): void {
    this.#ends.push(...ends);
    if (this.#stopped || this.#running !== undefined || this.#retry !== undefined || this.#ends.length === 0) return;
    // Without a commit at its end the work would be for nothing.
    if (!this.#needs.queue.health.writable) return this.#tryLater(RETRY_MS);
    this.#running = this.#sealAll().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#needs.client.stop();
    await this.#running;
  }

  async #sealAll(): Promise<void> {
    try {
      for (let end = this.#ends[0]; end !== undefined && !this.#stopped; end = this.#ends[0]) await this.#sealTo(end);
      this.#problem = undefined;
      this.#failures = 0;
      // The thread's memory is worth more than the time that starting it takes.
      await this.#needs.client.stop();
    } catch (cause) {
      if (this.#stopped) return;
      const failure = new Failure(`seal the range at sequence ${this.#recordedEnd}`, cause);
      if (this.#problem !== failure.message) this.#needs.onProblem(failure);
      this.#problem = failure.message;
      this.#tryLater(Math.min(RETRY_MS * 2 ** this.#failures++, RETRY_MS_MAX));
    }
  }

  #tryLater(delayMs: number): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.sealWhatIsFull();
    }, delayMs).unref();
  }

  async #sealTo(end: number): Promise<void> {
    const { client, queue, ranges, rules, objects, faults, onSeal } = this.#needs;
    const first = this.#recordedEnd;
    const range = { first, count: end - first, key: segmentKey(first) };
    faults.strike("segment", "not written");
    const { bytes, sha256, ids } = await client.build({ ...range, stretch: stretchOf(rules, first), objects });
    faults.strike("segment", "written, reply lost");
    const row = { ...range, bytes, sha256 };
    // A try before this one may have come as far as here.
    const known = ranges.end > first ? ranges.segments.at(-1) : undefined;
    const segment = known ?? (await ranges.add(row));
    await queue.seal({ ...row, ids });
    this.#recordedEnd = end;
    this.#ends.shift();
    onSeal(segment);
  }
}
