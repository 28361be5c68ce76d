import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onPath } from "./permissions.ts";
import { roleShape } from "./shapes.ts";

/**
 * ListRoles: the roles under a path, by name, without tags, boundary and last use.
 * @throws {Refusal} `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
 */
export function listRoles({ tokens }: IamNeeds): IamOperation<"ListRoles"> {
  return {
    mutates: false,
    ...onPath("role"),
    run: async (input, { tables, caller: { account } }) => {
      const { PathPrefix = "/" } = input;
      const { rows, end } = await readPage(
        tokens,
        ["ListRoles", account, PathPrefix],
        input,
        (slice) => identity.listEntities(tables, account, "role", PathPrefix, slice),
        (role) => role.name_key,
      );
      const roles = rows.map((role) => ({ ...roleShape(role), MaxSessionDuration: role.session_seconds_max }));
      return { Roles: roles, ...end };
    },
  };
}
