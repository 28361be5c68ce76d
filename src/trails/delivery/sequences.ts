import { assert } from "../../core/index.ts";

/** A run of sequences without a hole. */
export interface SequenceRange {
  readonly first: number;
  readonly count: number;
}

/** Ascending sequences, held as runs: what most trails want is most of what there is. */
export class SequenceList {
  /** First and count of each run, alternately. */
  readonly #runs: number[] = [];
  #end = 0;

  /** Greater than every sequence before. */
  add(sequence: number): void {
    assert(sequence >= this.#end, "sequences ascend");
    if (sequence === this.#end && this.#runs.length > 0) this.#runs[this.#runs.length - 1]! += 1;
    else this.#runs.push(sequence, 1);
    this.#end = sequence + 1;
  }

  /** Per run two varints (LEB128): how many sequences are passed over since the run before, and how many it has. */
  pack(): Uint8Array {
    const bytes: number[] = [];
    let end = 0;
    for (let index = 0; index < this.#runs.length; index += 2) {
      const first = this.#runs[index] as number;
      const count = this.#runs[index + 1] as number;
      pushVarint(bytes, first - end);
      pushVarint(bytes, count);
      end = first + count;
    }
    return Uint8Array.from(bytes);
  }
}

/** The bytes of `SequenceList.pack` for these sequences, which ascend. */
export function packSequences(sequences: Iterable<number>): Uint8Array {
  const list = new SequenceList();
  for (const sequence of sequences) list.add(sequence);
  return list.pack();
}

/** The runs of packed sequences. */
export function unpackSequences(packed: Uint8Array): readonly SequenceRange[] {
  const ranges: SequenceRange[] = [];
  const reader = { packed, at: 0 };
  for (let end = 0; reader.at < packed.length; ) {
    const first = end + readVarint(reader);
    const count = readVarint(reader);
    ranges.push({ first, count });
    end = first + count;
  }
  return ranges;
}

/** Sequences go beyond 32 bits, so without operators on bits. */
function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function readVarint(reader: { readonly packed: Uint8Array; at: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = reader.packed[reader.at++];
    assert(byte !== undefined, "packed sequences are whole");
    value += (byte % 128) * scale;
    if (byte < 128) return value;
  }
}
