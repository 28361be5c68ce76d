import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure, systemRandom } from "../core/index.ts";
import { openTables } from "../store/index.ts";
import {
  createAccessKey,
  createSession,
  type CredentialStore,
  type IdentitySchema,
  identityMigrations,
  openCredentials,
  SecretBox,
  type Session,
} from "./index.ts";

const ACCOUNT = "123456789012";
const NOW = Date.parse("2026-11-20T12:00:00Z");
const INVALID = {
  code: "InvalidClientTokenId",
  status: 403,
  message: "The security token included in the request is invalid.",
};
const EXPIRED = { code: "ExpiredToken", status: 403, message: "The security token included in the request is expired" };
const box = new SecretBox(new Uint8Array(32).fill(7), systemRandom);
const means = { random: systemRandom, box };

let directory: string;
let tables: Kysely<IdentitySchema>;
let store: CredentialStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credentials-"));
  tables = await openTables<IdentitySchema>(join(directory, "tables"), identityMigrations);
  await tables.insertInto("accounts").values({ account_id: ACCOUNT, alias: null, created_at: NOW }).execute();
  const named = (name: string) => ({ account_id: ACCOUNT, name, name_key: name.toLowerCase(), created_at: NOW });
  await tables
    .insertInto("users")
    .values({
      ...named("Mary"),
      user_id: "AIDAMARY",
      path: "/shop/",
      boundary_arn: null,
      password_hash: null,
      password_created_at: null,
      password_last_used_at: null,
    })
    .execute();
  await tables
    .insertInto("roles")
    .values({
      ...named("Barista"),
      role_id: "AROABARISTA",
      path: "/shop/",
      description: null,
      trust_policy: "{}",
      session_seconds_max: 3_600,
      boundary_arn: null,
      last_used_at: null,
      last_used_region: null,
    })
    .execute();
  store = openCredentials({ tables, box });
});

afterEach(async () => {
  await tables.destroy();
  await rm(directory, { recursive: true });
});

const newKey = async (userId: string | null) => {
  const { row, secret } = await createAccessKey(tables, means, { account: ACCOUNT, userId }, NOW);
  return { id: row.access_key_id, secret };
};

const newSession = (holder: Session["holder"], more: Partial<Session> = {}) =>
  createSession(means, {
    account: ACCOUNT,
    holder,
    createdAt: NOW,
    expiresAt: NOW + 3_600_000,
    mfaAuthenticated: false,
    tags: {},
    transitiveTagKeys: [],
    policyArns: [],
    ...more,
  });

const role = { kind: "role", roleId: "AROABARISTA", sessionName: "morning" } as const;
const plainSession = {
  createdAt: NOW,
  expiresAt: NOW + 3_600_000,
  mfaAuthenticated: false,
  tags: {},
  transitiveTagKeys: [],
  policyArns: [],
};

describe("find() tells the secret and the caller", () => {
  test("find() of a user's key", async () => {
    const { id, secret } = await newKey("AIDAMARY");
    expect(await store.find(id, undefined, NOW)).toMatchObject({
      secretAccessKey: secret,
      caller: {
        kind: "user",
        account: ACCOUNT,
        arn: "arn:aws:iam::123456789012:user/shop/Mary",
        principalId: "AIDAMARY",
        userName: "Mary",
        accessKeyId: id,
      },
    });
  });

  test("find() of root's key: the name is the account's alias, if there is one", async () => {
    const { id, secret } = await newKey(null);
    const caller = {
      kind: "root",
      account: ACCOUNT,
      arn: "arn:aws:iam::123456789012:root",
      principalId: ACCOUNT,
      accessKeyId: id,
    };
    const found = await store.find(id, undefined, NOW);
    expect(found.secretAccessKey).toBe(secret);
    expect(found.caller).toEqual(caller);
    await tables.updateTable("accounts").set({ alias: "coffee" }).execute();
    store.invalidate();
    expect((await store.find(id, undefined, NOW)).caller).toEqual({ ...caller, userName: "coffee" });
  });

  test("find() of a role's session", async () => {
    const policies = { policy: "{}", policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] };
    const made = newSession(role, { ...policies, sourceIdentity: "mary", tags: { a: "b" }, transitiveTagKeys: ["a"] });
    const found = await store.find(made.accessKeyId, made.sessionToken, NOW);
    expect(found.secretAccessKey).toBe(made.secretAccessKey);
    expect(found.caller).toEqual({
      kind: "role",
      account: ACCOUNT,
      arn: "arn:aws:sts::123456789012:assumed-role/Barista/morning",
      principalId: "AROABARISTA:morning",
      accessKeyId: made.accessKeyId,
      session: {
        ...plainSession,
        ...policies,
        sourceIdentity: "mary",
        tags: { a: "b" },
        transitiveTagKeys: ["a"],
        issuer: {
          type: "Role",
          principalId: "AROABARISTA",
          arn: "arn:aws:iam::123456789012:role/shop/Barista",
          account: ACCOUNT,
          userName: "Barista",
        },
      },
    });
  });

  test("find() of a federated user's session", async () => {
    const made = newSession({ kind: "federated", userId: "AIDAMARY", name: "guest" });
    expect((await store.find(made.accessKeyId, made.sessionToken, NOW)).caller).toMatchObject({
      kind: "federated",
      arn: "arn:aws:sts::123456789012:federated-user/guest",
      principalId: "123456789012:guest",
      session: {
        issuer: {
          type: "IAMUser",
          principalId: "AIDAMARY",
          arn: "arn:aws:iam::123456789012:user/shop/Mary",
          userName: "Mary",
        },
      },
    });
  });

  test.each([
    [
      { kind: "user", userId: "AIDAMARY" },
      { kind: "user", arn: "arn:aws:iam::123456789012:user/shop/Mary", userName: "Mary" },
    ],
    [{ kind: "root" }, { kind: "root", arn: "arn:aws:iam::123456789012:root" }],
  ] as const)("find() of a session of %o is its holder, without an issuer", async (holder, expected) => {
    const made = newSession(holder);
    const { caller } = await store.find(made.accessKeyId, made.sessionToken, NOW);
    expect(caller).toMatchObject(expected);
    expect(caller.session).toEqual(plainSession);
  });
});

