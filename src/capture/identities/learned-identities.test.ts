import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { describeRequest } from "../call/describe-request.ts";
import { describeResponse } from "../call/describe-response.ts";
import { openCatalog } from "../../aws/index.ts";
import { KeptKeys } from "./kept-keys.ts";
import type { SeenCall } from "./seen-call.ts";
import {
  ACCOUNT,
  assumedRole,
  createdKey,
  createdUser,
  credentials,
  HOUR_MS,
  JOHN_ARN,
  NOW,
  openLearned,
  REALM,
  ROLE_ARN,
  SESSION_ARN,
  STRANGER,
  seen,
  withToken,
} from "./testing.ts";

const KEY = "AKIAJOHN000000000001";
const SESSION = "ASIASESSION000000001";

describe("what was learned", () => {
  test("is known after a restart, without its secrets", async () => {
    const { tables, learned } = await openLearned();
    for (const call of [createdUser(), createdKey(KEY), assumedRole(SESSION)]) await learned.learn(call);
    const before = [
      await learned.find(REALM, { accessKeyId: KEY }, NOW),
      await learned.find(REALM, withToken(SESSION), NOW),
    ];
    const { learned: again } = await openLearned({ tables });
    const after = [
      await again.find(REALM, { accessKeyId: KEY }, NOW),
      await again.find(REALM, withToken(SESSION), NOW),
    ];
    expect(after).toEqual(before);
    expect(after).toMatchObject([{ userName: "John" }, { arn: SESSION_ARN }]);
    await again.learn(createdKey("AKIASECOND"));
    expect(await again.find(REALM, { accessKeyId: "AKIASECOND" }, NOW)).toMatchObject({ arn: JOHN_ARN });
    const rows = JSON.stringify([
      await tables.selectFrom("learned_keys").selectAll().execute(),
      await tables.selectFrom("learned_users").selectAll().execute(),
    ]);
    expect(rows).not.toMatch(/not-told|token-of/);
  });

  test("is forgotten by sweep() when its time is over, and only then", async () => {
    const { tables, learned } = await openLearned();
    for (const call of [createdUser(), createdKey(KEY), assumedRole(SESSION)]) await learned.learn(call);
    await learned.learn(assumedRole("ASIALONG", { output: { Credentials: credentials("ASIALONG", 2) } }));
    await learned.sweep(NOW + HOUR_MS);
    const rows = await tables.selectFrom("learned_keys").select("access_key_id").execute();
    expect(rows.map((row) => row.access_key_id).toSorted()).toEqual([KEY, "ASIALONG", STRANGER.accessKeyId].toSorted());
  });

  test("is swept whole, however many they are", async () => {
    const { tables, learned } = await openLearned();
    const row = { realm: REALM, token_hash: "", identity: null, account: null, user_name: null, expires_at: NOW };
    const rows = Array.from({ length: 2500 }, (_, index) => ({ ...row, access_key_id: `ASIA${index}` }));
    for (let at = 0; at < rows.length; at += 500) {
      await tables
        .insertInto("learned_keys")
        .values(rows.slice(at, at + 500))
        .execute();
    }
    await learned.sweep(NOW);
    expect(await tables.selectFrom("learned_keys").select("realm").execute()).toEqual([]);
  });

  test("does not grow in memory, and is read again when it is asked for", async () => {
    const kept = new KeptKeys({ count: 3, characters: 10_000 });
    const { learned } = await openLearned({ kept });
    const keys = Array.from({ length: 10 }, (_, index) => `ASIASESSION${index}`);
    for (const key of keys) await learned.learn(assumedRole(key));
    for (const key of keys) {
      expect(await learned.find(REALM, withToken(key), NOW)).toMatchObject({ accessKeyId: key });
      expect(await learned.find(REALM, { accessKeyId: `AKIANOBODY${key}` }, NOW)).toBeUndefined();
    }
    expect(kept.size).toBeLessThanOrEqual(3);
  });

  test("is known at once to a call that asked while it was learned", async () => {
    const { learned } = await openLearned();
    for (let index = 0; index < 20; index++) {
      const key = `AKIARACE${index}`;
      const asking = learned.find(REALM, { accessKeyId: key }, NOW);
      await Promise.all([asking, learned.learn(createdKey(key)), learned.find(REALM, { accessKeyId: key }, NOW)]);
      expect(await learned.find(REALM, { accessKeyId: key }, NOW)).toMatchObject({ userName: "John" });
    }
  });

  test("is known until the next start when it cannot be written", async () => {
    const { tables, learned } = await openLearned();
    const full = "create trigger full before insert on learned_keys begin select raise(abort, 'disk is full'); end";
    await sql.raw(full).execute(tables);
    await expect(learned.learn(assumedRole(SESSION))).rejects.toThrow("disk is full");
    expect(await learned.find(REALM, withToken(SESSION), NOW)).toMatchObject({ arn: SESSION_ARN });
    await sql.raw("drop trigger full").execute(tables);
    await learned.learn(assumedRole("ASIASECOND"));
    const { learned: again } = await openLearned({ tables });
    expect(await again.find(REALM, withToken(SESSION), NOW)).toBeUndefined();
    expect(await again.find(REALM, withToken("ASIASECOND"), NOW)).toMatchObject({ arn: SESSION_ARN });
  });
});

