import { QueryFailure } from "./query-error.ts";
import { textOf, type Value } from "./values.ts";

/** What a text costs beside its characters. */
const OVERHEAD = 64;

/** How much a running query keeps: groups, rows to sort, distinct values. Bytes, roughly. */
export class QueryMemory {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.#max;
  }

  /** @throws {QueryFailure} when that is too much. */
  keep(bytes: number): void {
    this.#used += bytes;
    if (!this.hasRoom(0)) {
      const most = Math.round(this.#max / 1_048_576);
      throw new QueryFailure(`The query keeps more than ${most} MiB of rows or groups. Filter more, or group by less.`);
    }
  }

  free(bytes: number): void {
    this.#used -= bytes;
  }

  keepText(text: string): void {
    this.keep(text.length * 2 + OVERHEAD);
  }

  /** One value in the place of another. */
  replace(old: Value, value: Value): void {
    const size = (kept: Value): number => (typeof kept === "number" ? 8 : (textOf(kept)?.length ?? 0) * 2);
    this.keep(size(value) - size(old));
  }
}
