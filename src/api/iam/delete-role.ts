import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";

/**
 * DeleteRole: only once it has no policies.
 * @throws {Refusal} `NoSuchEntity`, `DeleteConflict`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
 */
export const deleteRole: IamOperation<"DeleteRole"> = {
  mutates: true,
  ...onHolder("role", (input) => input.RoleName),
  run: async ({ RoleName }, { tables, caller }) => {
    await identity.deleteRole(tables, caller.account, RoleName);
    return undefined;
  },
};