describe("keys of OpenTrail's own IAM", () => {
  const OWN = "AKIAOWN0000000000001";
  const isOwn = async (accessKeyId: string) => accessKeyId === OWN;

  test.each([
    ["CreateAccessKey", createdKey(OWN)],
    ["AssumeRole", assumedRole(OWN)],
    [
      "an answer to ListAccessKeys",
      seen("iam:ListAccessKeys", {
        input: { UserName: "John" },
        output: { AccessKeyMetadata: [{ AccessKeyId: OWN, UserName: "John" }] },
      }),
    ],
    [
      "GetCallerIdentity with a signature that nobody verified",
      seen("sts:GetCallerIdentity", {
        shown: { accessKeyId: OWN },
        output: { Arn: JOHN_ARN, UserId: "AIDAJOHN" },
      }),
    ],
  ])("are nobody else's, whatever an upstream says: %s", async (_, call) => {
    const { learned } = await openLearned({ isOwn });
    await learned.learn(call);
    expect(await learned.find(REALM, { accessKeyId: OWN }, NOW)).toBeUndefined();
    expect(await learned.find(REALM, withToken(OWN), NOW)).toBeUndefined();
  });

  test("whoever signs with one makes sessions for himself, and his account is not the upstream's", async () => {
    const { learned } = await openLearned({ isOwn });
    const mary = {
      type: "IAMUser",
      arn: "arn:aws:iam::000000000001:user/Mary",
      accountId: "000000000001",
      userName: "Mary",
    };
    const said = { shown: { accessKeyId: OWN }, proven: true, identity: { ...mary, accessKeyId: OWN } };
    await learned.learn(seen("sts:GetSessionToken", { ...said, output: { Credentials: credentials(SESSION) } }));
    expect(await learned.find(REALM, withToken(SESSION), NOW)).toMatchObject({ ...mary, accessKeyId: SESSION });
    await learned.learn(createdKey(KEY, "John", said));
    expect(await learned.find(REALM, { accessKeyId: KEY }, NOW)).toEqual({
      type: "IAMUser",
      accessKeyId: KEY,
      userName: "John",
    });
    await learned.learn(createdUser("John", said));
    await learned.learn(createdKey("AKIASECOND", "John", said));
    expect(await learned.find(REALM, { accessKeyId: "AKIASECOND" }, NOW)).toMatchObject({ arn: JOHN_ARN });
    expect(await learned.find(REALM, { accessKeyId: OWN }, NOW)).toBeUndefined();
  });
});

