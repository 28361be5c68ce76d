import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StsOperations } from "../../aws/index.ts";
import { reason, systemRandom } from "../../core/index.ts";
import {
  type Caller,
  createAccessKey,
  createPolicy,
  createRole,
  createUser,
  type IdentitySchema,
  identityMigrations,
  newPrincipalId,
  openCredentials,
  SecretBox,
} from "../../identity/index.ts";
import { openTables } from "../../store/index.ts";
import { stsOperations } from "./index.ts";

const HOME = "123456789012";
const OTHER = "111111111111";
const NOW = Date.parse("2026-11-20T12:00:00.500Z");
const MARY = `arn:aws:iam::${HOME}:user/shop/Mary`;
const box = new SecretBox(new Uint8Array(32).fill(7), systemRandom);
const means = { random: systemRandom, box };
const operations = stsOperations(means);

let directory: string;
let tables: Kysely<IdentitySchema>;
let mary: Caller;
let root: Caller;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sts-"));
  tables = await openTables<IdentitySchema>(join(directory, "tables"), identityMigrations);
  for (const account of [HOME, OTHER]) {
    await tables.insertInto("accounts").values({ account_id: account, alias: null, created_at: NOW }).execute();
  }
  mary = await newUser("Mary");
  root = await callerOfNewKey(null);
});

afterEach(async () => {
  await tables.destroy();
  await rm(directory, { recursive: true });
});

async function newUser(name: string): Promise<Caller> {
  const id = newPrincipalId(systemRandom, "AIDA");
  await createUser(tables, { account: HOME, id, name, path: "/shop/", boundaryArn: undefined, tags: [], now: NOW });
  return callerOfNewKey(id);
}

async function callerOfNewKey(userId: string | null): Promise<Caller> {
  const { row } = await createAccessKey(tables, means, { account: HOME, userId }, NOW);
  return (await openCredentials({ tables, box }).find(row.access_key_id, undefined, NOW)).caller;
}

type Statements = readonly Readonly<Record<string, unknown>>[];
const policy = (...Statement: Statements): string => JSON.stringify({ Version: "2012-10-17", Statement });
const trusting = (AWS: string, more: Readonly<Record<string, unknown>> = {}): string =>
  policy({
    Effect: "Allow",
    Principal: { AWS },
    Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    ...more,
  });

/** A role `/shop/NAME` with this trust policy; answers its ARN. */
async function newRole(
  name: string,
  trustPolicy: string,
  more: { account?: string; secondsMax?: number } = {},
): Promise<string> {
  const account = more.account ?? HOME;
  await createRole(tables, {
    account,
    id: newPrincipalId(systemRandom, "AROA"),
    name,
    path: "/shop/",
    trustPolicy,
    description: undefined,
    sessionSecondsMax: more.secondsMax ?? 3_600,
    boundaryArn: undefined,
    tags: [{ Key: "team", Value: "red" }],
    now: NOW,
  });
  return `arn:aws:iam::${account}:role/shop/${name}`;
}

async function allow(holder: { kind: "user" | "role"; id: string }, ...statements: Statements): Promise<void> {
  const row = { holder_kind: holder.kind, holder_id: holder.id, name: "own", document: policy(...statements) };
  await tables.insertInto("inline_policies").values(row).execute();
}

const allowMary = (...statements: Statements) => allow({ kind: "user", id: mary.principalId }, ...statements);

/** Runs an operation as the server does: one that mutates in a transaction, which has the only connection. */
async function run<Name extends keyof typeof operations>(
  name: Name,
  caller: Caller,
  input: StsOperations[Name]["input"],
): Promise<StsOperations[Name]["output"]> {
  const operation = operations[name];
  if (operation === undefined) throw new Error(`there is no ${name}`);
  const call = { caller, requestId: "id", region: "us-east-1", now: NOW, sourceIp: "192.0.2.1", secure: false };
  return tables
    .transaction()
    .execute(async (transaction) => (await operation.run(input as never, { ...call, tables: transaction })) as never);
}

/** Who the credentials of an answer stand for. */
async function callerOf(answer: {
  readonly Credentials?: StsOperations["GetSessionToken"]["output"]["Credentials"];
}): Promise<Caller> {
  const { AccessKeyId = "", SecretAccessKey, SessionToken } = answer.Credentials ?? {};
  const found = await openCredentials({ tables, box }).find(AccessKeyId, SessionToken, NOW);
  expect(found.secretAccessKey).toBe(SecretAccessKey);
  return found.caller;
}

