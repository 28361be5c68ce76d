import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";

/**
 * DeleteGroup: only once it has neither members nor policies.
 * @throws {Refusal} `NoSuchEntity`, `DeleteConflict`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
 */
export const deleteGroup: IamOperation<"DeleteGroup"> = {
  mutates: true,
  ...onHolder("group", (input) => input.GroupName),
  run: async ({ GroupName }, { tables, caller }) => {
    await identity.deleteGroup(tables, caller.account, GroupName);
    return undefined;
  },
};
