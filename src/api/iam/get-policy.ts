import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onPolicy } from "./permissions.ts";
import { policyShape } from "./shapes.ts";

/**
 * GetPolicy: a managed policy of the account or of AWS, without its document.
 * @throws {Refusal} `NoSuchEntity`, `ValidationError` when the ARN is none of a policy.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
 */
export const getPolicy: IamOperation<"GetPolicy"> = {
  mutates: false,
  ...onPolicy((input) => input.PolicyArn),
  run: async ({ PolicyArn }, { tables, caller }) => {
    const policy = await identity.findPolicy(tables, caller.account, PolicyArn);
    const uses = await identity.countPolicyUses(tables, caller.account);
    const Tags = await identity.listTags(tables, { kind: "policy", id: policy.id });
    const description = policy.description === null ? {} : { Description: policy.description };
    return { Policy: { ...policyShape(policy, uses), ...description, Tags } };
  },
};
