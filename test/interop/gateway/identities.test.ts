import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import * as iam from "@aws-sdk/client-iam";
import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as sts from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import type { Credentials } from "../client.ts";
import { whySkipped } from "../clients.ts";
import { type Gateway, startGateway } from "./gateway-run.ts";
import { MOTO_MISSING, type Moto, startMoto } from "./moto.ts";

const STRANGER = { accessKeyId: "AKIAORACLEORACLE0004", secretAccessKey: "nobody-here-knows-this-key" };
const ACCOUNT = "123456789012";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/Barista`;
const ALLOW_ALL = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});
const TRUST_ALL = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
});
/** Calls that moto takes from anybody: those by which the stranger makes John and the role. */
const STRANGERS_CALLS = 5;

/** moto keeps the users here, and is asked for them through the gateway like for everything else. */
function configuration(upstream: string): string {
  return `
routes:
  - name: people
    match: { service: [iam, sts] }
    upstream: ${upstream}
  - name: the-rest
    upstream: ${upstream}
`;
}

interface KeyInAnswer {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly SessionToken?: string | undefined;
}

function keyIn(answer: KeyInAnswer | undefined): Credentials {
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = answer ?? {};
  const pair = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
  return SessionToken === undefined ? pair : { ...pair, sessionToken: SessionToken };
}

describe.skipIf(MOTO_MISSING !== undefined)(`identities that moto keeps${whySkipped(MOTO_MISSING)}`, () => {
  let moto: Moto;
  let gateway: Gateway;
  let john: Credentials;
  let session: Credentials;
  let records: readonly AuditRecord[];

  beforeAll(async () => {
    moto = await startMoto({ trusts: STRANGERS_CALLS });
    gateway = await startGateway({ config: configuration(moto.endpoint) });
    const as = (credentials: Credentials): object => ({
      endpoint: gateway.server.endpoint,
      region: "us-east-1",
      credentials,
      maxAttempts: 1,
    });
    const maker = new iam.IAMClient(as(STRANGER));
    await maker.send(new iam.CreateUserCommand({ UserName: "John", Path: "/shop/" }));
    const policy = { PolicyName: "All", PolicyDocument: ALLOW_ALL };
    await maker.send(new iam.PutUserPolicyCommand({ UserName: "John", ...policy }));
    john = keyIn((await maker.send(new iam.CreateAccessKeyCommand({ UserName: "John" }))).AccessKey);
    await maker.send(new iam.CreateRoleCommand({ RoleName: "Barista", AssumeRolePolicyDocument: TRUST_ALL }));
    await maker.send(new iam.PutRolePolicyCommand({ RoleName: "Barista", ...policy }));

    // From here on moto looks at every signature, and at Host in it.
    const people = new sts.STSClient(as(john));
    await people.send(new sts.GetCallerIdentityCommand({}));
    const assume = { RoleArn: ROLE, RoleSessionName: "morning", SourceIdentity: "john@example.com" };
    session = keyIn((await people.send(new sts.AssumeRoleCommand(assume))).Credentials);
    await new SQSClient(as(session)).send(new CreateQueueCommand({ QueueName: "by-session" }));
    const list = async (key: Credentials): Promise<unknown> =>
      new DynamoDBClient(as(key)).send(new ListTablesCommand({})).catch(() => undefined);
    for (const key of [john, { ...john, secretAccessKey: "not-the-secret" }, STRANGER]) await list(key);
    for (const key of [john, { ...john, secretAccessKey: "not-the-secret" }]) {
      const store = new S3Client({ ...as(key), forcePathStyle: true });
      await store.send(new HeadBucketCommand({ Bucket: "no-such-bucket" })).catch(() => undefined);
    }
    records = await gateway.records();
  }, 60_000);
  afterAll(() => moto?.stop());

  const recordsOf = (name: string, key: Credentials): readonly AuditRecord[] =>
    records.filter(({ eventName, userIdentity }) => eventName === name && userIdentity.accessKeyId === key.accessKeyId);

  test("a key that nobody knows is all that is told of its holder", () => {
    const [created] = recordsOf("CreateUser", STRANGER);
    expect(created?.userIdentity).toEqual({ type: "Unknown", accessKeyId: STRANGER.accessKeyId });
    expect(recordsOf("ListTables", STRANGER)[0]).toMatchObject({
      userIdentity: { type: "Unknown", accessKeyId: STRANGER.accessKeyId },
      errorCode: expect.any(String),
    });
  });

  test("a user's key is known from its first call on", () => {
    const [asked] = recordsOf("GetCallerIdentity", john);
    expect(asked?.userIdentity).toMatchObject({
      type: "IAMUser",
      arn: `arn:aws:iam::${ACCOUNT}:user/shop/John`,
      accountId: ACCOUNT,
      userName: "John",
    });
  });

  test("a role's session is known from its first call on, with who stands behind it", () => {
    const [made] = recordsOf("CreateQueue", session);
    expect(made).toMatchObject({
      eventSource: "sqs.amazonaws.com",
      requestParameters: { queueName: "by-session" },
      userIdentity: {
        type: "AssumedRole",
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/morning`,
        accountId: ACCOUNT,
        sessionContext: {
          sessionIssuer: { type: "Role", arn: ROLE, accountId: ACCOUNT, userName: "Barista" },
          attributes: { mfaAuthenticated: "false" },
          sourceIdentity: "john@example.com",
        },
      },
    });
    expect(made).not.toHaveProperty("errorCode");
  });

  test("whoever signs with another secret is not called John", () => {
    const [right, wrong] = recordsOf("ListTables", john);
    expect(right?.userIdentity).toMatchObject({ type: "IAMUser", userName: "John" });
    expect(wrong?.errorCode).toMatch(/Signature/);
    expect(wrong?.userIdentity).not.toHaveProperty("userName");
    expect(wrong?.userIdentity).not.toHaveProperty("arn");
  });

  test("whoever signs with another secret is not called John, even where the answer does not say what is wrong", () => {
    const [right, wrong] = recordsOf("HeadBucket", john);
    expect(right).toMatchObject({ errorCode: "NoSuchBucket", userIdentity: { userName: "John" } });
    expect(wrong).toMatchObject({ errorCode: expect.stringMatching(/^(AccessDenied|BadRequest)$/) });
    expect(wrong?.userIdentity).toEqual({ type: "Unknown", accessKeyId: john.accessKeyId });
  });

  test("no secret of them stands in the log", () => {
    const log = JSON.stringify(records);
    const secrets = [john, session].map(({ secretAccessKey }) => secretAccessKey);
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    expect(new Set(secrets).size).toBe(2);
  });
});

