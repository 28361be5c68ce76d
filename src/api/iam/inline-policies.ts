import * as identity from "../../identity/index.ts";
import type { IamCall, IamFamily, IamNeeds } from "./iam-operation.ts";
import { type PageInput, readPage } from "./paging.ts";
import { onHolder } from "./permissions.ts";
import { wireDocument } from "./shapes.ts";

type InlinePolicies = IamFamily<
  | "PutUserPolicy"
  | "PutGroupPolicy"
  | "PutRolePolicy"
  | "GetUserPolicy"
  | "GetGroupPolicy"
  | "GetRolePolicy"
  | "DeleteUserPolicy"
  | "DeleteGroupPolicy"
  | "DeleteRolePolicy"
  | "ListUserPolicies"
  | "ListGroupPolicies"
  | "ListRolePolicies"
>;

/**
 * Policies that stand in a user, group or role itself: put, get, delete, list.
 * @throws {Refusal} `NoSuchEntity` without such a holder or policy, `MalformedPolicyDocument`, `LimitExceeded` when the
 * holder's policies together are too large.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
 */
export function inlinePolicies({ tokens }: IamNeeds): InlinePolicies {
  return {
    PutUserPolicy: put("user", (input) => input.UserName),
    PutGroupPolicy: put("group", (input) => input.GroupName),
    PutRolePolicy: put("role", (input) => input.RoleName),
    GetUserPolicy: get(
      "user",
      (input) => input.UserName,
      (UserName) => ({ UserName }),
    ),
    GetGroupPolicy: get(
      "group",
      (input) => input.GroupName,
      (GroupName) => ({ GroupName }),
    ),
    GetRolePolicy: get(
      "role",
      (input) => input.RoleName,
      (RoleName) => ({ RoleName }),
    ),
    DeleteUserPolicy: remove("user", (input) => input.UserName),
    DeleteGroupPolicy: remove("group", (input) => input.GroupName),
    DeleteRolePolicy: remove("role", (input) => input.RoleName),
    ListUserPolicies: list(tokens, "user", (input) => input.UserName),
    ListGroupPolicies: list(tokens, "group", (input) => input.GroupName),
    ListRolePolicies: list(tokens, "role", (input) => input.RoleName),
  };
}

interface PolicyInput {
  readonly PolicyName: string;
}

function put<Input extends PolicyInput & { readonly PolicyDocument: string }>(
  kind: identity.PolicyHolderKind,
  nameOf: (input: Input) => string,
) {
  return {
    mutates: true,
    ...onHolder<Input>(kind, nameOf, { boundary: true }),
    run: async (input: Input, { tables, caller }: IamCall): Promise<undefined> => {
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      await identity.putInlinePolicy(tables, holder, { name: input.PolicyName, document: input.PolicyDocument });
      return undefined;
    },
  };
}

function get<Input extends PolicyInput, Named>(
  kind: identity.PolicyHolderKind,
  nameOf: (input: Input) => string,
  named: (name: string) => Named,
) {
  return {
    mutates: false,
    ...onHolder<Input>(kind, nameOf),
    run: async (input: Input, { tables, caller }: IamCall) => {
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      const { name, document } = await identity.findInlinePolicy(tables, holder, input.PolicyName);
      return { ...named(holder.name), PolicyName: name, PolicyDocument: wireDocument(document) };
    },
  };
}

function remove<Input extends PolicyInput>(kind: identity.PolicyHolderKind, nameOf: (input: Input) => string) {
  return {
    mutates: true,
    ...onHolder<Input>(kind, nameOf, { boundary: true }),
    run: async (input: Input, { tables, caller }: IamCall): Promise<undefined> => {
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      await identity.deleteInlinePolicy(tables, holder, input.PolicyName);
      return undefined;
    },
  };
}

function list<Input extends PageInput>(
  tokens: IamNeeds["tokens"],
  kind: identity.PolicyHolderKind,
  nameOf: (input: Input) => string,
) {
  return {
    mutates: false,
    ...onHolder<Input>(kind, nameOf),
    run: async (input: Input, { tables, caller }: IamCall) => {
      const holder = await identity.findHolder(tables, caller.account, kind, nameOf(input));
      const names = (await identity.listInlinePolicies(tables, holder)).map((policy) => policy.name);
      const position = (name: string) => name;
      const { rows, end } = await readPage(
        tokens,
        ["ListInlinePolicies", holder.id],
        input,
        (slice) => identity.sliceOf(names, position, slice),
        position,
      );
      return { PolicyNames: rows, ...end };
    },
  };
}
