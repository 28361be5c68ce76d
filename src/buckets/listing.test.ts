import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DirectoryBuckets } from "./directory-buckets.ts";
import { listKeys, listVersions } from "./listing.ts";
import type { BucketsSchema } from "./schema.ts";
import { openTables } from "../store/index.ts";
import { bucketsMigrations } from "./schema.ts";
import { openTestBuckets, OWNER, temporaryDirectory } from "./testing.ts";

/** Folders, and objects in each of them. */
const FOLDERS = 20;
const OBJECTS = 2000;

let directory: string;
let buckets: DirectoryBuckets;

beforeAll(async () => {
  directory = await temporaryDirectory();
  buckets = await openTestBuckets({ directory });
  await buckets.create("logs", OWNER);
  const tables = await openTables<BucketsSchema>(join(directory, "buckets.db"), bucketsMigrations);
  await sql`
    with recursive number (n) as (select 0 union all select n + 1 from number where n < ${FOLDERS * OBJECTS - 1})
    insert into versions (bucket, key, version_id, is_latest, delete_marker, size, etag, last_modified, facts, tags)
    select 'logs', cast(printf('%02d/%05d', n / ${OBJECTS}, n % ${OBJECTS}) as blob), 'null', 1, n % 2, 1, '', 0, '{}', '{}'
    from number`.execute(tables);
  await tables.destroy();
});
afterAll(async () => await buckets.close());

/** The rows that were read to answer. */
async function rowsRead(ask: typeof listKeys): Promise<{ readonly folders: number; readonly rows: number }> {
  let rows = 0;
  const tables = await openTables<BucketsSchema>(join(directory, "buckets.db"), bucketsMigrations);
  const counting = tables.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      rows += result.rows.length;
      return result;
    },
  });
  const range = { bucket: "logs", prefix: Buffer.of(), delimiter: Buffer.from("/"), after: Buffer.of(), limit: 1000 };
  const { commonPrefixes } = await ask(counting, range);
  await tables.destroy();
  return { folders: commonPrefixes.length, rows };
}

describe("a listing of folders", () => {
  test.each([
    ["listKeys()", listKeys],
    ["listVersions()", listVersions],
  ])("%s does not read what is in them", async (_, ask) => {
    const { folders, rows } = await rowsRead(ask);
    expect(folders).toBe(FOLDERS);
    expect(rows).toBeLessThanOrEqual(FOLDERS * 16);
  });

  test("uses the indexes that are meant for it", async () => {
    const tables = await openTables<BucketsSchema>(join(directory, "buckets.db"), bucketsMigrations);
    const plan = async (query: string): Promise<string> => {
      const { rows } = await sql.raw<{ detail: string }>(`explain query plan ${query}`).execute(tables);
      return rows.map(({ detail }) => detail).join("; ");
    };
    const visible = `select * from versions where bucket = 'logs' and is_latest = 1 and delete_marker = 0 and key >= x'61'`;
    expect(await plan(`${visible} and key < x'62' order by key limit 9`)).toBe(
      "SEARCH versions USING INDEX versions_visible (bucket=? AND key>? AND key<?)",
    );
    const all = `select * from versions where bucket = 'logs' and key >= x'61' and key < x'62'`;
    expect(await plan(`${all} order by key, sequence desc limit 9`)).toBe(
      "SEARCH versions USING INDEX versions_order (bucket=? AND key>? AND key<?)",
    );
    await tables.destroy();
  });
});
