import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { movedArns } from "./moved-arns.ts";
import { onHolder } from "./permissions.ts";

/**
 * UpdateGroup: another name or path; members and policies stay.
 * @throws {Refusal} `NoSuchEntity`, `EntityAlreadyExists`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html
 */
export const updateGroup: IamOperation<"UpdateGroup"> = {
  mutates: true,
  ...onHolder("group", (input) => input.GroupName, {
    arns: (input, _, target) => movedArns(target, input.NewPath, input.NewGroupName),
  }),
  run: async ({ GroupName, NewGroupName, NewPath }, { tables, caller }) => {
    await identity.updateGroup(tables, caller.account, GroupName, { name: NewGroupName, path: NewPath });
    return undefined;
  },
};
