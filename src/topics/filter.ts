import {
  type FilterPolicy,
  FilterPolicyScopeError,
  matchesFilterPolicy,
  parseFilterPolicy,
  PatternError,
} from "../patterns/index.ts";
import type { Content } from "./message.ts";
import { AttributeProblem } from "./refusals.ts";
import { remember } from "./remember.ts";
import type { Attributes } from "./topic-attributes.ts";

export type FilterScope = FilterPolicy["scope"];

/** @throws {AttributeProblem} when the policy of a subscription is none, or too much. */
export function checkFilterPolicy(text: string, scope: FilterScope): void {
  try {
    parseFilterPolicy(text, scope);
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown;
    const prefix = thrown instanceof FilterPolicyScopeError ? "" : "FilterPolicy: ";
    throw new AttributeProblem(`${prefix}${thrown.message}`);
  }
}

export function scopeOf(text: string | undefined): FilterScope {
  return text === "MessageBody" ? "MessageBody" : "MessageAttributes";
}

/** Whether a subscription with these attributes wants the message; without a filter policy it wants every one. */
export function wants(
  { FilterPolicy: text, FilterPolicyScope }: Attributes,
  protocol: string,
  content: Content,
): boolean {
  if (text === undefined) return true;
  const policy = COMPILED[scopeOf(FilterPolicyScope)](text);
  const looked = policy.scope === "MessageBody" ? content.textFor(protocol) : content.attributes;
  return matchesFilterPolicy(policy, looked);
}

const COMPILED: Readonly<Record<FilterScope, (text: string) => FilterPolicy>> = {
  MessageAttributes: remember(1000, (text) => parseFilterPolicy(text, "MessageAttributes")),
  MessageBody: remember(1000, (text) => parseFilterPolicy(text, "MessageBody")),
};
