import type { Accumulator } from "./aggregates.ts";
import type { Keeping, Stage } from "./pipeline.ts";
import type { Command, SortKey } from "./query.ts";
import type { QueryMemory } from "./query-memory.ts";
import { Row } from "./row.ts";
import type { Turns } from "./turns.ts";
import { detached, naturalOrder, type SortValue, sortValue, textOf, type Value } from "./values.ts";

/** What a group costs beside its key, and each of its aggregates. */
const GROUP_BYTES = 400;
const AGGREGATE_BYTES = 150;

/** Keeps the best `wanted` rows, all when undefined, and lets them go in order at the end. */
export function openSort(keys: readonly SortKey[], next: Stage, { memory, fields, wanted }: Keeping): Stage {
  let kept: Sorted[] = [];
  /** With as many before it as are wanted: what is not before it is never shown. */
  let last: Sorted | undefined;
  const order = (left: Pick<Sorted, "values">, right: Pick<Sorted, "values">): number => {
    for (const [at, { descending }] of keys.entries()) {
      const difference = naturalOrder(left.values[at] ?? {}, right.values[at] ?? {});
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  };
  const trim = (most: number): void => {
    // Rows that are equal stay in the order in which they came.
    kept.sort(order);
    for (const { size } of kept.slice(most)) memory.free(size);
    kept = kept.slice(0, most);
    if (kept.length === most) last = kept.at(-1);
  };
  return {
    push: (row) => {
      const values = keys.map(({ value }) => sortValue(value(row)));
      if (last !== undefined && order({ values }, last) >= 0) return true;
      const needed = fields === undefined ? row : row.only(fields);
      const size = needed.size * 2 + values.reduce((sum, value) => sum + sortValueSize(value), 0);
      if (wanted !== undefined && !memory.hasRoom(size)) trim(wanted);
      memory.keep(size);
      kept.push({ row: needed, size, values });
      // Sorting now and then keeps memory to twice of what is wanted.
      if (wanted !== undefined && kept.length >= 2 * wanted) trim(wanted);
      return true;
    },
    end: (turns) => {
      trim(wanted ?? kept.length);
      return pushAll(
        kept.map(({ row }) => row),
        next,
        turns,
      );
    },
  };
}

interface Sorted {
  readonly row: Row;
  readonly values: readonly SortValue[];
  readonly size: number;
}

/** What each run of digits, or of none, costs. */
const PART_BYTES = 32;

function sortValueSize({ parts = [] }: SortValue): number {
  return PART_BYTES * (1 + parts.length) + parts.reduce((sum, part) => sum + part.length, 0);
}

/** The last rows. */
export function openTail(rows: number, next: Stage, { memory, fields }: Keeping): Stage {
  let kept: { readonly row: Row; readonly size: number }[] = [];
  return {
    push: (pushed) => {
      const row = fields === undefined ? pushed : pushed.only(fields);
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
