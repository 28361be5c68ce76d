import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onHolder } from "./permissions.ts";
import { groupShape, userShape } from "./shapes.ts";

/**
 * GetGroup: a group and its members, by name.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html
 */
export function getGroup({ tokens }: IamNeeds): IamOperation<"GetGroup"> {
  return {
    mutates: false,
    ...onHolder("group", (input) => input.GroupName),
    run: async (input, { tables, caller }) => {
      const group = await identity.findEntity(tables, caller.account, "group", input.GroupName);
      const { rows, end } = await readPage(
        tokens,
        ["GetGroup", group.group_id],
        input,
        (slice) => identity.listMembers(tables, group.group_id, slice),
        (user) => user.name_key,
      );
      return { Group: groupShape(group), Users: rows.map(userShape), ...end };
    },
  };
}
