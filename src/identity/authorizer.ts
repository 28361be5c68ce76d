import type { Kysely } from "kysely";
import type { Caller } from "./caller.ts";
import {
  type Decision,
  decide,
  decideTrust,
  type NamedPolicy,
  type PolicyRequest,
  type PolicySet,
  type RequestContext,
  type RequestPrincipal,
  type TrustDecision,
} from "./policy/index.ts";
import { type Holder, type Holdings, PolicyStore, type ReportUnreadable } from "./policy-store.ts";
import type { IdentitySchema } from "./schema.ts";

/** What somebody wants to do. */
export interface AccessRequest {
  readonly action: string;
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string;
  /** `callerContext` and whatever the service adds; keys in lower case. Tags of the caller are added here. */
  readonly context: RequestContext;
  /** The policy of the bucket, topic or store that is acted on. */
  readonly resourcePolicy?: NamedPolicy;
}

/** Decides what callers may do, from the policies in the tables. */
export interface Authorizer {
  authorize(caller: Caller, request: AccessRequest): Promise<Decision>;
  /** Whether the caller may assume a role: `resource` is the role's ARN, `trust` its trust policy. */
  authorizeAssume(caller: Caller, request: AccessRequest, trust: NamedPolicy): Promise<TrustDecision>;
  /** Which policies apply to the caller now. */
  policiesOf(caller: Caller): Promise<PolicySet>;
  /** To be called after every committed change of users, groups, roles, policies, attachments or tags. */
  invalidate(): void;
}

/**
 * Policies are read once per user or role and kept, compiled, until `invalidate()`. A stored policy that cannot be read
 * denies everything to those who hold it (`unreadable-policy`), and `onUnreadable` is told whenever one is met.
 */
export function openAuthorizer(needs: {
  readonly tables: Kysely<IdentitySchema>;
  readonly onUnreadable?: ReportUnreadable;
}): Authorizer {
  const store = new PolicyStore(needs.tables, needs.onUnreadable ?? (() => {}));
  const holdings = new Map<string, Promise<Holdings>>();
  const sessions = new Map<string, Promise<NamedPolicy[]>>();

  const holdingsOf = (holder: Holder | undefined): Promise<Holdings> =>
    holder === undefined
      ? Promise.resolve(NOTHING)
      : kept(holdings, `${holder.kind} ${holder.id}`, () => store.holdings(holder));

  const sessionPolicies = async (caller: Caller): Promise<readonly NamedPolicy[] | undefined> => {
    const { session } = caller;
    const arns = session?.policyArns ?? [];
    // A federated user without session policies may do nothing: an empty list, not an absent one.
    if (session?.policy === undefined && arns.length === 0) return caller.kind === "federated" ? [] : undefined;
    const inline =
      session?.policy === undefined ? [] : [store.compile(`session policy of ${caller.arn}`, session.policy)];
    const managed = arns.length === 0 ? [] : await kept(sessions, arns.join(" "), () => store.managed(arns));
    return [...inline, ...managed];
  };

  const policiesOf = async (caller: Caller): Promise<PolicySet> => {
    const { identity, boundary } = await holdingsOf(holderOf(caller));
    const session = await sessionPolicies(caller);
    return { identity, ...(boundary === undefined ? {} : { boundary }), ...(session === undefined ? {} : { session }) };
  };

  const prepare = async (caller: Caller, request: AccessRequest): Promise<[PolicyRequest, PolicySet]> => {
    const { tags } = await holdingsOf(holderOf(caller));
    const { action, resource } = request;
    const context = withTags(request.context, tags);
    return [{ principal: principalOf(caller), action, resource, context }, await policiesOf(caller)];
  };

  return {
    policiesOf,
    authorize: async (caller, request) => {
      const [asked, policies] = await prepare(caller, request);
      return decide(
        asked,
        request.resourcePolicy === undefined ? policies : { ...policies, resource: request.resourcePolicy },
      );
    },
    authorizeAssume: async (caller, request, trust) => {
      const [asked, policies] = await prepare(caller, request);
      return decideTrust(asked, trust, policies);
    },
    invalidate: () => {
      // Loads that are under way go too, since what is kept is their promise: nobody else will see what they read.
      holdings.clear();
      sessions.clear();
    },
  };
}

/** The caller as policies name it. */
export function principalOf(caller: Caller): RequestPrincipal {
  const { kind, arn, account, principalId } = caller;
  const issuer = caller.session?.issuer;
  const principal = { kind, arn, account, principalId };
  if (issuer === undefined) return principal;
  return issuer.type === "Role" ? { ...principal, issuerArn: issuer.arn } : { ...principal, userArn: issuer.arn };
}

/** Whose policies count: the user's, the role's, the federating user's; root has none. */
function holderOf(caller: Caller): Holder | undefined {
  const issuer = caller.session?.issuer;
  switch (caller.kind) {
    case "root":
      return undefined;
    case "user":
      return { kind: "user", id: caller.principalId };
    case "role":
      return { kind: "role", id: issuer?.principalId ?? caller.principalId.replace(/:.*/s, "") };
    case "federated":
      if (issuer?.type === "Root") return undefined;
      // Without an issuer there is nobody with this id, and so no permission.
      return { kind: "user", id: issuer?.principalId ?? caller.principalId };
  }
}

/** Session tags, which `callerContext` has put there already, override the tags of the user or role. */
function withTags(context: RequestContext, tags: ReadonlyMap<string, string>): RequestContext {
  if (tags.size === 0) return context;
  const all = new Map<string, readonly string[]>();
  for (const [key, value] of tags) all.set(`aws:principaltag/${key.toLowerCase()}`, [value]);
  for (const [key, values] of context) all.set(key, values);
  return all;
}

/** The value for the key, loaded once; a load that fails is tried again by whoever asks next. */
function kept<Value>(values: Map<string, Promise<Value>>, key: string, load: () => Promise<Value>): Promise<Value> {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size >= KEPT_MAX) values.clear();
  const loading = load();
  values.set(key, loading);
  loading.catch(() => {
    if (values.get(key) === loading) values.delete(key);
  });
  return loading;
}

const NOTHING: Holdings = { identity: [], tags: new Map() };

/** Users and roles whose policies are kept. */
const KEPT_MAX = 10_000;
