import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { ACCOUNT, DOCUMENT, type Iam, NOW, openIam, refusal, TRUST } from "../../../test/open-iam.ts";
import { systemRandom } from "../../core/index.ts";
import { accessKeyPurpose, SecretBox } from "../../identity/index.ts";

const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;

/** Everything that stands in the tables, as text. */
async function contents({ tables }: Iam): Promise<string> {
  const names = ["users", "access_keys", "accounts", "policies", "inline_policies", "identity_tags"] as const;
  const rows = await Promise.all(names.map((name) => tables.selectFrom(name).selectAll().execute()));
  return JSON.stringify(rows, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );
}

describe("users", () => {
  test("CreateUser gives a new user of an old name another id", async () => {
    const iam = await openIam();
    const first = await iam.call("CreateUser", { UserName: "Mary" });
    await iam.call("TagUser", { UserName: "Mary", Tags: [{ Key: "Team", Value: "Audit" }] });
    await iam.call("DeleteUser", { UserName: "Mary" });
    const second = await iam.call("CreateUser", { UserName: "Mary" });
    expect(first.User?.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/);
    expect(second.User?.UserId).not.toBe(first.User?.UserId);
    expect((await iam.call("GetUser", { UserName: "Mary" })).User.Tags).toBeUndefined();
  });

  test("UpdateUser keeps keys, groups and policies, and can change the case of a name", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "mary" });
    await iam.call("CreateAccessKey", { UserName: "mary" });
    await iam.call("UpdateUser", { UserName: "mary", NewUserName: "Mary", NewPath: "/a/" });
    expect((await iam.call("GetUser", { UserName: "MARY" })).User).toMatchObject({
      UserName: "Mary",
      Arn: arn("user/a/Mary"),
    });
    expect((await iam.call("ListAccessKeys", { UserName: "Mary" })).AccessKeyMetadata).toHaveLength(1);
  });

  test("DeleteUser names one by one what has to go first", async () => {
    const iam = await openIam();
    const user = { UserName: "Mary" };
    await iam.call("CreateUser", user);
    await iam.call("CreateGroup", { GroupName: "G" });
    await iam.call("AddUserToGroup", { ...user, GroupName: "G" });
    await iam.call("PutUserPolicy", { ...user, PolicyName: "own", PolicyDocument: DOCUMENT });
    const PolicyArn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    await iam.call("AttachUserPolicy", { ...user, PolicyArn });
    await iam.call("CreateLoginProfile", { ...user, Password: "correct horse" });
    const { AccessKey } = await iam.call("CreateAccessKey", user);
    const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["delete access keys", () => iam.call("DeleteAccessKey", { ...user, AccessKeyId: AccessKey.AccessKeyId })],
      ["delete login profile", () => iam.call("DeleteLoginProfile", user)],
      ["detach all policies", () => iam.call("DetachUserPolicy", { ...user, PolicyArn })],
      ["delete policies", () => iam.call("DeleteUserPolicy", { ...user, PolicyName: "own" })],
      ["remove users from group", () => iam.call("RemoveUserFromGroup", { ...user, GroupName: "G" })],
    ];
    for (const [first, step] of steps) {
      const told = `409 DeleteConflict: Cannot delete entity, must ${first} first.`;
      expect(await refusal(iam.call("DeleteUser", user))).toBe(told);
      await step();
    }
    await iam.call("DeleteUser", user);
    expect((await iam.call("ListUsers", {})).Users).toEqual([]);
  });

  test("GetUser tells root about the account, by its alias when it has one", async () => {
    const iam = await openIam();
    const root = { UserId: ACCOUNT, Arn: arn("root"), CreateDate: new Date(Math.floor(NOW / 1000) * 1000) };
    expect((await iam.call("GetUser", {})).User).toEqual(root);
    await iam.call("CreateAccountAlias", { AccountAlias: "coffee-shop" });
    expect((await iam.call("GetUser", {})).User).toEqual({ ...root, UserName: "coffee-shop" });
  });

  test("GetUser tells a user about itself", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    const mary = iam.as(await iam.user("Mary"));
    expect((await mary.call("GetUser", {})).User.UserName).toBe("Mary");
  });

  test("accounts do not see each other", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    const other = iam.as({ kind: "root", account: "999999999999", arn: "arn", principalId: "9", accessKeyId: "AKIA" });
    expect((await other.call("ListUsers", {})).Users).toEqual([]);
    expect(await refusal(other.call("GetUser", { UserName: "Mary" }))).toContain("NoSuchEntity");
    await other.call("CreateUser", { UserName: "Mary" });
    await other.call("DeleteUser", { UserName: "Mary" });
    expect((await iam.call("ListUsers", {})).Users).toHaveLength(1);
  });
});

