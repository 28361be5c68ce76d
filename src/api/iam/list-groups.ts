import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onPath } from "./permissions.ts";
import { groupShape } from "./shapes.ts";

/**
 * ListGroups: the groups under a path, by name.
 * @throws {Refusal} `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html
 */
export function listGroups({ tokens }: IamNeeds): IamOperation<"ListGroups"> {
  return {
    mutates: false,
    ...onPath("group"),
    run: async (input, { tables, caller: { account } }) => {
      const { PathPrefix = "/" } = input;
      const { rows, end } = await readPage(
        tokens,
        ["ListGroups", account, PathPrefix],
        input,
        (slice) => identity.listEntities(tables, account, "group", PathPrefix, slice),
        (group) => group.name_key,
      );
      return { Groups: rows.map(groupShape), ...end };
    },
  };
}
