import { DatabaseSync } from "node:sqlite";

/**
 * The tables of tail.db. Records come first into `groups`; a full range moves into an object that `segments` names, and
 * its eventIDs into `sealed_ids` for as long as the de-duplication window reaches back to them.
 *
 * Rows of `groups` below the last segment's end are dead: they are swept away little by little.
 */
const SCHEMA = `
  create table if not exists settings (name text primary key, value integer not null) strict;
  create table if not exists groups (
    first integer primary key, count integer not null, crc integer not null,
    ids blob not null, leaves blob not null, lengths blob not null,
    zipped integer not null, records blob not null) strict;
  create table if not exists range_salts (first integer primary key, salt blob not null, crc integer not null) strict;
  create table if not exists segments (
    first integer primary key, count integer not null, key text not null, bytes integer not null,
    sha256 text not null) strict;
  create table if not exists sealed_ids (
    first integer primary key, count integer not null, crc integer not null, ids blob not null) strict;
  create table if not exists cursors (name text primary key, sequence integer not null, crc integer not null) strict;
`;

const PAGE_BYTES = 4096;

/**
 * The one connection that writes. A commit is durable when it returns: WAL, and synchronous=FULL syncs it each time.
 * Checkpoints are made by whoever holds the connection, at a moment of its choice.
 */
export function openForWriting(path: string, bytesMax: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec(`PRAGMA page_size=${PAGE_BYTES}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL`);
    database.exec(`PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-2000`);
    database.exec(`PRAGMA max_page_count=${Math.ceil(bytesMax / PAGE_BYTES)}`);
    database.exec(SCHEMA);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

export function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 5000 });
}