describe("access keys", () => {
  test("CreateAccessKey tells the secret once and keeps it encrypted for this key only", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    const { AccessKey } = await iam.call("CreateAccessKey", { UserName: "Mary" });
    expect(AccessKey.SecretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(await contents(iam)).not.toContain(AccessKey.SecretAccessKey);
    expect(JSON.stringify(await iam.call("ListAccessKeys", { UserName: "Mary" }))).not.toContain("ecret");
    const box = new SecretBox(new Uint8Array(32), systemRandom);
    const { secret } = await iam.tables.selectFrom("access_keys").select("secret").executeTakeFirstOrThrow();
    expect(box.open(secret, accessKeyPurpose(AccessKey.AccessKeyId))).toBe(AccessKey.SecretAccessKey);
    expect(() => box.open(secret, accessKeyPurpose("AKIAOTHER"))).toThrow("decrypt a secret");
  });

  test("CreateAccessKey gives a user two keys, and root two of its own", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    for (const input of [{ UserName: "Mary" }, {}]) {
      await iam.call("CreateAccessKey", input);
      const { AccessKey } = await iam.call("CreateAccessKey", input);
      expect(await refusal(iam.call("CreateAccessKey", input))).toBe(
        "409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2",
      );
      await iam.call("UpdateAccessKey", { ...input, AccessKeyId: AccessKey.AccessKeyId, Status: "Inactive" });
      const { AccessKeyMetadata } = await iam.call("ListAccessKeys", input);
      expect(new Set(AccessKeyMetadata.map((key) => key.Status))).toEqual(new Set(["Active", "Inactive"]));
    }
    const summary = await iam.call("GetAccountSummary", {});
    expect(summary.SummaryMap).toMatchObject({ Users: 1, AccountAccessKeysPresent: 1 });
  });

  test("GetAccessKeyLastUsed tells time, service and Region of the last use", async () => {
    const iam = await openIam();
    const { AccessKey } = await iam.call("CreateAccessKey", {});
    await iam.tables
      .updateTable("access_keys")
      .set({ last_used_at: NOW, last_used_service: "iam", last_used_region: "us-east-1" })
      .execute();
    expect(await iam.call("GetAccessKeyLastUsed", { AccessKeyId: AccessKey.AccessKeyId })).toEqual({
      AccessKeyLastUsed: {
        LastUsedDate: new Date(Math.floor(NOW / 1000) * 1000),
        ServiceName: "iam",
        Region: "us-east-1",
      },
    });
  });
});

describe("passwords", () => {
  test("ChangePassword asks for the old password and needs no reset afterwards", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    await iam.call("CreateLoginProfile", { UserName: "Mary", Password: "correct horse", PasswordResetRequired: true });
    const mary = iam.as(await iam.user("Mary"));
    const change = (OldPassword: string, NewPassword: string) =>
      mary.call("ChangePassword", { OldPassword, NewPassword });
    expect(await refusal(change("wrong horse", "battery staple"))).toBe(
      "403 AccessDenied: The old password is incorrect.",
    );
    expect(await refusal(change("correct horse", "short"))).toContain("PasswordPolicyViolation");
    await change("correct horse", "battery staple");
    expect((await iam.call("GetLoginProfile", { UserName: "Mary" })).LoginProfile.PasswordResetRequired).toBe(false);
    expect(await refusal(change("correct horse", "battery staple"))).toContain("AccessDenied");
    const kept = await contents(iam);
    expect(kept).not.toMatch(/horse|staple/);
  });

  test("UpdateLoginProfile sets a new password and keeps what it does not name", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    await iam.call("CreateLoginProfile", { UserName: "Mary", Password: "correct horse" });
    await iam.call("UpdateLoginProfile", { UserName: "Mary", PasswordResetRequired: true });
    await iam.call("UpdateLoginProfile", { UserName: "Mary", Password: "battery staple" });
    expect((await iam.call("GetLoginProfile", { UserName: "Mary" })).LoginProfile.PasswordResetRequired).toBe(true);
    const mary = iam.as(await iam.user("Mary"));
    await mary.call("ChangePassword", { OldPassword: "battery staple", NewPassword: "correct horse" });
  });
});

