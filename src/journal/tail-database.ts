import { DatabaseSync } from "node:sqlite";
import { SQLITE_PAGE_BYTES } from "../store/index.ts";

/**
 * The tables of tail.db. Records come first into `groups`; a full range moves into an object that `segments` names, and
 * its eventIDs into `sealed_ids` for as long as the de-duplication window reaches back to them.
 *
 * Rows of `groups` below the last segment's end are dead: they are swept away little by little.
 */
const SCHEMA = `
  create table settings (name text primary key, value integer not null) strict, without rowid;
  create table groups (
    first integer primary key, count integer not null, crc integer not null, ids blob not null, leaves blob not null,
    lengths blob not null, zipped integer not null, records blob not null) strict;
  create table range_salts (first integer primary key, salt blob not null, crc integer not null) strict;
  create table segments (
    first integer primary key, count integer not null, key text not null, bytes integer not null,
    sha256 text not null) strict;
  create table sealed_ids (
    first integer primary key, count integer not null, crc integer not null, ids blob not null) strict;
  create table cursors (name text primary key, sequence integer not null, crc integer not null) strict, without rowid;
`;

/**
 * The one connection that writes. A commit is durable when it returns: WAL, and synchronous=FULL syncs it each time.
 * Checkpoints are made by whoever holds the connection, at a moment of its choice.
 */
export function openForWriting(path: string, bytesMax: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec(`PRAGMA page_size=${SQLITE_PAGE_BYTES}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL`);
    database.exec(`PRAGMA wal_autocheckpoint=0; PRAGMA max_page_count=${Math.ceil(bytesMax / SQLITE_PAGE_BYTES)}`);
    if (describeTables(database) === "[]") database.exec(`begin; ${SCHEMA}; commit`);
    // A table whose name was damaged would otherwise be an empty journal.
    if (describeTables(database) !== expectedTables()) throw new Error("its tables are damaged, or of another version");
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

export function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 5000 });
}

function expectedTables(): string {
  const reference = new DatabaseSync(":memory:");
  try {
    reference.exec(SCHEMA);
    return describeTables(reference);
  } finally {
    reference.close();
  }
}

function describeTables(database: DatabaseSync): string {
  return JSON.stringify(database.prepare("select type, name, tbl_name, sql from sqlite_schema order by name").all());
}
