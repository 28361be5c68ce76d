/** Values kept one by one before they are counted in buckets. */
const EXACT_MAX = 10_000;
/** Buckets are so wide that a percentile is at most half a percent from the value it stands for. */
const GROWTH = Math.log(1.01);

/** Percentiles of many numbers in bounded memory: exact up to 10,000 of them, then within 0.5 %. */
export class Quantiles {
  #values: number[] = [];
  #buckets: Map<number, number> | undefined;
  #count = 0;

  /** Whether more is kept than before. */
  add(value: number): boolean {
    this.#count++;
    if (this.#buckets !== undefined) {
      this.#tally(value);
      return false;
    }
    this.#values.push(value);
    if (this.#values.length <= EXACT_MAX) return true;
    this.#buckets = new Map();
    for (const kept of this.#values) this.#tally(kept);
    this.#values = [];
    return true;
  }

  /** The smallest value that at least `percent` of all are not above; undefined when there are none. */
  at(percent: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil((Math.min(100, Math.max(0, percent)) / 100) * this.#count));
    if (this.#buckets === undefined) return this.#values.toSorted((a, b) => a - b)[rank - 1];
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return middleOf(bucket);
    }
    return undefined;
  }

  #tally(value: number): void {
    const bucket = bucketOf(value);
    this.#buckets?.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }
}

/** Buckets of positive numbers are shifted up, of negative ones mirrored below: 0 is its own. */
const SHIFT = 100_000;

function bucketOf(value: number): number {
  if (value === 0) return 0;
  const bucket = Math.floor(Math.log(Math.abs(value)) / GROWTH) + SHIFT;
  return value > 0 ? bucket : -bucket;
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const size = Math.exp((Math.abs(bucket) - SHIFT + 0.5) * GROWTH);
  return bucket > 0 ? size : -size;
}
