import type { Clock } from "../../core/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import type { Adapter, Place } from "./adapter.ts";

/** What a source brought since the start. */
export interface SourceStats {
  /** Entries of its log, those that came again included. */
  readonly seen: number;
  readonly recorded: number;
  readonly skipped: number;
  /** Why entries were skipped, and how many. */
  readonly skippedBy: Readonly<Record<string, number>>;
  /** When an entry last came, milliseconds since 1970; 0: never. */
  readonly lastSeenMs: number;
  /** What keeps its entries from being read or recorded. */
  readonly problem?: string;
}

export interface IntakeNeeds {
  readonly adapter: Adapter;
  readonly place: Place;
  readonly clock: Clock;
  /** Resolves once the records are durable. @throws {Failure} when they cannot be. */
  readonly record: (records: readonly AuditRecord[]) => Promise<void>;
  /** An entry came. */
  readonly heard?: () => void;
}

/** Journalled at once: enough to make a commit worth its price, few enough to be encoded between two calls. */
const BATCH_RECORDS = 250;

/** Where the entries of one source become records, and are counted. */
export class SourceIntake {
  readonly #needs: IntakeNeeds;
  #seen = 0;
  #recorded = 0;
  readonly #skippedBy = new Map<string, number>();
  #lastSeenMs = 0;
  problem: string | undefined;

  constructor(needs: IntakeNeeds) {
    this.#needs = needs;
  }

  /**
   * Resolves once all that can be recorded of the entries is durable; answers how many were.
   * @throws {Failure} when it cannot be: all of them must come again then, and what was durable already is not doubled.
   */
  async take(entries: readonly unknown[]): Promise<number> {
    const { adapter, place, record } = this.#needs;
    let recorded = 0;
    for (let start = 0; start < entries.length; start += BATCH_RECORDS) {
      const mapped = entries.slice(start, start + BATCH_RECORDS).map((entry) => adapter(entry, place));
      const records = mapped.flatMap((one) => ("record" in one ? [one.record] : []));
      if (records.length > 0) await record(records);
      this.#count(mapped.length, records.length);
      for (const one of mapped) if ("skipped" in one) this.skip(one.skipped);
      recorded += records.length;
    }
    return recorded;
  }

  /** Counts what never got to be an entry. */
  skip(reason: string): void {
    this.#skippedBy.set(reason, (this.#skippedBy.get(reason) ?? 0) + 1);
  }

  /** Counts `seen` entries that came, of which `recorded` are durable. */
  #count(seen: number, recorded: number): void {
    this.#seen += seen;
    this.#recorded += recorded;
    this.#lastSeenMs = this.#needs.clock.now();
    this.#needs.heard?.();
  }

  stats(): SourceStats {
    const skippedBy = Object.fromEntries(this.#skippedBy);
    return {
      seen: this.#seen,
      recorded: this.#recorded,
      skipped: Object.values(skippedBy).reduce((sum, count) => sum + count, 0),
      skippedBy,
      lastSeenMs: this.#lastSeenMs,
      ...(this.problem === undefined ? {} : { problem: this.problem }),
    };
  }
}