describe("managed policies", () => {
  const PolicyArn = arn("policy/P");

  test("CreatePolicyVersion counts on after versions are gone, and keeps five", async () => {
    const iam = await openIam();
    const version = { PolicyArn, PolicyDocument: DOCUMENT };
    await iam.call("CreatePolicy", { PolicyName: "P", PolicyDocument: DOCUMENT });
    for (let i = 2; i <= 5; i++) await iam.call("CreatePolicyVersion", version);
    expect(await refusal(iam.call("CreatePolicyVersion", version))).toBe(
      "409 LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
    );
    await iam.call("DeletePolicyVersion", { PolicyArn, VersionId: "v5" });
    const { PolicyVersion } = await iam.call("CreatePolicyVersion", { ...version, SetAsDefault: true });
    expect(PolicyVersion).toMatchObject({ VersionId: "v6", IsDefaultVersion: true });
    expect((await iam.call("GetPolicy", { PolicyArn })).Policy?.DefaultVersionId).toBe("v6");
    await iam.call("SetDefaultPolicyVersion", { PolicyArn, VersionId: "v2" });
    const { Versions } = await iam.call("ListPolicyVersions", { PolicyArn });
    expect(Versions?.filter((each) => each.IsDefaultVersion).map((each) => each.VersionId)).toEqual(["v2"]);
  });

  test("DeletePolicy waits for its other versions, and takes tags and the last version along", async () => {
    const iam = await openIam();
    await iam.call("CreatePolicy", { PolicyName: "P", PolicyDocument: DOCUMENT, Tags: [{ Key: "a", Value: "" }] });
    await iam.call("CreatePolicyVersion", { PolicyArn, PolicyDocument: DOCUMENT });
    expect(await refusal(iam.call("DeletePolicy", { PolicyArn }))).toContain("This policy has more than one version.");
    await iam.call("DeletePolicyVersion", { PolicyArn, VersionId: "v2" });
    await iam.call("DeletePolicy", { PolicyArn });
    expect(await iam.tables.selectFrom("policy_versions").selectAll().execute()).toEqual([]);
    expect(await iam.tables.selectFrom("identity_tags").selectAll().execute()).toEqual([]);
  });

  test("DeletePolicy waits for whoever has it as a boundary", async () => {
    const iam = await openIam();
    await iam.call("CreatePolicy", { PolicyName: "P", PolicyDocument: DOCUMENT });
    await iam.call("CreateRole", { RoleName: "R", AssumeRolePolicyDocument: TRUST, PermissionsBoundary: PolicyArn });
    expect(await refusal(iam.call("DeletePolicy", { PolicyArn }))).toContain("Cannot delete a policy attached");
    await iam.call("DeleteRolePermissionsBoundary", { RoleName: "R" });
    await iam.call("DeletePolicy", { PolicyArn });
  });

  test("AWS's policies are counted where they are attached and can be read", async () => {
    const iam = await openIam();
    const aws = { PolicyArn: "arn:aws:iam::aws:policy/SecurityAudit" };
    await iam.call("CreateUser", { UserName: "Mary" });
    await iam.call("AttachUserPolicy", { UserName: "Mary", ...aws });
    await iam.call("AttachUserPolicy", { UserName: "Mary", ...aws });
    const other = iam.as({ kind: "root", account: "999999999999", arn: "arn", principalId: "9", accessKeyId: "AKIA" });
    expect((await iam.call("GetPolicy", aws)).Policy).toMatchObject({
      PolicyName: "SecurityAudit",
      AttachmentCount: 1,
    });
    expect((await other.call("GetPolicy", aws)).Policy?.AttachmentCount).toBe(0);
    const { PolicyVersion } = await iam.call("GetPolicyVersion", { ...aws, VersionId: "v1" });
    expect(JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ""))).toHaveProperty("Statement");
    const used = await iam.call("ListPolicies", { Scope: "AWS", OnlyAttached: true });
    expect(used.Policies?.map((each) => each.PolicyName)).toEqual(["SecurityAudit"]);
    expect(await refusal(iam.call("TagPolicy", { ...aws, Tags: [{ Key: "a", Value: "" }] }))).toContain("AccessDenied");
  });

  test("ListPolicies and ListEntitiesForPolicy tell permissions from boundaries", async () => {
    const iam = await openIam();
    const { Policy } = await iam.call("CreatePolicy", { PolicyName: "P", Path: "/p/", PolicyDocument: DOCUMENT });
    await iam.call("CreateUser", { UserName: "Mary", Path: "/a/", PermissionsBoundary: Policy?.Arn });
    await iam.call("CreateUser", { UserName: "Bob" });
    await iam.call("AttachUserPolicy", { UserName: "Bob", PolicyArn: Policy?.Arn ?? "" });
    const users = async (filter: object) =>
      (await iam.call("ListEntitiesForPolicy", { PolicyArn: Policy?.Arn ?? "", ...filter })).PolicyUsers?.map(
        (each) => each.UserName,
      );
    expect(await users({})).toEqual(["Bob", "Mary"]);
    expect(await users({ PolicyUsageFilter: "PermissionsBoundary" })).toEqual(["Mary"]);
    expect(await users({ PolicyUsageFilter: "PermissionsPolicy" })).toEqual(["Bob"]);
    expect(await users({ EntityFilter: "Role" })).toEqual([]);
    expect(await users({ PathPrefix: "/a" })).toEqual(["Mary"]);
    const listed = async (filter: object) => (await iam.call("ListPolicies", { Scope: "Local", ...filter })).Policies;
    expect(await listed({ PolicyUsageFilter: "PermissionsBoundary" })).toHaveLength(1);
    expect(await listed({ PathPrefix: "/q" })).toHaveLength(0);
    await iam.call("DetachUserPolicy", { UserName: "Bob", PolicyArn: Policy?.Arn ?? "" });
    expect(await listed({ OnlyAttached: true })).toHaveLength(0);
  });
});

