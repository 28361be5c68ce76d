import * as identity from "../../identity/index.ts";
import type { IamFamily, IamNeeds } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onHolder } from "./permissions.ts";
import { groupShape } from "./shapes.ts";

type Membership = IamFamily<"AddUserToGroup" | "RemoveUserFromGroup" | "ListGroupsForUser">;

/**
 * AddUserToGroup, RemoveUserFromGroup, ListGroupsForUser. Joining twice and leaving a group that one is not in succeed.
 * @throws {Refusal} `NoSuchEntity` without such a user or group, `LimitExceeded` beyond 10 groups of one user.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
 */
export function groupMembership({ tokens }: IamNeeds): Membership {
  return {
    AddUserToGroup: {
      mutates: true,
      ...onHolder("group", (input) => input.GroupName),
      run: async ({ UserName, GroupName }, { tables, caller }) => {
        await identity.addUserToGroup(tables, caller.account, UserName, GroupName);
        return undefined;
      },
    },
    RemoveUserFromGroup: {
      mutates: true,
      ...onHolder("group", (input) => input.GroupName),
      run: async ({ UserName, GroupName }, { tables, caller }) => {
        await identity.removeUserFromGroup(tables, caller.account, UserName, GroupName);
        return undefined;
      },
    },
    ListGroupsForUser: {
      mutates: false,
      ...onHolder("user", (input) => input.UserName),
      run: async (input, { tables, caller }) => {
        const user = await identity.findEntity(tables, caller.account, "user", input.UserName);
        const groups = await identity.groupsOf(tables, user.user_id);
        const position = (group: identity.GroupRow) => group.name_key;
        const { rows, end } = await readPage(
          tokens,
          ["ListGroupsForUser", user.user_id],
          input,
          (slice) => identity.sliceOf(groups, position, slice),
          position,
        );
        return { Groups: rows.map(groupShape), ...end };
      },
    },
  };
}