describe("find() refuses", () => {
  const made = newSession(role);
  const other = newSession(role);

  test.each([
    ["an unknown key", "AKIAQ3EGTZZZZZZZZZZZ", undefined],
    ["no key", "", undefined],
    ["a session without its token", made.accessKeyId, undefined],
    ["a session with another's token", made.accessKeyId, other.sessionToken],
    ["a made-up token", made.accessKeyId, "AAAA"],
    ["an endless key", "AKIA".padEnd(100_000, "A"), undefined],
  ])("find() refuses %s", async (_, id, token) => {
    await expect(store.find(id, token, NOW)).rejects.toMatchObject(INVALID);
  });

  test("find() refuses a key that stays together with a token, even after it was found without", async () => {
    const { id } = await newKey("AIDAMARY");
    await store.find(id, undefined, NOW);
    await expect(store.find(id, made.sessionToken, NOW)).rejects.toMatchObject(INVALID);
  });

  test("find() refuses a key that was made inactive, and takes it again", async () => {
    const { id } = await newKey("AIDAMARY");
    await store.find(id, undefined, NOW);
    await tables.updateTable("access_keys").set({ status: "Inactive" }).execute();
    store.invalidate();
    await expect(store.find(id, undefined, NOW)).rejects.toMatchObject(INVALID);
    await tables.updateTable("access_keys").set({ status: "Active" }).execute();
    store.invalidate();
    await expect(store.find(id, undefined, NOW)).resolves.toBeDefined();
  });

  test.each([
    ["a role's session", role],
    ["a user's session", { kind: "user", userId: "AIDAMARY" }],
    ["a federated user's session", { kind: "federated", userId: "AIDAMARY", name: "guest" }],
  ] as const)("find() refuses %s once the holder is gone, also when one of the same name came", async (_, holder) => {
    const { accessKeyId, sessionToken } = newSession(holder);
    await store.find(accessKeyId, sessionToken, NOW);
    await tables.updateTable("users").set({ user_id: "AIDANEW" }).execute();
    await tables.updateTable("roles").set({ role_id: "AROANEW" }).execute();
    store.invalidate();
    await expect(store.find(accessKeyId, sessionToken, NOW)).rejects.toMatchObject(INVALID);
  });

  test("find() refuses an expired session from its last moment on, found before or not", async () => {
    const { accessKeyId, sessionToken, expiresAt } = newSession(role);
    await expect(store.find(accessKeyId, sessionToken, expiresAt)).rejects.toMatchObject(EXPIRED);
    await expect(store.find(accessKeyId, sessionToken, expiresAt - 1)).resolves.toBeDefined();
    await expect(store.find(accessKeyId, sessionToken, expiresAt)).rejects.toMatchObject(EXPIRED);
  });

  test("find() fails on a secret that was sealed for another key", async () => {
    const [mine, other] = [await newKey("AIDAMARY"), await newKey(null)];
    const { secret } = await tables
      .selectFrom("access_keys")
      .select("secret")
      .where("access_key_id", "=", mine.id)
      .executeTakeFirstOrThrow();
    await tables.updateTable("access_keys").set({ secret }).where("access_key_id", "=", other.id).execute();
    await expect(store.find(other.id, undefined, NOW)).rejects.toThrow(Failure);
  });
});