describe("answers that teach nothing", () => {
  const evil = assumedRole(SESSION).output;
  const GET = { method: "GET", path: "/", query: "Action=AssumeRole&Version=2011-06-15", headers: {} };
  const portal: Partial<SeenCall> = {
    shown: undefined,
    head: { method: "GET", path: "/federation/credentials", query: "", headers: {} },
    input: { accountId: ACCOUNT, roleName: "Admin" },
    output: { roleCredentials: { accessKeyId: SESSION, sessionToken: `token-of-${SESSION}` } },
  };

  test.each<readonly [string, SeenCall]>([
    ["a website's page", seen("sts:AssumeRole", { head: GET, output: evil })],
    ["an object", seen("sts:AssumeRole", { head: { ...GET, path: "/bucket/key" }, output: evil })],
    ["a function's own", seen("sts:AssumeRole", { head: { ...GET, method: "POST", path: "/f" }, output: evil })],
    [
      "an object in a bucket called federation",
      seen("sso:GetRoleCredentials", {
        ...portal,
        answerHeaders: { etag: ['"0"'] },
      }),
    ],
    ["another operation", seen("sts:DecodeAuthorizationMessage", { output: evil })],
    ["another service", seen("sqs:AssumeRole", { output: evil })],
    ["an operation called like a prototype's", seen("constructor:prototype", { output: evil })],
  ])("%s", async (_, call) => {
    const { tables, learned } = await openLearned();
    await learned.learn(call);
    expect(await tables.selectFrom("learned_keys").selectAll().execute()).toEqual([]);
  });

  const anything = fc.anything({ maxDepth: 3, withDate: true, withNullPrototype: true });
  const name = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "a\nb", "", "x".repeat(5000)),
    fc.string(),
    anything,
  );
  const output = fc.record(
    {
      Credentials: fc.oneof(anything, fc.record({ AccessKeyId: name, SessionToken: name, Expiration: anything })),
      AssumedRoleUser: fc.oneof(anything, fc.record({ Arn: name, AssumedRoleId: name })),
      FederatedUser: fc.oneof(anything, fc.record({ Arn: name })),
      SourceIdentity: name,
      Provider: name,
      User: fc.oneof(anything, fc.record({ UserName: name, Arn: name, UserId: name })),
      Users: anything,
      AccessKey: fc.oneof(anything, fc.record({ AccessKeyId: name, UserName: name })),
      AccessKeyMetadata: anything,
      Arn: name,
      UserId: name,
      IdentityId: name,
    },
    { requiredKeys: [] },
  );
  const OPERATIONS = [
    "sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity sts:AssumeRoot sts:GetSessionToken",
    "sts:GetFederationToken sts:GetDelegatedAccessToken sts:GetCallerIdentity iam:CreateUser iam:GetUser iam:ListUsers",
    "iam:UpdateUser iam:DeleteUser iam:CreateAccessKey iam:ListAccessKeys iam:GetAccessKeyLastUsed",
    "iam:DeleteAccessKey cognito-identity:GetCredentialsForIdentity sso:GetRoleCredentials",
    "eks-auth:AssumeRoleForPodIdentity",
  ].flatMap((line) => line.split(" "));

  test("whatever stands in an answer, it fails no call and makes no identity of other things than text", async () => {
    const { tables, learned } = await openLearned();
    const input = fc.record({ UserName: name, NewUserName: name, NewPath: name, RoleArn: name, AccessKeyId: name });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...OPERATIONS), input, output, async (operation, asked, said) => {
        await learned.learn(seen(operation, { input: asked, output: said as SeenCall["output"] }));
      }),
      { numRuns: 300 },
    );
    const rows = await tables.selectFrom("learned_keys").select("identity").execute();
    for (const { identity } of rows) expect(identity === null || identity.length < 10_000).toBe(true);
  });
});

