import * as identity from "../../identity/index.ts";
import type { IamNeeds, IamOperation } from "./iam-operation.ts";
import { answerSimulation, callerOf, parseBoundary, parseInputs, refuseOrganizations } from "./simulation.ts";

/**
 * SimulateCustomPolicy: what the given policies would allow. Without `CallerArn` somebody of the caller's account asks
 * of whom nothing else is known.
 * @throws {Refusal} `InvalidInput` for a policy that does not parse, more than one boundary, or organization policies.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
 */
export function simulateCustomPolicy({ tokens }: IamNeeds): IamOperation<"SimulateCustomPolicy"> {
  return {
    mutates: false,
    run: async (input, { caller: { account }, now }) => {
      refuseOrganizations(input);
      const caller = callerOf(input.CallerArn ?? identity.entityArn(account, "user", "/", "somebody"), now);
      const boundary = parseBoundary(input);
      const policies = parseInputs("PolicyInputList", input.PolicyInputList);
      return answerSimulation(tokens, "SimulateCustomPolicy", input, caller, {
        identity: policies,
        ...(boundary === undefined ? {} : { boundary }),
      });
    },
  };
}
