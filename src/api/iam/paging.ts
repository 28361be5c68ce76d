import { type PageTokens, Refusal } from "../../core/index.ts";
import type { Slice } from "../../identity/index.ts";

/** What every list takes. */
export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** How every list ends. */
  readonly end: { readonly IsTruncated: boolean; readonly Marker?: string };
}

/** Rows of a page when the caller names no number. */
const ITEMS_DEFAULT = 100;

/**
 * Reads one page of `MaxItems` rows (1 to 1,000, default 100). `query` is what must be the same on the next page, the
 * operation's name first; `position` is the key that the rows are ordered by.
 *
 * @throws {Refusal} `ValidationError` when the marker is not ours or belongs to another query.
 */
export async function readPage<Row>(
  tokens: PageTokens,
  query: readonly unknown[],
  input: PageInput,
  fetch: (slice: Slice) => Promise<readonly Row[]> | readonly Row[],
  position: (row: Row) => string,
): Promise<Page<Row>> {
  const items = input.MaxItems ?? ITEMS_DEFAULT;
  const after = input.Marker === undefined ? undefined : openMarker(tokens, query, input.Marker);
  // One more than is answered tells whether there is another page.
  const found = await fetch({ after, limit: items + 1 });
  const rows = found.slice(0, items);
  const last = rows.at(-1);
  if (found.length <= items || last === undefined) return { rows, end: { IsTruncated: false } };
  return { rows, end: { IsTruncated: true, Marker: tokens.seal(boundTo(query), position(last)) } };
}

function openMarker(tokens: PageTokens, query: readonly unknown[], marker: string): string {
  const position = tokens.open(boundTo(query), marker);
  if (typeof position !== "string") throw new Refusal("ValidationError", "Invalid Marker.");
  return position;
}

/** An undefined member would make the same query look different from one where the member is missing. */
function boundTo(query: readonly unknown[]): readonly unknown[] {
  return query.map((member) => member ?? null);
}