describe("tags", () => {
  test("TagUser knows keys whatever their case, TagPolicy does not", async () => {
    const iam = await openIam();
    const { Policy } = await iam.call("CreatePolicy", { PolicyName: "P", PolicyDocument: DOCUMENT });
    const PolicyArn = Policy?.Arn ?? "";
    await iam.call("CreateUser", { UserName: "Mary", Tags: [{ Key: "Team", Value: "1" }] });
    await iam.call("TagUser", { UserName: "Mary", Tags: [{ Key: "TEAM", Value: "2" }] });
    await iam.call("TagPolicy", {
      PolicyArn,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "A", Value: "2" },
      ],
    });
    expect((await iam.call("ListUserTags", { UserName: "Mary" })).Tags).toEqual([{ Key: "TEAM", Value: "2" }]);
    await iam.call("UntagPolicy", { PolicyArn, TagKeys: ["a"] });
    expect((await iam.call("ListPolicyTags", { PolicyArn })).Tags).toEqual([{ Key: "A", Value: "2" }]);
  });

  test("TagRole counts to 50, changed values not twice", async () => {
    const iam = await openIam();
    const tags = (from: number) => Array.from({ length: 50 }, (_, i) => ({ Key: `k${from + i}`, Value: "" }));
    await iam.call("CreateRole", { RoleName: "R", AssumeRolePolicyDocument: TRUST, Tags: tags(0) });
    await iam.call("TagRole", { RoleName: "R", Tags: tags(0) });
    expect(await refusal(iam.call("TagRole", { RoleName: "R", Tags: tags(1) }))).toMatch(/^409 LimitExceeded: /);
  });
});

