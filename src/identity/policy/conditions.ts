import { comparisons, type Comparison, type Resolved } from "./comparisons.ts";
import type { RequestContext } from "./template.ts";

/** One key of one operator in a `Condition`: `"ForAnyValue:StringLikeIfExists": { "aws:TagKeys": ["team*", "cost"] }`. */
export interface Condition {
  /** As the policy spells it. */
  readonly keyName: string;
  /** In lower case. */
  readonly key: string;
  readonly test: ConditionTest;
  /** The keys that the values name as variables, as the policy spells them. */
  readonly variables: readonly string[];
}

type ConditionTest =
  | { readonly kind: "null"; readonly missing: readonly boolean[] }
  | {
      readonly kind: "compare";
      readonly negated: boolean;
      /** With several values in the request: all must pass, one must, or no set operator was given. */
      readonly set: "all" | "any" | undefined;
      readonly ifExists: boolean;
      readonly values: readonly Comparison[];
    };

/** An operator as a policy names it, taken apart. */
export interface Operator {
  readonly base: string;
  readonly set: "all" | "any" | undefined;
  readonly ifExists: boolean;
}

/** Takes `ForAllValues:StringEqualsIfExists` apart, or answers undefined when there is no such operator. */
export function parseOperator(text: string): Operator | undefined {
  const found = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text);
  const base = found?.[2];
  if (base === undefined) return undefined;
  const set = found?.[1] === undefined ? undefined : found[1] === "ForAllValues" ? "all" : "any";
  const ifExists = found?.[3] !== undefined;
  // `Null` asks whether the key exists: neither suffix nor set operator makes sense with it.
  const known = base === "Null" ? set === undefined && !ifExists : comparisons.has(base);
  return known ? { base, set, ifExists } : undefined;
}

/** Compiles one key, or names the first value that the operator cannot compare with. */
export function compileCondition(
  operator: Operator,
  keyName: string,
  values: readonly string[],
  variables: boolean,
): Condition | { readonly badValue: string } {
  const key = { keyName, key: keyName.toLowerCase() };
  if (operator.base === "Null") {
    const bad = values.find((value) => !/^(true|false)$/i.test(value));
    if (bad !== undefined) return { badValue: bad };
    const missing = values.map((value) => value.toLowerCase() === "true");
    return { ...key, test: { kind: "null", missing }, variables: [] };
  }
  const { negated, compile } = comparisons.get(operator.base) ?? UNKNOWN;
  const compiled: Comparison[] = [];
  for (const value of values) {
    const comparison = compile(value, variables);
    if (comparison === undefined) return { badValue: value };
    compiled.push(comparison);
  }
  const { set, ifExists } = operator;
  const test = { kind: "compare", negated, set, ifExists, values: compiled } as const;
  return { ...key, test, variables: compiled.flatMap((comparison) => comparison.variables) };
}

const UNKNOWN = { negated: false, compile: () => undefined };

/**
 * Whether the condition holds for a request.
 *
 * A missing key fails what is positive and passes what is negated, `IfExists` and `ForAllValues`; it always fails
 * `ForAnyValue`. Several values in the policy are alternatives (for a negated operator: none of them may match). A value
 * whose variable is missing can match nothing, and with a negated operator the condition does not hold at all.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function conditionHolds(condition: Condition, context: RequestContext): boolean {
  const { test } = condition;
  const actual = context.get(condition.key) ?? [];
  if (test.kind === "null") return test.missing.includes(actual.length === 0);
  // A set operator takes a key whose values are all empty for a key that is not there.
  const missing = test.set === undefined ? actual.length === 0 : actual.every((value) => value === "");
  if (missing) return test.ifExists || test.set === "all" || (test.set === undefined && test.negated);
  const candidates: Resolved[] = [];
  for (const value of test.values) {
    const candidate = value.resolve(context);
    if (candidate !== undefined) candidates.push(candidate);
    else if (test.negated) return false;
  }
  const passes = (value: string) => candidates.some((matches) => matches(value)) !== test.negated;
  // Several values without a set operator: AWS leaves it open; one match is enough, and one is enough to fail a negation.
  const every = test.set === "all" || (test.set === undefined && test.negated);
  return every ? actual.every(passes) : actual.some(passes);
}
