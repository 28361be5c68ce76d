import { assert } from "../core/index.ts";
import { entryOf, type JournalEntry } from "../journal/index.ts";
import { TailPart } from "./tail-part.ts";

/** Records per part: as many at most are indexed for nothing when a segment ends inside a part. */
const PART_RECORDS = 8192;

/** Everything after the last sealed segment, in parts, oldest first. */
export class Tail {
  #parts: readonly { readonly first: number; readonly part: TailPart }[] = [];
  #end: number;

  constructor(first: number) {
    this.#end = first;
  }

  /** The sequence of the next record: everything below is indexed here or sealed. */
  get end(): number {
    return this.#end;
  }

  get parts(): readonly TailPart[] {
    return this.#parts.map(({ part }) => part);
  }

  /** Takes entries up in sequence order; those that it has already are passed over. */
  add(entries: readonly JournalEntry[]): void {
    for (const { sequence, bytes } of entries) {
      if (sequence < this.#end) continue;
      assert(sequence === this.#end, `the journal has no holes: expected ${this.#end}, got ${sequence}`);
      this.#end = sequence + 1;
      const entry = entryOf(bytes);
      if (entry !== undefined) this.#open(sequence).add(sequence, entry);
    }
  }

  /** Forgets the parts that lie below `sealedEnd` entirely. */
  dropBelow(sealedEnd: number): void {
    const next = (index: number): number => this.#parts[index + 1]?.first ?? this.#end;
    this.#parts = this.#parts.filter((_, index) => next(index) > sealedEnd);
  }

  #open(sequence: number): TailPart {
    const last = this.#parts.at(-1);
    if (last !== undefined && sequence < last.first + PART_RECORDS) return last.part;
    const part = new TailPart();
    this.#parts = [...this.#parts, { first: sequence, part }];
    return part;
  }
}
