import type { StsOperations } from "../../aws/index.ts";
import { parseArn, Refusal, optional } from "../../core/index.ts";
import {
  assumedRoleArn,
  createSession,
  entityArn,
  listTags,
  nameKey,
  type RoleRow,
  storedPolicy,
} from "../../identity/index.ts";
import type { ConditionValues } from "../operation.ts";
import { denied, type Question, requirePermission } from "./permissions.ts";
import { readSessionPolicies } from "./session-policies.ts";
import { type SessionTags, sessionTags, tagConditions } from "./session-tags.ts";
import {
  endOfSession,
  HOUR_SECONDS,
  refuseMfa,
  type StsCall,
  type StsNeeds,
  type StsOperation,
  shownCredentials,
  validationError,
} from "./sts-operation.ts";

type Input = StsOperations["AssumeRole"]["input"];

/**
 * Temporary credentials of a role, in the caller's account or another of this installation.
 *
 * The role's trust policy must allow it, and the caller's own policies too unless the trust policy names the caller.
 * Source identity and transitive tags go on through a chain of roles, and cannot be changed on the way.
 * @throws {Refusal} `AccessDenied`, also when there is no such role; `ValidationError`; `MalformedPolicyDocument`;
 * `PackedPolicyTooLarge`; `InvalidParameterValue` for tags.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function assumeRole(needs: StsNeeds): StsOperation<"AssumeRole"> {
  return {
    mutates: true,
    open: true,
    recordedResources: ({ RoleArn }) => {
      const account = parseArn(RoleArn)?.account;
      return account === undefined ? [] : [{ accountId: account, type: "AWS::IAM::Role", ARN: RoleArn }];
    },
    owners: ({ RoleArn }) => [accountOfRole(RoleArn)],
    run: async (input, call) => {
      const account = accountOfRole(input.RoleArn);
      refuseWhatWeLack(input);
      const tags = sessionTags(input, call.caller.session);
      const role = await findTrustingRole(input, call, account, tags);
      const made = createSession(needs, {
        account,
        holder: { kind: "role", roleId: role.role_id, sessionName: input.RoleSessionName },
        createdAt: call.now,
        expiresAt: endOfSession(call.now, sessionSeconds(input, call, role)),
        mfaAuthenticated: false,
        ...tags,
        ...optional("sourceIdentity", sourceIdentity(input, call)),
        ...(await readSessionPolicies(input, account, call)),
      });
      return {
        Credentials: shownCredentials(made),
        AssumedRoleUser: {
          AssumedRoleId: `${role.role_id}:${input.RoleSessionName}`,
          Arn: assumedRoleArn(account, role.name, input.RoleSessionName),
        },
        PackedPolicySize: made.packedPercent,
        SourceIdentity: sourceIdentity(input, call),
      };
    },
  };
}

function accountOfRole(text: string): string {
  const arn = parseArn(text);
  if (arn?.service !== "iam" || !arn.resource.startsWith("role/")) throw validationError("Request ARN is invalid");
  return arn.account;
}

function refuseWhatWeLack(input: Input): void {
  refuseMfa(input);
  if (input.ProvidedContexts !== undefined && input.ProvidedContexts.length > 0) {
    throw validationError("ProvidedContexts are not supported by OpenTrail");
  }
}

/** The role, once it and the caller's policies have allowed everything that the call asks for. */
async function findTrustingRole(input: Input, call: StsCall, account: string, tags: SessionTags): Promise<RoleRow> {
  const { caller } = call;
  if (caller.kind === "root") throw new Refusal("AccessDenied", "Roles may not be assumed by root accounts.", 403);
  const role = await findRoleByArn(input.RoleArn, account, call);
  // A role that is not there and one that does not trust look alike: names of roles are nobody else's business.
  if (role === undefined || caller.kind === "federated") throw denied(call, "sts:AssumeRole", input.RoleArn);
  const trust = { name: `trust policy of ${input.RoleArn}`, policy: storedPolicy(role.trust_policy, "trust") };
  const conditions = await conditionsOf(input, call, role, tags);
  for (const action of actionsOf(input, call, tags)) {
    await requirePermission(call, { action, resource: input.RoleArn, conditions, trust });
  }
  const fixed = caller.session?.sourceIdentity;
  if (fixed !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== fixed) {
    throw denied(call, "sts:SetSourceIdentity", input.RoleArn);
  }
  return role;
}

async function findRoleByArn(arn: string, account: string, call: StsCall): Promise<RoleRow | undefined> {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  const role = await call.tables
    .selectFrom("roles")
    .selectAll()
    .where("account_id", "=", account)
    .where("name_key", "=", nameKey(name))
    .executeTakeFirst();
  return role !== undefined && entityArn(account, "role", role.path, role.name) === arn ? role : undefined;
}

function actionsOf(input: Input, call: StsCall, { tags }: SessionTags): readonly Question["action"][] {
  return [
    "sts:AssumeRole",
    ...(Object.keys(tags).length === 0 ? [] : (["sts:TagSession"] as const)),
    ...(sourceIdentity(input, call) === undefined ? [] : (["sts:SetSourceIdentity"] as const)),
  ];
}

async function conditionsOf(input: Input, call: StsCall, role: RoleRow, tags: SessionTags): Promise<ConditionValues> {
  const roleTags = await listTags(call.tables, { kind: "role", id: role.role_id });
  return {
    ...Object.fromEntries(roleTags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value])),
    ...Object.fromEntries(roleTags.map(({ Key, Value }) => [`iam:ResourceTag/${Key}`, Value])),
    ...tagConditions(tags),
    "sts:RoleSessionName": input.RoleSessionName,
    ...optional("sts:DurationSeconds", input.DurationSeconds?.toString()),
    ...optional("sts:ExternalId", input.ExternalId),
    ...optional("sts:SourceIdentity", sourceIdentity(input, call)),
  };
}

/** Set once, it stays through every further role. */
function sourceIdentity(input: Input, call: StsCall): string | undefined {
  return call.caller.session?.sourceIdentity ?? input.SourceIdentity;
}

function sessionSeconds(input: Input, call: StsCall, role: RoleRow): number {
  const seconds = input.DurationSeconds ?? HOUR_SECONDS;
  if (call.caller.kind === "role" && seconds > HOUR_SECONDS) {
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  if (seconds > role.session_seconds_max) {
    throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return seconds;
}
