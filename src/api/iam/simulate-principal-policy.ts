import type { IamOperations } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamCall, IamNeeds, IamOperation } from "./iam-operation.ts";
import { answerSimulation, callerOf, parseBoundary, parseInputs, type SimulatedCaller } from "./simulation.ts";

type Input = IamOperations["SimulatePrincipalPolicy"]["input"];
type Exclusion = NonNullable<Input["PolicyExclusionList"]>[number];

/**
 * SimulatePrincipalPolicy: what a user, group or role may do with the policies that it has now, with others added, some
 * left out, or another boundary. A user asks as itself; its groups' policies count.
 * @throws {Refusal} `NoSuchEntity`, `InvalidInput` for a policy that does not parse, more than one boundary, or when the
 * source is no user, group or role.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export function simulatePrincipalPolicy({ tokens }: IamNeeds): IamOperation<"SimulatePrincipalPolicy"> {
  return {
    mutates: false,
    resources: (input) => [input.PolicySourceArn],
    run: async (input, call) => {
      const { PolicySourceArn, PolicyExclusionList = [] } = input;
      const { tables, caller } = call;
      const source = await identity.findHolderByArn(tables, caller.account, PolicySourceArn);
      const held = await identity.heldPolicies(tables, source);
      const kept = held.filter((policy) => !PolicyExclusionList.some((exclusion) => excludes(exclusion, policy)));
      const policies = [...kept, ...parseInputs("PolicyInputList", input.PolicyInputList)];
      const boundary = parseBoundary(input) ?? (await ownBoundary(call, source, PolicyExclusionList));
      return answerSimulation(
        tokens,
        "SimulatePrincipalPolicy",
        input,
        await simulatedCaller(call, source, input.CallerArn),
        { identity: policies, ...(boundary === undefined ? {} : { boundary }) },
      );
    },
  };
}

/** A boundary left out stays in force where it is attached as well. */
function excludes(exclusion: Exclusion, policy: identity.HeldPolicy): boolean {
  const { PolicyType, PolicyArn, InlinePolicyIdentifier: inline } = exclusion;
  if (PolicyType === "permission-boundary") return false;
  if (PolicyArn !== undefined) return policy.arn === PolicyArn;
  if (inline === undefined || policy.inline === undefined) return false;
  const { kind, holder, name } = policy.inline;
  return inline.PolicyName === name && inline.AttachmentName === holder && inline.AttachmentType.toLowerCase() === kind;
}

async function ownBoundary(
  { tables }: IamCall,
  source: identity.Holder,
  exclusions: readonly Exclusion[],
): Promise<identity.HeldPolicy | undefined> {
  const boundary = await identity.heldBoundary(tables, source);
  const isExcluded = exclusions.some(
    (exclusion) => exclusion.PolicyType === "permission-boundary" && exclusion.PolicyArn === boundary?.arn,
  );
  return isExcluded ? undefined : boundary;
}

/** The source itself unless the call names another; a group calls nobody, so one of its members does. */
async function simulatedCaller(
  { tables, caller, now }: IamCall,
  source: identity.Holder,
  callerArn: string | undefined,
): Promise<SimulatedCaller> {
  if (callerArn !== undefined && parseUser(callerArn) === undefined) {
    throw new Refusal("InvalidInput", `CallerArn ${callerArn} is not the ARN of a user.`);
  }
  const somebody = identity.entityArn(caller.account, "user", "/", "somebody");
  const asked = callerOf(callerArn ?? (source.kind === "group" ? somebody : source.arn), now);
  if (callerArn !== undefined || source.kind === "group") return asked;
  const tags = await identity.listTags(tables, { kind: source.kind, id: source.id });
  return {
    principal: { ...asked.principal, principalId: source.id },
    context: new Map([
      ...asked.context,
      ["aws:userid", [source.id]],
      ...tags.map((tag) => [`aws:principaltag/${tag.Key.toLowerCase()}`, [tag.Value]] as const),
    ]),
  };
}

function parseUser(arn: string): string | undefined {
  return /^arn:[^:]+:iam::\d{12}:user\/(?:[!-~]+\/)?([^/]+)$/.exec(arn)?.[1];
}
