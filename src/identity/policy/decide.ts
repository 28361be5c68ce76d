import { conditionHolds } from "./conditions.ts";
import type { ActionSet, Policy, ResourceSet, Statement } from "./policy.ts";
import { CLOSENESS, type Closeness, closenessOf, concernsService, type RequestPrincipal } from "./principals.ts";
import { type RequestContext, resolveTemplate, templateMatches } from "./template.ts";
import { patternMatches } from "./wildcard.ts";

/** One action on one resource by one caller. */
export interface PolicyRequest {
  readonly principal: RequestPrincipal;
  /** `cloudtrail:LookupEvents`, in any case. */
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  /** Keys in lower case. */
  readonly context: RequestContext;
}

/** One action on one resource by a service of AWS's kind, which acts in its own name. */
export interface ServiceRequest extends Omit<PolicyRequest, "principal"> {
  /** `cloudtrail.amazonaws.com` */
  readonly service: string;
}

export interface NamedPolicy {
  /** An ARN, or `inline NAME of user X`. */
  readonly name: string;
  readonly policy: Policy;
}

/** Every policy that has a say. */
export interface PolicySet {
  /** Of the user and its groups, or of the role. */
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy;
  /** When present, at least one must allow; so an empty list allows nothing. */
  readonly session?: readonly NamedPolicy[];
  /** Of the bucket, topic, role … that is acted on. */
  readonly resource?: NamedPolicy;
}

/** The kinds of policy that can have the last word. */
export type PolicyLayer = "identity" | "boundary" | "session" | "resource" | "trust";

export interface Decision {
  readonly allowed: boolean;
  /**
   * What decided. `no-identity-policy`, `boundary`, `session-policy`, `resource-policy` and `trust-policy` say which
   * kind did not allow; `unreadable-policy` that a stored policy could not be read.
   */
  readonly because:
    | "allowed"
    | "explicit-deny"
    | "unreadable-policy"
    | "no-identity-policy"
    | "boundary"
    | "session-policy"
    | "resource-policy"
    | "trust-policy";
  /** The kind of the policy that allowed, or that denied explicitly. */
  readonly layer?: PolicyLayer;
  /** The name of that policy. */
  readonly policy?: string;
  readonly sid?: string;
}

/** What a role's trust policy says about a caller. */
export interface TrustDecision extends Decision {
  /** `principal`: the caller itself, its role or everybody. `account`: the caller's own policies had to allow too. */
  readonly trusted: "principal" | "account" | "none";
}

/**
 * Decides as AWS does.
 *
 * - A `Deny` that matches wins, whatever else is there, also against root.
 * - Root needs no policy. Everybody else needs an identity policy that allows, and the boundary and one of the session
 *   policies as well where there are any.
 * - In the same account a resource policy can allow on its own. Naming the user or session itself, it asks nothing else;
 *   naming the session's role, a federated user's user, or everybody, it replaces the identity policy only and the
 *   boundary and the session policies still bind; naming the account, it leaves the decision to the identity policies.
 * - Across accounts both sides must allow, however the resource policy names the caller.
 *
 * The resource's account is the one in its ARN, else the context's `aws:ResourceAccount` (buckets), else the caller's.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(request: PolicyRequest, policies: PolicySet): Decision {
  return judge(request, policies, "resource").decision;
}

/**
 * Decides whether the caller may assume a role: `request.resource` is the role's ARN, `request.action` is
 * `sts:AssumeRole`, or `sts:TagSession` and `sts:SetSourceIdentity` when the call asks for these too.
 *
 * Unlike other resource policies a trust policy must always allow. When it names the caller itself (or the caller's
 * role) in the same account, that is enough; when it names the account, or the role is in another account, the caller's
 * own policies must allow too.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_compare-resource-policies.html
 */
export function decideTrust(request: PolicyRequest, trust: NamedPolicy, policies: PolicySet): TrustDecision {
  const { decision, closeness } = judge(request, { ...policies, resource: trust }, "trust");
  const trusted = closeness === undefined ? "none" : closeness === "account" ? "account" : "principal";
  const denied = decision.because === "explicit-deny" || decision.because === "unreadable-policy";
  return trusted === "none" && !denied
    ? { allowed: false, because: "trust-policy", trusted }
    : { ...decision, trusted };
}

/**
 * Decides whether a service may act on a resource: services have no policies of their own, so that resource's policy must
 * allow, naming the service (`{"Service": …}`) or everybody, whose account ever it belongs to. A `Deny` that matches wins.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
 */
export function decideService(request: ServiceRequest, resource: NamedPolicy | undefined): Decision {
  const { unreadable, deny, allow } = surveyOf("resource", listed(resource), (statement) => {
    const { principals } = statement;
    const concerned = principals !== undefined && concernsService(principals, request.service);
    return concerned && isAbout(statement, request) ? {} : undefined;
  });
  const found = unreadable ?? deny ?? allow;
  return found?.decision ?? { allowed: false, because: "resource-policy" };
}

function judge(
  request: PolicyRequest,
  policies: PolicySet,
  resourceLayer: "resource" | "trust",
): { decision: Decision; closeness?: Closeness } {
  const identity = survey("identity", policies.identity, request);
  const boundary = survey("boundary", listed(policies.boundary), request);
  const session = survey("session", policies.session ?? [], request);
  const resource = survey(resourceLayer, listed(policies.resource), request);
  const layers = [identity, boundary, session, resource];
  const denial = layers.find((layer) => layer.unreadable)?.unreadable ?? layers.find((layer) => layer.deny)?.deny;
  const closeness = resource.allow?.closeness;
  const named = closeness === undefined ? {} : { closeness };
  if (denial !== undefined) return { decision: denial.decision, ...named };

  const grant: Grant = {
    identity: isRoot(request.principal) ? ALLOWED : identity.allow?.decision,
    boundary: policies.boundary === undefined ? ALLOWED : boundary.allow?.decision,
    session: policies.session === undefined ? ALLOWED : session.allow?.decision,
    resource: resource.allow?.decision,
  };
  const decide = accountOf(request) === request.principal.account ? withinAccount : acrossAccounts;
  return { decision: decide(grant, closeness), ...named };
}

