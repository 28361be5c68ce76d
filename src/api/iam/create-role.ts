import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { boundaryCondition, onNew, requestTags } from "./permissions.ts";
import { roleShape, withBoundaryAndTags } from "./shapes.ts";

/**
 * CreateRole: a role that those named in its trust policy may assume.
 * @throws {Refusal} `EntityAlreadyExists`, `MalformedPolicyDocument`, `NoSuchEntity` for the boundary, `InvalidInput`
 * for tags, `LimitExceeded`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
 */
export function createRole({ random }: IamNeeds): IamOperation<"CreateRole"> {
  return {
    mutates: true,
    ...onNew(
      (input, account) => identity.entityArn(account, "role", input.Path ?? "/", input.RoleName),
      (input) => ({ ...boundaryCondition(input.PermissionsBoundary), ...requestTags(input.Tags) }),
    ),
    run: async (input, { tables, caller, now }) => {
      const { PermissionsBoundary, Tags = [] } = input;
      if (PermissionsBoundary !== undefined) await identity.assertBoundary(tables, caller.account, PermissionsBoundary);
      const role = await identity.createRole(tables, {
        account: caller.account,
        id: identity.newPrincipalId(random, "AROA"),
        name: input.RoleName,
        path: input.Path ?? "/",
        trustPolicy: input.AssumeRolePolicyDocument,
        description: input.Description,
        sessionSecondsMax: input.MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
        boundaryArn: PermissionsBoundary,
        tags: Tags,
        now,
      });
      return { Role: { ...roleShape(role), ...withBoundaryAndTags(role, Tags) } };
    },
  };
}

/** One hour. */
const SESSION_SECONDS_DEFAULT = 3600;
