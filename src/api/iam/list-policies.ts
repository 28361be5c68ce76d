import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import { onNew } from "./permissions.ts";
import { policyShape } from "./shapes.ts";

/**
 * ListPolicies: managed policies by name; the account's own, AWS's, or both; all, or those in use, or those in use as
 * permissions or as boundaries.
 * @throws {Refusal} `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
 */
export function listPolicies({ tokens }: IamNeeds): IamOperation<"ListPolicies"> {
  return {
    mutates: false,
    ...onNew((input) => `policy path ${input.PathPrefix ?? "/"}`),
    run: async (input, { tables, caller: { account } }) => {
      const { Scope = "All", PathPrefix = "/", OnlyAttached = false, PolicyUsageFilter } = input;
      const uses = await identity.countPolicyUses(tables, account);
      const wanted = (policy: identity.AnyManagedPolicy) =>
        policy.path.startsWith(PathPrefix) &&
        (!OnlyAttached || uses.attached(policy.arn) > 0) &&
        (PolicyUsageFilter !== "PermissionsPolicy" || uses.attached(policy.arn) > 0) &&
        (PolicyUsageFilter !== "PermissionsBoundary" || uses.boundary(policy.arn) > 0);
      const policies = (await identity.listPolicies(tables, account, Scope as "All" | "AWS" | "Local")).filter(wanted);
      const { rows, end } = await readPage(
        tokens,
        ["ListPolicies", account, Scope, PathPrefix, OnlyAttached, PolicyUsageFilter],
        input,
        (slice) => identity.sliceOf(policies, identity.policyPosition, slice),
        identity.policyPosition,
      );
      return { Policies: rows.map((policy) => policyShape(policy, uses)), ...end };
    },
  };
}