describe("what was found is kept", () => {
  test("find() asks the tables once, until invalidate()", async () => {
    const { id } = await newKey("AIDAMARY");
    const { accessKeyId, sessionToken } = newSession(role);
    const names = async () => {
      const found = [await store.find(id, undefined, NOW), await store.find(accessKeyId, sessionToken, NOW)];
      return found.map(({ caller }) => caller.arn.split("/").at(1 + Number(caller.kind === "user")));
    };
    expect(await names()).toEqual(["Mary", "Barista"]);
    await tables.updateTable("users").set({ name: "Marie" }).execute();
    await tables.updateTable("roles").set({ name: "Roaster" }).execute();
    expect(await names()).toEqual(["Mary", "Barista"]);
    store.invalidate();
    expect(await names()).toEqual(["Marie", "Roaster"]);
  });

  test("find() that was under way at invalidate() is not kept", async () => {
    const { id } = await newKey("AIDAMARY");
    const underWay = store.find(id, undefined, NOW);
    store.invalidate();
    await tables.deleteFrom("access_keys").execute();
    await underWay.catch(() => undefined);
    await expect(store.find(id, undefined, NOW)).rejects.toMatchObject(INVALID);
  });
});

describe("used() and flush()", () => {
  const lastUse = () =>
    tables
      .selectFrom("access_keys")
      .select(["last_used_at", "last_used_service", "last_used_region"])
      .executeTakeFirst();

  test("flush() writes the last use of a key, and an older one does not come back", async () => {
    const { id } = await newKey("AIDAMARY");
    store.used(id, "iam", "us-east-1", NOW);
    store.used(id, "cloudtrail", "eu-west-1", NOW + 5);
    expect(await lastUse()).toMatchObject({ last_used_at: null });
    await store.flush();
    const newest = { last_used_at: NOW + 5, last_used_service: "cloudtrail", last_used_region: "eu-west-1" };
    expect(await lastUse()).toEqual(newest);
    store.used(id, "iam", "us-east-1", NOW - 60_000);
    await store.flush();
    expect(await lastUse()).toEqual(newest);
  });

  test("flush() writes the last use of a role when its session called, also when invalidate() came between", async () => {
    const { accessKeyId, sessionToken } = newSession(role);
    await store.find(accessKeyId, sessionToken, NOW);
    store.invalidate();
    store.used(accessKeyId, "iam", "us-east-1", NOW + 7);
    await store.flush();
    const used = await tables.selectFrom("roles").select(["last_used_at", "last_used_region"]).executeTakeFirst();
    expect(used).toEqual({ last_used_at: NOW + 7, last_used_region: "us-east-1" });
  });

  test("flush() that fails keeps its notes for the next, where newer ones win", async () => {
    const [mine, roots] = [await newKey("AIDAMARY"), await newKey(null)];
    await tables.schema.alterTable("access_keys").renameTo("away").execute();
    store.used(mine.id, "iam", "us-east-1", NOW);
    store.used(roots.id, "iam", "us-east-1", NOW);
    const failing = store.flush();
    store.used(mine.id, "sts", "us-east-1", NOW + 1);
    await expect(failing).rejects.toThrow(/^write the last use of 2 keys and 0 roles: /);
    await tables.schema.alterTable("away").renameTo("access_keys").execute();
    await store.flush();
    const uses = await tables
      .selectFrom("access_keys")
      .select(["user_id", "last_used_at"])
      .orderBy("user_id")
      .execute();
    expect(uses).toEqual([
      { user_id: null, last_used_at: NOW },
      { user_id: "AIDAMARY", last_used_at: NOW + 1 },
    ]);
  });
});

describe("owns()", () => {
  test("knows keys that were given out here, also those that may not be used", async () => {
    const { id } = await newKey("AIDAMARY");
    await tables.updateTable("access_keys").set({ status: "Inactive" }).execute();
    expect(await store.owns(id, undefined)).toBe(true);
    expect(await store.owns("AKIAIOSFODNN7EXAMPLE", undefined)).toBe(false);
  });

  test("knows sessions by their token, also those that ended", async () => {
    const made = newSession({ kind: "user", userId: "AIDAMARY" }, { expiresAt: 1 });
    expect(await store.owns(made.accessKeyId, made.sessionToken)).toBe(true);
    expect(await store.owns(made.accessKeyId, "another")).toBe(false);
    expect(await store.owns("ASIAIOSFODNN7EXAMPLE", made.sessionToken)).toBe(false);
  });
});
