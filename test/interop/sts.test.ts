import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCredentials } from "../server.ts";
import type { Boto3 } from "./boto3-client.ts";
import { type Answer, type Credentials, type Output, type Parameters, text } from "./client.ts";
import { BOTO3_MISSING, whySkipped } from "./clients.ts";
import { credentialsIn, errorOf, outputOf, Run } from "./run.ts";
import { checkWholeJournal, type JournalledRecord } from "./whole-journal.ts";

const ACCOUNT = "123456789012";
const PARTNER = "210987654321";
const BARISTA = `arn:aws:iam::${ACCOUNT}:role/shop/Barista`;
const GUEST_ROLE = `arn:aws:iam::${ACCOUNT}:role/Guest`;
const TIME: unknown = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
const ONLY_LIST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "iam:ListUsers", Resource: "*" }],
});

const trusting = (principal: string, condition?: object): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: principal },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  });

describe.skipIf(BOTO3_MISSING !== undefined)(`STS through boto3${whySkipped(BOTO3_MISSING)}`, () => {
  let run: Run;
  let boto3: Boto3;
  let john: Credentials;
  let johnId: string;
  /** Root of another account of the same installation. */
  let partner: Credentials;

  beforeAll(async () => {
    run = await Run.start({ flags: ["--accounts", `${ACCOUNT},${PARTNER}`] });
    partner = readCredentials(join(run.server.dataDirectory, `root-credentials-${PARTNER}`));
    boto3 = run.boto3();
    johnId = text(await iam("CreateUser", { UserName: "John", Path: "/shop/" }), "User", "UserId");
    john = credentialsIn(await iam("CreateAccessKey", { UserName: "John" }), "AccessKey");
    await iam("AttachUserPolicy", { UserName: "John", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" });
    const role = { RoleName: "Barista", Path: "/shop/", MaxSessionDuration: 7200 };
    await iam("CreateRole", {
      ...role,
      AssumeRolePolicyDocument: trusting(`arn:aws:iam::${ACCOUNT}:user/shop/John`),
    });
    await iam("AttachRolePolicy", { RoleName: "Barista", PolicyArn: "arn:aws:iam::aws:policy/IAMFullAccess" });
    await iam("CreateRole", {
      RoleName: "Guest",
      AssumeRolePolicyDocument: trusting(`arn:aws:iam::${ACCOUNT}:root`, {
        StringEquals: { "sts:ExternalId": "table-7" },
      }),
    });
  });
  afterAll(() => run.stop());

  async function iam(operation: string, parameters: Parameters): Promise<Output> {
    return outputOf(await run.boto3Call(boto3, "iam", operation, parameters));
  }
  function sts(
    operation: string,
    parameters: Parameters,
    credentials: Credentials,
    region = "us-east-1",
  ): Promise<Answer> {
    return run.boto3Call(boto3, "sts", operation, parameters, { credentials, region });
  }
  const identityOf = async (credentials: Credentials): Promise<Output> =>
    outputOf(await sts("GetCallerIdentity", {}, credentials));
  const mayNotCreate = async (credentials: Credentials): Promise<string> => {
    const options = { credentials };
    const refused = errorOf(await run.boto3Call(boto3, "iam", "CreateUser", { UserName: "Eve" }, options));
    expect(refused).toMatchObject({ code: "AccessDenied", status: 403 });
    return refused.message;
  };

  test("GetCallerIdentity tells root and user", async () => {
    expect(await identityOf(run.root)).toEqual({
      UserId: ACCOUNT,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
    });
    expect(await identityOf(john)).toEqual({
      UserId: johnId,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/shop/John`,
    });
  });

  describe("AssumeRole with everything", () => {
    let answer: Answer;
    let session: Credentials;
    const parameters = {
      RoleArn: BARISTA,
      RoleSessionName: "morning-shift",
      DurationSeconds: 7200,
      Policy: ONLY_LIST,
      PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess" }],
      Tags: [{ Key: "team", Value: "red" }],
      TransitiveTagKeys: ["team"],
      SourceIdentity: "john@example.com",
    };

    beforeAll(async () => {
      answer = await sts("AssumeRole", parameters, john);
      session = credentialsIn(outputOf(answer), "Credentials");
    });

    test("answers credentials, the session's name and the source identity", () => {
      expect(outputOf(answer)).toEqual({
        Credentials: {
          AccessKeyId: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
          SecretAccessKey: expect.stringMatching(/^.{40}$/),
          SessionToken: expect.any(String),
          Expiration: TIME,
        },
        AssumedRoleUser: {
          AssumedRoleId: expect.stringMatching(/^AROA[A-Z0-9]{17}:morning-shift$/),
          Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning-shift`,
        },
        PackedPolicySize: expect.any(Number),
        SourceIdentity: "john@example.com",
      });
      const expires = Date.parse(text(outputOf(answer), "Credentials", "Expiration"));
      expect(Math.abs(expires - Date.now() - 7_200_000)).toBeLessThan(60_000);
    });

    test("its record shows who became whom, and neither secret nor token", async () => {
      const { record, event } = await run.recordOf(answer.requestId);
      expect(record).toMatchObject({
        userIdentity: { type: "IAMUser", userName: "John" },
        eventSource: "sts.amazonaws.com",
        readOnly: true,
        requestParameters: {
          roleArn: BARISTA,
          roleSessionName: "morning-shift",
          durationSeconds: 7200,
          sourceIdentity: "john@example.com",
          tags: [{ key: "team", value: "red" }],
          transitiveTagKeys: ["team"],
          policy: ONLY_LIST,
        },
        responseElements: {
          credentials: { accessKeyId: session.accessKeyId, expiration: expect.any(String) },
          assumedRoleUser: { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning-shift` },
          sourceIdentity: "john@example.com",
        },
        resources: [{ accountId: ACCOUNT, type: "AWS::IAM::Role", ARN: BARISTA }],
      });
      expect(JSON.stringify(record.responseElements)).not.toMatch(/secretAccessKey|"sessionToken"/);
      expect(event).toMatchObject({
        Resources: expect.arrayContaining([{ ResourceType: "AWS::IAM::Role", ResourceName: BARISTA }]),
      });
    });

    test("is narrowed by its session policies", async () => {
      outputOf(await run.boto3Call(boto3, "iam", "ListUsers", {}, { credentials: session }));
      expect(await mayNotCreate(session)).toMatch(
        /^User: arn:aws:sts::\d+:assumed-role\/Barista\/morning-shift is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::\d+:user\/Eve because no session policy allows the iam:CreateUser action$/,
      );
    });

    test("calls as the role: GetCallerIdentity and the record", async () => {
      const called = await sts("GetCallerIdentity", {}, session);
      expect(text(outputOf(called), "Arn")).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning-shift`);
      const { record, event } = await run.recordOf(called.requestId);
      const roleId = text(outputOf(answer), "AssumedRoleUser", "AssumedRoleId");
      expect(record.userIdentity).toEqual({
        type: "AssumedRole",
        principalId: roleId,
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning-shift`,
        accountId: ACCOUNT,
        accessKeyId: session.accessKeyId,
        sessionContext: {
          sessionIssuer: {
            type: "Role",
            principalId: roleId.slice(0, roleId.indexOf(":")),
            arn: BARISTA,
            accountId: ACCOUNT,
            userName: "Barista",
          },
          webIdFederationData: {},
          attributes: { creationDate: expect.stringMatching(/Z$/), mfaAuthenticated: "false" },
          sourceIdentity: "john@example.com",
        },
      });
      expect(event["Username"]).toBe("morning-shift");
    });

    test("is found by the key it was given", async () => {
      const parameters = { LookupAttributes: [{ AttributeKey: "AccessKeyId", AttributeValue: session.accessKeyId }] };
      const found = outputOf(await run.boto3Call(boto3, "cloudtrail", "LookupEvents", parameters));
      const names = (found["Events"] as readonly Output[]).map((event) => text(event, "EventName"));
      expect(names.toSorted()).toEqual(["CreateUser", "GetCallerIdentity", "ListUsers"]);
    });
  });

  test("AssumeRole asks for the external id", async () => {
    const asked = { RoleArn: GUEST_ROLE, RoleSessionName: "visit" };
    const refused = await sts("AssumeRole", { ...asked, ExternalId: "table-8" }, john);
    expect(errorOf(refused)).toMatchObject({
      code: "AccessDenied",
      status: 403,
      message: `User: arn:aws:iam::${ACCOUNT}:user/shop/John is not authorized to perform: sts:AssumeRole on resource: ${GUEST_ROLE}`,
    });
    expect((await run.recordOf(refused.requestId)).record).toMatchObject({
      errorCode: "AccessDenied",
      responseElements: null,
      readOnly: true,
      requestParameters: { externalId: "table-8" },
    });
    outputOf(await sts("AssumeRole", { ...asked, ExternalId: "table-7" }, john));
  });

  test("AssumeRole is not for root, nor for a role that is not there", async () => {
    const asked = { RoleArn: BARISTA, RoleSessionName: "visit" };
    expect(errorOf(await sts("AssumeRole", asked, run.root))).toMatchObject({
      code: "AccessDenied",
      message: "Roles may not be assumed by root accounts.",
    });
    expect(errorOf(await sts("AssumeRole", { ...asked, RoleArn: `${BARISTA}X` }, john)).code).toBe("AccessDenied");
  });

  test("AssumeRole from a role's session is limited to an hour, and keeps the source identity", async () => {
    await iam("CreateRole", { RoleName: "Chain", AssumeRolePolicyDocument: trusting(BARISTA) });
    const first = { RoleArn: BARISTA, RoleSessionName: "first", SourceIdentity: "john" };
    const session = credentialsIn(outputOf(await sts("AssumeRole", first, john)), "Credentials");
    const second = { RoleArn: `arn:aws:iam::${ACCOUNT}:role/Chain`, RoleSessionName: "second" };
    expect(errorOf(await sts("AssumeRole", { ...second, DurationSeconds: 3601 }, session)).code).toBe(
      "ValidationError",
    );
    const chained = await sts("AssumeRole", second, session);
    const { record } = await run.recordOf(
      (await sts("GetCallerIdentity", {}, credentialsIn(outputOf(chained), "Credentials"))).requestId,
    );
    expect(record.userIdentity.sessionContext?.sourceIdentity).toBe("john");
  });

  test.each([
    ["root", () => run.root, "Root"],
    ["a user", () => john, "IAMUser"],
  ])("GetSessionToken of %s stands for its holder", async (_, holder, type) => {
    const answer = await sts("GetSessionToken", { DurationSeconds: 900 }, holder());
    const session = credentialsIn(outputOf(answer), "Credentials");
    expect(session.accessKeyId).toMatch(/^ASIA/);
    expect(await identityOf(session)).toEqual(await identityOf(holder()));
    expect((await run.recordOf(answer.requestId)).record).toMatchObject({
      readOnly: false,
      responseElements: { credentials: { accessKeyId: session.accessKeyId } },
    });
    const called = await sts("GetCallerIdentity", {}, session);
    expect((await run.recordOf(called.requestId)).record.userIdentity).toMatchObject({
      type,
      accessKeyId: session.accessKeyId,
      sessionContext: { sessionIssuer: {}, webIdFederationData: {}, attributes: { mfaAuthenticated: "false" } },
    });
    expect(errorOf(await sts("GetSessionToken", {}, session)).code).toBe("AccessDenied");
  });

  test("GetFederationToken stands for whom the user vouches for, and may what its policy allows", async () => {
    const parameters = { Name: "supplier", Policy: ONLY_LIST, DurationSeconds: 900, Tags: [{ Key: "a", Value: "b" }] };
    const answer = await sts("GetFederationToken", parameters, john);
    expect(outputOf(answer)).toMatchObject({
      FederatedUser: {
        FederatedUserId: `${ACCOUNT}:supplier`,
        Arn: `arn:aws:sts::${ACCOUNT}:federated-user/supplier`,
      },
      PackedPolicySize: expect.any(Number),
    });
    const session = credentialsIn(outputOf(answer), "Credentials");
    expect(await identityOf(session)).toEqual({
      UserId: `${ACCOUNT}:supplier`,
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/supplier`,
    });
    const called = await sts("GetCallerIdentity", {}, session);
    const { record, event } = await run.recordOf(called.requestId);
    expect(record.userIdentity).toMatchObject({
      type: "FederatedUser",
      principalId: `${ACCOUNT}:supplier`,
      accessKeyId: session.accessKeyId,
      sessionContext: { sessionIssuer: { type: "IAMUser", principalId: johnId, userName: "John" } },
    });
    expect(record.userIdentity).not.toHaveProperty("userName");
    expect(event["Username"]).toBe("supplier");
  });

  describe("AssumeRole of another account", () => {
    const role = `arn:aws:iam::${PARTNER}:role/Visitor`;
    const asked = { RoleArn: role, RoleSessionName: "visit" };
    let answer: Answer;

    beforeAll(async () => {
      const AssumeRolePolicyDocument = trusting(`arn:aws:iam::${ACCOUNT}:root`);
      const parameters = { RoleName: "Visitor", AssumeRolePolicyDocument };
      outputOf(await run.boto3Call(boto3, "iam", "CreateRole", parameters, { credentials: partner }));
      answer = await sts("AssumeRole", asked, john);
    });

    const copies = async (root: Credentials, requestId: string): Promise<readonly JournalledRecord[]> =>
      (await run.records("us-east-1", root)).filter(({ record }) => record.requestID === requestId);

    test("is told to both, each as it concerns them", async () => {
      const session = credentialsIn(outputOf(answer), "Credentials");
      expect(text(await identityOf(session), "Arn")).toBe(`arn:aws:sts::${PARTNER}:assumed-role/Visitor/visit`);
      const { record: mine } = await run.recordOf(answer.requestId);
      const theirs = await copies(partner, answer.requestId);
      expect(theirs).toHaveLength(1);
      expect(mine).toMatchObject({
        userIdentity: { type: "IAMUser", userName: "John" },
        recipientAccountId: ACCOUNT,
        sharedEventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(theirs[0]?.record).toEqual({
        ...mine,
        userIdentity: { type: "AWSAccount", principalId: johnId, accountId: ACCOUNT },
        eventID: theirs[0]?.record.eventID,
        recipientAccountId: PARTNER,
      });
    });

    test("that is denied is told to the caller's account only", async () => {
      const denied = await sts("AssumeRole", { ...asked, RoleArn: `${role}X` }, john);
      expect(errorOf(denied).code).toBe("AccessDenied");
      const { record } = await run.recordOf(denied.requestId);
      expect(record).not.toHaveProperty("sharedEventID");
      expect(await copies(partner, denied.requestId)).toEqual([]);
    });

    test("leaves no other trace of one account in the other", async () => {
      const records = await run.records("us-east-1", partner);
      const strangers = records.filter(({ record }) => record.recipientAccountId !== PARTNER);
      expect(records.length).toBeGreaterThan(2);
      expect(strangers).toEqual([]);
    });
  });

  test("GetAccessKeyInfo tells the account", async () => {
    const answer = await sts("GetAccessKeyInfo", { AccessKeyId: john.accessKeyId }, run.root);
    expect(outputOf(answer)).toEqual({ Account: ACCOUNT });
  });

  test("DecodeAuthorizationMessage has no message of ours to decode", async () => {
    const answer = await sts("DecodeAuthorizationMessage", { EncodedMessage: "abc" }, run.root);
    expect(errorOf(answer)).toMatchObject({ code: "InvalidAuthorizationMessageException", status: 400 });
  });

  test("every other operation of STS is refused by name", async () => {
    const served = [
      "AssumeRole",
      "DecodeAuthorizationMessage",
      "GetAccessKeyInfo",
      "GetCallerIdentity",
      "GetFederationToken",
      "GetSessionToken",
    ];
    const others = (await boto3.operations("sts")).filter((operation) => !served.includes(operation));
    expect(others.length).toBeGreaterThanOrEqual(4);
    for (const operation of others) {
      // Two of them are sent unsigned, as they should be: they are refused for what they are all the same.
      const { error } = await run.boto3Call(boto3, "sts", operation, "minimal");
      expect([operation, error?.code]).toEqual([operation, "UnsupportedOperationException"]);
    }
  });

  test("calls of another Region are recorded in that Region", async () => {
    const answer = outputOf(await sts("GetCallerIdentity", {}, john, "eu-west-1"));
    expect(text(answer, "Account")).toBe(ACCOUNT);
    const records = await run.records("eu-west-1");
    const named = records.filter(({ record }) => record.eventName === "GetCallerIdentity");
    expect(named.map(({ record }) => record.awsRegion)).toEqual(["eu-west-1"]);
  });

  test("every call is in the log, keeps the rules, and shows no secret", async () => {
    const roots = [run.root, partner];
    expect(await checkWholeJournal(run, ["us-east-1", "eu-west-1"], roots)).toBeGreaterThan(50);
  });
});
