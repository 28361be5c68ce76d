import { type Clock, Refusal } from "../core/index.ts";

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Only proven callers come here, so there are as many as accounts are configured; beyond this many all begin anew. */
const BUCKETS_MAX = 10_000;

/** One token bucket per account: `callsPerSecond` on average, and one second's worth at once. 0 means no limit. */
export class Throttle {
  readonly #buckets = new Map<string, Bucket>();
  readonly #callsPerSecond: number;
  readonly #clock: Clock;

  constructor(callsPerSecond: number, clock: Clock) {
    this.#callsPerSecond = callsPerSecond;
    this.#clock = clock;
  }

  /** @throws {Refusal} `Throttling` when the account has used up its rate. */
  take(account: string): void {
    if (this.#callsPerSecond === 0) return;
    const now = this.#clock.elapsed();
    const bucket = this.#buckets.get(account) ?? { tokens: this.#callsPerSecond, filledAt: now };
    const refilled = bucket.tokens + ((now - bucket.filledAt) / 1000) * this.#callsPerSecond;
    bucket.tokens = Math.min(this.#callsPerSecond, refilled);
    bucket.filledAt = now;
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear();
    this.#buckets.set(account, bucket);
    if (bucket.tokens < 1) throw new Refusal("Throttling", "Rate exceeded");
    bucket.tokens -= 1;
  }
}
