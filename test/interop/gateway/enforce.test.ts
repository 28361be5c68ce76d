import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as iam from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import type { Credentials } from "../client.ts";
import { CLIENTS, whySkipped } from "../clients.ts";
import { CommandLine } from "./cli-story.ts";
import { type Gateway, startGateway } from "./gateway-run.ts";
import { guarded, makeMary } from "./guarded.ts";
import { MOTO_MISSING, type Moto, startMoto } from "./moto.ts";

const ACCOUNT = "123456789012";

/** A key that moto itself gave out, made without the gateway: what the route signs with. */
async function keyOfMoto(endpoint: string): Promise<Credentials> {
  const anybody = { accessKeyId: "AKIAORACLEORACLE0005", secretAccessKey: "any" };
  const maker = new iam.IAMClient({ endpoint, region: "us-east-1", credentials: anybody });
  const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
  await maker.send(new iam.CreateUserCommand({ UserName: "gateway" }));
  await maker.send(new iam.PutUserPolicyCommand({ UserName: "gateway", PolicyName: "All", PolicyDocument }));
  const { AccessKey } = await maker.send(new iam.CreateAccessKeyCommand({ UserName: "gateway" }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

const COMMAND_LINES = CLIENTS.flatMap(({ name, missing, command }, index) =>
  command === undefined || missing !== undefined ? [] : [{ name, command, index }],
);

describe.skipIf(MOTO_MISSING !== undefined)(`a policy in front of moto${whySkipped(MOTO_MISSING)}`, () => {
  let moto: Moto;
  let gateway: Gateway;
  let mary: Credentials;
  let lookedUp = "";
  let records: readonly AuditRecord[];
  const commandLines: CommandLine[] = [];

  /** What Mary does; the marks of her commands begin with 0. */
  async function spendADay(aws: CommandLine, shop: string): Promise<void> {
    aws.file("menu.txt", Buffer.from("soup"));
    await aws.do("ec2", "create-security-group", "--group-name", shop, "--description", "who comes in");
    const rule = ["--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0"];
    await aws.do("ec2", "authorize-security-group-ingress", "--group-name", shop, ...rule);
    await aws.do("s3", "mb", `s3://${shop}`);
    await aws.do("s3", "cp", "menu.txt", `s3://${shop}/keep/menu.txt`);
    await aws.run("s3", "rm", `s3://${shop}/keep/menu.txt`);
    const key = ["--key-schema", "AttributeName=order,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST"];
    const kinds = ["--attribute-definitions", "AttributeName=order,AttributeType=S"];
    await aws.do("dynamodb", "create-table", "--table-name", shop, ...kinds, ...key);
    await aws.run("dynamodb", "delete-table", "--table-name", shop);
    await aws.do("dynamodb", "describe-table", "--table-name", shop);
    await aws.run("lambda", "delete-function", "--function-name", shop);
    await aws.run("ec2", "terminate-instances", "--instance-ids", "i-00000000000000000");
    await aws.run("sqs", "delete-queue", "--queue-url", `${gateway.server.endpoint}/${ACCOUNT}/${shop}`);
  }

  beforeAll(async () => {
    moto = await startMoto({ trusts: 3 });
    gateway = await startGateway({ config: guarded(moto.endpoint, await keyOfMoto(moto.endpoint)) });
    mary = await makeMary(gateway);
    const options = { endpoint: gateway.server.endpoint, credentials: mary };
    await Promise.all(
      COMMAND_LINES.map(async ({ command, index }) => {
        const aws = new CommandLine(command, options, 3_000_000 + 1000 * index);
        commandLines.push(aws);
        await spendADay(aws, `shop-of-${index}`);
      }),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["bin/opentrail.js", "lookup", "--user", "Mary", "--limit", "500", "--json"],
      { env: { ...gateway.server.environment } },
    );
    lookedUp = stdout;
    records = await gateway.records();
  }, 90_000);
  afterAll(async () => {
    for (const aws of commandLines) aws.close();
    await moto?.stop();
  });

  test.each([
    ["DeleteTable", /^AccessDenied(Exception)?$/, "perform: dynamodb:DeleteTable"],
    ["DeleteObject", /^AccessDenied$/, "perform: s3:DeleteObject"],
    ["DeleteFunction20150331", /^AccessDenied(Exception)?$/, "perform: lambda:DeleteFunction"],
    ["TerminateInstances", /^Client\.UnauthorizedOperation$/, "not authorized"],
    ["DeleteQueue", /AccessDenied(Exception)?$/, "perform: sqs:DeleteQueue"],
  ] as const)("%s is refused, and recorded as Mary's", (name, code, action) => {
    const found = records.filter(({ eventName }) => eventName === name);
    expect(found).toHaveLength(COMMAND_LINES.length);
    for (const record of found) {
      expect(record).toMatchObject({
        userIdentity: { type: "IAMUser", userName: "Mary", arn: `arn:aws:iam::${ACCOUNT}:user/Mary` },
        errorCode: expect.stringMatching(code),
        errorMessage: expect.stringContaining(action),
        responseElements: null,
      });
    }
  });

  test.each([
    ["AuthorizeSecurityGroupIngress", { groupName: "shop-of-0" }],
    ["PutObject", { bucketName: "shop-of-0", key: "keep/menu.txt" }],
    ["CreateTable", { tableName: "shop-of-0" }],
  ])("%s is let through, signed anew, and recorded as Mary's", (name, requestParameters) => {
    const found = records.filter(({ eventName }) => eventName === name);
    expect(found).toHaveLength(COMMAND_LINES.length);
    expect(found).toContainEqual(
      expect.objectContaining({ requestParameters: expect.objectContaining(requestParameters) }),
    );
    for (const { userIdentity, errorCode } of found) {
      expect([userIdentity.userName, userIdentity.accessKeyId, errorCode]).toEqual([
        "Mary",
        mary.accessKeyId,
        undefined,
      ]);
    }
  });

  test.each(COMMAND_LINES)("$name tells its user so", ({ index }) => {
    const aws = commandLines.find(({ commands }) => commands[0]?.mark === 3_000_000 + 1000 * index);
    const refused = aws?.commands.filter(({ code }) => code !== 0) ?? [];
    expect(refused.map(({ line }) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "s3 rm",
      "dynamodb delete-table",
      "lambda delete-function",
      "ec2 terminate-instances",
      "sqs delete-queue",
    ]);
    for (const { errors } of refused) expect(errors).toMatch(/AccessDenied|UnauthorizedOperation/);
  });

  test("opentrail lookup shows what Mary did, and what she was denied", () => {
    const shown = lookedUp
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditRecord)
      .filter(({ eventName }) => ["AuthorizeSecurityGroupIngress", "PutObject", "DeleteTable"].includes(eventName))
      .map(({ eventName, errorCode = "well" }) => `${eventName}: ${errorCode}`);
    expect(new Set(shown)).toEqual(
      new Set(["AuthorizeSecurityGroupIngress: well", "PutObject: well", "DeleteTable: AccessDenied"]),
    );
    expect(shown).toHaveLength(3 * COMMAND_LINES.length);
  });

  test("TerminateInstances is recorded under EC2's name of a denial", () => {
    const found = records.filter(({ eventName }) => eventName === "TerminateInstances");
    expect(found.map(({ errorCode }) => errorCode)).toEqual(found.map(() => "Client.UnauthorizedOperation"));
  });
});
