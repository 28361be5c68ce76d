import { Refusal } from "../../core/index.ts";
import { callerContext, type Decision, type NamedPolicy, openAuthorizer } from "../../identity/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { StsCall } from "./sts-operation.ts";

/** What the operation decides by itself, beyond what the server has asked already. */
export interface Question {
  readonly action: "sts:AssumeRole" | "sts:SetSourceIdentity" | "sts:TagSession";
  readonly resource: string;
  readonly conditions: ConditionValues;
  /** The role's trust policy, when a role is to be assumed: it must allow too. */
  readonly trust?: NamedPolicy;
}

/**
 * Asks the caller's policies, and a role's trust policy where there is one.
 *
 * They are read through the call's own tables: a transaction has the only connection, and anybody else's query would
 * wait for it for ever.
 * @throws {Refusal} `AccessDenied`, in AWS's words for these actions, which give no reason.
 */
export async function requirePermission(
  call: StsCall,
  { action, resource, conditions, trust }: Question,
): Promise<void> {
  const authorizer = openAuthorizer({ tables: call.tables });
  const context = callerContext(call.caller, call);
  for (const [key, value] of Object.entries(conditions)) {
    context.set(key.toLowerCase(), typeof value === "string" ? [value] : [...value]);
  }
  const request = { action, resource, context };
  const decision: Decision = await (trust === undefined
    ? authorizer.authorize(call.caller, request)
    : authorizer.authorizeAssume(call.caller, request, trust));
  if (!decision.allowed) throw denied(call, action, resource);
}

export function denied(call: StsCall, action: Question["action"], resource: string): Refusal {
  const message = `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${resource}`;
  return new Refusal("AccessDenied", message, 403);
}