const assume = (caller: Caller, RoleArn: string, more: Partial<StsOperations["AssumeRole"]["input"]> = {}) =>
  run("AssumeRole", caller, { RoleArn, RoleSessionName: "morning", ...more });

const denial = (caller: Caller, action: string, resource: string) => ({
  code: "AccessDenied",
  status: 403,
  message: `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource}`,
});

test("stsOperations() serves six operations; the model's others are not in the table", () => {
  expect(Object.keys(operations)).toEqual([
    "AssumeRole",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetSessionToken",
  ]);
});

test("GetCallerIdentity tells user, root and session alike", async () => {
  expect(await run("GetCallerIdentity", mary, {})).toEqual({ UserId: mary.principalId, Account: HOME, Arn: MARY });
  expect(await run("GetCallerIdentity", root, {})).toEqual({
    UserId: HOME,
    Account: HOME,
    Arn: `arn:aws:iam::${HOME}:root`,
  });
  const answer = await assume(mary, await newRole("Barista", trusting(MARY)));
  expect(await run("GetCallerIdentity", await callerOf(answer), {})).toEqual({
    UserId: answer.AssumedRoleUser?.AssumedRoleId,
    Account: HOME,
    Arn: `arn:aws:sts::${HOME}:assumed-role/Barista/morning`,
  });
});

test("GetAccessKeyInfo tells the account of a key that stays and of a session's", async () => {
  expect(await run("GetAccessKeyInfo", mary, { AccessKeyId: mary.accessKeyId })).toEqual({ Account: HOME });
  const arn = await newRole("Away", trusting(MARY), { account: OTHER });
  await allowMary({ Effect: "Allow", Action: "sts:AssumeRole", Resource: arn });
  const { Credentials } = await assume(mary, arn);
  expect(await run("GetAccessKeyInfo", mary, { AccessKeyId: Credentials?.AccessKeyId ?? "" })).toEqual({
    Account: OTHER,
  });
  const old = run("GetAccessKeyInfo", mary, { AccessKeyId: "AKIAIOSFODNN7EXAMPLE" });
  await expect(old).rejects.toMatchObject({ code: "ValidationError" });
});

test("DecodeAuthorizationMessage knows no message", async () => {
  const decoding = run("DecodeAuthorizationMessage", mary, { EncodedMessage: "AAAA" });
  await expect(decoding).rejects.toMatchObject({ code: "InvalidAuthorizationMessageException", status: 400 });
});