/** moto makes these up and forgets them at once: it takes them only where it looks at no signature. */
describe.skipIf(MOTO_MISSING !== undefined)(`sessions that moto makes up${whySkipped(MOTO_MISSING)}`, () => {
  let moto: Moto;
  let records: readonly AuditRecord[];

  beforeAll(async () => {
    moto = await startMoto();
    const gateway = await startGateway({ config: configuration(moto.endpoint) });
    const common = { endpoint: gateway.server.endpoint, region: "us-east-1", maxAttempts: 1 };
    const owner = new iam.IAMClient({ ...common, credentials: { ...STRANGER } });
    await owner.send(new iam.CreateUserCommand({ UserName: "John" }));
    const john = keyIn((await owner.send(new iam.CreateAccessKeyCommand({ UserName: "John" }))).AccessKey);
    const people = new sts.STSClient({ ...common, credentials: { ...john } });
    const list = async (answer: { readonly Credentials?: KeyInAnswer | undefined }): Promise<unknown> =>
      new DynamoDBClient({ ...common, credentials: { ...keyIn(answer.Credentials) } }).send(new ListTablesCommand({}));
    await list(await people.send(new sts.GetFederationTokenCommand({ Name: "supplier" })));
    await list(await people.send(new sts.GetSessionTokenCommand({})));
    records = await gateway.records();
  }, 60_000);
  afterAll(() => moto?.stop());

  test("whom a user vouches for is known, and a user's own session too", () => {
    const [federated, own] = records.filter(({ eventName }) => eventName === "ListTables");
    expect(federated?.userIdentity).toMatchObject({
      type: "FederatedUser",
      arn: `arn:aws:sts::${ACCOUNT}:federated-user/supplier`,
      sessionContext: { sessionIssuer: { type: "IAMUser", userName: "John" } },
    });
    expect(own?.userIdentity).toMatchObject({
      type: "IAMUser",
      userName: "John",
      sessionContext: { attributes: { mfaAuthenticated: "false" } },
    });
  });
});
