import type { Kysely } from "kysely";
import type { TrailsSchema } from "./schema.ts";
import { wantsForTrail } from "./selectors/index.ts";
import type { SelectableEvent, Wants } from "./trail.ts";
import { listTrails } from "./trails.ts";

/** What all logging trails want, as the API shows them now, kept in memory. */
export interface TrailCache {
  /** Whether any trail wants the event. */
  wants(event: SelectableEvent): boolean;
  /**
   * Trails have changed, or will have once the transaction under way commits. Resolves when what is asked from then on is
   * answered accordingly; when it rejects, the answers are still the old ones.
   */
  invalidate(): Promise<void>;
}

/** @throws {Failure} when the tables cannot be read. */
export async function openTrailCache(
  tables: Kysely<TrailsSchema>,
  organizationAccounts?: readonly string[],
): Promise<TrailCache> {
  let wanted: readonly Wants[] = [];
  let reading = Promise.resolve();
  const read = async (): Promise<void> => {
    const trails = await listTrails(tables);
    wanted = trails.filter(({ logging }) => logging).map((trail) => wantsForTrail(trail, organizationAccounts));
  };
  // One reading after the other: an earlier one must not have the last word.
  const invalidate = (): Promise<void> => {
    const done = reading.then(read);
    reading = done.catch(() => undefined);
    return done;
  };
  await invalidate();
  return { wants: (event) => wanted.some((wants) => wants(event)), invalidate };
}
