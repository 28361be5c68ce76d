import type { Accumulator } from "./aggregates.ts";
import type { QueryMemory } from "./query-memory.ts";
import type { FieldName, Row } from "./row.ts";
import type { Value } from "./values.ts";

/** An expression that was compiled: its value for a row. */
export type Expression = (row: Row) => Value;

export interface Column {
  readonly name: string;
  readonly value: Expression;
  /** Whether the row must be told the value under that name: not so for a field that it has by itself. */
  readonly made: boolean;
}

/** One aggregate of a `stats`. Its result goes into the row of the group at `slot`. */
export interface AggregateCall {
  readonly slot: FieldName;
  readonly args: readonly Expression[];
  start(memory: QueryMemory): Accumulator;
}

export interface SortKey {
  readonly value: Expression;
  /** As it was written. */
  readonly source: string;
  readonly descending: boolean;
}

/** One command of a query. */
export type Command =
  | { readonly kind: "fields"; readonly columns: readonly Column[] }
  | { readonly kind: "display"; readonly columns: readonly Column[] }
  | { readonly kind: "filter"; readonly test: Expression }
  | {
      readonly kind: "parse";
      readonly source: Expression;
      readonly names: readonly string[];
      /** The texts by the order of the names; undefined when the source does not fit. */
      readonly read: (text: string, row: Row) => readonly (string | undefined)[] | undefined;
    }
  | {
      readonly kind: "stats";
      readonly keys: readonly Column[];
      readonly aggregates: readonly AggregateCall[];
      readonly columns: readonly Column[];
    }
  | { readonly kind: "sort"; readonly keys: readonly SortKey[] }
  | { readonly kind: "limit"; readonly rows: number }
  | { readonly kind: "tail"; readonly rows: number }
  | { readonly kind: "dedup"; readonly keys: readonly Expression[] };

/** A query that was understood. */
export interface Query {
  readonly commands: readonly Command[];
  /** What each row of the result shows, in order. */
  readonly columns: readonly FieldName[];
  /** Whether a row of the result is an event, which `@ptr` finds again. */
  readonly ofEvents: boolean;
  /** All that the query names: rows that are kept need no more. Undefined when it cannot be said beforehand. */
  readonly fields: readonly FieldName[] | undefined;
  /** How the events must be read. */
  readonly order: "ascending" | "descending";
}