describe("AssumeRole", () => {
  test("AssumeRole gives credentials that are the role's session for an hour", async () => {
    const arn = await newRole("Barista", trusting(MARY));
    const answer = await assume(mary, arn);
    const id = answer.AssumedRoleUser?.AssumedRoleId ?? "";
    expect(id).toMatch(/^AROA[A-Z2-7]{17}:morning$/);
    expect(answer).toEqual({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^.{40}$/),
        SessionToken: expect.any(String),
        Expiration: new Date("2026-11-20T13:00:00Z"),
      },
      AssumedRoleUser: { AssumedRoleId: id, Arn: `arn:aws:sts::${HOME}:assumed-role/Barista/morning` },
    });
    expect(await callerOf(answer)).toMatchObject({ kind: "role", principalId: id, session: { issuer: { arn } } });
  });

  test("AssumeRole is recorded with the role as its resource", () => {
    const RoleArn = `arn:aws:iam::${OTHER}:role/Away`;
    expect(operations.AssumeRole?.recordedResources?.({ RoleArn, RoleSessionName: "morning" })).toEqual([
      { accountId: OTHER, type: "AWS::IAM::Role", ARN: RoleArn },
    ]);
  });

  const assumeAny = { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" };

  test.each([
    ["the user, in its account", HOME, MARY, [], true],
    ["the account, whose policies say nothing", HOME, HOME, [], false],
    ["the account, whose policies allow", HOME, HOME, [assumeAny], true],
    ["the account, whose policies deny", HOME, HOME, [assumeAny, { ...assumeAny, Effect: "Deny" }], false],
    ["the user, whose policies deny", HOME, MARY, [{ ...assumeAny, Effect: "Deny" }], false],
    ["another user", HOME, `arn:aws:iam::${HOME}:user/John`, [assumeAny], false],
    ["the user, from another account, whose policies say nothing", OTHER, MARY, [], false],
    ["the user, from another account, whose policies allow", OTHER, MARY, [assumeAny], true],
    ["the account, from another account, whose policies allow", OTHER, HOME, [assumeAny], true],
    ["its own account only", OTHER, OTHER, [assumeAny], false],
  ])("AssumeRole of a role that trusts %s", async (_, account, trusted, statements, allowed) => {
    const arn = await newRole("Barista", trusting(trusted), { account });
    if (statements.length > 0) await allowMary(...statements);
    const outcome = await assume(mary, arn).then(
      () => "allowed",
      (thrown: unknown) => reason(thrown),
    );
    expect(outcome).toBe(allowed ? "allowed" : denial(mary, "sts:AssumeRole", arn).message);
  });

  test.each([
    ["has another path", "Barista", (arn: string) => arn.replace("/shop/", "/")],
    ["has another case", "Barista", (arn: string) => arn.replace("Barista", "barista")],
    ["is in an account that we do not have", "Barista", (arn: string) => arn.replace(HOME, "999999999999")],
    ["is not there", "Barista", (arn: string) => `${arn}2`],
  ])("AssumeRole of a role that %s looks like one that does not trust", async (_, name, change) => {
    const arn = change(await newRole(name, trusting(MARY)));
    await expect(assume(mary, arn)).rejects.toMatchObject(denial(mary, "sts:AssumeRole", arn));
  });

  test.each(["Barista-is-no-arn-at-all", `arn:aws:iam::${HOME}:user/Mary`, `arn:aws:s3:::role/Barista`])(
    "AssumeRole refuses the role %s",
    async (arn) => {
      const error = { code: "ValidationError", status: 400, message: "Request ARN is invalid" };
      await expect(assume(mary, arn)).rejects.toMatchObject(error);
    },
  );

  test("AssumeRole refuses root, and federated users", async () => {
    const arn = await newRole("Barista", trusting("*"));
    const message = "Roles may not be assumed by root accounts.";
    await expect(assume(root, arn)).rejects.toMatchObject({ code: "AccessDenied", message });
    const Policy = policy({ Effect: "Allow", Action: "*", Resource: "*" });
    const guest = await callerOf(await run("GetFederationToken", mary, { Name: "guest", Policy }));
    await expect(assume(guest, arn)).rejects.toMatchObject(denial(guest, "sts:AssumeRole", arn));
  });

  test("AssumeRole of a role whose stored trust policy cannot be read is denied", async () => {
    const arn = await newRole("Barista", trusting(MARY));
    await tables.updateTable("roles").set({ trust_policy: "{" }).execute();
    await expect(assume(mary, arn)).rejects.toMatchObject(denial(mary, "sts:AssumeRole", arn));
  });

  test.each([
    ["an external id", { StringEquals: { "sts:ExternalId": "4711" } }, { ExternalId: "4711" }, { ExternalId: "4712" }],
    ["a session name", { StringLike: { "sts:RoleSessionName": "night-*" } }, { RoleSessionName: "night-1" }, {}],
    ["a source identity", { StringEquals: { "sts:SourceIdentity": "mary" } }, { SourceIdentity: "mary" }, {}],
    ["a tag", { StringEquals: { "aws:RequestTag/shift": "1" } }, { Tags: [{ Key: "Shift", Value: "1" }] }, {}],
    [
      "a transitive tag",
      {
        "ForAllValues:StringEquals": { "sts:TransitiveTagKeys": ["shift"] },
        Null: { "sts:TransitiveTagKeys": "false" },
      },
      { Tags: [{ Key: "shift", Value: "1" }], TransitiveTagKeys: ["shift"] },
      { Tags: [{ Key: "shift", Value: "1" }] },
    ],
  ])("AssumeRole of a role that wants %s", async (_, Condition, good, bad) => {
    const arn = await newRole("Barista", trusting(MARY, { Condition }));
    await expect(assume(mary, arn, good)).resolves.toBeDefined();
    await expect(assume(mary, arn, bad)).rejects.toMatchObject(denial(mary, "sts:AssumeRole", arn));
  });

  test.each([
    [
      "the caller's address",
      { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
      { IpAddress: { "aws:SourceIp": "198.51.100.0/24" } },
    ],
    [
      "the role's own tag",
      { StringEquals: { "aws:ResourceTag/team": "red" } },
      { StringEquals: { "iam:ResourceTag/team": "blue" } },
    ],
    ["the caller's ARN", { ArnLike: { "aws:PrincipalArn": MARY } }, { ArnLike: { "aws:PrincipalArn": `${MARY}2` } }],
  ])("AssumeRole of a role that looks at %s", async (_, good, bad) => {
    await expect(assume(mary, await newRole("Good", trusting(MARY, { Condition: good })))).resolves.toBeDefined();
    const arn = await newRole("Bad", trusting(MARY, { Condition: bad }));
    await expect(assume(mary, arn)).rejects.toMatchObject(denial(mary, "sts:AssumeRole", arn));
  });

  test("AssumeRole with tags or a source identity needs the permission for these too", async () => {
    const plain = policy({ Effect: "Allow", Principal: { AWS: MARY }, Action: "sts:AssumeRole" });
    const arn = await newRole("Barista", plain);
    const tagged = assume(mary, arn, { Tags: [{ Key: "a", Value: "b" }] });
    await expect(tagged).rejects.toMatchObject(denial(mary, "sts:TagSession", arn));
    const named = assume(mary, arn, { SourceIdentity: "mary" });
    await expect(named).rejects.toMatchObject(denial(mary, "sts:SetSourceIdentity", arn));
    await expect(assume(mary, arn)).resolves.toBeDefined();
  });

  test.each([
    ["the role's maximum", { DurationSeconds: 7_200 }, "2026-11-20T14:00:00Z"],
    ["the least", { DurationSeconds: 900 }, "2026-11-20T12:15:00Z"],
    ["an hour when nothing is said", {}, "2026-11-20T13:00:00Z"],
  ])("AssumeRole lasts %s", async (_, input, end) => {
    const arn = await newRole("Barista", trusting(MARY), { secondsMax: 7_200 });
    expect((await assume(mary, arn, input)).Credentials?.Expiration).toEqual(new Date(end));
  });

  test("AssumeRole refuses more than the role's maximum, and more than an hour in a chain", async () => {
    const barista = await newRole("Barista", trusting(MARY), { secondsMax: 7_200 });
    const tooLong = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    const error = { code: "ValidationError", message: tooLong };
    await expect(assume(mary, barista, { DurationSeconds: 7_201 })).rejects.toMatchObject(error);
    const session = await callerOf(await assume(mary, barista));
    const roaster = await newRole("Roaster", trusting(barista), { secondsMax: 7_200 });
    await expect(assume(session, roaster, { DurationSeconds: 3_600 })).resolves.toBeDefined();
    const message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
    const longer = assume(session, roaster, { DurationSeconds: 3_601 });
    await expect(longer).rejects.toMatchObject({ code: "ValidationError", message });
  });

  test("AssumeRole in a chain keeps transitive tags and the source identity, and nothing else", async () => {
    const barista = await newRole("Barista", trusting(MARY));
    const roaster = await newRole("Roaster", trusting(barista));
    const Tags = [
      { Key: "Shift", Value: "1" },
      { Key: "mood", Value: "good" },
    ];
    const first = await assume(mary, barista, { Tags, TransitiveTagKeys: ["shift"], SourceIdentity: "mary" });
    expect(first.PackedPolicySize).toBeGreaterThan(0);
    expect(first.SourceIdentity).toBe("mary");
    const session = await callerOf(first);
    expect(session.session).toMatchObject({ tags: { Shift: "1", mood: "good" }, transitiveTagKeys: ["Shift"] });
    const second = await assume(session, roaster, { Tags: [{ Key: "mood", Value: "bad" }] });
    expect(second.SourceIdentity).toBe("mary");
    expect((await callerOf(second)).session).toMatchObject({
      sourceIdentity: "mary",
      tags: { Shift: "1", mood: "bad" },
      transitiveTagKeys: ["Shift"],
    });
    const other = assume(session, roaster, { SourceIdentity: "john" });
    await expect(other).rejects.toMatchObject(denial(session, "sts:SetSourceIdentity", roaster));
    const changed = assume(session, roaster, { Tags: [{ Key: "SHIFT", Value: "2" }] });
    await expect(changed).rejects.toMatchObject({
      code: "InvalidParameterValue",
      message:
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    });
  });

  test.each([
    [
      "a key twice",
      {
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "A", Value: "2" },
        ],
      },
      "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ],
    [
      "a reserved key",
      { Tags: [{ Key: "AWS:a", Value: "1" }] },
      "Tag keys must not begin with aws:, which is reserved.",
    ],
    [
      "a transitive key without its tag",
      { TransitiveTagKeys: ["a"] },
      "The specified transitive tag key must be included in the requested tags.",
    ],
  ])("AssumeRole refuses %s", async (_, input, message) => {
    const arn = await newRole("Barista", trusting(MARY));
    await expect(assume(mary, arn, input)).rejects.toMatchObject({
      code: "InvalidParameterValue",
      status: 400,
      message,
    });
  });

  test("AssumeRole refuses every MFA code", async () => {
    const arn = await newRole("Barista", trusting(MARY));
    const coded = assume(mary, arn, { SerialNumber: `arn:aws:iam::${HOME}:mfa/Mary`, TokenCode: "123456" });
    await expect(coded).rejects.toMatchObject({
      code: "AccessDenied",
      message: expect.stringMatching(/^MultiFactorAuthentication failed/),
    });
  });

  describe("session policies", () => {
    const Policy = policy({ Effect: "Allow", Action: "cloudtrail:LookupEvents", Resource: "*" });
    const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";

    test("AssumeRole puts them into the session", async () => {
      const wanted = {
        account: HOME,
        name: "Look",
        path: "/",
        description: undefined,
        document: Policy,
        tags: [],
        now: NOW,
      };
      const { arn: look } = await createPolicy(tables, { ...wanted, id: newPrincipalId(systemRandom, "ANPA") });
      const arn = await newRole("Barista", trusting(MARY));
      const answer = await assume(mary, arn, { Policy, PolicyArns: [{ arn: look }] });
      expect(answer.PackedPolicySize).toBeGreaterThan(0);
      expect((await callerOf(answer)).session).toMatchObject({ policy: Policy, policyArns: [look] });
    });

    test.each([
      ["a policy that is none", { Policy: "{" }, "MalformedPolicyDocument"],
      ["a trust policy", { Policy: trusting("*") }, "MalformedPolicyDocument"],
      ["an ARN that is none", { PolicyArns: [{ arn: "arn:aws:s3:::bucket/policy" }] }, "ValidationError"],
      ["nothing for an ARN", { PolicyArns: [{}] }, "ValidationError"],
      ["a policy that is not there", { PolicyArns: [{ arn: `arn:aws:iam::${HOME}:policy/none` }] }, "ValidationError"],
      ["another account's policy", { PolicyArns: [{ arn: `arn:aws:iam::${OTHER}:policy/none` }] }, "ValidationError"],
      ["eleven policies", { PolicyArns: Array.from({ length: 11 }, () => ({ arn: readOnly })) }, "ValidationError"],
      ["more than 2,048 characters", { Policy: Policy.padEnd(2_049) }, "ValidationError"],
    ])("AssumeRole refuses %s", async (_, input, code) => {
      const arn = await newRole("Barista", trusting(MARY));
      await expect(assume(mary, arn, input)).rejects.toMatchObject({ code, status: 400 });
    });

    test("AssumeRole refuses more than fits into a token", async () => {
      const arn = await newRole("Barista", trusting(MARY));
      const noise = () => Buffer.from(systemRandom.bytes(150)).toString("hex");
      const Tags = Array.from({ length: 50 }, (_, i) => ({ Key: `key${i}`, Value: noise().slice(0, 256) }));
      await expect(assume(mary, arn, { Tags })).rejects.toMatchObject({ code: "PackedPolicyTooLarge", status: 400 });
    });
  });
});

