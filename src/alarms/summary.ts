/** What was measured in some time, as far as it is kept. */
export interface Summary {
  readonly samples: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Absent where only these four numbers were given: there are no percentiles then. */
  readonly digest?: Digest;
}

/**
 * Values and how often they came, ascending. Up to `DIGEST_VALUES_MAX` different values it is exact; beyond, neighbours
 * that lie closest are joined to their mean.
 */
export type Digest = readonly (readonly [value: number, count: number])[];

/** So many different values are kept per period; their JSON stays below 2 KiB. */
export const DIGEST_VALUES_MAX = 48;

export function summaryOf(value: number, count = 1): Summary {
  return { samples: count, sum: value * count, minimum: value, maximum: value, digest: [[value, count]] };
}

/** What was measured in both. */
export function mergeSummaries(one: Summary, other: Summary): Summary {
  const merged = {
    samples: one.samples + other.samples,
    sum: one.sum + other.sum,
    minimum: Math.min(one.minimum, other.minimum),
    maximum: Math.max(one.maximum, other.maximum),
  };
  if (one.digest === undefined || other.digest === undefined) return merged;
  return { ...merged, digest: mergeDigests(one.digest, other.digest) };
}

function mergeDigests(one: Digest, other: Digest): Digest {
  const merged: [number, number][] = [];
  let next = 0;
  const add = ([value, count]: readonly [number, number]): void => {
    const last = merged.at(-1);
    if (last?.[0] === value) last[1] += count;
    else merged.push([value, count]);
  };
  for (const pair of one) {
    for (let before = other[next]; before !== undefined && before[0] < pair[0]; before = other[next]) {
      add(before);
      next += 1;
    }
    add(pair);
  }
  for (const pair of other.slice(next)) add(pair);
  while (merged.length > DIGEST_VALUES_MAX) joinClosest(merged);
  return merged;
}

function joinClosest(pairs: [number, number][]): void {
  let at = 0;
  let smallest = Number.POSITIVE_INFINITY;
  // The first and the last stay: they are the minimum and the maximum.
  for (let index = 1; index + 2 < pairs.length; index += 1) {
    const gap = (pairs[index + 1]?.[0] ?? 0) - (pairs[index]?.[0] ?? 0);
    if (gap < smallest) {
      smallest = gap;
      at = index;
    }
  }
  const [low, high] = [pairs[at], pairs[at + 1]];
  if (low === undefined || high === undefined) return;
  const count = low[1] + high[1];
  const mean = low[0] + (high[0] - low[0]) * (high[1] / count);
  // Values that differ in their last bits only may have a mean that is one of them.
  pairs.splice(at, 2, [Math.min(Math.max(mean, low[0]), high[0]), count]);
}
