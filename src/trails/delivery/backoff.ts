import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../core/index.ts";

export interface RetryOptions {
  /** How long to wait after the first failure, about; after each further one in a row twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait before something is tried again: longer each time, and not all at the same time. */
export class Backoff {
  readonly #retry: RetryOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(retry: RetryOptions, random: Random) {
    this.#retry = retry;
    this.#random = random;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Resolves early when `signal` is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const longestMs = Math.min(this.#retry.firstMs * 2 ** this.#failures++, this.#retry.maxMs);
    const [byte = 0] = this.#random.bytes(1);
    await pause(longestMs * (0.5 + byte / 512), signal);
  }
}

/** Resolves after so long, or once `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown;
  });
}
