import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { UserIdentity } from "../../record/index.ts";
import { type KeptKeys, type KeyPlace, keyName, type LearnedKey } from "./kept-keys.ts";

/** What upstreams said of keys and users while we watched; secrets are never part of it. */
export interface LearnedSchema {
  learned_keys: {
    realm: string;
    access_key_id: string;
    /** SHA-256 of the session token that goes with the key; empty for keys without one. */
    token_hash: string;
    /** JSON; null when it is not known whose the key is, or when it is two holders'. */
    identity: string | null;
    account: string | null;
    /** The user that the key follows through renames. */
    user_name: string | null;
    expires_at: number | null;
  };
  learned_users: { realm: string; account: string; name: string; identity: string };
}

export const learnedMigrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-learned-identities": {
    up: async (tables) => {
      for (const statement of [
        `create table learned_keys (realm text not null, access_key_id text not null, token_hash text not null,
           identity text, account text, user_name text, expires_at integer,
           primary key (realm, access_key_id, token_hash)) without rowid`,
        "create index learned_keys_by_user on learned_keys (realm, account, user_name) where user_name is not null",
        "create index learned_keys_by_end on learned_keys (expires_at) where expires_at is not null",
        `create table learned_users (realm text not null, account text not null, name text not null,
           identity text not null, primary key (realm, account, name)) without rowid`,
      ]) {
        await sql.raw(statement).execute(tables);
      }
    },
  },
};

export interface UserPlace {
  readonly realm: string;
  readonly account: string;
  readonly name: string;
}

/** Rows that one statement removes at most: the tables' one connection serves the calls too. */
const SWEPT_AT_ONCE = 1000;

/** Reads and writes what was learned. Writes are known at once and durable when they resolve. */
export class LearnedTables {
  readonly #tables: Kysely<LearnedSchema>;
  readonly #kept: KeptKeys;

  constructor(tables: Kysely<LearnedSchema>, kept: KeptKeys) {
    this.#tables = tables;
    this.#kept = kept;
  }

  async key(place: KeyPlace): Promise<LearnedKey | undefined> {
    const name = keyName(place);
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept.key;
    const { changes } = this.#kept;
    const row = await this.#tables
      .selectFrom("learned_keys")
      .select(["identity", "account", "user_name", "expires_at"])
      .where("realm", "=", place.realm)
      .where("access_key_id", "=", place.accessKeyId)
      .where("token_hash", "=", place.tokenHash)
      .executeTakeFirst();
    const found = row === undefined ? undefined : keyOf(row);
    // What was written while the table was read is newer.
    if (this.#kept.changes === changes) this.#kept.remember(name, found);
    return found;
  }

  async putKey(place: KeyPlace, key: LearnedKey): Promise<void> {
    this.#kept.change(keyName(place), key);
    const row = {
      identity: key.identity === undefined ? null : JSON.stringify(key.identity),
      account: key.account ?? null,
      user_name: key.userName ?? null,
      expires_at: key.expiresAt ?? null,
    };
    await this.#tables
      .insertInto("learned_keys")
      .values({ realm: place.realm, access_key_id: place.accessKeyId, token_hash: place.tokenHash, ...row })
      .onConflict((conflict) => conflict.columns(["realm", "access_key_id", "token_hash"]).doUpdateSet(row))
      .execute();
  }

  /** Forgets a key, whatever token goes with it. */
  async removeKey({ realm, accessKeyId }: Omit<KeyPlace, "tokenHash">): Promise<void> {
    this.#kept.clear();
    await this.#tables
      .deleteFrom("learned_keys")
      .where("realm", "=", realm)
      .where("access_key_id", "=", accessKeyId)
      .execute();
  }

  async keysOfUser({ realm, account, name }: UserPlace): Promise<readonly (readonly [KeyPlace, LearnedKey])[]> {
    const rows = await this.#tables
      .selectFrom("learned_keys")
      .selectAll()
      .where("realm", "=", realm)
      .where("account", "=", account)
      .where("user_name", "=", name)
      .execute();
    return rows.map((row) => [{ realm, accessKeyId: row.access_key_id, tokenHash: row.token_hash }, keyOf(row)]);
  }

  async user({ realm, account, name }: UserPlace): Promise<UserIdentity | undefined> {
    const row = await this.#tables
      .selectFrom("learned_users")
      .select("identity")
      .where("realm", "=", realm)
      .where("account", "=", account)
      .where("name", "=", name)
      .executeTakeFirst();
    return row === undefined ? undefined : (JSON.parse(row.identity) as UserIdentity);
  }

  async putUser({ realm, account, name }: UserPlace, user: UserIdentity): Promise<void> {
    const identity = JSON.stringify(user);
    await this.#tables
      .insertInto("learned_users")
      .values({ realm, account, name, identity })
      .onConflict((conflict) => conflict.columns(["realm", "account", "name"]).doUpdateSet({ identity }))
      .execute();
  }

  async removeUser({ realm, account, name }: UserPlace): Promise<void> {
    await this.#tables
      .deleteFrom("learned_users")
      .where("realm", "=", realm)
      .where("account", "=", account)
      .where("name", "=", name)
      .execute();
  }

  /** Forgets keys whose time was over before `now`. */
  async sweep(now: number): Promise<void> {
    for (let swept = SWEPT_AT_ONCE; swept === SWEPT_AT_ONCE; ) {
      const ended = this.#tables
        .selectFrom("learned_keys")
        .select(["realm", "access_key_id", "token_hash"])
        .where("expires_at", "<=", now)
        .limit(SWEPT_AT_ONCE);
      const { numDeletedRows } = await this.#tables
        .deleteFrom("learned_keys")
        .where(sql`(realm, access_key_id, token_hash)`, "in", ended)
        .executeTakeFirst();
      swept = Number(numDeletedRows);
    }
  }
}

function keyOf(
  row: Pick<LearnedSchema["learned_keys"], "identity" | "account" | "user_name" | "expires_at">,
): LearnedKey {
  return {
    ...(row.identity === null ? {} : { identity: JSON.parse(row.identity) as UserIdentity }),
    ...(row.account === null ? {} : { account: row.account }),
    ...(row.user_name === null ? {} : { userName: row.user_name }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}
