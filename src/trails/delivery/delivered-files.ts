import type { Kysely } from "kysely";
import type { TrailsSchema } from "../schema.ts";

/** A log file as it was delivered. */
export interface DeliveredLogFile {
  readonly id: number;
  readonly trailArn: string;
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** Hex, of the uncompressed bytes. */
  readonly sha256: string;
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string;
  readonly deliveredAt: number;
}

/** Delivered log files in the order of their ids, those after `afterId`, at most `limit`; of deleted trails too. */
export async function deliveredFiles(
  tables: Kysely<TrailsSchema>,
  afterId: number,
  limit: number,
): Promise<readonly DeliveredLogFile[]> {
  const rows = await tables
    .selectFrom("log_files")
    .selectAll()
    .where("file_id", ">", afterId)
    .where("state", "=", "delivered")
    .orderBy("file_id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.file_id as number,
    trailArn: row.trail_arn,
    account: row.account_id,
    region: row.region,
    bucket: row.bucket,
    key: row.key,
    sha256: row.sha256 ?? "",
    size: row.size ?? 0,
    etag: row.etag ?? "",
    ...(row.version_id === null ? {} : { versionId: row.version_id }),
    deliveredAt: row.delivered_at ?? 0,
  }));
}
