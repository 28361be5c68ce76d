import type { PageTokens } from "../../core/index.ts";
import { invalidParameter } from "./logs-operation.ts";

export const INVALID_TOKEN = "The specified nextToken is invalid.";

/**
 * One page of items, each known by a text that no two share.
 * @throws {Refusal} `InvalidParameterException` when the token is not of this query.
 */
export function page<Item>(
  tokens: PageTokens,
  {
    query,
    items,
    keyOf,
    limit,
    nextToken,
  }: {
    /** What must be the same on the next call. */
    readonly query: unknown;
    readonly items: readonly Item[];
    readonly keyOf: (item: Item) => string;
    readonly limit: number;
    readonly nextToken: string | undefined;
  },
): { readonly items: readonly Item[]; readonly nextToken?: string } {
  const at = nextToken === undefined ? 0 : startOf(tokens.open(query, nextToken), items.map(keyOf));
  const shown = items.slice(at, at + limit);
  const last = shown.at(-1);
  if (last === undefined || at + limit >= items.length) return { items: shown };
  return { items: shown, nextToken: tokens.seal(query, [keyOf(last), at + limit]) };
}

/** Behind the last item of the page before; where it was when it is gone. */
function startOf(position: unknown, keys: readonly string[]): number {
  if (!Array.isArray(position)) throw invalidParameter(INVALID_TOKEN);
  const [key, index] = position as [string, number];
  const found = keys.indexOf(key);
  return found < 0 ? index : found + 1;
}
