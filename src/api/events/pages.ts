import { optional, type PageTokens } from "../../core/index.ts";
import { invalid } from "./named.ts";

/** Entries of a page unless the caller asks for fewer. */
const PAGE_MAX = 100;

/** What a list is asked for. */
interface PageInput {
  readonly NextToken?: string | undefined;
  readonly Limit?: number | undefined;
}

/** One page of a list that is ordered by a key. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly next: { readonly NextToken?: string };
}

/**
 * `query` is everything that must be the same for the next page; `load` answers up to `limit` entries whose key is behind
 * `after`.
 * @throws {Refusal} `ValidationException` when the token came from another query.
 */
export async function pageOf<Entry>(
  tokens: PageTokens,
  query: readonly unknown[],
  { NextToken, Limit = PAGE_MAX }: PageInput,
  load: (after: string | undefined, limit: number) => Promise<readonly Entry[]>,
  keyOf: (entry: Entry) => string,
): Promise<Page<Entry>> {
  const after = NextToken === undefined ? undefined : tokens.open(query, NextToken);
  if (NextToken !== undefined && typeof after !== "string") throw invalid("Parameter NextToken is not valid.");
  const limit = Math.min(Limit, PAGE_MAX);
  const found = await load(after as string | undefined, limit + 1);
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  const token = last === undefined || found.length === entries.length ? undefined : tokens.seal(query, keyOf(last));
  return { entries, next: optional("NextToken", token) };
}
