import type { SignedRequest } from "../../aws/index.ts";
import { optional, Refusal } from "../../core/index.ts";
import {
  assertSessionMayCall,
  type Authorizer,
  type Caller,
  callerContext,
  type Decision,
  denialMessage,
  type NamedPolicy,
} from "../../identity/index.ts";
import type { CallToAuthorize, ConditionValues, Demand } from "./call-to-authorize.ts";
import { requestConditions } from "./condition-keys.ts";
import { demandsOf } from "./demands.ts";

/** Whose a resource is, and what its owner has said about it. */
export interface Guard {
  readonly account: string;
  readonly policy?: NamedPolicy;
  /** Nobody of another account may do anything, whatever the policy says. */
  readonly ownAccountOnly?: boolean;
}

interface Needs {
  readonly authorizer: Authorizer;
  /** Where we know. */
  readonly guard?: (arn: string) => Guard | undefined;
}

interface Proven {
  readonly caller: Caller;
  readonly signed: SignedRequest;
}

/**
 * Returns when the caller's policies allow all that the call needs: every action on every resource.
 *
 * Of several calls in one (deleting many objects, a transaction) all must be allowed, or none is made.
 * @throws {Refusal} `AccessDenied` with AWS's words, about the first thing that is not allowed.
 * @throws {Refusal} `SerializationException`: the request could not be read, and so nothing in it can be allowed.
 * @throws {Refusal} `InvalidClientTokenId`: credentials of a kind that may not call this service at all.
 * @throws {Refusal} `MethodNotAllowed`: the policy of another account's bucket, whoever allows it.
 */
export async function authorizeCall(needs: Needs, { caller, signed }: Proven, call: CallToAuthorize): Promise<void> {
  const { operation, service } = call.resolved;
  assertSessionMayCall(caller, service?.iamPrefix ?? "");
  if (operation !== undefined && call.input === undefined) {
    throw new Refusal("SerializationException", "The request could not be read, and so its permission not be judged.");
  }
  const context = callerContext(caller, call.circumstances);
  addConditions(context, requestConditions(call, signed));
  for (const demand of demandsOf(call)) {
    const { action, conditions, resources } = demand;
    const asked = conditions === undefined ? context : new Map(context);
    if (conditions !== undefined) addConditions(asked, conditions);
    for (const resource of resources) {
      const decision = await decideOn(needs, caller, demand, resource, asked);
      if (!decision.allowed) {
        throw new Refusal("AccessDenied", denialMessage(caller, action, resource, decision), 403);
      }
    }
  }
}

/** Whether the caller may do something beside the call, about which the call itself says nothing. */
export async function mayAlso(
  needs: Needs,
  { caller, signed }: Proven,
  call: CallToAuthorize,
  action: string,
  resource: string,
): Promise<boolean> {
  const { known: _, ...unknown } = call;
  const context = callerContext(caller, call.circumstances);
  addConditions(context, requestConditions({ ...unknown, input: {} }, signed));
  return (await decideOn(needs, caller, { action }, resource, context)).allowed;
}

async function decideOn(
  { authorizer, guard }: Needs,
  caller: Caller,
  { action, makes }: Pick<Demand, "action" | "makes">,
  resource: string,
  context: Map<string, string[]>,
): Promise<Decision> {
  const found = makes === true ? undefined : guard?.(resource);
  if (found === undefined) return await authorizer.authorize(caller, { action, resource, context });
  const { account, policy, ownAccountOnly } = found;
  const isOwn = caller.account === account;
  const decision = await authorizer.authorize(caller, {
    action,
    resource,
    context: new Map(context).set("aws:resourceaccount", [account]),
    ...(isOwn && caller.kind === "root" && KEEPS_CONTROL.has(action) ? {} : optional("resourcePolicy", policy)),
  });
  if (isOwn || !decision.allowed) return decision;
  if (ownAccountOnly === true) return { allowed: false, because: "resource-policy" };
  if (!KEEPS_CONTROL.has(action)) return decision;
  throw new Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
}

/**
 * What the root of a bucket's account may do whatever the bucket's policy says, so that nobody is locked out for ever; and
 * what nobody of another account may.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
const KEEPS_CONTROL: ReadonlySet<string> = new Set([
  "s3:GetBucketPolicy",
  "s3:PutBucketPolicy",
  "s3:DeleteBucketPolicy",
]);

/** Of the global keys a request says only `aws:RequestTag/…` and `aws:TagKeys`: nothing about the caller. */
function addConditions(context: Map<string, string[]>, conditions: ConditionValues): void {
  for (const [key, values] of Object.entries(conditions)) context.set(key.toLowerCase(), [...values]);
}
