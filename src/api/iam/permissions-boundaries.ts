import * as identity from "../../identity/index.ts";
import type { IamCall, IamFamily } from "./iam-operation.ts";
import { boundaryCondition, onHolder } from "./permissions.ts";

type Boundaries = IamFamily<
  | "PutUserPermissionsBoundary"
  | "PutRolePermissionsBoundary"
  | "DeleteUserPermissionsBoundary"
  | "DeleteRolePermissionsBoundary"
>;

/**
 * The policy that bounds what a user's or role's own policies can give. Taking away a boundary that is not there
 * succeeds.
 * @throws {Refusal} `NoSuchEntity` without such a holder or policy, `ValidationError` when the ARN is none of a policy.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
 */
export const permissionsBoundaries: Boundaries = {
  PutUserPermissionsBoundary: put("user", (input) => input.UserName),
  PutRolePermissionsBoundary: put("role", (input) => input.RoleName),
  DeleteUserPermissionsBoundary: remove("user", (input) => input.UserName),
  DeleteRolePermissionsBoundary: remove("role", (input) => input.RoleName),
};

/** `iam:PermissionsBoundary` is the boundary that is to be set. */
function put<Input extends { readonly PermissionsBoundary: string }>(
  kind: "user" | "role",
  nameOf: (input: Input) => string,
) {
  return {
    mutates: true,
    ...onHolder<Input>(kind, nameOf, { conditions: (input) => boundaryCondition(input.PermissionsBoundary) }),
    run: (input: Input, call: IamCall) => set(call, kind, nameOf(input), input.PermissionsBoundary),
  };
}

function remove<Input>(kind: "user" | "role", nameOf: (input: Input) => string) {
  return {
    mutates: true,
    ...onHolder<Input>(kind, nameOf, { boundary: true }),
    run: (input: Input, call: IamCall) => set(call, kind, nameOf(input), undefined),
  };
}

async function set(
  { tables, caller }: IamCall,
  kind: "user" | "role",
  name: string,
  arn: string | undefined,
): Promise<undefined> {
  await identity.setBoundary(tables, await identity.findHolder(tables, caller.account, kind, name), arn);
  return undefined;
}
