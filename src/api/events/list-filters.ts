import { invalid } from "./named.ts";

/** @throws {Refusal} `ValidationException` when a list is filtered by more than one thing. */
export function oneFilter(
  operation: string,
  filters: { readonly NamePrefix?: unknown; readonly EventSourceArn?: unknown; readonly State?: unknown },
): void {
  const given = [filters.NamePrefix, filters.EventSourceArn, filters.State].filter((filter) => filter !== undefined);
  if (given.length <= 1) return;
  throw invalid(`At most one filter is allowed for ${operation}. Use either : State, EventSourceArn, or NamePrefix.`);
}

/** For `pageOf`: entries in the order of their names, behind a name. */
export function behind<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
): (after: string | undefined, limit: number) => Promise<readonly Entry[]> {
  return async (after = "", limit) => entries.filter(({ name }) => name > after).slice(0, limit);
}
