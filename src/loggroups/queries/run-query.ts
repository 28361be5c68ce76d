import { openPipeline, type Stage } from "./pipeline.ts";
import type { Query } from "./query.ts";
import { QueryMemory } from "./query-memory.ts";
import { fieldName, type QueryEvent, Row } from "./row.ts";
import { Turns } from "./turns.ts";
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
    end: async () => undefined,
  };
  const pipeline = openPipeline(query, last, new QueryMemory(limits.memoryMax), {
    rowsMax: limits.rowsMax,
    onMatched: () => statistics.recordsMatched++,
  });
  const turns = new Turns(signal, () => onProgress({ ...statistics }));
  await pump(events, pipeline, statistics, turns);
  if (!turns.aborted) await pipeline.end(turns);
  onProgress({ ...statistics });
}

async function pump(
  events: AsyncIterable<readonly QueryEvent[]>,
  pipeline: Stage,
  statistics: { recordsScanned: number; bytesScanned: number },
  turns: Turns,
): Promise<void> {
  for await (const batch of events) {
    for (const event of batch) {
      if (turns.aborted) return;
      statistics.recordsScanned++;
      statistics.bytesScanned += Buffer.byteLength(event.message);
      const row = new Row(event);
      if (!pipeline.push(row)) return;
      if (turns.isDue(row)) await turns.pause();
    }
  }
}
