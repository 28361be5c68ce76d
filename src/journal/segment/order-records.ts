import { type AuditRecord, type LookupEntry, lookupEntry } from "../../record/index.ts";
import { type TermHash, termOf } from "./term-hash.ts";

/** The records of a range as event history sees them: newest first, and the ranks that every term stands at. */
export interface OrderedRecords {
  /** Positions in the range by rank: eventTime descending, then position descending. */
  readonly positions: Uint32Array;
  /** eventTime by rank, milliseconds since 1970. */
  readonly timesMs: Float64Array;
  /** The fingerprint of every term, in no order; two terms may share one. */
  readonly fingerprints: readonly number[];
  /** Where the term of that number stands: ascending ranks, each once. */
  readonly ranksOf: (number: number) => Uint32Array;
}

/** A full range has 65,536 records and ten times as many attributes: flat arrays throughout, not an object for each. */
export function orderRecords(records: readonly Uint8Array[], hash: TermHash): OrderedRecords {
  const terms = new TermNumbers(hash);
  const timeByPosition = new Float64Array(records.length);
  const found: number[] = [];
  /** The terms of all records by number, one record after the other; `ends` says where each record's end. */
  const numbers: number[] = [];
  const ends = new Uint32Array(records.length);
  for (const [position, bytes] of records.entries()) {
    const entry = entryOf(bytes);
    if (entry !== undefined) {
      found.push(position);
      timeByPosition[position] = entry.timeMs;
      terms.numbersOf(entry, numbers);
    }
    ends[position] = numbers.length;
  }
  const time = (position: number): number => timeByPosition[position] as number;
  const positions = Uint32Array.from(found).sort((left, right) => time(right) - time(left) || right - left);
  return {
    positions,
    timesMs: Float64Array.from(positions, time),
    fingerprints: terms.fingerprints,
    ranksOf: invert(positions, numbers, ends, terms.fingerprints.length),
  };
}

/** From the terms of each record to the ranks of each term: count, give each term its room, fill in order of rank. */
function invert(
  positions: Uint32Array,
  numbers: readonly number[],
  ends: Uint32Array,
  termCount: number,
): OrderedRecords["ranksOf"] {
  const starts = new Uint32Array(termCount + 1);
  for (const number of numbers) starts[number + 1] = (starts[number + 1] as number) + 1;
  for (let number = 0; number < termCount; number++) {
    starts[number + 1] = (starts[number + 1] as number) + (starts[number] as number);
  }
  const ranks = new Uint32Array(numbers.length);
  const filled = starts.slice();
  for (const [rank, position] of positions.entries()) {
    for (let index = ends[position - 1] ?? 0; index < (ends[position] as number); index++) {
      const number = numbers[index] as number;
      const next = filled[number] as number;
      // A record may name one thing twice.
      if (next > (starts[number] as number) && ranks[next - 1] === rank) continue;
      ranks[next] = rank;
      filled[number] = next + 1;
    }
  }
  return (number) => ranks.subarray(starts[number], filled[number]);
}

/** Gives every term a number. */
class TermNumbers {
  readonly fingerprints: number[] = [];
  readonly #hash: TermHash;
  /** By scope, then by attribute name, then by value: joining the three for each of a million attributes is slow. */
  readonly #scopes = new Map<string, { readonly all: number; readonly attributes: Map<string, Map<string, number>> }>();

  constructor(hash: TermHash) {
    this.#hash = hash;
  }

  /** Appends the numbers of the entry's scope and attributes. */
  numbersOf({ scope, attributes }: LookupEntry, numbers: number[]): void {
    let known = this.#scopes.get(scope);
    if (known === undefined) {
      known = { all: this.#add(termOf(scope)), attributes: new Map() };
      this.#scopes.set(scope, known);
    }
    numbers.push(known.all);
    for (const attribute of attributes) {
      const [name, value] = attribute;
      // Every record has its own: remembering them costs much and finds nothing. Terms with one fingerprint share a list.
      if (name === "EventId") {
        numbers.push(this.#add(termOf(scope, attribute)));
        continue;
      }
      let values = known.attributes.get(name);
      if (values === undefined) known.attributes.set(name, (values = new Map()));
      let number = values.get(value);
      if (number === undefined) values.set(value, (number = this.#add(termOf(scope, attribute))));
      numbers.push(number);
    }
  }

  #add(term: string): number {
    return this.fingerprints.push(this.#hash(term)) - 1;
  }
}

/** How event history finds the record with these bytes; undefined when it never does, or when they are no record. */
export function entryOf(bytes: Uint8Array): LookupEntry | undefined {
  const record = parseRecord(bytes);
  return record === undefined ? undefined : lookupEntry(record);
}

/** The record, or undefined when the bytes are not a JSON object: whatever was journalled must stay readable beside it. */
export function parseRecord(bytes: Uint8Array): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    return typeof value === "object" && value !== null ? (value as AuditRecord) : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
