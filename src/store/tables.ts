import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { Failure } from "../core/index.ts";
import { checkWal, SQLITE_PAGE_BYTES } from "./check-wal.ts";

/**
 * The control-plane tables in one SQLite file: users, keys, cursors, everything that is small and transactional.
 *
 * One connection serves all: a transaction has it alone until it ends, so handlers inside one must not wait for
 * anything but their own queries. A commit is durable when it resolves (WAL, `synchronous=FULL`). Queries reject with a
 * `TablesFailure` when the disk is full, read-only or broken, or the file is damaged.
 *
 * @throws {Failure} when the file cannot be opened, is damaged, or a migration does not apply.
 */
export async function openTables<Schema>(
  path: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<Kysely<Schema>> {
  const tables = new Kysely<Schema>({ dialect: new SqliteDialect({ database: nodeSqlite(path) }) });
  const migrator = new Migrator({ db: tables, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await tables.destroy();
    throw new Failure(`migrate tables in ${path}`, error);
  }
  return tables;
}

/** The disk or the file does not let a query through; its message names the file. A commit that failed so did not happen. */
export class TablesFailure extends Failure {
  constructor(path: string, cause: unknown) {
    super(`use tables in ${path}`, cause);
    this.name = "TablesFailure";
  }
}

/** What Kysely's SQLite dialect asks of a database, over Node's own SQLite. */
function nodeSqlite(path: string): ConstructorParameters<typeof SqliteDialect>[0]["database"] & object {
  const database = openDatabase(path);
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    // Kysely writes one text per shape of query; the bound is for shapes that grow with a list's length.
    if (prepared.size >= 500) prepared.clear();
    prepared.set(sql, statement);
    return statement;
  };
  const naming = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (thrown) {
      throw isDiskFault(thrown) ? new TablesFailure(path, thrown) : thrown;
    }
  };
  return {
    close: () => database.close(),
    prepare: (sql) => {
      // A full disk ends the transaction by itself; what Kysely then rolls back must not hide why.
      if (sql === "rollback" && !database.isTransaction) return NOTHING_TO_DO;
      const statement = naming(() => prepare(sql));
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => naming(() => statement.all(...values(parameters))),
        run: (parameters) => naming(() => statement.run(...values(parameters))),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}

const NOTHING_TO_DO = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

/** SQLITE_READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN and _NOTADB, whatever extended form they take. */
const DISK_FAULTS: ReadonlySet<number> = new Set([8, 10, 11, 13, 14, 26]);

function isDiskFault(thrown: unknown): boolean {
  const code = thrown instanceof Error && "errcode" in thrown ? thrown.errcode : undefined;
  return typeof code === "number" && DISK_FAULTS.has(code & 0xff);
}

function openDatabase(path: string): DatabaseSync {
  try {
    checkWal(`${path}-wal`);
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA page_size=${SQLITE_PAGE_BYTES}; PRAGMA journal_mode=WAL`);
    database.exec("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000");
    const [found] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
    if (found !== "ok") throw new Error(`the file is damaged: ${String(found)}`);
    return database;
  } catch (cause) {
    throw new Failure(`open tables in ${path}`, cause);
  }
}
