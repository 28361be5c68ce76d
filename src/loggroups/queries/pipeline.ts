import type { Command, Query } from "./query.ts";
import type { QueryMemory } from "./query-memory.ts";
import type { FieldName, Row } from "./row.ts";
import { openSort, openStats, openTail } from "./collecting-stages.ts";
import type { Turns } from "./turns.ts";
import { textOf, truthOf } from "./values.ts";

/** One step of a running query. */
export interface Stage {
  /** False when no further row can change the result. */
  push(row: Row): boolean;
  /** There are no more rows; what was held back goes on, unless nobody wants it any more. */
  end(turns: Turns): Promise<void>;
}

/** The commands as stages, the last of them pushing into `last`. `rowsMax` is what the result holds at most. */
export function openPipeline(
  { commands, fields }: Pick<Query, "commands" | "fields">,
  last: Stage,
  memory: QueryMemory,
  { rowsMax, onMatched }: { readonly rowsMax: number; readonly onMatched: () => void },
): Stage {
  const matchedAt = matchingEnds(commands);
  let stage = limit(rowsMax, last);
  for (let at = commands.length; at >= 0; at--) {
    if (at === matchedAt) stage = counted(stage, onMatched);
    const command = commands[at - 1];
    if (command === undefined) continue;
    stage = openStage(command, stage, { memory, fields, wanted: rowsWanted(commands.slice(at), rowsMax) });
  }
  return stage;
}

/** Behind the last filter that meets events: what comes there has matched. */
function matchingEnds(commands: readonly Command[]): number {
  const collecting = commands.findIndex(({ kind }) => !["fields", "display", "filter", "parse", "sort"].includes(kind));
  const ofEvents = collecting === -1 ? commands : commands.slice(0, collecting);
  return ofEvents.findLastIndex(({ kind }) => kind === "filter") + 1;
}

/** How many rows the rest of a query takes at most; undefined when it depends on the rows. */
function rowsWanted(rest: readonly Command[], rowsMax: number): number | undefined {
  for (const command of rest) {
    if (command.kind === "limit") return Math.min(command.rows, rowsMax);
    if (command.kind !== "fields" && command.kind !== "display" && command.kind !== "parse") return undefined;
  }
  return rowsMax;
}

/** How a stage keeps rows. */
export interface Keeping {
  readonly memory: QueryMemory;
  /** What of a row is needed later; all of it when undefined. */
  readonly fields: readonly FieldName[] | undefined;
  /** How many rows are needed at most; all when undefined. */
  readonly wanted: number | undefined;
}

function openStage(command: Command, next: Stage, keeping: Keeping): Stage {
  switch (command.kind) {
    case "fields":
    case "display":
      return each(next, (row) => {
        for (const { name, value, made } of command.columns) if (made) row.set(name, value(row));
      });
    case "parse":
      return each(next, (row) => {
        const values = command.read(textOf(command.source(row)) ?? "", row);
        for (const [at, name] of command.names.entries()) row.set(name, values?.[at]);
      });
    case "filter":
      return { push: (row) => !truthOf(command.test(row)) || next.push(row), end: (turns) => next.end(turns) };
    case "limit":
      return limit(command.rows, next);
    case "dedup":
      return dedup(command, next, keeping.memory);
    case "sort":
      return openSort(command.keys, next, keeping);
    case "tail":
      return openTail(command.rows, next, keeping);
    case "stats":
      return openStats(command, next, keeping.memory);
  }
}

function each(next: Stage, change: (row: Row) => void): Stage {
  return {
    push: (row) => {
      change(row);
      return next.push(row);
    },
    end: (turns) => next.end(turns),
  };
}

function counted(next: Stage, count: () => void): Stage {
  return each(next, count);
}

function limit(rows: number, next: Stage): Stage {
  let left = rows;
  return {
    push: (row) => {
      if (left <= 0) return false;
      left--;
      return next.push(row) && left > 0;
    },
    end: (turns) => next.end(turns),
  };
}

/** The first row of each combination; rows that lack one of the values are all kept. */
function dedup({ keys }: Command & { kind: "dedup" }, next: Stage, memory: QueryMemory): Stage {
  const seen = new Set<string>();
  return {
    push: (row) => {
      const texts = keys.map((key) => textOf(key(row)));
      if (texts.some((text) => text === undefined)) return next.push(row);
      const key = JSON.stringify(texts);
      if (seen.has(key)) return true;
      memory.keepText(key);
      seen.add(key);
      return next.push(row);
    },
    end: (turns) => next.end(turns),
  };
}
