import { setImmediate as nextTurn } from "node:timers/promises";
import { type Journal, type JournalEntry, parseRecord } from "../journal/index.ts";
import { type EventPattern, matchesPattern } from "../patterns/index.ts";
import { EVENT_BYTES_MAX, recordedEvent } from "./envelope.ts";
import type { BusEvent } from "./rule.ts";

/** What a pattern would have seen, had there been a rule of it. */
export interface BacktestQuery {
  readonly pattern: EventPattern;
  /** As a rule in state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS. */
  readonly seesReads: boolean;
  readonly account: string;
  /** Undefined for every Region. */
  readonly region: string | undefined;
  /** By eventTime, milliseconds since 1970: from `fromMs` on, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Sequences: from `from` on, and below `end`. */
  readonly from: number;
  readonly end: number;
  /** Records that are read at most. */
  readonly recordsMax: number;
  readonly samplesMax: number;
}

/** What was found in the part that was read. */
export interface BacktestResult {
  /** Events of that account, Region and time. */
  readonly scanned: number;
  readonly matched: number;
  /** Matches by day, `2026-11-20`, in UTC. */
  readonly days: ReadonlyMap<string, number>;
  /** The first events that matched, as a target would get them. */
  readonly samples: readonly string[];
  /** Where to go on; absent once everything was read. */
  readonly next?: number;
}

type ReadJournal = Pick<Journal, "read" | "segments">;

const READ_RECORDS = 256;
/** Others have their turn when so much was parsed: some milliseconds. */
const TURN_BYTES = 128 * 1024;

/** Where reading for this time begins: sealed ranges in which nothing of it can be are passed over. */
export function backtestStart(
  { segments }: Pick<Journal, "segments">,
  { from, end, fromMs, toMs }: Pick<BacktestQuery, "from" | "end" | "fromMs" | "toMs">,
): number {
  let start = from;
  for (const { first, count, indexed, minTimeMs, maxTimeMs } of segments) {
    if (first + count <= start) continue;
    // What is not indexed (network activity) may be of any time.
    const outside = indexed === count && (maxTimeMs < fromMs || minTimeMs >= toMs);
    if (first > start || !outside) break;
    start = first + count;
  }
  return Math.min(start, end);
}

/**
 * Reads a part of the journal as if a rule had been there. What is imported late stands behind what it is older than: so
 * every record is asked for its time.
 * @throws {Failure} when the journal is damaged.
 */
export async function backtest(journal: ReadJournal, query: BacktestQuery): Promise<BacktestResult> {
  const found = { scanned: 0, matched: 0, days: new Map<string, number>(), samples: [] as string[] };
  let read = 0;
  let bytes = 0;
  let next = backtestStart(journal, query);
  while (next < query.end && read < query.recordsMax) {
    const limit = Math.min(READ_RECORDS, query.end - next, query.recordsMax - read);
    for (const entry of await journal.read(next, limit)) {
      take(entry, query, found);
      next = entry.sequence + 1;
      read += 1;
      bytes += entry.bytes.length;
      if (bytes < TURN_BYTES) continue;
      bytes = 0;
      await nextTurn();
    }
    next = backtestStart(journal, { ...query, from: next });
  }
  return next < query.end ? { ...found, next } : found;
}

function take(
  entry: JournalEntry,
  query: BacktestQuery,
  found: { scanned: number; matched: number; readonly days: Map<string, number>; readonly samples: string[] },
): void {
  const record = entry.bytes.length > EVENT_BYTES_MAX ? undefined : parseRecord(entry.bytes);
  const event = record && recordedEvent(record, entry, 0);
  if (event === undefined || !isAbout(event, query)) return;
  found.scanned += 1;
  if (event.readOnlyManagement && !query.seesReads) return;
  if (!matchesPattern(query.pattern, event.envelope)) return;
  found.matched += 1;
  const day = new Date(event.envelope.time).toISOString().slice(0, 10);
  found.days.set(day, (found.days.get(day) ?? 0) + 1);
  if (found.samples.length < query.samplesMax) found.samples.push(event.text);
}

function isAbout({ envelope }: BusEvent, { account, region, fromMs, toMs }: BacktestQuery): boolean {
  const timeMs = Date.parse(envelope.time);
  // A text that is no time is within none.
  if (!(timeMs >= fromMs && timeMs < toMs)) return false;
  return envelope.account === account && (region === undefined || envelope.region === region);
}
