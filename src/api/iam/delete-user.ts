import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";

/**
 * DeleteUser: only once nothing hangs on the user any more.
 * @throws {Refusal} `NoSuchEntity`; `DeleteConflict` while there are keys, a password, policies or groups.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
 */
export const deleteUser: IamOperation<"DeleteUser"> = {
  mutates: true,
  ...onHolder("user", (input) => input.UserName),
  run: async ({ UserName }, { tables, caller }) => {
    await identity.deleteUser(tables, caller.account, UserName);
    return undefined;
  },
};
