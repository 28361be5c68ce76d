/**
 * A Bloom filter of a segment's terms (https://en.wikipedia.org/wiki/Bloom_filter): small enough to stay in memory, so
 * that a look-up reads nothing of the many segments that have no such term.
 *
 * One byte per fingerprint. With five bits set for each, 2.2 % of the absent ones pass; more bits would save few reads
 * and take memory from the cache.
 */
const PROBES = 5;

/** The filter of distinct fingerprints. Pure: the same set gives the same bytes. */
export function encodeTermFilter(fingerprints: readonly number[]): Uint8Array {
  const filter = new Uint8Array(fingerprints.length);
  for (const fingerprint of fingerprints) {
    const step = stepOf(fingerprint);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitAt(filter, fingerprint, step, probe);
      filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return filter;
}

/** False only when the fingerprint is not among those of the filter. */
export function mayContain(filter: Uint8Array, fingerprint: number): boolean {
  if (filter.length === 0) return false;
  const step = stepOf(fingerprint);
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bitAt(filter, fingerprint, step, probe);
    if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

function bitAt(filter: Uint8Array, fingerprint: number, step: number, probe: number): number {
  return ((fingerprint + Math.imul(step, probe)) >>> 0) % (filter.length * 8);
}

/**
 * From one bit of a fingerprint to the next. Every bit of the fingerprint has its part in the low bits of the step: the
 * first probe uses only the low ones when the filter's length is a power of two, and all others would follow from it.
 */
function stepOf(fingerprint: number): number {
  const mixed = Math.imul(fingerprint ^ (fingerprint >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
