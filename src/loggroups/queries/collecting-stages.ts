import type { Accumulator } from "./aggregates.ts";
import type { Stage } from "./pipeline.ts";
import type { Command, SortKey } from "./query.ts";
import type { QueryMemory } from "./query-memory.ts";
import { Row } from "./row.ts";
import type { Turns } from "./turns.ts";
import { detached, naturalOrder, textOf, type Value } from "./values.ts";

/** What a group costs beside its key, and each of its aggregates. */
const GROUP_BYTES = 400;
const AGGREGATE_BYTES = 150;

/** Keeps the best `wanted` rows, all when undefined, and lets them go in order at the end. */
export function openSort(
  keys: readonly SortKey[],
  next: Stage,
  memory: QueryMemory,
  wanted: number | undefined,
): Stage {
  let kept: Sorted[] = [];
  let arrived = 0;
  const order = (left: Sorted, right: Sorted): number => {
    for (const [at, { descending }] of keys.entries()) {
      const difference = naturalOrder(left.values[at], right.values[at]);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return left.arrived - right.arrived;
  };
  const trim = (most: number): void => {
    kept.sort(order);
    for (const { size } of kept.slice(most)) memory.free(size);
    kept = kept.slice(0, most);
  };
  return {
    push: (row) => {
      const size = row.size * 2;
      memory.keep(size);
      kept.push({ row, size, arrived, values: keys.map(({ value }) => value(row)) });
      arrived++;
      // Sorting now and then keeps memory to twice of what is wanted.
      if (wanted !== undefined && kept.length >= 2 * wanted) trim(wanted);
      return true;
    },
    end: (turns) => {
      trim(wanted ?? kept.length);
      const rows = kept.map(({ row }) => row);
      kept = [];
      return pushAll(rows, next, turns);
    },
  };
}

interface Sorted {
  readonly row: Row;
  readonly values: readonly Value[];
  readonly size: number;
  readonly arrived: number;
}

/** The last rows. */
export function openTail(rows: number, next: Stage, memory: QueryMemory): Stage {
  let kept: { readonly row: Row; readonly size: number }[] = [];
  return {
    push: (row) => {
      const size = row.size * 2;
      memory.keep(size);
      kept.push({ row, size });
      if (kept.length < 2 * rows) return true;
      for (const old of kept.slice(0, -rows)) memory.free(old.size);
      kept = kept.slice(-rows);
      return true;
    },
    end: (turns) =>
      pushAll(
        kept.slice(-rows).map(({ row }) => row),
        next,
        turns,
      ),
  };
}

/** Gathers groups, and makes a row of each at the end, in the order in which they were met. */
export function openStats(
  { keys, aggregates, columns }: Command & { kind: "stats" },
  next: Stage,
  memory: QueryMemory,
): Stage {
  const groups = new Map<string, { readonly values: readonly Value[]; readonly gathered: readonly Accumulator[] }>();
  return {
    push: (row) => {
      const values = keys.map(({ value }) => value(row));
      const key = JSON.stringify(values.map((value) => textOf(value) ?? null));
      let group = groups.get(key);
      if (group === undefined) {
        memory.keepText(key);
        memory.keep(GROUP_BYTES + aggregates.length * AGGREGATE_BYTES);
        group = { values: values.map(detached), gathered: aggregates.map((aggregate) => aggregate.start(memory)) };
        groups.set(key, group);
      }
      for (const [at, { args }] of aggregates.entries()) {
        group.gathered[at]?.add(
          args.map((arg) => arg(row)),
          row.event?.timestamp,
        );
      }
      return true;
    },
    end: (turns) =>
      pushAll(
        groups.values().map(({ values, gathered }) => {
          const row = new Row();
          for (const [at, { name }] of keys.entries()) row.set(name, values[at]);
          for (const [at, { slot }] of aggregates.entries()) row.set(slot.whole, gathered[at]?.result());
          for (const { name, value } of columns) row.set(name, value(row));
          return row;
        }),
        next,
        turns,
      ),
  };
}

async function pushAll(rows: Iterable<Row>, next: Stage, turns: Turns): Promise<void> {
  for (const row of rows) {
    const before = row.work;
    if (!next.push(row)) break;
    if (turns.isDue(row, before)) await turns.pause();
    if (turns.aborted) return;
  }
  await next.end(turns);
}
