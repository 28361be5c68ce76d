import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { movedArns } from "./moved-arns.ts";

/**
 * UpdateUser: another name or path; keys, policies and groups stay.
 * @throws {Refusal} `NoSuchEntity`, `EntityAlreadyExists`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
 */
export const updateUser: IamOperation<"UpdateUser"> = {
  mutates: true,
  ...onHolder("user", (input) => input.UserName, {
    arns: (input, _, target) => movedArns(target, input.NewPath, input.NewUserName),
  }),
  run: async ({ UserName, NewUserName, NewPath }, { tables, caller }) => {
    await identity.updateUser(tables, caller.account, UserName, { name: NewUserName, path: NewPath });
    return undefined;
  },
};
