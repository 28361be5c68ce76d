import { describe, expect, test } from "vitest";
import type { Kysely } from "kysely";
import { openTables } from "../store/index.ts";
import {
  type Authorizer,
  type Caller,
  type CallerSession,
  callerContext,
  denialMessage,
  type IdentitySchema,
  identityMigrations,
  openAuthorizer,
  parsePolicy,
  principalOf,
} from "./index.ts";

const ACCOUNT = "123456789012";
const AWS = "arn:aws:iam::aws:policy";
const NOW = Date.UTC(2026, 10, 20, 9, 30, 0);
const CALL = { now: NOW, sourceIp: "203.0.113.7", userAgent: "aws-cli/2", region: "eu-west-1", secure: true };

const john: Caller = {
  kind: "user",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/John`,
  principalId: "AIDAJOHN",
  userName: "John",
  accessKeyId: "AKIAJOHN",
};
const root: Caller = {
  kind: "root",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalId: ACCOUNT,
  accessKeyId: "AKIAROOT",
};
const temporary = {
  createdAt: NOW - 90_500,
  expiresAt: NOW + 3_600_000,
  mfaAuthenticated: false,
  tags: {},
  transitiveTagKeys: [],
  policyArns: [],
};
const auditor: Caller = {
  kind: "role",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Auditor/mary`,
  principalId: "AROAAUDITOR:mary",
  accessKeyId: "ASIAAUDITOR",
  session: {
    ...temporary,
    issuer: {
      type: "Role",
      principalId: "AROAAUDITOR",
      arn: `arn:aws:iam::${ACCOUNT}:role/Auditor`,
      account: ACCOUNT,
      userName: "Auditor",
    },
  },
};
const guest: Caller = {
  kind: "federated",
  account: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:federated-user/guest`,
  principalId: `${ACCOUNT}:guest`,
  accessKeyId: "ASIAGUEST",
  session: {
    ...temporary,
    issuer: { type: "IAMUser", principalId: "AIDAJOHN", arn: john.arn, account: ACCOUNT, userName: "John" },
  },
};

function narrowed(caller: Caller, by: Partial<CallerSession>): Caller {
  return { ...caller, session: { ...temporary, ...caller.session, ...by } };
}

function document(effect: "Allow" | "Deny", action: string | string[], more: object = {}): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: effect, Action: action, Resource: "*", ...more },
  });
}

interface World {
  readonly tables: Kysely<IdentitySchema>;
  readonly authorizer: Authorizer;
  readonly unreadable: string[];
  readonly inline: (kind: "user" | "group" | "role", id: string, name: string, text: string) => Promise<void>;
  readonly attach: (kind: "user" | "group" | "role", id: string, arn: string) => Promise<void>;
  /** A customer managed policy; its older and newer versions allow everything. */
  readonly policy: (name: string, text: string) => Promise<string>;
  readonly may: (caller: Caller, action: string) => Promise<boolean>;
}

/** John, the group Staff with him in it, and the role Auditor, all without policies; and Mary, who may do everything. */
async function world(): Promise<World> {
  const tables = await openTables<IdentitySchema>(":memory:", identityMigrations);
  const named = (name: string) => ({
    account_id: ACCOUNT,
    name,
    name_key: name.toLowerCase(),
    path: "/",
    created_at: NOW,
  });
  await tables.insertInto("accounts").values({ account_id: ACCOUNT, alias: null, created_at: NOW }).execute();
  const noPassword = { password_hash: null, password_created_at: null, password_last_used_at: null };
  const users = ["John", "Mary"].map((name) => ({ ...named(name), user_id: `AIDA${name.toUpperCase()}` }));
  await tables
    .insertInto("users")
    .values(users.map((user) => ({ ...user, ...noPassword, boundary_arn: null })))
    .execute();
  const groups = ["Staff", "Bosses"].map((name) => ({ ...named(name), group_id: `AGPA${name.toUpperCase()}` }));
  await tables.insertInto("groups").values(groups).execute();
  const members = [
    { group_id: "AGPASTAFF", user_id: "AIDAJOHN" },
    { group_id: "AGPABOSSES", user_id: "AIDAMARY" },
  ];
  await tables.insertInto("group_members").values(members).execute();
  const everything = { policy_arn: `${AWS}/AdministratorAccess`, attached_at: NOW };
  await tables
    .insertInto("attached_policies")
    .values({ ...everything, holder_kind: "group", holder_id: "AGPABOSSES" })
    .execute();
  await tables
    .insertInto("roles")
    .values({
      ...named("Auditor"),
      role_id: "AROAAUDITOR",
      description: null,
      trust_policy: "{}",
      session_seconds_max: 3600,
      boundary_arn: null,
      last_used_at: null,
      last_used_region: null,
    })
    .execute();
  const unreadable: string[] = [];
  const authorizer = openAuthorizer({ tables, onUnreadable: (policy, why) => unreadable.push(`${policy}: ${why}`) });
  return {
    tables,
    authorizer,
    unreadable,
    inline: async (holder_kind, holder_id, name, text) => {
      await tables.insertInto("inline_policies").values({ holder_kind, holder_id, name, document: text }).execute();
      authorizer.invalidate();
    },
    attach: async (holder_kind, holder_id, policy_arn) => {
      await tables
        .insertInto("attached_policies")
        .values({ holder_kind, holder_id, policy_arn, attached_at: NOW })
        .execute();
      authorizer.invalidate();
    },
    policy: async (name, text) => {
      const arn = `arn:aws:iam::${ACCOUNT}:policy/${name}`;
      const policy_id = `ANPA${name.toUpperCase()}`;
      await tables
        .insertInto("policies")
        .values({ ...named(name), policy_id, arn, description: null, updated_at: NOW, next_version: 4 })
        .execute();
      const version = { policy_id, created_at: NOW };
      await tables
        .insertInto("policy_versions")
        .values([
          { ...version, version: 1, document: document("Allow", "*"), is_default: 0 },
          { ...version, version: 2, document: text, is_default: 1 },
          { ...version, version: 3, document: document("Allow", "*"), is_default: 0 },
        ])
        .execute();
      return arn;
    },
    may: async (caller, action) => {
      const context = callerContext(caller, CALL);
      return (await authorizer.authorize(caller, { action, resource: "*", context })).allowed;
    },
  };
}

describe("openAuthorizer()", () => {
  test("authorize() denies who has no policy, and allows root", async () => {
    const { may } = await world();
    expect([
      await may(john, "iam:ListUsers"),
      await may(auditor, "iam:ListUsers"),
      await may(root, "iam:ListUsers"),
    ]).toEqual([false, false, true]);
  });

  test("authorize() joins inline and attached policies of the user and its groups", async () => {
    const { may, inline, attach, policy, authorizer } = await world();
    await inline("user", "AIDAJOHN", "Own", document("Allow", "iam:CreateUser"));
    await inline("group", "AGPASTAFF", "Shared", document("Allow", "iam:DeleteUser"));
    await attach("user", "AIDAJOHN", await policy("Custom", document("Allow", "iam:ListUsers")));
    await attach("group", "AGPASTAFF", "arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess");
    const asked = ["iam:CreateUser", "iam:DeleteUser", "iam:ListUsers", "cloudtrail:LookupEvents", "iam:CreateRole"];
    expect(await Promise.all(asked.map((action) => may(john, action)))).toEqual([true, true, true, true, false]);
    expect((await authorizer.policiesOf(john)).identity.map(({ name }) => name)).toEqual([
      "inline Own of user John",
      "inline Shared of group Staff",
      "arn:aws:iam::123456789012:policy/Custom",
      "arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess",
    ]);
  });

  test("authorize() gives a role's session the role's policies, not the user's", async () => {
    const { may, inline } = await world();
    await inline("user", "AIDAJOHN", "Own", document("Allow", "iam:*"));
    await inline("role", "AROAAUDITOR", "Audit", document("Allow", "cloudtrail:*"));
    expect([await may(auditor, "cloudtrail:LookupEvents"), await may(auditor, "iam:ListUsers")]).toEqual([true, false]);
  });

  test.each<[string, Partial<CallerSession>]>([
    ["an inline session policy", { policy: document("Allow", ["cloudtrail:Get*", "iam:*"]) }],
    ["managed session policies", { policyArns: [`${AWS}/IAMFullAccess`, `${AWS}/AWSCloudTrail_ReadOnlyAccess`] }],
    ["both", { policy: document("Allow", "cloudtrail:Get*"), policyArns: [`${AWS}/IAMFullAccess`] }],
  ])("authorize() narrows sessions of roles and of federated users by %s", async (_, by) => {
    const { may, inline } = await world();
    await inline("role", "AROAAUDITOR", "Audit", document("Allow", "cloudtrail:*"));
    await inline("user", "AIDAJOHN", "Own", document("Allow", "cloudtrail:*"));
    const asked = ["cloudtrail:GetTrail", "cloudtrail:StopLogging", "iam:ListUsers"];
    for (const caller of [narrowed(auditor, by), narrowed(guest, by)]) {
      expect(await Promise.all(asked.map((action) => may(caller, action)))).toEqual([true, false, false]);
    }
  });

  test("authorize() gives a federated user without session policies nothing", async () => {
    const { may, inline } = await world();
    await inline("user", "AIDAJOHN", "Own", document("Allow", "*"));
    expect([await may(john, "iam:ListUsers"), await may(guest, "iam:ListUsers")]).toEqual([true, false]);
  });

  test("authorize() gives root's federated user what the session policy allows", async () => {
    const { may } = await world();
    const issuer = { type: "Root", principalId: ACCOUNT, arn: root.arn, account: ACCOUNT } as const;
    const caller = narrowed(guest, { issuer, policy: document("Allow", "iam:List*") });
    expect([await may(caller, "iam:ListUsers"), await may(caller, "iam:CreateUser")]).toEqual([true, false]);
  });

  test("authorize() binds users and roles by their boundaries", async () => {
    const { may, inline, policy, tables, authorizer } = await world();
    const boundary_arn = await policy("Fence", document("Allow", "cloudtrail:Get*"));
    await tables.updateTable("users").set({ boundary_arn }).execute();
    await tables
      .updateTable("roles")
      .set({ boundary_arn: `${AWS}/IAMReadOnlyAccess` })
      .execute();
    await inline("user", "AIDAJOHN", "Own", document("Allow", "*"));
    await inline("role", "AROAAUDITOR", "Audit", document("Allow", "*"));
    expect([await may(john, "cloudtrail:GetTrail"), await may(john, "iam:ListUsers")]).toEqual([true, false]);
    expect([await may(auditor, "cloudtrail:GetTrail"), await may(auditor, "iam:ListUsers")]).toEqual([false, true]);
    expect((await authorizer.policiesOf(john)).boundary?.name).toBe(boundary_arn);
  });

  test("authorize() knows the caller's tags, and lets session tags override them", async () => {
    const { may, inline, tables } = await world();
    const tag = { key: "Team", key_key: "team", value: "red" };
    await tables
      .insertInto("identity_tags")
      .values([
        { ...tag, holder_kind: "user", holder_id: "AIDAJOHN" },
        { ...tag, holder_kind: "role", holder_id: "AROAAUDITOR" },
      ])
      .execute();
    const condition = { Condition: { StringEquals: { "aws:PrincipalTag/team": "red" } } };
    await inline("user", "AIDAJOHN", "Own", document("Allow", "iam:*", condition));
    await inline("role", "AROAAUDITOR", "Audit", document("Allow", "iam:*", condition));
    const callers = [john, auditor, narrowed(auditor, { tags: { TEAM: "blue" } })];
    expect(await Promise.all(callers.map((caller) => may(caller, "iam:ListUsers")))).toEqual([true, true, false]);
  });

  test("authorize() sees a change after invalidate()", async () => {
    const { may, tables, authorizer } = await world();
    expect(await may(john, "iam:ListUsers")).toBe(false);
    const attachment = { holder_kind: "user", holder_id: "AIDAJOHN", attached_at: NOW } as const;
    await tables
      .insertInto("attached_policies")
      .values({ ...attachment, policy_arn: `${AWS}/IAMFullAccess` })
      .execute();
    expect(await may(john, "iam:ListUsers")).toBe(false);
    authorizer.invalidate();
    expect(await may(john, "iam:ListUsers")).toBe(true);
  });

  test("authorize() sees another version of a session policy after invalidate()", async () => {
    const { may, inline, policy, tables, authorizer } = await world();
    await inline("role", "AROAAUDITOR", "Audit", document("Allow", "*"));
    const caller = narrowed(auditor, { policyArns: [await policy("Narrow", document("Allow", "cloudtrail:*"))] });
    expect(await may(caller, "iam:ListUsers")).toBe(false);
    await tables.updateTable("policy_versions").set({ is_default: 0 }).execute();
    await tables.updateTable("policy_versions").set({ is_default: 1 }).where("version", "=", 3).execute();
    authorizer.invalidate();
    expect(await may(caller, "iam:ListUsers")).toBe(true);
  });

  test("authorize() does not keep what was read before a change that came while it was reading", async () => {
    const { may, tables, authorizer } = await world();
    await tables
      .updateTable("users")
      .set({ boundary_arn: `${AWS}/AdministratorAccess` })
      .execute();
    const early = may(john, "iam:ListUsers");
    await tables
      .insertInto("inline_policies")
      .values({ holder_kind: "user", holder_id: "AIDAJOHN", name: "Own", document: document("Allow", "*") })
      .execute();
    authorizer.invalidate();
    const late = may(john, "iam:ListUsers");
    await early;
    expect(await late).toBe(true);
    expect(await may(john, "iam:ListUsers")).toBe(true);
  });

  test("authorize() tries again after the tables failed", async () => {
    const { authorizer, tables } = await world();
    await tables.schema.alterTable("users").renameTo("hidden").execute();
    const ask = () => authorizer.authorize(john, { action: "iam:ListUsers", resource: "*", context: new Map() });
    await expect(ask()).rejects.toThrow("no such table: users");
    await tables.schema.alterTable("hidden").renameTo("users").execute();
    expect(await ask()).toMatchObject({ because: "no-identity-policy" });
  });

  test.each<[string, string, (world: World) => Promise<unknown>]>([
    [
      "does not parse",
      "inline Broken of user John: Syntax errors in policy. (not JSON at character 1)",
      ({ inline }) => inline("user", "AIDAJOHN", "Broken", "oops"),
    ],
    [
      "is on a group and does not parse",
      "inline Broken of group Staff: Syntax errors in policy. (Statement)",
      ({ inline }) => inline("group", "AGPASTAFF", "Broken", "{}"),
    ],
    [
      "is attached and gone",
      `arn:aws:iam::${ACCOUNT}:policy/Gone: the policy is gone`,
      ({ attach }) => attach("user", "AIDAJOHN", `arn:aws:iam::${ACCOUNT}:policy/Gone`),
    ],
    [
      "is the boundary and gone",
      `${AWS}/Gone: the policy is gone`,
      ({ tables }) =>
        tables
          .updateTable("users")
          .set({ boundary_arn: `${AWS}/Gone` })
          .execute(),
    ],
  ])("authorize() denies everything, and says so, when a policy %s", async (_, report, breakIt) => {
    const all = await world();
    await all.inline("user", "AIDAJOHN", "Own", document("Allow", "*"));
    await breakIt(all);
    const decision = await all.authorizer.authorize(john, {
      action: "iam:ListUsers",
      resource: "*",
      context: new Map(),
    });
    expect(decision).toMatchObject({ allowed: false, because: "unreadable-policy" });
    expect(all.unreadable).toEqual([report]);
    expect(denialMessage(john, "iam:ListUsers", "*", decision)).toContain("cannot be read");
  });

  test("authorize() denies sessions of a role that is gone, even when a resource policy names them", async () => {
    const { authorizer, tables, unreadable } = await world();
    await tables.deleteFrom("roles").execute();
    const statement = { Effect: "Allow", Principal: { AWS: auditor.arn }, Action: "*", Resource: "*" };
    const resourcePolicy = {
      name: "bucket",
      policy: parsePolicy(JSON.stringify({ Statement: statement }), "resource"),
    };
    const request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/x", context: new Map(), resourcePolicy };
    expect(await authorizer.authorize(auditor, request)).toMatchObject({ because: "unreadable-policy" });
    expect(unreadable).toEqual(["role AROAAUDITOR: the role is gone"]);
  });

  test("authorize() counts the resource's policy", async () => {
    const { authorizer } = await world();
    const statement = { Effect: "Allow", Principal: { AWS: john.arn }, Action: "s3:GetObject", Resource: "*" };
    const resourcePolicy = {
      name: "bucket",
      policy: parsePolicy(JSON.stringify({ Statement: statement }), "resource"),
    };
    const request = { resource: "arn:aws:s3:::b/x", context: new Map(), resourcePolicy };
    const ask = async (action: string) => (await authorizer.authorize(john, { ...request, action })).allowed;
    expect([await ask("s3:GetObject"), await ask("s3:PutObject")]).toEqual([true, false]);
  });

  test("authorizeAssume() asks the caller's policies when the role trusts the account", async () => {
    const { authorizer, inline } = await world();
    const statement = { Effect: "Allow", Principal: { AWS: ACCOUNT }, Action: "sts:AssumeRole" };
    const trust = { name: "trust", policy: parsePolicy(JSON.stringify({ Statement: statement }), "trust") };
    const request = { action: "sts:AssumeRole", resource: `arn:aws:iam::${ACCOUNT}:role/Auditor`, context: new Map() };
    expect(await authorizer.authorizeAssume(john, request, trust)).toMatchObject({
      allowed: false,
      trusted: "account",
    });
    await inline("user", "AIDAJOHN", "Own", document("Allow", "sts:AssumeRole"));
    expect(await authorizer.authorizeAssume(john, request, trust)).toMatchObject({ allowed: true, trusted: "account" });
  });
});

describe("principalOf()", () => {
  test("principalOf() names the role of a session and the user of a federated user", () => {
    expect(principalOf(john)).toEqual({ kind: "user", account: ACCOUNT, arn: john.arn, principalId: "AIDAJOHN" });
    expect(principalOf(auditor)).toMatchObject({ issuerArn: `arn:aws:iam::${ACCOUNT}:role/Auditor` });
    expect(principalOf(guest)).toMatchObject({ userArn: john.arn });
  });
});
