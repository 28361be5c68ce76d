/**
 * The pattern language of EventBridge: parsing with AWS's own words for what is wrong, an evaluator that reads like the
 * documentation, an index that asks thousands of patterns at once, and SNS's filter policies, which are patterns too.
 */
export * from "./event-pattern.ts";
export { matchesPattern } from "./match-event.ts";
export { parseEventPattern } from "./parse-event-pattern.ts";
export { PatternIndex } from "./pattern-index.ts";
export * from "./filter-policy.ts";