/** What each kind of policy allows; a kind that does not apply allows. */
interface Grant {
  readonly identity: Decision | undefined;
  readonly boundary: Decision | undefined;
  readonly session: Decision | undefined;
  readonly resource: Decision | undefined;
}

function withinAccount(grant: Grant, closeness: Closeness | undefined): Decision {
  if (grant.resource === undefined || closeness === undefined || closeness === "account") return ownSide(grant);
  if (closeness === "self") return grant.resource;
  // The caller's own policies may allow too, but here the resource's policy stands in for them.
  return ownSide({ ...grant, identity: grant.resource });
}

function acrossAccounts(grant: Grant): Decision {
  const own = ownSide(grant);
  if (!own.allowed) return own;
  return grant.resource ?? { allowed: false, because: "resource-policy" };
}

function ownSide(grant: Grant): Decision {
  if (grant.identity === undefined) return { allowed: false, because: "no-identity-policy" };
  if (grant.boundary === undefined) return { allowed: false, because: "boundary" };
  if (grant.session === undefined) return { allowed: false, because: "session-policy" };
  return grant.identity;
}

/** What the policies of one kind say: the first that cannot be read, the first that denies, the closest that allows. */
interface Survey {
  readonly unreadable?: { readonly decision: Decision };
  readonly deny?: { readonly decision: Decision };
  readonly allow?: { readonly decision: Decision; readonly closeness?: Closeness };
}

function survey(layer: PolicyLayer, policies: readonly NamedPolicy[], request: PolicyRequest): Survey {
  return surveyOf(layer, policies, (statement) => matchStatement(statement, request));
}

function surveyOf(
  layer: PolicyLayer,
  policies: readonly NamedPolicy[],
  matchOf: (statement: Statement) => { readonly closeness?: Closeness } | undefined,
): Survey {
  let allow: Survey["allow"];
  for (const { name, policy } of policies) {
    if (policy.unreadable !== undefined) {
      return { unreadable: { decision: { allowed: false, because: "unreadable-policy", layer, policy: name } } };
    }
    for (const statement of policy.statements) {
      const match = matchOf(statement);
      if (match === undefined) continue;
      const from = { layer, policy: name, ...(statement.sid === undefined ? {} : { sid: statement.sid }) };
      if (statement.effect === "Deny") {
        return { deny: { decision: { allowed: false, because: "explicit-deny", ...from } } };
      }
      if (allow === undefined || rank(match.closeness) < rank(allow.closeness)) {
        allow = { ...match, decision: { allowed: true, because: "allowed", ...from } };
      }
    }
  }
  return allow === undefined ? {} : { allow };
}

function rank(closeness: Closeness | undefined): number {
  return closeness === undefined ? 0 : CLOSENESS.indexOf(closeness);
}

/** Whether the statement is about this request, and how closely it names the caller when it has a principal. */
export function matchStatement(
  statement: Statement,
  request: PolicyRequest,
): { readonly closeness?: Closeness } | undefined {
  const { principals } = statement;
  const closeness = principals === undefined ? undefined : closenessOf(principals, request.principal);
  if (principals !== undefined && closeness === undefined) return undefined;
  if (!isAbout(statement, request)) return undefined;
  return closeness === undefined ? {} : { closeness };
}

/** What is asked, without who asks. */
type Deed = Omit<PolicyRequest, "principal">;

function isAbout(statement: Statement, deed: Deed): boolean {
  return (
    actionMatches(statement.actions, deed.action) &&
    resourceMatches(statement.resources, deed) &&
    statement.conditions.every((condition) => conditionHolds(condition, deed.context))
  );
}

function actionMatches(actions: ActionSet, action: string): boolean {
  const lower = action.toLowerCase();
  const listed = actions.exact.has(lower) || actions.wild.some((pattern) => patternMatches(pattern, lower));
  return listed !== actions.negated;
}

function resourceMatches(resources: ResourceSet | undefined, { resource, context }: Deed): boolean {
  if (resources === undefined) return true;
  const listed = resources.templates.some((template) => templateMatches(template, resource, context));
  if (!resources.negated) return listed;
  // With a variable unresolved nobody knows what `NotResource` leaves out: the statement is about nothing.
  return !listed && resources.templates.every((template) => resolveTemplate(template, context) !== undefined);
}

function accountOf(request: PolicyRequest): string {
  const account = request.resource.split(":", 5)[4] ?? "";
  if (/^\d{12}$/.test(account)) return account;
  return request.context.get("aws:resourceaccount")?.[0] ?? request.principal.account;
}

/** Root itself, and whoever root federated: their permissions are root's, cut down by the session policies. */
function isRoot(principal: RequestPrincipal): boolean {
  return principal.kind === "root" || (principal.kind === "federated" && (principal.userArn ?? "").endsWith(":root"));
}

function listed(policy: NamedPolicy | undefined): readonly NamedPolicy[] {
  return policy === undefined ? [] : [policy];
}

const ALLOWED: Decision = { allowed: true, because: "allowed" };
