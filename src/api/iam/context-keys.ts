import * as identity from "../../identity/index.ts";
import type { IamFamily } from "./iam-operation.ts";
import { parseInputs } from "./simulation.ts";

/**
 * The context keys that policies ask for: those given, or those that a user, group or role has, too.
 * @throws {Refusal} `InvalidInput` for a policy that does not parse, `NoSuchEntity`.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
 */
export const contextKeys: IamFamily<"GetContextKeysForCustomPolicy" | "GetContextKeysForPrincipalPolicy"> = {
  GetContextKeysForCustomPolicy: {
    mutates: false,
    run: async ({ PolicyInputList }) => keysOf(parseInputs("PolicyInputList", PolicyInputList)),
  },
  GetContextKeysForPrincipalPolicy: {
    mutates: false,
    resources: (input) => [input.PolicySourceArn],
    run: async ({ PolicySourceArn, PolicyInputList }, { tables, caller }) => {
      const source = await identity.findHolderByArn(tables, caller.account, PolicySourceArn);
      const held = await identity.heldPolicies(tables, source);
      return keysOf([...held, ...parseInputs("PolicyInputList", PolicyInputList)]);
    },
  },
};

/** Keys are the same whatever their case: the first spelling counts. */
function keysOf(policies: readonly identity.NamedPolicy[]): { readonly ContextKeyNames: readonly string[] } {
  const keys = policies.flatMap(({ policy }) => identity.contextKeysOf(policy));
  const distinct = new Map(keys.toReversed().map((key) => [key.toLowerCase(), key]));
  return { ContextKeyNames: [...distinct.values()].toSorted() };
}
