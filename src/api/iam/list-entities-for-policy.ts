import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onPolicy } from "./permissions.ts";

/** What `EntityFilter` lets through; the model also has policies there, which nothing here is. */
const FILTERS: Readonly<Record<string, identity.PolicyHolderKind | undefined>> = {
  User: "user",
  Group: "group",
  Role: "role",
};

/**
 * ListEntitiesForPolicy: who has a policy attached or as a boundary; groups first, then roles, then users.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
 */
export function listEntitiesForPolicy({ tokens }: IamNeeds): IamOperation<"ListEntitiesForPolicy"> {
  return {
    mutates: false,
    ...onPolicy((input) => input.PolicyArn),
    run: async (input, { tables, caller: { account } }) => {
      const { PolicyArn, EntityFilter, PathPrefix = "/", PolicyUsageFilter } = input;
      await identity.findPolicy(tables, account, PolicyArn);
      const kind = EntityFilter === undefined ? undefined : FILTERS[EntityFilter];
      const uses = (await identity.listPolicyUses(tables, account, PolicyArn)).filter(
        (use) =>
          use.path.startsWith(PathPrefix) &&
          (EntityFilter === undefined || use.kind === kind) &&
          (PolicyUsageFilter === undefined || use.usedAs === PolicyUsageFilter),
      );
      // Who has the policy both attached and as a boundary is one entity.
      const entities = [...new Map(uses.map((use) => [use.id, use])).values()];
      const { rows, end } = await readPage(
        tokens,
        ["ListEntitiesForPolicy", account, PolicyArn, EntityFilter, PathPrefix, PolicyUsageFilter],
        input,
        (slice) => identity.sliceOf(entities, identity.usePosition, slice),
        identity.usePosition,
      );
      const of = (kind: identity.PolicyHolderKind) => rows.filter((use) => use.kind === kind);
      return {
        PolicyGroups: of("group").map(({ name, id }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: of("user").map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of("role").map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...end,
      };
    },
  };
}
