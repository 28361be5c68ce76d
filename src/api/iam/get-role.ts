import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { roleLastUsedShape, roleShape, withBoundaryAndTags } from "./shapes.ts";

/**
 * GetRole: everything about a role but its policies.
 * @throws {Refusal} `NoSuchEntity`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
 */
export const getRole: IamOperation<"GetRole"> = {
  mutates: false,
  ...onHolder("role", (input) => input.RoleName),
  run: async ({ RoleName }, { tables, caller }) => {
    const role = await identity.findEntity(tables, caller.account, "role", RoleName);
    const tags = await identity.listTags(tables, { kind: "role", id: role.role_id });
    return {
      Role: {
        ...roleShape(role),
        MaxSessionDuration: role.session_seconds_max,
        ...withBoundaryAndTags(role, tags),
        RoleLastUsed: roleLastUsedShape(role),
      },
    };
  },
};
