import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { boundaryCondition, onNew, requestTags } from "./permissions.ts";
import { userShape, withBoundaryAndTags } from "./shapes.ts";

/**
 * CreateUser: a user without password, keys or permissions.
 * @throws {Refusal} `EntityAlreadyExists`, `NoSuchEntity` for the boundary, `InvalidInput` for tags, `LimitExceeded`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
 */
export function createUser({ random }: IamNeeds): IamOperation<"CreateUser"> {
  return {
    mutates: true,
    ...onNew(
      (input, account) => identity.entityArn(account, "user", input.Path ?? "/", input.UserName),
      (input) => ({ ...boundaryCondition(input.PermissionsBoundary), ...requestTags(input.Tags) }),
    ),
    run: async ({ UserName, Path = "/", PermissionsBoundary, Tags = [] }, { tables, caller, now }) => {
      if (PermissionsBoundary !== undefined) await identity.assertBoundary(tables, caller.account, PermissionsBoundary);
      const user = await identity.createUser(tables, {
        account: caller.account,
        id: identity.newPrincipalId(random, "AIDA"),
        name: UserName,
        path: Path,
        boundaryArn: PermissionsBoundary,
        tags: Tags,
        now,
      });
      return { User: { ...userShape(user), ...withBoundaryAndTags(user, Tags) } };
    },
  };
}
