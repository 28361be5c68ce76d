import { ByteReader } from "./byte-reader.ts";

/** Ascending ranks that are walked once, forwards. */
export interface Ranks {
  /** Upper bound of how many there are: the shortest list leads an intersection. */
  readonly size: number;
  /** The first rank that is at least `rank`, or Infinity. Never called with less than it answered before. */
  seek(rank: number): number;
}

export const NO_RANKS: Ranks = { size: 0, seek: () => Infinity };

export function singleRank(only: number): Ranks {
  return { size: 1, seek: (rank) => (rank <= only ? only : Infinity) };
}

/** A list of differences, as it lies in the file. */
export function listedRanks(bytes: Uint8Array): Ranks {
  const reader = new ByteReader(bytes);
  let current = -1;
  return {
    size: bytes.length,
    seek(rank) {
      while (current < rank) current = reader.ended ? Infinity : current + reader.varint() + 1;
      return current;
    },
  };
}

/** One bit for every rank, lowest first. */
export function bitmapRanks(bytes: Uint8Array): Ranks {
  return {
    size: bytes.length * 8,
    seek(rank) {
      let index = rank >> 3;
      let bits = (bytes[index] ?? 0) & (0xff << (rank & 7));
      while (bits === 0) {
        if (++index >= bytes.length) return Infinity;
        bits = bytes[index] as number;
      }
      return index * 8 + (31 - Math.clz32(bits & -bits));
    },
  };
}

/** The ranks that stand in all of the lists. */
export function intersection(lists: readonly Ranks[]): Ranks {
  const byLength = lists.toSorted((left, right) => left.size - right.size);
  const [shortest, ...others] = byLength;
  if (shortest === undefined) return NO_RANKS;
  return {
    size: shortest.size,
    seek(rank) {
      let agreed = shortest.seek(rank);
      for (let index = 0; index < others.length && agreed !== Infinity; ) {
        const next = (others[index] as Ranks).seek(agreed);
        if (next === agreed) index++;
        else {
          agreed = next === Infinity ? Infinity : shortest.seek(next);
          index = 0;
        }
      }
      return agreed;
    },
  };
}
