import * as identity from "../../identity/index.ts";
import type { IamFamily } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { roleShape } from "./shapes.ts";

/**
 * UpdateRole, and UpdateRoleDescription, which it took the place of; UpdateAssumeRolePolicy changes who is trusted.
 * @throws {Refusal} `NoSuchEntity`; for the trust policy `MalformedPolicyDocument` and `LimitExceeded`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
 */
export const roleUpdates: IamFamily<"UpdateRole" | "UpdateRoleDescription" | "UpdateAssumeRolePolicy"> = {
  UpdateRole: {
    mutates: true,
    ...onHolder("role", (input) => input.RoleName),
    run: async ({ RoleName, Description, MaxSessionDuration }, { tables, caller }) => {
      const change = { description: Description, sessionSecondsMax: MaxSessionDuration };
      await identity.updateRole(tables, caller.account, RoleName, change);
      return {};
    },
  },
  UpdateRoleDescription: {
    mutates: true,
    ...onHolder("role", (input) => input.RoleName),
    run: async ({ RoleName, Description }, { tables, caller }) => {
      const change = { description: Description, sessionSecondsMax: undefined };
      return { Role: roleShape(await identity.updateRole(tables, caller.account, RoleName, change)) };
    },
  },
  UpdateAssumeRolePolicy: {
    mutates: true,
    ...onHolder("role", (input) => input.RoleName),
    run: async ({ RoleName, PolicyDocument }, { tables, caller }) => {
      await identity.updateTrustPolicy(tables, caller.account, RoleName, PolicyDocument);
      return undefined;
    },
  },
};
