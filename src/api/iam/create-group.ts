import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { onNew } from "./permissions.ts";
import { groupShape } from "./shapes.ts";

/**
 * CreateGroup: a group without members or permissions.
 * @throws {Refusal} `EntityAlreadyExists`, `LimitExceeded`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
 */
export function createGroup({ random }: IamNeeds): IamOperation<"CreateGroup"> {
  return {
    mutates: true,
    ...onNew((input, account) => identity.entityArn(account, "group", input.Path ?? "/", input.GroupName)),
    run: async ({ GroupName, Path = "/" }, { tables, caller, now }) => {
      const id = identity.newPrincipalId(random, "AGPA");
      const wanted = { account: caller.account, id, name: GroupName, path: Path, now };
      return { Group: groupShape(await identity.createGroup(tables, wanted)) };
    },
  };
}
