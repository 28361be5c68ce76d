import type { PageTokens } from "../../core/index.ts";
import { invalidParameter } from "../../topics/index.ts";

/** All lists of SNS have pages of that size. */
const PAGE_ITEMS = 100;

interface Source<Item> {
  readonly read: (after: string, limit: number) => Promise<readonly Item[]>;
  readonly positionOf: (item: Item) => string;
}

/**
 * A page, and the token of the next one where there is more.
 * @throws {Refusal} `InvalidParameter` when the token came from another query.
 */
export async function page<Item>(
  tokens: PageTokens,
  query: unknown,
  token: string | undefined,
  { read, positionOf }: Source<Item>,
): Promise<{ readonly items: readonly Item[]; readonly next: { readonly NextToken?: string } }> {
  const after = token === undefined || token === "" ? "" : tokens.open(query, token);
  if (typeof after !== "string") throw invalidParameter("NextToken Reason: it does not belong to this request");
  const found = await read(after, PAGE_ITEMS + 1);
  const items = found.slice(0, PAGE_ITEMS);
  const last = items.at(-1);
  if (found.length <= PAGE_ITEMS || last === undefined) return { items, next: {} };
  return { items, next: { NextToken: tokens.seal(query, positionOf(last)) } };
}