describe("GetSessionToken", () => {
  test.each([
    ["a user 12 hours", () => mary, undefined, "2026-11-21T00:00:00Z"],
    ["a user what it asks for", () => mary, 129_600, "2026-11-22T00:00:00Z"],
    ["root an hour", () => root, undefined, "2026-11-20T13:00:00Z"],
    ["root less when it asks for it", () => root, 900, "2026-11-20T12:15:00Z"],
    ["root never more", () => root, 43_200, "2026-11-20T13:00:00Z"],
  ])("GetSessionToken gives %s", async (_, caller, DurationSeconds, end) => {
    const answer = await run("GetSessionToken", caller(), { DurationSeconds });
    expect(answer.Credentials?.Expiration).toEqual(new Date(end));
    const { arn, kind } = caller();
    expect(await callerOf(answer)).toMatchObject({ arn, kind, session: { createdAt: NOW, mfaAuthenticated: false } });
  });

  test("GetSessionToken refuses sessions, and every MFA code", async () => {
    const session = await callerOf(await run("GetSessionToken", mary, {}));
    const message = "Cannot call GetSessionToken with session credentials";
    await expect(run("GetSessionToken", session, {})).rejects.toMatchObject({
      code: "AccessDenied",
      status: 403,
      message,
    });
    const coded = run("GetSessionToken", mary, { SerialNumber: "GAHT12345678", TokenCode: "123456" });
    await expect(coded).rejects.toMatchObject({ code: "AccessDenied" });
  });

  test("GetSessionToken gives credentials that can assume a role", async () => {
    const session = await callerOf(await run("GetSessionToken", mary, {}));
    await expect(assume(session, await newRole("Barista", trusting(MARY)))).resolves.toBeDefined();
  });
});

