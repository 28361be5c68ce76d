import type { Kysely } from "kysely";
import type { Place } from "./bus-arn.ts";
import type { SecretBox } from "../identity/index.ts";
import type { Connection, ConnectionAuth } from "./connection.ts";
import type { RulesSchema } from "./schema.ts";

/** Connections of an account in a Region. */
export const CONNECTIONS_MAX = 3000;

type Tables = Kysely<RulesSchema>;

export async function findConnection(
  tables: Tables,
  { account, region }: Place,
  name: string,
): Promise<Connection | undefined> {
  const row = await tables
    .selectFrom("event_connections")
    .select("connection")
    .where("account_id", "=", account)
    .where("region", "=", region)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && (JSON.parse(row.connection) as Connection);
}

export async function findConnectionByArn(tables: Tables, arn: string): Promise<Connection | undefined> {
  const row = await tables
    .selectFrom("event_connections")
    .select("connection")
    .where("connection_arn", "=", arn)
    .executeTakeFirst();
  return row && (JSON.parse(row.connection) as Connection);
}

/** The connections of an account in a Region, by name. */
export async function listConnections(tables: Tables, { account, region }: Place): Promise<readonly Connection[]> {
  const rows = await tables
    .selectFrom("event_connections")
    .select("connection")
    .where("account_id", "=", account)
    .where("region", "=", region)
    .orderBy("name")
    .execute();
  return rows.map(({ connection }) => JSON.parse(connection) as Connection);
}

/** Creates the connection or changes it. Without `auth` it has no secrets any more. */
export async function putConnection(
  tables: Tables,
  secrets: SecretBox,
  connection: Connection,
  auth: ConnectionAuth | undefined,
): Promise<void> {
  const { arn, account, region, name, createdAt } = connection;
  const secret = auth === undefined ? null : secrets.seal(JSON.stringify(auth), purposeOf(arn));
  const text = JSON.stringify(connection);
  await tables
    .insertInto("event_connections")
    .values({ connection_arn: arn, account_id: account, region, name, connection: text, secret, created_at: createdAt })
    .onConflict((conflict) => conflict.column("connection_arn").doUpdateSet({ connection: text, secret }))
    .execute();
}

/** Destinations that use it stay and are inactive. */
export async function deleteConnection(tables: Tables, arn: string): Promise<void> {
  await tables.deleteFrom("event_connections").where("connection_arn", "=", arn).execute();
}

/**
 * How the connection authorizes requests; undefined when it is deauthorized or gone.
 * @throws {Failure} when it was sealed with another key.
 */
export async function openConnection(
  tables: Tables,
  secrets: SecretBox,
  arn: string,
): Promise<{ readonly connection: Connection; readonly auth: ConnectionAuth } | undefined> {
  const row = await tables
    .selectFrom("event_connections")
    .select(["connection", "secret"])
    .where("connection_arn", "=", arn)
    .executeTakeFirst();
  if (row === undefined || row.secret === null) return undefined;
  const auth = JSON.parse(secrets.open(row.secret, purposeOf(arn))) as ConnectionAuth;
  return { connection: JSON.parse(row.connection) as Connection, auth };
}

function purposeOf(arn: string): string {
  return `connection ${arn}`;
}
