import { setImmediate } from "node:timers/promises";
import { openPipeline, type Stage } from "./pipeline.ts";
import type { Query } from "./query.ts";
import { QueryMemory } from "./query-memory.ts";
import { fieldName, type QueryEvent, Row } from "./row.ts";
import { detached, textOf } from "./values.ts";

/** What a result row shows: only columns that have a value. */
export type ResultRow = readonly { readonly field: string; readonly value: string }[];

export interface QueryStatistics {
  readonly recordsMatched: number;
  readonly recordsScanned: number;
  readonly bytesScanned: number;
}

/** Bounds of one query. */
export interface QueryLimits {
  /** Rows of the result. */
  readonly rowsMax: number;
  /** Bytes of groups and rows that it may keep while it runs. */
  readonly memoryMax: number;
}

/** Work between two pauses that others may use: characters of messages. */
const CHARS_AT_ONCE = 200_000;
/** What an event costs beside its characters. */
const EVENT_COST = 300;

const PTR = fieldName("@ptr");

/**
 * Runs a query over events, which come in the order that it asks for (`query.order`). Rows go to `sink` as soon as they
 * are sure. Reading stops when nothing that follows could change the result; `onProgress` tells how far it has come.
 * @throws {QueryFailure} when it would keep more than it may.
 */
export async function runQuery(
  query: Query,
  events: AsyncIterable<readonly QueryEvent[]>,
  sink: (row: ResultRow) => void,
  limits: QueryLimits,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (statistics: QueryStatistics) => void },
): Promise<void> {
  const statistics = { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 };
  const columns = query.ofEvents ? [...query.columns.filter(({ whole }) => whole !== "@ptr"), PTR] : query.columns;
  const last: Stage = {
    push: (row) => {
      sink(
        columns.flatMap((column) => {
          const value = textOf(row.get(column));
          return value === undefined ? [] : [{ field: column.whole, value: detached(value) }];
        }),
      );
      return true;
    },
    end: () => undefined,
  };
  const pipeline = openPipeline(query.commands, last, new QueryMemory(limits.memoryMax), {
    rowsMax: limits.rowsMax,
    onMatched: () => statistics.recordsMatched++,
  });
  await pump(events, pipeline, statistics, signal, onProgress);
  if (!signal.aborted) pipeline.end();
  onProgress({ ...statistics });
}

async function pump(
  events: AsyncIterable<readonly QueryEvent[]>,
  pipeline: Stage,
  statistics: { recordsScanned: number; bytesScanned: number; recordsMatched: number },
  signal: AbortSignal,
  onProgress: (statistics: QueryStatistics) => void,
): Promise<void> {
  let cost = 0;
  for await (const batch of events) {
    for (const event of batch) {
      if (signal.aborted) return;
      statistics.recordsScanned++;
      statistics.bytesScanned += Buffer.byteLength(event.message);
      if (!pipeline.push(new Row(event))) return;
      cost += event.message.length + EVENT_COST;
      if (cost < CHARS_AT_ONCE) continue;
      cost = 0;
      onProgress({ ...statistics });
      await setImmediate();
    }
  }
}
