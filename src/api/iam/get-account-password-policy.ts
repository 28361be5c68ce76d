import { Refusal } from "../../core/index.ts";
import type { IamOperation } from "./iam-operation.ts";

/**
 * GetAccountPasswordPolicy: accounts have none of their own yet; the rule for all is 8 characters.
 * @throws {Refusal} `NoSuchEntity`, as AWS says while the default rules hold.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
 */
export const getAccountPasswordPolicy: IamOperation<"GetAccountPasswordPolicy"> = {
  mutates: false,
  run: async (_, { caller }) => {
    const message = `The Password Policy with domain name ${caller.account} cannot be found.`;
    throw new Refusal("NoSuchEntity", message, 404);
  },
};