describe("answers as they stand on the wire", () => {
  const catalog = openCatalog();
  const PLACE = { account: ACCOUNT, region: "us-east-1", bucketHosts: [] };

  /** A request and its answer, read as the gateway reads them. */
  function onWire(
    id: string,
    request: { path?: string; query?: string; body?: string; target?: string },
    answer: string,
  ) {
    const { path = "/", query = "", body = "", target } = request;
    const type = target === undefined ? "application/x-www-form-urlencoded" : "application/x-amz-json-1.1";
    const method = body === "" ? "GET" : "POST";
    const headers = { "content-type": [type], ...(target === undefined ? {} : { "x-amz-target": [target] }) };
    const head = { method, path, query, headers };
    const signingName = catalog.service(id)?.signingName ?? id;
    const bytes = Buffer.from(body);
    const resolved = catalog.resolve({ ...head, body: bytes }, { signingName });
    const model = catalog.operation(resolved);
    if (model === undefined) throw new Error(`${resolved.eventName} has no model`);
    const whole = { bytes, size: bytes.length, whole: true };
    const described = describeRequest({ model, resolved, head, body: whole, place: PLACE });
    const said = Buffer.from(answer);
    const { output } = describeResponse({
      model,
      resolved,
      request: described,
      response: { status: 200, headers: {}, body: { bytes: said, size: said.length, whole: true } },
      place: PLACE,
    });
    return seen("", { resolved, head, input: described.input ?? {}, output: output ?? {} });
  }

  test("query: XML with its times in ISO 8601", async () => {
    const { learned } = await openLearned();
    const body = `Action=AssumeRole&Version=2011-06-15&RoleArn=${encodeURIComponent(ROLE_ARN)}&RoleSessionName=morning`;
    const answer = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <AssumedRoleUser><AssumedRoleId>AROABARISTA:morning</AssumedRoleId><Arn>${SESSION_ARN}</Arn></AssumedRoleUser>
      <Credentials><AccessKeyId>${SESSION}</AccessKeyId><SecretAccessKey>x</SecretAccessKey>
      <SessionToken>token-of-${SESSION}</SessionToken><Expiration>2026-11-20T13:00:00Z</Expiration></Credentials>
      </AssumeRoleResult></AssumeRoleResponse>`;
    await learned.learn(onWire("sts", { body }, answer));
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS - 1)).toMatchObject({
      arn: SESSION_ARN,
      sessionContext: { sessionIssuer: { arn: ROLE_ARN } },
    });
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS)).toBeUndefined();
  });

  test("JSON with its times in seconds", async () => {
    const { learned } = await openLearned();
    const target = "AWSCognitoIdentityService.GetCredentialsForIdentity";
    const Credentials = { AccessKeyId: SESSION, SecretKey: "x", SessionToken: `token-of-${SESSION}` };
    const answer = { IdentityId: "eu-west-1:0", Credentials: { ...Credentials, Expiration: (NOW + HOUR_MS) / 1000 } };
    await learned.learn(
      onWire("cognito-identity", { target, body: '{"IdentityId":"eu-west-1:0"}' }, JSON.stringify(answer)),
    );
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS - 1)).toMatchObject({ type: "AssumedRole" });
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS)).toBeUndefined();
  });

  test("REST with its times in milliseconds", async () => {
    const { learned } = await openLearned();
    const given = { accessKeyId: SESSION, sessionToken: `token-of-${SESSION}`, expiration: NOW + HOUR_MS };
    const request = { path: "/federation/credentials", query: `account_id=${ACCOUNT}&role_name=Admin` };
    await learned.learn(onWire("sso", request, JSON.stringify({ roleCredentials: given })));
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS - 1)).toMatchObject({ accountId: ACCOUNT });
    expect(await learned.find(REALM, withToken(SESSION), NOW + HOUR_MS)).toBeUndefined();
  });

  test("IAM's XML, with a list", async () => {
    const { learned } = await openLearned();
    const user = `<Path>/shop/</Path><UserName>John</UserName><UserId>AIDAJOHN</UserId><Arn>${JOHN_ARN}</Arn>`;
    const users = `<ListUsersResponse><ListUsersResult><IsTruncated>false</IsTruncated>
      <Users><member>${user}<CreateDate>2026-11-20T12:00:00Z</CreateDate></member></Users></ListUsersResult></ListUsersResponse>`;
    await learned.learn(onWire("iam", { body: "Action=ListUsers&Version=2010-05-08" }, users));
    const body = "Action=CreateAccessKey&Version=2010-05-08&UserName=John";
    const made = `<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>John</UserName>
      <AccessKeyId>${KEY}</AccessKeyId><Status>Active</Status><SecretAccessKey>x</SecretAccessKey></AccessKey>
      </CreateAccessKeyResult></CreateAccessKeyResponse>`;
    await learned.learn(onWire("iam", { body }, made));
    expect(await learned.find(REALM, { accessKeyId: KEY }, NOW)).toMatchObject({ arn: JOHN_ARN });
  });

  test("another operation's answer is none", async () => {
    const { tables, learned } = await openLearned();
    const body = "Action=AssumeRole&Version=2011-06-15&RoleArn=a&RoleSessionName=b";
    await learned.learn(onWire("sts", { body }, "<Error><Code>AccessDenied</Code></Error>"));
    await learned.learn(onWire("sts", { body }, "{}"));
    await learned.learn(onWire("sts", { body }, ""));
    expect(await tables.selectFrom("learned_keys").selectAll().execute()).toEqual([]);
  });
});
