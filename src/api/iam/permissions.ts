import {
  entityArn,
  findHolderIfAny,
  findPolicyIfAny,
  type Holder,
  listTags,
  type PolicyHolderKind,
  rootArn,
  type Tag,
  type Tagged,
} from "../../identity/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { IamCall } from "./iam-operation.ts";

/** The half of an operation that says which permissions it needs. */
export interface Permissions<Input> {
  resources(input: Input, call: IamCall): Promise<readonly string[]>;
  conditions(input: Input, call: IamCall): Promise<ConditionValues>;
}

/** What more than its target a permission may depend on. */
export interface Also<Input> {
  /** `iam:PermissionsBoundary` is the boundary that the target has now. */
  readonly boundary?: boolean;
  readonly conditions?: (input: Input) => ConditionValues;
  /** Further ARNs, each of which needs the permission. */
  readonly arns?: (input: Input, call: IamCall, target: string) => readonly string[];
}

/**
 * Permission on the user, group or role of that name; `undefined` is the account's root. One that does not exist is
 * asked for as if it stood under the path `/`, so that who may not see it does not learn whether it is there.
 */
export function onHolder<Input>(
  kind: PolicyHolderKind,
  nameOf: (input: Input, call: IamCall) => string | undefined,
  also: Also<Input> = {},
): Permissions<Input> {
  const find = async (input: Input, call: IamCall): Promise<Holder | undefined> => {
    const name = nameOf(input, call);
    return name === undefined ? undefined : findHolderIfAny(call.tables, call.caller.account, kind, name);
  };
  return {
    resources: async (input, call) => {
      const { account } = call.caller;
      const name = nameOf(input, call);
      const unseen = name === undefined ? rootArn(account) : entityArn(account, kind, "/", name);
      const target = (await find(input, call))?.arn ?? unseen;
      return [target, ...(also.arns?.(input, call, target) ?? [])];
    },
    conditions: async (input, call) => {
      const holder = await find(input, call);
      return {
        ...(holder === undefined || kind === "group" ? {} : await resourceTags(call, holder)),
        ...(also.boundary ? boundaryCondition(holder?.boundaryArn ?? undefined) : {}),
        ...also.conditions?.(input),
      };
    },
  };
}

/** Permission on the managed policy of that ARN. */
export function onPolicy<Input>(
  arnOf: (input: Input) => string,
  conditions?: (input: Input) => ConditionValues,
): Permissions<Input> {
  return {
    resources: async (input) => [arnOf(input)],
    conditions: async (input, call) => {
      const policy = await findPolicyIfAny(call.tables, call.caller.account, arnOf(input));
      const tags = policy === undefined ? {} : await resourceTags(call, { kind: "policy", id: policy.id });
      return { ...tags, ...conditions?.(input) };
    },
  };
}

/** Permission on something that does not exist yet. */
export function onNew<Input>(
  arnOf: (input: Input, account: string) => string,
  conditions?: (input: Input) => ConditionValues,
): Permissions<Input> {
  return {
    resources: async (input, call) => [arnOf(input, call.caller.account)],
    conditions: async (input) => conditions?.(input) ?? {},
  };
}

/** Permission to list everything of a kind under a path: `arn:aws:iam::A:user/division/`, as AWS names it in a denial. */
export function onPath<Input extends { readonly PathPrefix?: string | undefined }>(
  kind: PolicyHolderKind,
): Permissions<Input> {
  return onNew<Input>((input, account) => entityArn(account, kind, input.PathPrefix ?? "/", ""));
}

/** `aws:RequestTag/team` and `aws:TagKeys`. */
export function requestTags(tags: readonly Tag[] | undefined): ConditionValues {
  if (tags === undefined || tags.length === 0) return {};
  return {
    ...Object.fromEntries(tags.map((tag) => [`aws:RequestTag/${tag.Key}`, tag.Value])),
    ...tagKeys(tags.map((tag) => tag.Key)),
  };
}

export function tagKeys(keys: readonly string[]): ConditionValues {
  return { "aws:TagKeys": keys };
}

export function boundaryCondition(arn: string | undefined): ConditionValues {
  return arn === undefined ? {} : { "iam:PermissionsBoundary": arn };
}

async function resourceTags(call: IamCall, tagged: Tagged): Promise<ConditionValues> {
  const tags = await listTags(call.tables, tagged);
  return Object.fromEntries(
    tags.flatMap((tag) => [
      [`aws:ResourceTag/${tag.Key}`, tag.Value],
      [`iam:ResourceTag/${tag.Key}`, tag.Value],
    ]),
  );
}