describe("GetFederationToken", () => {
  const Policy = policy({ Effect: "Allow", Action: "cloudtrail:LookupEvents", Resource: "*" });
  const guest = `arn:aws:sts::${HOME}:federated-user/guest`;

  test("GetFederationToken gives a federated user's session, whose issuer is the caller", async () => {
    const answer = await run("GetFederationToken", mary, { Name: "guest", Policy });
    expect(answer.FederatedUser).toEqual({ FederatedUserId: `${HOME}:guest`, Arn: guest });
    expect(answer.Credentials?.Expiration).toEqual(new Date("2026-11-21T00:00:00Z"));
    expect(answer.PackedPolicySize).toBeGreaterThan(0);
    expect(await callerOf(answer)).toMatchObject({
      kind: "federated",
      arn: guest,
      principalId: `${HOME}:guest`,
      session: { policy: Policy, issuer: { type: "IAMUser", arn: MARY, principalId: mary.principalId } },
    });
    const roots = await run("GetFederationToken", root, { Name: "guest", DurationSeconds: 43_200 });
    expect(roots.Credentials?.Expiration).toEqual(new Date("2026-11-20T13:00:00Z"));
    expect(roots.PackedPolicySize).toBeUndefined();
    expect((await callerOf(roots)).session?.issuer).toMatchObject({ type: "Root", principalId: HOME });
  });

  test("GetFederationToken needs permission for the federated user's ARN, with its tags as conditions", async () => {
    const operation = operations.GetFederationToken;
    const input = { Name: "guest", Tags: [{ Key: "team", Value: "red" }] };
    expect(await operation?.resources?.(input, { caller: mary } as never)).toEqual([guest]);
    expect(await operation?.conditions?.(input, { caller: mary } as never)).toEqual({
      "aws:RequestTag/team": "red",
      "aws:TagKeys": ["team"],
    });
  });

  test("GetFederationToken with tags needs sts:TagSession", async () => {
    const input = { Name: "guest", Tags: [{ Key: "team", Value: "red" }] };
    await expect(run("GetFederationToken", mary, input)).rejects.toMatchObject(denial(mary, "sts:TagSession", guest));
    await allowMary({ Effect: "Allow", Action: "sts:TagSession", Resource: guest });
    expect((await callerOf(await run("GetFederationToken", mary, input))).session?.tags).toEqual({ team: "red" });
  });

  test("GetFederationToken refuses sessions and malformed policies", async () => {
    const session = await callerOf(await run("GetSessionToken", mary, {}));
    const message = "Cannot call GetFederationToken with session credentials";
    await expect(run("GetFederationToken", session, { Name: "guest" })).rejects.toMatchObject({
      code: "AccessDenied",
      message,
    });
    const malformed = run("GetFederationToken", mary, { Name: "guest", Policy: "{" });
    await expect(malformed).rejects.toMatchObject({ code: "MalformedPolicyDocument" });
  });
});
