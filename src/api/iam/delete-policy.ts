import * as identity from "../../identity/index.ts";
import type { IamOperation } from "./iam-operation.ts";
import { onPolicy } from "./permissions.ts";

/**
 * DeletePolicy: only once nobody uses it and one version is left.
 * @throws {Refusal} `NoSuchEntity`, `DeleteConflict`, `AccessDenied` for a policy of AWS.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
 */
export const deletePolicy: IamOperation<"DeletePolicy"> = {
  mutates: true,
  ...onPolicy((input) => input.PolicyArn),
  run: async ({ PolicyArn }, { tables, caller }) => {
    await identity.deletePolicy(tables, caller.account, PolicyArn);
    return undefined;
  },
};
