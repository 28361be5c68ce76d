import { type AuditRecord, type LookupEntry, lookupEntry } from "../../record/index.ts";
import { termOf } from "./term-hash.ts";

/** The records of a range as event history sees them: newest first, and the ranks that every term stands at. */
export interface OrderedRecords {
  /** Positions in the range by rank: eventTime descending, then position descending. */
  readonly positions: readonly number[];
  /** eventTime by rank, milliseconds since 1970. */
  readonly timesMs: readonly number[];
  /** For every term its ranks, ascending, each once. */
  readonly ranks: ReadonlyMap<string, readonly number[]>;
}

export function orderRecords(records: readonly Uint8Array[]): OrderedRecords {
  const found: { position: number; entry: LookupEntry }[] = [];
  for (const [position, bytes] of records.entries()) {
    const entry = entryOf(bytes);
    if (entry !== undefined) found.push({ position, entry });
  }
  found.sort((left, right) => right.entry.timeMs - left.entry.timeMs || right.position - left.position);
  const ranks = new Map<string, number[]>();
  const add = (term: string, rank: number): void => {
    const list = ranks.get(term);
    if (list === undefined) ranks.set(term, [rank]);
    else if (list.at(-1) !== rank) list.push(rank);
  };
  for (const [rank, { entry }] of found.entries()) {
    add(termOf(entry.scope), rank);
    for (const attribute of entry.attributes) add(termOf(entry.scope, attribute), rank);
  }
  return {
    positions: found.map(({ position }) => position),
    timesMs: found.map(({ entry }) => entry.timeMs),
    ranks,
  };
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
