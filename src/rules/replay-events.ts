import { type Kysely, sql } from "kysely";
import type { Journal, JournalEntry } from "../journal/index.ts";
import type { Replay } from "./replay.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";
import type { RulesSchema } from "./schema.ts";

/** An archived event, ready to be sent once more. */
export interface ReplayedEvent {
  readonly timeMs: number;
  readonly archivedId: number;
  /** Undefined where the journal's record makes no event any more. */
  readonly event: BusEvent | undefined;
}

export interface ReplayEventsNeeds {
  readonly tables: Kysely<RulesSchema>;
  readonly journal: Pick<Journal, "read">;
  /** The event that a journalled record is; undefined when it is none. */
  readonly eventOf: (entry: JournalEntry) => BusEvent | undefined;
}

/** Entries of the journal that are read at a time: events of an archive may lie far apart. */
const READ_ENTRIES = 256;

/** The next events of a replay in the order of their times, up to `limit`; fewer only when there are no more. */
export async function nextEvents(
  { tables, journal, eventOf }: ReplayEventsNeeds,
  { archiveId, fromMs, toMs, sent, name }: Replay,
  limit: number,
): Promise<readonly ReplayedEvent[]> {
  const { timeMs, archivedId } = sent ?? { timeMs: fromMs, archivedId: 0 };
  const rows = await tables
    .selectFrom("event_archived")
    .select(["archived_id", "time_ms", "sequence", "event", "read_only"])
    .where("archive_id", "=", archiveId)
    .where(sql<boolean>`(time_ms, archived_id) > (${timeMs}, ${archivedId})`)
    .where("time_ms", "<=", toMs)
    .orderBy("time_ms")
    .orderBy("archived_id")
    .limit(limit)
    .execute();
  const entries = await readEntries(
    journal,
    rows.flatMap(({ sequence }) => sequence ?? []),
  );
  return rows.map((row) => {
    const entry = row.sequence === null ? undefined : entries.get(row.sequence);
    const event = row.event === null ? entry && eventOf(entry) : storedEvent(row.event, row.read_only === 1);
    return { timeMs: row.time_ms, archivedId: row.archived_id, event: event && replayed(event, name) };
  });
}

async function readEntries(
  journal: Pick<Journal, "read">,
  sequences: readonly number[],
): Promise<ReadonlyMap<number, JournalEntry>> {
  const found = new Map<number, JournalEntry>();
  const wanted = new Set(sequences);
  let end = 0;
  for (const sequence of [...wanted].toSorted((one, other) => one - other)) {
    if (sequence < end) continue;
    const entries = await journal.read(sequence, READ_ENTRIES);
    for (const entry of entries) if (wanted.has(entry.sequence)) found.set(entry.sequence, entry);
    end = (entries.at(-1)?.sequence ?? sequence) + 1;
  }
  return found;
}

function storedEvent(text: string, readOnlyManagement: boolean): BusEvent {
  return { envelope: JSON.parse(text) as EventEnvelope, text, readOnlyManagement, hops: 0 };
}

/**
 * With `replay-name` before the detail, whose text stays as it is. A replay begins a chain of deliveries of its own: it is a
 * call's doing, not another delivery's.
 */
function replayed(event: BusEvent, name: string): BusEvent {
  const { detail, ...rest } = event.envelope;
  const envelope: EventEnvelope = { ...rest, "replay-name": name, detail };
  // No quote stands bare inside of JSON's strings, so that the first of these is the member.
  const text = event.text.replace(',"detail":', () => `,"replay-name":${JSON.stringify(name)},"detail":`);
  return { envelope, text, readOnlyManagement: event.readOnlyManagement, hops: 0 };
}
