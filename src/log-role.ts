import type { Kysely } from "kysely";
import { parseArn, Refusal } from "./core/index.ts";
import {
  assumedRoleArn,
  type Authorizer,
  type Caller,
  decideService,
  findEntity,
  type IdentitySchema,
  storedPolicy,
} from "./identity/index.ts";
import { streamArn, withoutWildcard } from "./loggroups/index.ts";

const SERVICE = "cloudtrail.amazonaws.com";

/** What CloudTrail does in the role. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html */
const ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents"];

/** Whether CloudTrail may assume the role, and may write to the trail's streams of the log group in it. */
export async function mayLogInRole(
  tables: Kysely<IdentitySchema>,
  authorizer: Authorizer,
  { roleArn, groupArn }: { readonly roleArn: string; readonly groupArn: string },
  now: number,
): Promise<boolean> {
  const [role, group] = [parseArn(roleArn), parseArn(groupArn)];
  const name = role?.resource.split("/").at(-1);
  if (role === undefined || group === undefined || name === undefined) return false;
  const found = await findRole(tables, role.account, name);
  if (found === undefined) return false;
  const trust = { name: `trust policy of ${roleArn}`, policy: storedPolicy(found.trust_policy, "trust") };
  const asked = { service: SERVICE, action: "sts:AssumeRole", resource: roleArn, context: new Map() };
  if (!decideService(asked, trust).allowed) return false;
  const stream = streamArn(withoutWildcard(groupArn), `${group.account}_CloudTrail_${group.region}`);
  const caller = sessionOf(roleArn, role.account, name, found.role_id, now);
  for (const action of ACTIONS) {
    const decision = await authorizer.authorize(caller, { action, resource: stream, context: new Map() });
    if (!decision.allowed) return false;
  }
  return true;
}

type RoleRow = Awaited<ReturnType<typeof findEntity<"role">>>;

async function findRole(tables: Kysely<IdentitySchema>, account: string, name: string): Promise<RoleRow | undefined> {
  try {
    return await findEntity(tables, account, "role", name);
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}

/** The session that CloudTrail would have. */
function sessionOf(roleArn: string, account: string, name: string, roleId: string, now: number): Caller {
  return {
    kind: "role",
    account,
    arn: assumedRoleArn(account, name, "CloudTrail"),
    principalId: `${roleId}:CloudTrail`,
    accessKeyId: "",
    session: {
      createdAt: now,
      expiresAt: now,
      mfaAuthenticated: false,
      issuer: { type: "Role", principalId: roleId, arn: roleArn, account, userName: name },
      tags: {},
      transitiveTagKeys: [],
      policyArns: [],
    },
  };
}
