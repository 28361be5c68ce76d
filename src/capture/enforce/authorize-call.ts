import type { SignedRequest } from "../../aws/index.ts";
import { optional, Refusal } from "../../core/index.ts";
import {
  assertSessionMayCall,
  type Authorizer,
  type Caller,
  callerContext,
  denialMessage,
  type NamedPolicy,
} from "../../identity/index.ts";
import type { CallToAuthorize, ConditionValues } from "./call-to-authorize.ts";
import { requestConditions } from "./condition-keys.ts";
import { demandsOf } from "./demands.ts";

/**
 * Returns when the caller's policies allow all that the call needs: every action on every resource.
 *
 * Of several calls in one (deleting many objects, a transaction) all must be allowed, or none is made.
 * @throws {Refusal} `AccessDenied` with AWS's words, about the first thing that is not allowed.
 * @throws {Refusal} `SerializationException`: the request could not be read, and so nothing in it can be allowed.
 * @throws {Refusal} `InvalidClientTokenId`: credentials of a kind that may not call this service at all.
 */
export async function authorizeCall(
  needs: {
    readonly authorizer: Authorizer;
    /** Whose a resource is, and its own policy, where we know. */
    readonly guard?: (arn: string) => { readonly account: string; readonly policy?: NamedPolicy } | undefined;
  },
  { caller, signed }: { readonly caller: Caller; readonly signed: SignedRequest },
  call: CallToAuthorize,
): Promise<void> {
  const { operation, service } = call.resolved;
  assertSessionMayCall(caller, service?.iamPrefix ?? "");
  if (operation !== undefined && call.input === undefined) {
    throw new Refusal("SerializationException", "The request could not be read, and so its permission not be judged.");
  }
  const context = callerContext(caller, call.circumstances);
  addConditions(context, requestConditions(call, signed));
  for (const { action, conditions, resources } of demandsOf(call)) {
    const asked = conditions === undefined ? context : new Map(context);
    if (conditions !== undefined) addConditions(asked, conditions);
    for (const resource of resources) {
      const guarded = needs.guard?.(resource);
      const decision = await needs.authorizer.authorize(caller, {
        action,
        resource,
        context: guarded === undefined ? asked : new Map(asked).set("aws:resourceaccount", [guarded.account]),
        ...optional("resourcePolicy", guarded?.policy),
      });
      if (!decision.allowed) {
        throw new Refusal("AccessDenied", denialMessage(caller, action, resource, decision), 403);
      }
    }
  }
}

/** Of the global keys a request says only `aws:RequestTag/…` and `aws:TagKeys`: nothing about the caller. */
function addConditions(context: Map<string, string[]>, conditions: ConditionValues): void {
  for (const [key, values] of Object.entries(conditions)) context.set(key.toLowerCase(), [...values]);
}