describe("limits", () => {
  test.each([
    ["users", "UsersPerAccount", 5000, (iam: Iam) => iam.call("CreateUser", { UserName: "One" })],
    ["groups", "GroupsPerAccount", 300, (iam: Iam) => iam.call("CreateGroup", { GroupName: "One" })],
    [
      "roles",
      "RolesPerAccount",
      1000,
      (iam: Iam) => iam.call("CreateRole", { RoleName: "One", AssumeRolePolicyDocument: TRUST }),
    ],
    [
      "policies",
      "PoliciesPerAccount",
      1500,
      (iam: Iam) => iam.call("CreatePolicy", { PolicyName: "One", PolicyDocument: DOCUMENT }),
    ],
  ] as const)("an account has no more %s than %s: %i", async (table, quota, limit, create) => {
    const iam = await openIam();
    const count = sql.raw(`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${limit - 1})`);
    const own = `'${ACCOUNT}', 'id' || i, 'n' || i, 'n' || i, '/', 0`;
    const rows = {
      users: `insert into users (account_id, user_id, name, name_key, path, created_at)`,
      groups: `insert into groups (account_id, group_id, name, name_key, path, created_at)`,
      roles: `insert into roles (account_id, role_id, name, name_key, path, created_at, trust_policy, session_seconds_max)`,
      policies: `insert into policies (account_id, policy_id, name, name_key, path, created_at, arn, updated_at, next_version)`,
    }[table];
    const more = { users: "", groups: "", roles: ", '{}', 3600", policies: ", 'arn' || i, 0, 2" }[table];
    await sql`${sql.raw(rows)} ${count} select ${sql.raw(own + more)} from n`.execute(iam.tables);
    if (table === "policies") {
      await sql`insert into policy_versions select policy_id, 1, '{}', 1, 0 from policies`.execute(iam.tables);
    }
    await create(iam);
    await sql`update ${sql.table(table)} set name_key = 'two' where name_key = 'one'`.execute(iam.tables);
    if (table === "policies") await sql`update policies set name = 'Two' where name = 'One'`.execute(iam.tables);
    expect(await refusal(create(iam))).toBe(`409 LimitExceeded: Cannot exceed quota for ${quota}: ${limit}`);
  });

  test("a user is in 10 groups and has 10 policies at most; adding again does not count", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    for (let i = 0; i < 11; i++) {
      await iam.call("CreateGroup", { GroupName: `G${i}` });
      await iam.call("CreatePolicy", { PolicyName: `P${i}`, PolicyDocument: DOCUMENT });
    }
    const join = (i: number) => iam.call("AddUserToGroup", { UserName: "Mary", GroupName: `G${i}` });
    const attach = (i: number) => iam.call("AttachUserPolicy", { UserName: "Mary", PolicyArn: arn(`policy/P${i}`) });
    for (let i = 0; i < 10; i++) await Promise.all([join(i), attach(i)]);
    await Promise.all([join(9), attach(9)]);
    expect(await refusal(join(10))).toBe("409 LimitExceeded: Cannot exceed quota for GroupsPerUser: 10");
    expect(await refusal(attach(10))).toBe("409 LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10");
  });

  test("PutRolePolicy counts all inline policies together, white space left out", async () => {
    const iam = await openIam();
    await iam.call("CreateRole", { RoleName: "R", AssumeRolePolicyDocument: TRUST });
    const put = (PolicyName: string, size: number) => {
      const text = DOCUMENT.replace("logs/*", `logs/${"x".repeat(size - DOCUMENT.length + 1)}`);
      return iam.call("PutRolePolicy", { RoleName: "R", PolicyName, PolicyDocument: text.replaceAll(",", ",   \n") });
    };
    await put("a", 5120);
    await put("b", 5120);
    await put("b", 5120);
    expect(await refusal(put("b", 5121))).toBe(
      "409 LimitExceeded: Maximum policy size of 10240 bytes exceeded for role R",
    );
  });
});

describe("roles", () => {
  test("UpdateRole changes only what it names", async () => {
    const iam = await openIam();
    const { Role } = await iam.call("CreateRole", {
      RoleName: "R",
      AssumeRolePolicyDocument: TRUST,
      Description: "old",
    });
    expect(Role.MaxSessionDuration).toBeUndefined();
    await iam.call("UpdateRole", { RoleName: "R", MaxSessionDuration: 7200 });
    await iam.call("UpdateRole", { RoleName: "R", Description: "new" });
    expect((await iam.call("GetRole", { RoleName: "R" })).Role).toMatchObject({
      Description: "new",
      MaxSessionDuration: 7200,
    });
  });
});

describe("account", () => {
  test("CreateAccountAlias takes the place of the old alias and of nobody else's", async () => {
    const iam = await openIam();
    const other = iam.as({ kind: "root", account: "999999999999", arn: "arn", principalId: "9", accessKeyId: "AKIA" });
    await other.call("CreateAccountAlias", { AccountAlias: "taken" });
    await iam.call("CreateAccountAlias", { AccountAlias: "first" });
    await iam.call("CreateAccountAlias", { AccountAlias: "second" });
    expect((await iam.call("ListAccountAliases", {})).AccountAliases).toEqual(["second"]);
    expect(await refusal(iam.call("CreateAccountAlias", { AccountAlias: "taken" }))).toContain("EntityAlreadyExists");
    expect(await refusal(iam.call("DeleteAccountAlias", { AccountAlias: "taken" }))).toContain("NoSuchEntity");
  });

  test("GetAccountAuthorizationDetails answers the kinds that are asked for", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    await iam.call("CreateRole", { RoleName: "R", AssumeRolePolicyDocument: TRUST });
    const details = await iam.call("GetAccountAuthorizationDetails", { Filter: ["Role"] });
    expect(details.UserDetailList).toEqual([]);
    expect(details.RoleDetailList).toMatchObject([{ RoleName: "R", InstanceProfileList: [], RoleLastUsed: {} }]);
  });
});
