import { type Kysely, sql } from "kysely";
import type { BucketsSchema, VersionRow } from "./schema.ts";

/** Rows that one query fetches: few where the next common prefix would throw them away, more where none comes. */
const BATCH_MIN = 16;
const BATCH_MAX = 1000;

/** What to list, in bytes: keys compare by their UTF-8. */
export interface Range {
  readonly bucket: string;
  readonly prefix: Buffer;
  readonly delimiter: Buffer;
  /** Entries after this one; empty for all. */
  readonly after: Buffer;
  /** Within the key `after`, versions older than this sequence follow too. */
  readonly afterSequence?: number;
  readonly limit: number;
}

export interface Page {
  readonly rows: readonly VersionRow[];
  readonly commonPrefixes: readonly Buffer[];
  /** The last entry, row or common prefix, when there are more. */
  readonly last?: VersionRow | Buffer;
}

/** The visible objects: the latest version of each key, unless it is a delete marker. */
export async function listKeys(tables: Kysely<BucketsSchema>, range: Range): Promise<Page> {
  return await list(range, async (from, limit) => {
    let query = tables
      .selectFrom("versions")
      .selectAll()
      .where("bucket", "=", range.bucket)
      .where("is_latest", "=", sql.lit(1))
      .where("delete_marker", "=", sql.lit(0))
      .where("key", from.olderThan === undefined ? ">=" : ">", from.key);
    const end = successor(range.prefix);
    if (end !== undefined) query = query.where("key", "<", end);
    return await query.orderBy("key").limit(limit).execute();
  });
}

/** Every version and delete marker, latest first within a key. */
export async function listVersions(tables: Kysely<BucketsSchema>, range: Range): Promise<Page> {
  return await list(range, async (from, limit) => {
    const older = from.olderThan === undefined ? [] : await olderVersions(tables, range.bucket, from, limit);
    if (older.length === limit) return older;
    const [operator, key] = from.olderThan === undefined ? ([">=", from.key] as const) : ([">", from.key] as const);
    let query = tables
      .selectFrom("versions")
      .selectAll()
      .where("bucket", "=", range.bucket)
      .where("key", operator, key);
    const end = successor(range.prefix);
    if (end !== undefined) query = query.where("key", "<", end);
    const rest = await query
      .orderBy("key")
      .orderBy("sequence", "desc")
      .limit(limit - older.length)
      .execute();
    return [...older, ...rest];
  });
}

/** Rows from this key on; with `olderThan` only those versions of the key itself that are older. */
interface From {
  readonly key: Uint8Array;
  readonly olderThan?: number;
}

async function olderVersions(
  tables: Kysely<BucketsSchema>,
  bucket: string,
  from: From,
  limit: number,
): Promise<readonly VersionRow[]> {
  return await tables
    .selectFrom("versions")
    .selectAll()
    .where("bucket", "=", bucket)
    .where("key", "=", from.key)
    .where("sequence", "<", from.olderThan ?? 0)
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
}

async function list(range: Range, fetch: Fetch): Promise<Page> {
  const rows: VersionRow[] = [];
  const commonPrefixes: Buffer[] = [];
  if (range.limit === 0) return { rows, commonPrefixes };
  let last: VersionRow | Buffer | undefined;
  for await (const entry of entries(range, fetch)) {
    if (last !== undefined && rows.length + commonPrefixes.length === range.limit)
      return { rows, commonPrefixes, last };
    if (Buffer.isBuffer(entry)) commonPrefixes.push(entry);
    else rows.push(entry);
    last = entry;
  }
  return { rows, commonPrefixes };
}

type Fetch = (from: From, limit: number) => Promise<readonly VersionRow[]>;

/**
 * Rows and common prefixes in order, the same way for keys and for versions. Behind a common prefix the walk seeks to
 * what follows all of its keys, however many there are.
 */
async function* entries(range: Range, fetch: Fetch): AsyncGenerator<VersionRow | Buffer> {
  let batch = range.delimiter.length === 0 ? range.limit + 1 : BATCH_MIN;
  for (let from = begin(range); ; ) {
    const limit = Math.min(batch, BATCH_MAX, range.limit + 1);
    const found = await fetch(from, limit);
    let folded: Buffer | undefined;
    for (const row of found) {
      if (folded !== undefined && startsWith(row.key, folded)) continue;
      folded = commonPrefix(row.key, range);
      if (folded === undefined) yield row;
      else if (Buffer.compare(folded, range.after) > 0) yield folded;
    }
    const end = found.at(-1);
    if (end === undefined || found.length < limit) return;
    from = folded === undefined ? { key: end.key, olderThan: end.sequence } : { key: successor(folded) ?? folded };
    batch = folded === undefined ? batch * 2 : BATCH_MIN;
  }
}

function begin(range: Range): From {
  if (Buffer.compare(range.after, range.prefix) < 0) return { key: range.prefix };
  if (range.after.length === 0) return { key: range.after };
  const { after, afterSequence } = range;
  if (afterSequence !== undefined && startsWith(after, range.prefix)) return { key: after, olderThan: afterSequence };
  return { key: Buffer.concat([range.after, Buffer.of(0)]) };
}

/** The key up to and including the first delimiter after the prefix. */
function commonPrefix(key: Uint8Array, { prefix, delimiter }: Range): Buffer | undefined {
  if (delimiter.length === 0) return undefined;
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const at = bytes.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : bytes.subarray(0, at + delimiter.length);
}

function startsWith(key: Uint8Array, prefix: Buffer): boolean {
  return prefix.equals(key.subarray(0, prefix.length));
}

/** The least bytes that are greater than everything that begins with `prefix`; UTF-8 has no byte 255. */
function successor(prefix: Buffer): Buffer | undefined {
  if (prefix.length === 0) return undefined;
  const next = Buffer.from(prefix);
  next[next.length - 1] = (next[next.length - 1] ?? 0) + 1;
  return next;
}
