import * as identity from "../../identity/index.ts";
import type { IamCall, IamFamily, IamNeeds } from "./iam-operation.ts";
import { type PageInput, readPage } from "./paging.ts";
import { onHolder } from "./permissions.ts";

type AttachedPolicies = IamFamily<
  | "AttachGroupPolicy"
  | "AttachRolePolicy"
  | "AttachUserPolicy"
  | "DetachGroupPolicy"
  | "DetachRolePolicy"
  | "DetachUserPolicy"
  | "ListAttachedGroupPolicies"
  | "ListAttachedRolePolicies"
  | "ListAttachedUserPolicies"
>;

/**
 * Managed policies on users, groups and roles: attach, detach, list. Attaching twice succeeds.
 * @throws {Refusal} `NoSuchEntity` without such a holder or policy, or when what is to be detached is not attached;
 * `LimitExceeded` beyond 10; `ValidationError` when the ARN is none of a policy.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
 */
export function attachedPolicies({ tokens }: IamNeeds): AttachedPolicies {
  return {
    AttachUserPolicy: change(identity.attachPolicy, "user", (input) => input.UserName),
    AttachGroupPolicy: change(identity.attachPolicy, "group", (input) => input.GroupName),
    AttachRolePolicy: change(identity.attachPolicy, "role", (input) => input.RoleName),
    DetachUserPolicy: change(identity.detachPolicy, "user", (input) => input.UserName),
    DetachGroupPolicy: change(identity.detachPolicy, "group", (input) => input.GroupName),
    DetachRolePolicy: change(identity.detachPolicy, "role", (input) => input.RoleName),
    ListAttachedUserPolicies: list(tokens, "user", (input) => input.UserName),
    ListAttachedGroupPolicies: list(tokens, "group", (input) => input.GroupName),
    ListAttachedRolePolicies: list(tokens, "role", (input) => input.RoleName),
  };
}

type Change = typeof identity.attachPolicy | typeof identity.detachPolicy;

/** `iam:PolicyARN` is what lets an administrator hand out only certain policies. */
function change<Input extends { readonly PolicyArn: string }>(
  apply: Change,
  kind: identity.PolicyHolderKind,
  nameOf: (input: Input) => string,
) {
  return {
    mutates: true,
    ...onHolder<Input>(kind, nameOf, {
      boundary: true,
      conditions: (input) => ({ "iam:PolicyARN": input.PolicyArn }),
    }),
    run: async (input: Input, { tables, caller, now }: IamCall): Promise<undefined> => {
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      await apply(tables, holder, input.PolicyArn, now);
      return undefined;
    },
  };
}

function list<Input extends PageInput & { readonly PathPrefix?: string | undefined }>(
  tokens: IamNeeds["tokens"],
  kind: identity.PolicyHolderKind,
  nameOf: (input: Input) => string,
) {
  return {
    mutates: false,
    ...onHolder<Input>(kind, nameOf),
    run: async (input: Input, { tables, caller }: IamCall) => {
      const { PathPrefix = "/" } = input;
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      const policies = (await identity.attachedPolicies(tables, holder)).filter(({ path }) =>
        path.startsWith(PathPrefix),
      );
      const { rows, end } = await readPage(
        tokens,
        ["ListAttachedPolicies", holder.id, PathPrefix],
        input,
        (slice) => identity.sliceOf(policies, identity.policyPosition, slice),
        identity.policyPosition,
      );
      return { AttachedPolicies: rows.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })), ...end };
    },
  };
}
