import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../core/index.ts";
import { DEDUPLICATION_WINDOW } from "./journal.ts";
import { LeafHasher } from "./leaf-hasher.ts";
import type { CatalogueRow, CommitWorkerData } from "./messages.ts";
import { RangeCutter, type RangeRules, rangeSalt, stretchOf } from "./range-rules.ts";
import { RecentIds } from "./recent-ids.ts";
import {
  blob,
  checksumOf,
  describeSequences,
  LEAF_BYTES,
  loadRow,
  ROW_COLUMNS,
  rowIds,
  rowRecords,
  type TailRow,
} from "./tail-row.ts";

/** Of this many last records the leaves are computed again: those that a crash can have touched. */
const LEAVES_RECOMPUTED = 1024;

/** What the rules of ranges are to be if the journal is new. */
type WantedRules = Pick<CommitWorkerData, "segmentRecords" | "segmentBytes">;

/** What tail.db held, all of it verified. */
export interface RecoveredTail {
  /** The sequence that the next record will get. */
  readonly head: number;
  readonly rules: RangeRules;
  /** At the head. */
  readonly cutter: RangeCutter;
  /** Where ranges end that are full and not sealed. */
  readonly ends: readonly number[];
  readonly catalogue: readonly CatalogueRow[];
  readonly cursors: readonly (readonly [name: string, sequence: number])[];
  readonly salts: Map<number, Uint8Array>;
  readonly recentIds: RecentIds;
  /** True when rows of sealed ranges are still to be swept. */
  readonly swept: boolean;
}

/**
 * Verifies the whole tail and rebuilds what the writer keeps in memory. SQLite has already cut what a power cut left
 * unfinished; everything that is still there must be as it was written.
 * @throws {Failure} naming file and sequences when something is not.
 */
export function recoverTail(database: DatabaseSync, path: string, wanted: WantedRules): RecoveredTail {
  try {
    checkStructure(database);
    const rules = readRules(database, wanted);
    const catalogue = readCatalogue(database, rules);
    const last = catalogue.at(-1);
    const sealedEnd = last === undefined ? 0 : last.first + last.count;
    const salts = readSalts(database);
    const recentIds = new RecentIds(DEDUPLICATION_WINDOW);
    readSealedIds(database, sealedEnd, recentIds);
    const groups = readGroups(database, { sealedEnd, rules, salts, recentIds });
    const swept = isSwept(database, sealedEnd);
    return { ...groups, rules, catalogue, cursors: readCursors(database), salts, recentIds, swept };
  } catch (cause) {
    throw new Failure(`recover journal tail ${path}`, cause);
  }
}

function checkStructure(database: DatabaseSync): void {
  const found = database.prepare("PRAGMA quick_check(1)").get();
  const answer = String(Object.values(found ?? {})[0]);
  if (answer !== "ok") throw new Error(`the file is damaged: ${answer}`);
}

/** The rules that the journal was made with; those that are wanted when it is new. */
function readRules(database: DatabaseSync, wanted: WantedRules): RangeRules {
  const setting = database.prepare("select value from settings where name = ?");
  const read = (name: string): number | undefined => {
    const row = setting.get(name);
    return row === undefined ? undefined : Number(row.value);
  };
  const bytes = read("segment bytes");
  const records = read("segment records") ?? wanted.segmentRecords;
  if (bytes === undefined) return storeRules(database, records, wanted.segmentBytes);
  const rules = { records, bytes, bytesFrom: read("segment bytes from") ?? NaN };
  if (checkOf(rules) !== read("segment rules check")) throw new Error("the rules of its ranges are damaged");
  return rules;
}

/** In a journal from before ranges were bounded in bytes, the bound begins with the next stretch. */
function storeRules(database: DatabaseSync, records: number, bytes: number): RangeRules {
  const last = (table: string): number => {
    const row = database.prepare(`select first + count as "end" from ${table} order by first desc limit 1`).get();
    return Number(row?.end ?? 0);
  };
  const head = Math.max(last("segments"), last("groups"));
  const rules = { records, bytes, bytesFrom: Math.ceil(head / records) * records };
  database.exec("begin immediate");
  const store = database.prepare("insert or replace into settings values (?, ?)");
  store.run("segment records", records);
  store.run("segment bytes", bytes);
  store.run("segment bytes from", rules.bytesFrom);
  store.run("segment rules check", checkOf(rules));
  database.exec("commit");
  return rules;
}

function checkOf({ records, bytes, bytesFrom }: RangeRules): number {
  return checksumOf(records, bytes, bytesFrom);
}

function readCatalogue(database: DatabaseSync, rules: RangeRules): CatalogueRow[] {
  const rows = database.prepare("select first, count, key, bytes, sha256 from segments order by first").all();
  const catalogue = rows.map((row) => ({
    first: Number(row.first),
    count: Number(row.count),
    key: String(row.key),
    bytes: Number(row.bytes),
    sha256: String(row.sha256),
  }));
  for (const [index, { first, count }] of catalogue.entries()) {
    const before = catalogue[index - 1];
    const isRange = stretchOf(rules, first) === stretchOf(rules, first + count - 1);
    const isWhole = first % rules.records === 0 && count === rules.records;
    if (
      !isRange ||
      (first < rules.bytesFrom && !isWhole) ||
      (before !== undefined && before.first + before.count !== first)
    ) {
      throw new Error(`catalogue: the segment at sequence ${first} does not follow the one before`);
    }
  }
  return catalogue;
}

