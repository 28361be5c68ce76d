import { comparePlaces, type Place, type SegmentQuery } from "../journal/index.ts";
import type { LookupAttributeName, LookupEntry } from "../record/index.ts";

/** What limits an answer besides the query: sequences from `from` on and below `end`. */
export interface SequenceRange {
  readonly from: number;
  readonly end: number;
}

/**
 * A run of records that are not sealed yet, indexed in memory: exact, and small enough that dropping it whole when its
 * last record is sealed costs nothing. The records themselves stay in the journal.
 */
export class TailPart {
  readonly #timesMs: number[] = [];
  readonly #sequences: number[] = [];
  /** The terms of all records by number, one record after the other, and where each record's begin. */
  readonly #terms: number[] = [];
  readonly #begins: number[] = [];
  /** Per term the records that have it, by number, oldest place first. */
  readonly #recordsOf: number[][] = [];
  readonly #scopes = new Map<string, TermsOfScope>();
  #minTimeMs = Infinity;
  #maxTimeMs = -Infinity;

  get minTimeMs(): number {
    return this.#minTimeMs;
  }

  get maxTimeMs(): number {
    return this.#maxTimeMs;
  }

  /** Sequences only ever grow; times come in any order. */
  add(sequence: number, entry: LookupEntry): void {
    const record = this.#sequences.length;
    this.#sequences.push(sequence);
    this.#timesMs.push(entry.timeMs);
    this.#begins.push(this.#terms.length);
    this.#addTerms(record, entry);
    this.#minTimeMs = Math.min(this.#minTimeMs, entry.timeMs);
    this.#maxTimeMs = Math.max(this.#maxTimeMs, entry.timeMs);
  }

  /** The first `limit` places that match, newest first. */
  take(query: SegmentQuery, { from, end }: SequenceRange, limit: number): Place[] {
    const terms = this.#wanted(query);
    if (terms === undefined) return [];
    const [shortest, ...others] = terms.toSorted((left, right) => this.#countOf(left) - this.#countOf(right));
    const records = this.#recordsOf[shortest as number] as number[];
    const places: Place[] = [];
    for (let index = this.#countOlder(records, query) - 1; index >= 0 && places.length < limit; index--) {
      const record = records[index] as number;
      const place = this.#place(record);
      if (place.timeMs < query.sinceMs) break;
      if (place.sequence < from || place.sequence >= end) continue;
      if (others.every((term) => this.#has(record, term))) places.push(place);
    }
    return places;
  }

  /** The query's terms, or undefined when one of them stands nowhere. */
  #wanted({ scope, attributes }: SegmentQuery): readonly number[] | undefined {
    const known = this.#scopes.get(scope);
    if (known === undefined) return undefined;
    const terms = attributes.map(([name, value]) => known.attributes.get(name)?.get(value));
    return terms.includes(undefined) ? undefined : [known.all, ...(terms as number[])];
  }

  #countOf(term: number): number {
    return this.#recordsOf[term]?.length ?? 0;
  }

  /** How many of the records stand after the query's begin, that is, are old enough. */
  #countOlder(records: readonly number[], { after, untilMs }: SegmentQuery): number {
    return this.#count(
      records,
      (place) => place.timeMs <= untilMs && (after === undefined || comparePlaces(after, place) < 0),
    );
  }

  /** How many records of a list, oldest first, fit what only the older ones fit. */
  #count(records: readonly number[], fits: (place: Place) => boolean): number {
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (fits(this.#place(records[middle] as number))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #has(record: number, term: number): boolean {
    const end = this.#begins[record + 1] ?? this.#terms.length;
    for (let index = this.#begins[record] as number; index < end; index++) {
      if (this.#terms[index] === term) return true;
    }
    return false;
  }

  #place(record: number): Place {
    return { timeMs: this.#timesMs[record] as number, sequence: this.#sequences[record] as number };
  }

  #addTerms(record: number, { scope, attributes }: LookupEntry): void {
    let known = this.#scopes.get(scope);
    if (known === undefined) {
      known = { all: this.#newTerm(), attributes: new Map() };
      this.#scopes.set(scope, known);
    }
    this.#list(record, known.all);
    for (const [name, value] of attributes) {
      let values = known.attributes.get(name);
      if (values === undefined) known.attributes.set(name, (values = new Map()));
      let term = values.get(value);
      if (term === undefined) values.set(value, (term = this.#newTerm()));
      this.#list(record, term);
    }
  }

  /** Puts the record into the term's list, once. Records come nearly in order of time, so mostly at its end. */
  #list(record: number, term: number): void {
    if (this.#has(record, term)) return;
    this.#terms.push(term);
    const records = this.#recordsOf[term] as number[];
    const timeMs = this.#timesMs[record] as number;
    // A list of one has room for one: most terms never have another record.
    if (records.length === 0) this.#recordsOf[term] = [record];
    else if ((this.#timesMs[records.at(-1) as number] as number) <= timeMs) records.push(record);
    else
      records.splice(
        this.#count(records, (place) => place.timeMs <= timeMs),
        0,
        record,
      );
  }

  #newTerm(): number {
    return this.#recordsOf.push(NO_RECORDS) - 1;
  }
}

/** What a term has before its first record; never written to. */
const NO_RECORDS: number[] = [];

interface TermsOfScope {
  /** The term that every record of the scope has. */
  readonly all: number;
  readonly attributes: Map<LookupAttributeName, Map<string, number>>;
}
