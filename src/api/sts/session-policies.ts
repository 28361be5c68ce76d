import type { StsOperations } from "../../aws/index.ts";
import { findPolicyIfAny, parsePolicy, type Session } from "../../identity/index.ts";
import { type StsCall, validationError } from "./sts-operation.ts";

/** AWS counts the text of inline and managed session policies' ARNs together, before packing. */
const PLAIN_LENGTH_MAX = 2_048;
const ARNS_MAX = 10;

/**
 * The session policies that a call asks for, checked.
 *
 * `account` is where the session will live: its managed policies and AWS's can be named.
 * @throws {Refusal} `MalformedPolicyDocument`, or `ValidationError` for too much text, too many or unknown ARNs.
 */
export async function readSessionPolicies(
  { Policy: policy, PolicyArns }: Pick<StsOperations["AssumeRole"]["input"], "Policy" | "PolicyArns">,
  account: string,
  call: StsCall,
): Promise<Pick<Session, "policy" | "policyArns">> {
  const policyArns = (PolicyArns ?? []).map(({ arn }) => arn ?? "");
  if (policyArns.length > ARNS_MAX) throw beyond(policyArns.join(", "), "policyArns", ARNS_MAX);
  const length = policyArns.reduce((sum, arn) => sum + arn.length, policy?.length ?? 0);
  if (length > PLAIN_LENGTH_MAX) throw beyond(policy ?? policyArns.join(", "), "policy", PLAIN_LENGTH_MAX);
  for (const arn of policyArns) {
    const found = await findPolicyIfAny(call.tables, account, arn);
    if (found === undefined) throw validationError(`Policy ${arn} does not exist or is not attachable.`);
  }
  if (policy === undefined) return { policyArns };
  parsePolicy(policy, "identity");
  return { policy, policyArns };
}

function beyond(value: string, member: string, max: number): Error {
  const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return validationError(
    `1 validation error detected: Value '${shown}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
  );
}
