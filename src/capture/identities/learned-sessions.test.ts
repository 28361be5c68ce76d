import { describe, expect, test } from "vitest";
import type { UserIdentity } from "../../record/index.ts";
import {
  ACCOUNT,
  assumedRole,
  credentials,
  HOUR_MS,
  JOHN_ARN,
  NOW,
  openLearned,
  REALM,
  ROLE_ARN,
  SESSION_ARN,
  seen,
  withToken,
} from "./testing.ts";

const KEY = "ASIASESSION000000001";
const JOHN: UserIdentity = {
  type: "IAMUser",
  principalId: "AIDAJOHN",
  arn: JOHN_ARN,
  accountId: ACCOUNT,
  accessKeyId: "AKIAJOHN000000000001",
  userName: "John",
};
const ROOT: UserIdentity = {
  type: "Root",
  principalId: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  accountId: ACCOUNT,
  accessKeyId: "AKIAROOT000000000001",
};
const ISSUER = { type: "Role", principalId: "AROABARISTA", arn: ROLE_ARN, accountId: ACCOUNT, userName: "Barista" };
const ATTRIBUTES = { creationDate: "2026-11-20T12:00:00Z", mfaAuthenticated: "false" };

describe("learn() from AssumeRole", () => {
  test("tells the session as production records do, members in their order", async () => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY));
    const identity = await learned.find(REALM, withToken(KEY), NOW);
    expect(identity).toEqual({
      type: "AssumedRole",
      principalId: "AROABARISTA:morning",
      arn: SESSION_ARN,
      accountId: ACCOUNT,
      accessKeyId: KEY,
      sessionContext: { sessionIssuer: ISSUER, webIdFederationData: {}, attributes: ATTRIBUTES },
    });
    expect(Object.keys(identity ?? {})).toEqual("type principalId arn accountId accessKeyId sessionContext".split(" "));
    expect(Object.keys(identity?.sessionContext ?? {})).toEqual(
      "sessionIssuer webIdFederationData attributes".split(" "),
    );
  });

  test.each([
    ["a code and its device", { SerialNumber: "arn:aws:iam::123456789012:mfa/John", TokenCode: "123456" }, "true"],
    ["a code alone", { TokenCode: "123456" }, "false"],
    ["a device alone", { SerialNumber: "arn:aws:iam::123456789012:mfa/John" }, "false"],
  ])("keeps MFA: %s", async (_, input, mfaAuthenticated) => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY, { input }));
    const identity = await learned.find(REALM, withToken(KEY), NOW);
    expect(identity?.sessionContext?.attributes).toEqual({ ...ATTRIBUTES, mfaAuthenticated });
  });

  test.each([
    ["the answer's", { SourceIdentity: "asked" }, { SourceIdentity: "told" }, undefined, "told"],
    ["the request's, where the answer does not repeat it", { SourceIdentity: "asked" }, {}, undefined, "asked"],
    ["the first of a chain", { SourceIdentity: "asked" }, {}, "first", "first"],
    ["the first of a chain, without being asked for", {}, {}, "first", "first"],
    ["none", {}, {}, undefined, undefined],
  ])("keeps the source identity: %s", async (_, input, output, first, expected) => {
    const { learned } = await openLearned();
    const sessionContext = first === undefined ? {} : { sourceIdentity: first };
    await learned.learn(assumedRole(KEY, { input, output, identity: { type: "AssumedRole", sessionContext } }));
    const identity = await learned.find(REALM, withToken(KEY), NOW);
    expect(identity?.sessionContext?.sourceIdentity).toBe(expected);
  });

  test("a chain of roles keeps MFA and source identity, and names the last role", async () => {
    const { learned } = await openLearned();
    const first = { SourceIdentity: "john@example.com", SerialNumber: "mfa", TokenCode: "123456" };
    await learned.learn(assumedRole("ASIAFIRST", { identity: JOHN, input: first }));
    const identity = await learned.find(REALM, withToken("ASIAFIRST"), NOW);
    const next = {
      Credentials: credentials("ASIASECOND"),
      AssumedRoleUser: { Arn: `arn:aws:sts::999999999999:assumed-role/Cook/noon`, AssumedRoleId: "AROACOOK:noon" },
    };
    await learned.learn(
      assumedRole("", {
        ...(identity === undefined ? {} : { identity }),
        shown: withToken("ASIAFIRST"),
        input: { RoleArn: "arn:aws:iam::999999999999:role/Cook" },
        output: next,
      }),
    );
    expect(await learned.find(REALM, withToken("ASIASECOND"), NOW)).toMatchObject({
      arn: "arn:aws:sts::999999999999:assumed-role/Cook/noon",
      accountId: "999999999999",
      sessionContext: {
        sessionIssuer: { arn: "arn:aws:iam::999999999999:role/Cook", userName: "Cook" },
        attributes: { mfaAuthenticated: "true" },
        sourceIdentity: "john@example.com",
      },
    });
  });

  test("believes the answer where the request asks for another role", async () => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY, { input: { RoleArn: `arn:aws:iam::${ACCOUNT}:role/Admin` } }));
    const identity = await learned.find(REALM, withToken(KEY), NOW);
    expect(identity?.sessionContext?.sessionIssuer).toEqual({
      type: "Role",
      principalId: "AROABARISTA",
      accountId: ACCOUNT,
      userName: "Barista",
    });
  });

  test("makes nobody of an answer that names nobody, as MinIO gives it", async () => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY, { output: { AssumedRoleUser: {} } }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toBeUndefined();
  });
});

