import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../core/index.ts";
import { resultCode, SQLITE_BUSY } from "./sqlite-errors.ts";

/**
 * Claims a directory, made when absent, for this process; answers how to let it go. A crash lets go too: the lock is
 * the system's, on a file that SQLite keeps locked.
 * @throws {Failure} naming the directory when another process (or another opening in this one) holds it.
 */
export function lockDirectory(directory: string): () => void {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    lock = new DatabaseSync(join(directory, "lock.db"), { timeout: 0 });
    lock.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock?.close();
    if (resultCode(cause) === SQLITE_BUSY)
      throw new Failure(`directory ${directory} is in use by another process`, cause);
    throw new Failure(`lock directory ${directory}`, cause);
  }
  const held = lock;
  HELD.add(held);
  return () => {
    HELD.delete(held);
    held.close();
  };
}

/** Kept from the garbage collector, which would close what nobody refers to, and so let go of its lock. */
const HELD = new Set<DatabaseSync>();
