/**
 * Routes that enforce: the caller's signature is verified with our own keys, the caller's policies are asked, a denial
 * is told in the service's own form, and what is allowed is signed anew for the upstream. Proving who calls serves the
 * other routes too.
 */
export * from "./authorize-call.ts";
export type { CallToAuthorize, ConditionValues } from "./call-to-authorize.ts";
export * from "./claimed-key.ts";
export * from "./guard-body.ts";
export * from "./prove-caller.ts";
export * from "./refusal-answer.ts";
export * from "./refuse-ambiguous.ts";
export * from "./resign.ts";
