import { createHmac } from "node:crypto";
import { assert } from "../core/index.ts";

/**
 * Where the journal is cut into ranges, each of which becomes a segment. A stretch is `records` sequences that begin at a
 * multiple of that. It is one range, unless its records are large: then a range ends with the record that brings it to
 * `bytes`, and the next begins inside the stretch.
 *
 * The rules are fixed when the journal is made, and look at nothing but the lengths of records: who cuts again, after a
 * crash, cuts at the same places.
 */
export interface RangeRules {
  readonly records: number;
  readonly bytes: number;
  /** Ranges that begin below this are whole stretches: they are from before ranges were bounded in bytes. */
  readonly bytesFrom: number;
}

/** Cuts a run of records into ranges, given their lengths one after the other. */
export class RangeCutter {
  readonly #rules: RangeRules;
  #first: number;
  #next: number;
  #bytes = 0;

  /** `first` is where a range begins. */
  constructor(rules: RangeRules, first: number) {
    this.#rules = rules;
    this.#first = first;
    this.#next = first;
  }

  /** Where the open range begins. */
  get first(): number {
    return this.#first;
  }

  /** Takes the next record; answers whether it was the last of its range. */
  add(bytes: number): boolean {
    const { records, bytes: bytesMax, bytesFrom } = this.#rules;
    this.#next += 1;
    this.#bytes += bytes;
    const isLarge = this.#bytes >= bytesMax && this.#first >= bytesFrom;
    if (!isLarge && this.#next % records !== 0) return false;
    this.#first = this.#next;
    this.#bytes = 0;
    return true;
  }

  /** One that goes on from here by itself: for whoever does not know yet whether the next records will be kept. */
  copy(): RangeCutter {
    const copy = new RangeCutter(this.#rules, this.#first);
    copy.#next = this.#next;
    copy.#bytes = this.#bytes;
    return copy;
  }
}

/** Where the stretch begins that `sequence` lies in. */
export function stretchOf({ records }: Pick<RangeRules, "records">, sequence: number): number {
  return sequence - (sequence % records);
}

/**
 * The salt of the range at `first`. The stretch's own salt is that of its first range; the others are derived from it, for
 * nobody knows beforehand where they begin. With the first range gone, none of their salts leads to another.
 */
export function rangeSalt(stretchSalt: Uint8Array, stretch: number, first: number): Uint8Array {
  assert(first >= stretch, "a range lies in its stretch");
  return first === stretch ? stretchSalt : createHmac("sha256", stretchSalt).update(`range at ${first}`).digest();
}