describe("learn() from other ways to credentials", () => {
  const web = {
    Credentials: credentials(KEY),
    AssumedRoleUser: { Arn: SESSION_ARN, AssumedRoleId: "AROABARISTA:morning" },
  };

  test.each([
    [
      `arn:aws:iam::${ACCOUNT}:oidc-provider/token.example.org`,
      { federatedProvider: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.example.org`, attributes: {} },
    ],
    [
      "accounts.google.com",
      {
        federatedProvider: "accounts.google.com",
        attributes: { "accounts.google.com:aud": "app", "accounts.google.com:sub": "mary" },
      },
    ],
  ])("AssumeRoleWithWebIdentity keeps the provider %s", async (Provider, expected) => {
    const { learned } = await openLearned();
    const output = { ...web, Provider, Audience: "app", SubjectFromWebIdentityToken: "mary" };
    await learned.learn(
      seen("sts:AssumeRoleWithWebIdentity", { shown: undefined, input: { RoleArn: ROLE_ARN }, output }),
    );
    expect(await learned.find(REALM, withToken(KEY), NOW)).toMatchObject({
      type: "AssumedRole",
      arn: SESSION_ARN,
      sessionContext: { sessionIssuer: ISSUER, webIdFederationData: expected },
    });
  });

  test("AssumeRoleWithSAML gives a session of the role", async () => {
    const { learned } = await openLearned();
    const output = { ...web, Subject: "mary", NameQualifier: "q=" };
    await learned.learn(seen("sts:AssumeRoleWithSAML", { shown: undefined, input: { RoleArn: ROLE_ARN }, output }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toMatchObject({ sessionContext: { sessionIssuer: ISSUER } });
  });

  test.each([JOHN, ROOT])("GetSessionToken gives a session of its maker: $type", async (identity) => {
    const { learned } = await openLearned();
    const input = { SerialNumber: "mfa", TokenCode: "123456" };
    await learned.learn(seen("sts:GetSessionToken", { identity, input, output: { Credentials: credentials(KEY) } }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toEqual({
      ...identity,
      accessKeyId: KEY,
      sessionContext: {
        sessionIssuer: {},
        webIdFederationData: {},
        attributes: { ...ATTRIBUTES, mfaAuthenticated: "true" },
      },
    });
  });

  test("GetSessionToken of nobody gives a session of nobody", async () => {
    const { learned } = await openLearned();
    await learned.learn(seen("sts:GetSessionToken", { output: { Credentials: credentials(KEY) } }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toBeUndefined();
  });

  const FEDERATED = {
    Credentials: credentials(KEY),
    FederatedUser: {
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/supplier`,
      FederatedUserId: `${ACCOUNT}:supplier`,
    },
  };

  test.each<readonly [UserIdentity, unknown]>([
    [JOHN, { type: "IAMUser", principalId: "AIDAJOHN", arn: JOHN_ARN, accountId: ACCOUNT, userName: "John" }],
    [ROOT, { type: "Root", principalId: ACCOUNT, arn: ROOT.arn, accountId: ACCOUNT }],
    [{ type: "Unknown", accessKeyId: "AKIA" }, {}],
  ])("GetFederationToken names who vouches: %j", async (identity, sessionIssuer) => {
    const { learned } = await openLearned();
    await learned.learn(seen("sts:GetFederationToken", { identity, output: FEDERATED }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toEqual({
      type: "FederatedUser",
      principalId: `${ACCOUNT}:supplier`,
      arn: FEDERATED.FederatedUser.Arn,
      accountId: ACCOUNT,
      accessKeyId: KEY,
      sessionContext: { sessionIssuer, webIdFederationData: {}, attributes: ATTRIBUTES },
    });
  });

  test.each(["999999999999", "arn:aws:iam::999999999999:root"])("AssumeRoot on %s gives its root", async (target) => {
    const { learned } = await openLearned();
    const output = { Credentials: credentials(KEY), SourceIdentity: "john" };
    await learned.learn(seen("sts:AssumeRoot", { identity: JOHN, input: { TargetPrincipal: target }, output }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toEqual({
      type: "Root",
      principalId: "999999999999",
      arn: "arn:aws:iam::999999999999:root",
      accountId: "999999999999",
      accessKeyId: KEY,
      sessionContext: { attributes: ATTRIBUTES, sourceIdentity: "john", assumedRoot: "true" },
    });
  });

  test("GetDelegatedAccessToken gives the principal that the answer names", async () => {
    const { learned } = await openLearned();
    const output = { Credentials: credentials(KEY), AssumedPrincipal: SESSION_ARN };
    await learned.learn(seen("sts:GetDelegatedAccessToken", { output }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toMatchObject({ type: "AssumedRole", arn: SESSION_ARN });
  });

  test("GetCredentialsForIdentity names the identity of the pool, and no role", async () => {
    const { learned } = await openLearned();
    const output = { IdentityId: "eu-west-1:0000", Credentials: credentials(KEY) };
    await learned.learn(seen("cognito-identity:GetCredentialsForIdentity", { shown: undefined, output }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toEqual({
      type: "AssumedRole",
      accessKeyId: KEY,
      sessionContext: {
        sessionIssuer: {},
        webIdFederationData: {
          federatedProvider: "cognito-identity.amazonaws.com",
          attributes: { "cognito-identity.amazonaws.com:sub": "eu-west-1:0000" },
        },
        attributes: ATTRIBUTES,
      },
    });
  });

  test("GetRoleCredentials names the account, and no role by the permission set's name", async () => {
    const { learned } = await openLearned();
    await learned.learn(
      seen("sso:GetRoleCredentials", {
        shown: undefined,
        head: { method: "GET", path: "/federation/credentials", query: "account_id=1&role_name=Admin", headers: {} },
        input: { accountId: ACCOUNT, roleName: "Admin", accessToken: "secret" },
        output: { roleCredentials: { accessKeyId: KEY, sessionToken: `token-of-${KEY}`, expiration: NOW + HOUR_MS } },
      }),
    );
    expect(await learned.find(REALM, withToken(KEY), NOW)).toEqual({
      type: "AssumedRole",
      accountId: ACCOUNT,
      accessKeyId: KEY,
      sessionContext: {
        sessionIssuer: { type: "Role", accountId: ACCOUNT },
        webIdFederationData: {},
        attributes: ATTRIBUTES,
      },
    });
    expect(await learned.find(REALM, withToken(KEY), NOW + HOUR_MS)).toBeUndefined();
  });

  test("AssumeRoleForPodIdentity gives the session that the answer names", async () => {
    const { learned } = await openLearned();
    await learned.learn(
      seen("eks-auth:AssumeRoleForPodIdentity", {
        head: { method: "POST", path: "/clusters/c/assume-role-for-pod-identity", query: "", headers: {} },
        output: {
          assumedRoleUser: { arn: SESSION_ARN, assumeRoleId: "AROABARISTA:morning" },
          credentials: { accessKeyId: KEY, sessionToken: `token-of-${KEY}`, expiration: new Date(NOW + HOUR_MS) },
        },
      }),
    );
    expect(await learned.find(REALM, withToken(KEY), NOW)).toMatchObject({
      arn: SESSION_ARN,
      sessionContext: { sessionIssuer: { principalId: "AROABARISTA", userName: "Barista" } },
    });
  });
});

describe("find() of a session", () => {
  test("ends with it", async () => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY));
    expect(await learned.find(REALM, withToken(KEY), NOW + HOUR_MS - 1)).toBeDefined();
    expect(await learned.find(REALM, withToken(KEY), NOW + HOUR_MS)).toBeUndefined();
  });

  test("ends after AWS's longest when the answer does not say when", async () => {
    const { learned } = await openLearned();
    const { Expiration: _, ...endless } = credentials(KEY);
    await learned.learn(assumedRole(KEY, { output: { Credentials: endless } }));
    expect(await learned.find(REALM, withToken(KEY), NOW + 36 * HOUR_MS - 1)).toBeDefined();
    expect(await learned.find(REALM, withToken(KEY), NOW + 36 * HOUR_MS)).toBeUndefined();
  });

  test("takes the token that it was given out with", async () => {
    const { learned } = await openLearned();
    await learned.learn(assumedRole(KEY));
    expect(await learned.find(REALM, { accessKeyId: KEY }, NOW)).toBeUndefined();
    expect(await learned.find(REALM, { accessKeyId: KEY, sessionToken: "another" }, NOW)).toBeUndefined();
  });

  test("tells two sessions of one key apart by their tokens", async () => {
    const { learned } = await openLearned();
    const one = { ...credentials(KEY), SessionToken: "one" };
    const two = { ...credentials(KEY), SessionToken: "two" };
    await learned.learn(seen("sts:GetSessionToken", { identity: JOHN, output: { Credentials: one } }));
    await learned.learn(assumedRole(KEY, { output: { Credentials: two } }));
    expect(await learned.find(REALM, { accessKeyId: KEY, sessionToken: "one" }, NOW)).toMatchObject({
      userName: "John",
    });
    expect(await learned.find(REALM, { accessKeyId: KEY, sessionToken: "two" }, NOW)).toMatchObject({
      arn: SESSION_ARN,
    });
  });

  test("makes nobody of a key and token that two holders got, until both have ended", async () => {
    const { learned } = await openLearned();
    const given = (identity: UserIdentity, hours: number, now = NOW) =>
      seen("sts:GetSessionToken", { identity, now, output: { Credentials: credentials(KEY, hours) } });
    await learned.learn(given(JOHN, 1));
    await learned.learn(given(JOHN, 2));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toMatchObject({ userName: "John" });
    await learned.learn(given(ROOT, 1));
    await learned.learn(given(JOHN, 1));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toBeUndefined();
    const later = NOW + 2 * HOUR_MS;
    await learned.learn(given(ROOT, 3, later));
    expect(await learned.find(REALM, withToken(KEY), later)).toMatchObject({ type: "Root" });
  });

  test("makes nobody of them until the longer of both has ended", async () => {
    const { learned } = await openLearned();
    const given = (identity: UserIdentity, hours: number, now = NOW) =>
      seen("sts:GetSessionToken", { identity, now, output: { Credentials: credentials(KEY, hours) } });
    await learned.learn(given(JOHN, 3));
    await learned.learn(given(ROOT, 1));
    await learned.learn(given(ROOT, 4, NOW + 2 * HOUR_MS));
    expect(await learned.find(REALM, withToken(KEY), NOW + 2 * HOUR_MS)).toBeUndefined();
  });

  test("makes nobody of a key and token that a stranger got too", async () => {
    const { learned } = await openLearned();
    const output = { Credentials: credentials(KEY) };
    await learned.learn(seen("sts:GetSessionToken", { output }));
    await learned.learn(seen("sts:GetSessionToken", { identity: JOHN, output }));
    expect(await learned.find(REALM, withToken(KEY), NOW)).toBeUndefined();
  });
});
