import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { onNew, requestTags } from "./permissions.ts";
import { policyShape } from "./shapes.ts";

/**
 * CreatePolicy: a managed policy of the account, with its first version.
 * @throws {Refusal} `MalformedPolicyDocument`, `EntityAlreadyExists`, `InvalidInput` for tags, `LimitExceeded`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
 */
export function createPolicy({ random }: IamNeeds): IamOperation<"CreatePolicy"> {
  return {
    mutates: true,
    ...onNew(
      (input, account) => identity.entityArn(account, "policy", input.Path ?? "/", input.PolicyName),
      (input) => requestTags(input.Tags),
    ),
    run: async ({ PolicyName, Path = "/", PolicyDocument, Description, Tags = [] }, { tables, caller, now }) => {
      const policy = await identity.createPolicy(tables, {
        account: caller.account,
        id: identity.newPrincipalId(random, "ANPA"),
        name: PolicyName,
        path: Path,
        description: Description,
        document: PolicyDocument,
        tags: Tags,
        now,
      });
      const uses = await identity.countPolicyUses(tables, caller.account);
      return { Policy: { ...policyShape(policy, uses), ...(Tags.length === 0 ? {} : { Tags }) } };
    },
  };
}
