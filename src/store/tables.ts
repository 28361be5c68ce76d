import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { Failure } from "../core/index.ts";

/**
 * The control-plane tables in one SQLite file: users, keys, cursors, everything that is small and transactional.
 *
 * One connection serves all: a transaction has it alone until it ends, so handlers inside one must not wait for
 * anything but their own queries. A commit is durable when it resolves (WAL, `synchronous=FULL`).
 *
 * @throws {Failure} when the file cannot be opened or a migration does not apply.
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
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const statement = prepare(sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000");
    return database;
  } catch (cause) {
    throw new Failure(`open tables in ${path}`, cause);
  }
}
