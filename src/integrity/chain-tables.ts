import type { ExpressionBuilder, Kysely } from "kysely";
import { type ChainState, type ChainTimes, isLate, lateWindowEnd, NEW_CHAIN, windowDue } from "./chain.ts";
import type { ChainName, DeliveredFile, DigestedTrail } from "./digests.ts";
import type { DigestKind, IntegritySchema } from "./schema.ts";

type Tables = Kysely<IntegritySchema>;

/** A chain as its row has it; `text` is how the row is known again. */
export interface StoredChain {
  readonly state: ChainState;
  readonly text: string | undefined;
}

export interface WaitingFile {
  readonly id: number;
  readonly file: DeliveredFile;
}

export async function readTrail(
  tables: Tables,
  trailId: string,
): Promise<{ readonly trail: DigestedTrail; readonly since: number | null } | undefined> {
  const row = await tables
    .selectFrom("digest_trails")
    .select(["trail", "since"])
    .where("trail_id", "=", trailId)
    .executeTakeFirst();
  return row && { trail: JSON.parse(row.trail) as DigestedTrail, since: row.since };
}

export async function writeTrail(tables: Tables, trail: DigestedTrail, since: number | null): Promise<void> {
  const row = { trail: JSON.stringify(trail), since };
  await tables
    .insertInto("digest_trails")
    .values({ trail_id: trail.trailId, ...row })
    .onConflict((conflict) => conflict.column("trail_id").doUpdateSet(row))
    .execute();
}

/** The chain, or one that is new: its ends go on where a trail of the same ARN had come, for they name the files. */
export async function readChain(
  tables: Tables,
  { trailId, account, region }: ChainName,
  kind: DigestKind,
  arn: string,
): Promise<StoredChain> {
  const row = await tables
    .selectFrom("digest_chains")
    .select("state")
    .where("trail_id", "=", trailId)
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("kind", "=", kind)
    .executeTakeFirst();
  if (row !== undefined) return { state: JSON.parse(row.state) as ChainState, text: row.state };
  const { end } = await tables
    .selectFrom("digests")
    .select(({ fn }) => fn.max("end_ms").as("end"))
    .where("trail_arn", "=", arn)
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("kind", "=", kind)
    .executeTakeFirstOrThrow();
  return { state: end === null ? NEW_CHAIN : { ...NEW_CHAIN, closedTo: end }, text: undefined };
}

/** Writes the chain unless its row has become another one since `known` was read; answers whether it did. */
export async function writeChain(
  tables: Tables,
  { trailId, account, region }: ChainName,
  kind: DigestKind,
  known: StoredChain,
  row: { readonly state: string; readonly due_at: number | null },
): Promise<boolean> {
  if (known.text === undefined) {
    const { numInsertedOrUpdatedRows } = await tables
      .insertInto("digest_chains")
      .values({ trail_id: trailId, account_id: account, region, kind, ...row })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { numUpdatedRows } = await tables
    .updateTable("digest_chains")
    .set(row)
    .where("trail_id", "=", trailId)
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("kind", "=", kind)
    .where("state", "=", known.text)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Chains in which there may be something to decide, the longest waiting first. */
export async function dueChains(tables: Tables, now: number, limit: number): Promise<readonly ChainName[]> {
  const rows = await tables
    .selectFrom("digest_chains")
    .select(["trail_id", "account_id", "region"])
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(limit)
    .execute();
  return rows.map(({ trail_id: trailId, account_id: account, region }) => ({ trailId, account, region }));
}

export async function postpone(
  tables: Tables,
  { trailId, account, region }: ChainName,
  known: StoredChain,
  dueAt: number | null,
): Promise<void> {
  if (known.text === undefined) return;
  await writeChain(tables, { trailId, account, region }, "regular", known, { state: known.text, due_at: dueAt });
}

/** When the chain is to be looked at, given the oldest file that waits. */
export function dueAt(state: ChainState, oldest: number | undefined, times: ChainTimes): number | null {
  const window = windowDue(state, times);
  if (oldest === undefined || !isLate(state, oldest)) return window ?? null;
  return Math.min(lateWindowEnd(state, oldest, times.intervalMs) + times.graceMs, window ?? Infinity);
}

/** Files of a chain by when they were delivered: after `after`, up to and including `upTo`. */
export interface FileRange {
  readonly after?: number;
  readonly upTo?: number;
}

/** The times at which the oldest and the newest of the waiting files were delivered; undefined when none waits. */
export async function waitingTimes(
  tables: Tables,
  chain: ChainName,
  range: FileRange = {},
): Promise<{ readonly oldest: number; readonly newest: number } | undefined> {
  const { oldest, newest } = await tables
    .selectFrom("digest_files")
    .select(({ fn }) => [fn.min("delivered_at").as("oldest"), fn.max("delivered_at").as("newest")])
    .where(isOf(chain, range))
    .executeTakeFirstOrThrow();
  return oldest === null || newest === null ? undefined : { oldest, newest };
}

/** Files that no digest lists yet, in the order in which they were told of. */
export async function waitingFiles(
  tables: Tables,
  chain: ChainName,
  range: FileRange,
): Promise<readonly WaitingFile[]> {
  const rows = await tables
    .selectFrom("digest_files")
    .select(["file_id", "file"])
    .where(isOf(chain, range))
    .orderBy("file_id")
    .execute();
  return rows.map(({ file_id, file }) => ({ id: file_id as number, file: JSON.parse(file) as DeliveredFile }));
}

/** Forgets those of the range that were told of up to `lastId`; answers how many these were. */
export async function forgetFiles(tables: Tables, chain: ChainName, range: FileRange, lastId: number): Promise<number> {
  const { numDeletedRows } = await tables
    .deleteFrom("digest_files")
    .where(isOf(chain, range))
    .where("file_id", "<=", lastId)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

function isOf({ trailId, account, region }: ChainName, { after = -1, upTo = Number.MAX_SAFE_INTEGER }: FileRange) {
  return (eb: ExpressionBuilder<IntegritySchema, "digest_files">) =>
    eb.and([
      eb("trail_id", "=", trailId),
      eb("account_id", "=", account),
      eb("region", "=", region),
      eb("delivered_at", ">", after),
      eb("delivered_at", "<=", upTo),
    ]);
}
