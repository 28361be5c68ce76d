import { parseQuery } from "./parse-query.ts";
import type { QueryEvent } from "./row.ts";
import { type QueryStatistics, runQuery } from "./run-query.ts";

export const NOW: number = Date.UTC(2026, 10, 20, 12);

/** Messages as events, a minute between them, the last one at noon. */
export function eventsOf(messages: readonly (string | object)[]): readonly QueryEvent[] {
  return messages.map((message, at) => ({
    timestamp: NOW - (messages.length - 1 - at) * 60_000,
    message: typeof message === "string" ? message : JSON.stringify(message),
    ingestionTime: NOW,
    stream: `stream-${at % 2}`,
    log: "123456789012:g",
    ptr: `ptr-${at}`,
  }));
}

export interface Answer {
  /** Without `@ptr`. */
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly columns: readonly string[];
  readonly statistics: QueryStatistics | undefined;
}

/** Runs a query over events that are given oldest first. */
export async function ask(
  text: string,
  events: readonly QueryEvent[],
  { rowsMax = 10_000, memoryMax = 1 << 26 }: { rowsMax?: number; memoryMax?: number } = {},
): Promise<Answer> {
  const query = parseQuery(text, NOW);
  const ordered = query.order === "descending" ? events.toReversed() : events;
  const batches = (async function* () {
    for (let at = 0; at < ordered.length; at += 100) yield ordered.slice(at, at + 100);
  })();
  const rows: Readonly<Record<string, string>>[] = [];
  const columns = new Set<string>();
  let statistics: QueryStatistics | undefined;
  await runQuery(
    query,
    batches,
    (row) => {
      for (const { field } of row) columns.add(field);
      rows.push(
        Object.fromEntries(row.filter(({ field }) => field !== "@ptr").map(({ field, value }) => [field, value])),
      );
    },
    { rowsMax, memoryMax },
    { signal: new AbortController().signal, onProgress: (told) => (statistics = told) },
  );
  return { rows, columns: [...columns], statistics };
}
