import type { Kysely } from "kysely";
import type { TrailsSchema } from "../schema.ts";
import type { SelectableEvent, Trail, Wants } from "../trail.ts";
import { type Coverage, coverageOf } from "./coverage.ts";

/** What trails want now: as the tables of trails say, not as far as the journal was read. */
export class CurrentWants {
  readonly #tables: Kysely<TrailsSchema>;
  readonly #wantsForTrail: (trail: Trail) => Wants;
  readonly #accounts: readonly string[];
  #coverages: readonly Coverage[] = [];

  constructor(tables: Kysely<TrailsSchema>, wantsForTrail: (trail: Trail) => Wants, accounts: readonly string[]) {
    this.#tables = tables;
    this.#wantsForTrail = wantsForTrail;
    this.#accounts = accounts;
  }

  /** To be called after every committed change; the latest call tells the latest state. */
  async reload(): Promise<void> {
    const rows = await this.#tables.selectFrom("trails").select("trail").execute();
    this.#coverages = rows
      .map(({ trail }) => JSON.parse(trail) as Trail)
      .filter(({ logging }) => logging)
      .map((trail) => coverageOf(trail, this.#wantsForTrail(trail), this.#accounts));
  }

  wants(event: SelectableEvent): boolean {
    return this.#coverages.some((covers) => covers(event) !== undefined);
  }
}
