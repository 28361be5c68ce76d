import type { Kysely, Selectable } from "kysely";
import type { PolicyHolderKind } from "./holders.ts";
import { nameKey, underPath } from "./names.ts";
import { noSuchEntity } from "./refusals.ts";
import type { GroupRow, IdentitySchema, RoleRow, UserRow } from "./schema.ts";
import type { Slice } from "./slices.ts";

export type User = Selectable<UserRow>;

/** Users, groups and roles as they stand in their tables: all three are found by name and listed under a path. */
interface Rows {
  readonly user: User;
  readonly group: GroupRow;
  readonly role: RoleRow;
}

const TABLES = { user: "users", group: "groups", role: "roles" } as const;

/** @throws {Refusal} `NoSuchEntity`. */
export async function findEntity<Kind extends PolicyHolderKind>(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: Kind,
  name: string,
): Promise<Rows[Kind]> {
  const row = await ofAccount(tables, account, kind).where("name_key", "=", nameKey(name)).executeTakeFirst();
  if (row === undefined) throw noSuchEntity(kind, name);
  return row as Rows[Kind];
}

/** Those under a path, ordered by `name_key`. */
export async function listEntities<Kind extends PolicyHolderKind>(
  tables: Kysely<IdentitySchema>,
  account: string,
  kind: Kind,
  pathPrefix: string,
  slice: Slice,
): Promise<readonly Rows[Kind][]> {
  const rows = await ofAccount(tables, account, kind)
    .where(underPath(pathPrefix))
    .where("name_key", ">", slice.after ?? "")
    .orderBy("name_key")
    .limit(slice.limit)
    .execute();
  return rows as Rows[Kind][];
}

function ofAccount(tables: Kysely<IdentitySchema>, account: string, kind: PolicyHolderKind) {
  return tables.selectFrom(TABLES[kind]).selectAll().where("account_id", "=", account);
}
