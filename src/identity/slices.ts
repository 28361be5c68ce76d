/**
 * One page of a list that is ordered by a key which stays with its row: the rows whose key is greater than `after`,
 * `limit` at most. Rows that come or go meanwhile move no others to another page.
 */
export interface Slice {
  readonly after: string | undefined;
  readonly limit: number;
}

/** The slice of rows that are already in memory and in the order of `key`. */
export function sliceOf<Row>(rows: readonly Row[], key: (row: Row) => string, slice: Slice): readonly Row[] {
  const { after, limit } = slice;
  const rest = after === undefined ? rows : rows.filter((row) => key(row) > after);
  return rest.slice(0, limit);
}

/** Orders by key as `sliceOf` and SQLite compare text: by its characters, in no language. */
export function byKey<Row>(key: (row: Row) => string): (one: Row, other: Row) => number {
  return (one, other) => {
    const [left, right] = [key(one), key(other)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}
