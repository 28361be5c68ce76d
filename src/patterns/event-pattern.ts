/** Any JSON value, as `JSON.parse` gives it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** An event pattern that passed every rule of its language. Made by `parseEventPattern` alone. */
export interface EventPattern {
  /** As it was given. */
  readonly text: string;
  /** ORed; the paths of one alternative are ANDed: what `$or` says is multiplied out. */
  readonly alternatives: readonly PatternAlternative[];
}

export interface PatternAlternative {
  readonly fields: readonly PatternField[];
}

export interface PatternField {
  /** Keys joined with dots: `detail.userIdentity.type`. */
  readonly path: string;
  /** ORed. */
  readonly matchers: readonly ValueMatcher[];
}

/** What one value may be. Texts of `wildcard` are split at their `*`. */
export type ValueMatcher =
  | { readonly kind: "equals"; readonly value: string | number | boolean | null }
  | { readonly kind: "equals-ignore-case"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: "suffix"; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: "wildcard"; readonly parts: readonly string[] }
  | { readonly kind: "numeric"; readonly low?: NumericBound; readonly high?: NumericBound }
  | { readonly kind: "cidr"; readonly family: 4 | 6; readonly base: bigint; readonly bits: number }
  | { readonly kind: "exists"; readonly exists: boolean }
  /** Matches what is there and is none of these. */
  | { readonly kind: "anything-but"; readonly none: readonly ValueMatcher[] };

export interface NumericBound {
  readonly value: number;
  readonly inclusive: boolean;
}

/** Why a pattern is none, in AWS's words; the message names the place. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PatternError";
  }
}