function readSalts(database: DatabaseSync): Map<number, Uint8Array> {
  const salts = new Map<number, Uint8Array>();
  for (const row of database.prepare("select first, salt, crc from range_salts").iterate()) {
    const first = Number(row.first);
    const salt = blob(row.salt);
    if (salt.length !== 32 || checksumOf(first, salt) !== row.crc) {
      throw new Error(`the salt of the range at sequence ${first} is damaged`);
    }
    salts.set(first, salt);
  }
  return salts;
}

function readSealedIds(database: DatabaseSync, sealedEnd: number, recentIds: RecentIds): void {
  const rows = database.prepare("select first, count, crc, ids from sealed_ids order by first").iterate();
  let next = 0;
  for (const row of rows) {
    const first = Number(row.first);
    const count = Number(row.count);
    const ids = blob(row.ids);
    const reachesBack = next === 0 && first <= Math.max(0, sealedEnd - DEDUPLICATION_WINDOW);
    if (first !== next && !reachesBack) throw new Error(`the eventIDs before sequence ${first} are missing`);
    if (checksumOf(first, count, ids) !== row.crc) {
      throw new Error(`the eventIDs of ${describeSequences({ first, count })} are damaged`);
    }
    next = first;
    for (const id of rowIds(ids)) recentIds.add(id, next++);
  }
  if (next !== sealedEnd) throw new Error(`the eventIDs before sequence ${sealedEnd} are missing`);
}

interface GroupsContext {
  readonly sealedEnd: number;
  readonly rules: RangeRules;
  readonly salts: ReadonlyMap<number, Uint8Array>;
  readonly recentIds: RecentIds;
}

/** Verifies every row that is not dead. */
function readGroups(database: DatabaseSync, context: GroupsContext): Pick<RecoveredTail, "head" | "cutter" | "ends"> {
  const { sealedEnd, rules, salts, recentIds } = context;
  const cutter = new RangeCutter(rules, sealedEnd);
  const ends: number[] = [];
  const lastRow = database.prepare("select first, count from groups order by first desc limit 1").get();
  const recomputeFrom = Number(lastRow?.first ?? 0) + Number(lastRow?.count ?? 0) - LEAVES_RECOMPUTED;
  let next = sealedEnd;
  const rows = database.prepare(`select ${ROW_COLUMNS} from groups where first >= ? order by first`);
  for (const found of rows.iterate(sealedEnd)) {
    const row = loadRow(found);
    const where = describeSequences(row);
    if (row.first !== next) throw new Error(`sequences ${next} to ${row.first - 1} are missing`);
    const stretch = stretchOf(rules, row.first);
    const salt = salts.get(stretch);
    if (salt === undefined) throw new Error(`${where} have no range salt`);
    const ownSalt = rangeSalt(salt, stretch, cutter.first);
    if (row.first + row.count > recomputeFrom && !hasItsLeaves(row, ownSalt))
      throw new Error(`${where} have other leaves`);
    if (cutRow(row, cutter)) ends.push(cutter.first);
    let sequence = row.first;
    for (const id of rowIds(row.ids)) recentIds.add(id, sequence++);
    next = sequence;
  }
  return { head: next, cutter, ends };
}

/** Takes the row's records; answers whether the last of them ends a range. */
function cutRow({ first, count, lengths }: TailRow, cutter: RangeCutter): boolean {
  for (let index = 0; index < count; index++) {
    if (!cutter.add(lengths.readUInt32LE(index * 4))) continue;
    if (index < count - 1) throw new Error(`${describeSequences({ first, count })} lie in more than one range`);
    return true;
  }
  return false;
}

function hasItsLeaves(row: TailRow, salt: Uint8Array): boolean {
  const hasher = new LeafHasher(salt);
  const leaves = Buffer.alloc(row.leaves.length);
  for (const [index, record] of rowRecords(row).entries()) {
    hasher.write(row.first + index, record, leaves, index * LEAF_BYTES);
  }
  return leaves.equals(row.leaves);
}

function readCursors(database: DatabaseSync): (readonly [string, number])[] {
  const rows = database.prepare("select name, sequence, crc from cursors").all();
  return rows.map((row) => {
    const name = String(row.name);
    const sequence = Number(row.sequence);
    if (checksumOf(name, sequence) !== row.crc) throw new Error(`cursor ${name} is damaged`);
    return [name, sequence] as const;
  });
}

function isSwept(database: DatabaseSync, sealedEnd: number): boolean {
  return database.prepare("select 1 from groups where first < ? limit 1").get(sealedEnd) === undefined;
}
