import { createHash } from "node:crypto";
import { assert } from "../src/core/index.ts";
import {
  buildSegment,
  type JournalEntry,
  leafHash,
  openSegment,
  type Segment,
  SegmentCache,
} from "../src/journal/index.ts";
import type { AuditRecord } from "../src/record/index.ts";
import type { DirectoryObjectStore } from "../src/store/index.ts";
import { type SyntheticRecord, SyntheticRecords } from "./synthetic-records.ts";

/** Records per segment, as the journal seals them. */
export const SEGMENT_RECORDS = 65_536;
export const START_MS: number = Date.parse("2026-09-01T00:00:00Z");
const PER_SECOND = 50;
const CACHE_BYTES = 64 * 1024 * 1024;
/** Records whose attribute values are asked for later, drawn evenly from all. */
const SAMPLE_RECORDS = 400;

/** A question whose answer is counted while the events are made. */
export interface Probe {
  readonly name: string;
  readonly holds: (record: AuditRecord) => boolean;
  /** Events that match, and the newest of them: sequence and eventTime. */
  count: number;
  newest: { readonly sequence: number; readonly timeMs: number; readonly eventID: string }[];
}

/** What a journal shows to history, over segments that were built without one, and a tail in memory. */
export interface BenchJournal {
  readonly head: number;
  readonly segments: readonly Segment[];
  read(from: number, limit?: number): Promise<readonly JournalEntry[]>;
  subscribe(): () => void;
  onSeal(): () => void;
}

export interface BuiltEvents {
  readonly journal: BenchJournal;
  readonly sample: readonly AuditRecord[];
  readonly rawBytes: number;
  readonly fileBytes: number;
  /** Seconds spent in buildSegment and in storing its files; making up the records is not counted. */
  readonly buildS: number;
}

/**
 * Makes `count` events and builds their segments directly, without the journal's tail and commits: what is measured is
 * how events are found. What does not fill a segment stays in memory, as the tail does.
 */
export async function buildEvents(
  objects: DirectoryObjectStore,
  count: number,
  probes: readonly Probe[],
  onRecord: (sequence: number, record: SyntheticRecord) => void,
): Promise<BuiltEvents> {
  const records = new SyntheticRecords({ seed: 20_261_120, startMs: START_MS, perSecond: PER_SECOND });
  const cache = new SegmentCache(CACHE_BYTES);
  const segments: Segment[] = [];
  const sample: AuditRecord[] = [];
  const step = Math.max(1, Math.floor(count / SAMPLE_RECORDS));
  let range: Uint8Array[] = [];
  let rawBytes = 0;
  let fileBytes = 0;
  let buildMs = 0;
  for (let sequence = 0; sequence < count; sequence++) {
    const made = records.next();
    range.push(made.bytes);
    rawBytes += made.bytes.length;
    if (sequence % step === 0) sample.push(made.record);
    for (const probe of probes) observe(probe, made, sequence);
    onRecord(sequence, made);
    if (range.length < SEGMENT_RECORDS) continue;
    const first = sequence + 1 - SEGMENT_RECORDS;
    const salt = createHash("sha256").update(`range ${first}`).digest();
    const leaves = Buffer.concat(range.map((record, position) => leafHash(salt, first + position, record)));
    const started = performance.now();
    const file = buildSegment({ first, salt, records: range, leaves });
    const key = `segments/${first}`;
    await objects.put(key, file);
    buildMs += performance.now() - started;
    fileBytes += file.length;
    segments.push(await openSegment(objects, key, cache));
    range = [];
  }
  const tail = { first: segments.length * SEGMENT_RECORDS, records: range };
  return { journal: journalOver(segments, tail), sample, rawBytes, fileBytes, buildS: buildMs / 1000 };
}

const NEWEST_KEPT = 600;

function observe(probe: Probe, { record, timeMs, eventID }: SyntheticRecord, sequence: number): void {
  if (!probe.holds(record)) return;
  probe.count += 1;
  probe.newest.push({ sequence, timeMs, eventID });
  if (probe.newest.length > NEWEST_KEPT * 20) prune(probe);
}

/** Keeps the newest only, in the order of event history. */
export function prune(probe: Probe): void {
  probe.newest.sort((left, right) => right.timeMs - left.timeMs || right.sequence - left.sequence);
  probe.newest.length = Math.min(probe.newest.length, NEWEST_KEPT);
}

function journalOver(
  segments: readonly Segment[],
  tail: { readonly first: number; readonly records: readonly Uint8Array[] },
): BenchJournal {
  const entries = (from: number, records: readonly Uint8Array[]): JournalEntry[] =>
    records.map((bytes, index) => ({ sequence: from + index, bytes }));
  return {
    head: tail.first + tail.records.length,
    segments,
    async read(from, limit = 1000) {
      if (from >= tail.first) return entries(from, tail.records.slice(from - tail.first, from - tail.first + limit));
      const segment = segments[Math.floor(from / SEGMENT_RECORDS)];
      assert(segment !== undefined, "every sequence below the tail is in a segment");
      return entries(from, await segment.readRange(from - segment.first, limit));
    },
    subscribe: () => () => {},
    onSeal: () => () => {},
  };
}
