import { expect, onTestFinished, test } from "vitest";
import {
  createRole,
  type IdentitySchema,
  identityMigrations,
  openAuthorizer,
  putInlinePolicy,
} from "./identity/index.ts";
import { mayLogInRole } from "./log-role.ts";
import { openTables } from "./store/index.ts";

const ACCOUNT = "123456789012";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/service-role/ToLogs`;
const GROUP = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:trail:*`;
const TRUST = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "sts:AssumeRole" };
/** The guide's policy, but for its two statements being one. */
const MAY = {
  Effect: "Allow",
  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
  Resource: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:trail:log-stream:${ACCOUNT}_CloudTrail_us-east-1*`,
};

async function mayLog(trust: object, permission: object | undefined): Promise<boolean> {
  const tables = await openTables<IdentitySchema>(":memory:", identityMigrations);
  onTestFinished(() => tables.destroy());
  await tables
    .insertInto("accounts")
    .values({ account_id: ACCOUNT, alias: null, created_at: 0 })
    .execute();
  await createRole(tables, {
    account: ACCOUNT,
    id: "AROAEXAMPLE",
    name: "ToLogs",
    path: "/service-role/",
    trustPolicy: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    description: undefined,
    sessionSecondsMax: 3600,
    boundaryArn: undefined,
    tags: [],
    now: 0,
  });
  if (permission !== undefined) {
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [permission] });
    const holder = {
      kind: "role",
      id: "AROAEXAMPLE",
      account: ACCOUNT,
      name: "ToLogs",
      path: "/service-role/",
      arn: ROLE,
      boundaryArn: null,
    } as const;
    await putInlinePolicy(tables, holder, { name: "logs", document });
  }
  return await mayLogInRole(tables, openAuthorizer({ tables }), { roleArn: ROLE, groupArn: GROUP }, 0);
}

test("mayLogInRole() lets CloudTrail write to its streams in a role that trusts it", async () => {
  expect(await mayLog(TRUST, MAY)).toBe(true);
});

test.each<[string, object, object | undefined]>([
  ["trusts another service", { ...TRUST, Principal: { Service: "events.amazonaws.com" } }, MAY],
  ["may do nothing", TRUST, undefined],
  ["may only make streams", TRUST, { ...MAY, Action: "logs:CreateLogStream" }],
  ["may write to another group", TRUST, { ...MAY, Resource: MAY.Resource.replace(":trail:", ":other:") }],
])("mayLogInRole() refuses a role that %s", async (_, trust, permission) => {
  expect(await mayLog(trust, permission)).toBe(false);
});

test("mayLogInRole() refuses a role that is not there", async () => {
  const tables = await openTables<IdentitySchema>(":memory:", identityMigrations);
  onTestFinished(() => tables.destroy());
  expect(await mayLogInRole(tables, openAuthorizer({ tables }), { roleArn: ROLE, groupArn: GROUP }, 0)).toBe(false);
});
