import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onPath } from "./permissions.ts";
import { userShape } from "./shapes.ts";

/**
 * ListUsers: the users under a path, by name.
 * @throws {Refusal} `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
 */
export function listUsers({ tokens }: IamNeeds): IamOperation<"ListUsers"> {
  return {
    mutates: false,
    ...onPath("user"),
    run: async (input, { tables, caller: { account } }) => {
      const { PathPrefix = "/" } = input;
      const { rows, end } = await readPage(
        tokens,
        ["ListUsers", account, PathPrefix],
        input,
        (slice) => identity.listEntities(tables, account, "user", PathPrefix, slice),
        (user) => user.name_key,
      );
      return { Users: rows.map(userShape), ...end };
    },
  };
}
