/**
 * Words that every part shares, without any I/O: the three kinds of failure, brands, ARNs, time and randomness as
 * things that are handed in, and sealed page tokens. Imports nothing of ours.
 */
export * from "./arn.ts";
export * from "./brand.ts";
export * from "./byte-budget.ts";
export * from "./failure.ts";
export * from "./optional.ts";
export * from "./page-token.ts";
export * from "./random.ts";
export * from "./sibling-module.ts";
export * from "./time.ts";
