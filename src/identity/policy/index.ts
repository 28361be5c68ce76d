/**
 * IAM policies: parsed strictly, compiled once, and decided upon as AWS does. Pure: everything a decision depends on is
 * handed in, and no pattern, however hostile, costs more than a pass over the text.
 */
export {
  type Decision,
  decide,
  decideService,
  decideTrust,
  type NamedPolicy,
  type PolicyLayer,
  type PolicyRequest,
  type PolicySet,
  type ServiceRequest,
  type TrustDecision,
} from "./decide.ts";
export { type ManagedPolicy, managedPolicies } from "./managed.ts";
export { parsePolicy } from "./parse.ts";
export { type Policy, type PolicyKind, type Statement, unreadablePolicy } from "./policy.ts";
export type { RequestPrincipal } from "./principals.ts";
export { contextKeysOf, type MatchedStatement, type Position, type Simulation, simulate } from "./simulate.ts";
export { storedPolicy } from "./stored.ts";
export type { RequestContext } from "./template.ts";
