import type { LogDatabase, StreamPart } from "./database.ts";
import { addPart, type GroupState, partOf } from "./group-state.ts";
import type { LogStoreNeeds } from "./open-log-store.ts";
import { FIRST, LAST, TIMESTAMP_MAX } from "./position.ts";
import { type BlockEntry, SegmentBuilder, type StoredEvent } from "./segment.ts";

/** Below it lie the segments, a folder for each group. */
export const OBJECTS = "loggroups/";

interface SealedSegment {
  readonly object: string;
  readonly blocks: readonly BlockEntry[];
  readonly parts: readonly StreamPart[];
}

/**
 * Writes the tail of a group below a sequence into segments, in order and each of about `segmentBytes`, durably; the
 * catalogue does not know them yet. Undefined when the group changed meanwhile: then they are gone again.
 */
export async function writeSegments(
  { objects, random, fault }: Pick<LogStoreNeeds, "objects" | "random" | "fault">,
  database: LogDatabase,
  state: GroupState,
  below: number,
  segmentBytes: number,
): Promise<readonly SealedSegment[] | undefined> {
  const { generation } = state;
  const sealed: SealedSegment[] = [];
  for await (const draft of drafts(database, state, below, segmentBytes)) {
    const { bytes, blocks } = await draft.builder.finish();
    const object = `${OBJECTS}${state.group}/${random.uuid()}`;
    fault?.("segment", "not written");
    await objects.put(object, bytes);
    sealed.push({ object, blocks, parts: [...draft.parts.values()] });
    fault?.("segment", "written, reply lost");
  }
  if (state.generation === generation) return sealed;
  for (const { object } of sealed) await objects.delete(object);
  return undefined;
}

interface Draft {
  readonly builder: SegmentBuilder;
  readonly parts: Map<number, StreamPart>;
  bytes: number;
}

async function* drafts(
  database: LogDatabase,
  state: GroupState,
  below: number,
  segmentBytes: number,
): AsyncGenerator<Draft> {
  const { generation } = state;
  let draft: Draft = { builder: new SegmentBuilder(), parts: new Map(), bytes: 0 };
  let low = { timestamp: 0, sequence: FIRST };
  const high = { timestamp: TIMESTAMP_MAX, sequence: LAST };
  while (state.generation === generation) {
    const events = database.fetch(state.group, { low, high, descending: false, below });
    for (const event of events) {
      await draft.builder.add(event);
      count(draft, event);
      if (draft.bytes < segmentBytes) continue;
      yield draft;
      draft = { builder: new SegmentBuilder(), parts: new Map(), bytes: 0 };
    }
    const last = events.at(-1);
    if (last === undefined) break;
    low = { timestamp: last.timestamp, sequence: last.sequence + 1 };
  }
  if (draft.bytes > 0) yield draft;
}

function count(draft: Draft, event: StoredEvent): void {
  const part = partOf(event);
  draft.bytes += part.bytes;
  draft.parts.set(part.stream, addPart(draft.parts.get(part.stream), part));
}
