import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Failure } from "../core/index.ts";
import type { JournalEntry } from "./journal.ts";
import { openForReading } from "./tail-database.ts";
import { loadRow, ROW_COLUMNS, rowRecords } from "./tail-row.ts";

/** Entries that are not sealed yet, read beside the thread that writes: WAL lets neither wait for the other. */
export class TailReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #rowOf: StatementSync;
  /** The row that was read last: a reader usually comes back for the rest of it. */
  #last: { readonly first: number; readonly records: readonly Uint8Array[] } | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path);
    this.#rowOf = this.#database.prepare(
      `select ${ROW_COLUMNS} from groups where first <= ? order by first desc limit 1`,
    );
  }

  /**
   * The entries from `from` to the end of their commit group, or to `end`. At least one: `from` must be in the tail.
   * @throws {Failure} naming the file and the sequences when the row is absent or damaged.
   */
  read(from: number, end: number): readonly JournalEntry[] {
    const { first, records } = this.#row(from);
    const entries = records.slice(from - first, end - first);
    return entries.map((bytes, index) => ({ sequence: from + index, bytes }));
  }

  close(): void {
    this.#database.close();
  }

  #row(sequence: number): { readonly first: number; readonly records: readonly Uint8Array[] } {
    const last = this.#last;
    if (last !== undefined && sequence >= last.first && sequence < last.first + last.records.length) return last;
    try {
      const found = this.#rowOf.get(sequence);
      const row = found === undefined ? undefined : loadRow(found);
      if (row === undefined || sequence >= row.first + row.count) throw new Error(`sequence ${sequence} is missing`);
      this.#last = { first: row.first, records: rowRecords(row) };
      return this.#last;
    } catch (cause) {
      throw new Failure(`read journal tail ${this.#path}`, cause);
    }
  }
}
