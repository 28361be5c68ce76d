import { type EventPattern, type Json, type JsonObject, PatternError } from "./event-pattern.ts";
import { matchesPattern } from "./match-event.ts";
import { isReserved, parsePattern } from "./parse-event-pattern.ts";

/** What a subscription's filter policy looks at. */
export type FilterPolicyScope = "MessageAttributes" | "MessageBody";

/** A filter policy that passed every rule. Made by `parseFilterPolicy` alone. */
export interface FilterPolicy {
  readonly text: string;
  readonly scope: FilterPolicyScope;
  readonly pattern: EventPattern;
}

/** A message attribute, as SNS has it. */
export interface FilteredAttribute {
  /** `String`, `Number`, `String.Array` (JSON), `Binary` or one of these with a dot and a label. */
  readonly DataType: string;
  readonly StringValue?: string | undefined;
}

export type MessageAttributes = Readonly<Record<string, FilteredAttribute>>;

/** The one refusal whose text does not stand behind `FilterPolicy: ` but in its place. */
export class FilterPolicyScopeError extends PatternError {
  constructor() {
    super("Filter policy scope MessageAttributes does not support nested filter policy");
    this.name = "FilterPolicyScopeError";
  }
}

const BYTES_MAX = 256 * 1024;
const KEYS_MAX = 5;
const COMBINATIONS_MAX = 150;

/**
 * A subscription's filter policy; `{}` accepts every message.
 * @throws {PatternError} with the part of SNS's text that follows `FilterPolicy: `.
 * @throws {FilterPolicyScopeError} when a policy on attributes has objects in objects.
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
 */
export function parseFilterPolicy(text: string, scope: FilterPolicyScope): FilterPolicy {
  if (Buffer.byteLength(text) > BYTES_MAX) throw new PatternError("Filter policy is too complex");
  if (/^\s*\{\s*\}\s*$/.test(text)) return { text, scope, pattern: { text, alternatives: [{ fields: [] }] } };
  const pattern = parsePattern(text, "SNS");
  const policy = objectOf(JSON.parse(text) as Json) ?? {};
  if (scope === "MessageAttributes" && isNested(policy)) throw new FilterPolicyScopeError();
  if (topKeys(policy).size > KEYS_MAX) {
    throw new PatternError(`Filter policy can not have more than ${KEYS_MAX} keys`);
  }
  if (combinations(policy, 1) > COMBINATIONS_MAX) throw new PatternError("Filter policy is too complex");
  return { text, scope, pattern };
}

/**
 * Whether the message is for this subscription. `looked` is what the policy's scope looks at: the message's attributes,
 * or its text, which must be a JSON object to be accepted.
 */
export function matchesFilterPolicy(policy: FilterPolicy, looked: MessageAttributes | string): boolean {
  const event = typeof looked === "string" ? parseObject(looked) : eventOf(looked);
  const inScope = (policy.scope === "MessageBody") === (typeof looked === "string");
  return inScope && event !== undefined && matchesPattern(policy.pattern, event);
}

function eventOf(attributes: MessageAttributes): JsonObject {
  const values = Object.entries(attributes).map(([name, attribute]) => [name, valueOf(attribute)] as const);
  return Object.fromEntries(values.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
}

/** Nothing when the attribute is binary, or not what its type says. */
function valueOf({ DataType, StringValue }: FilteredAttribute): Json | undefined {
  if (StringValue === undefined || DataType.startsWith("Binary")) return undefined;
  if (DataType === "String.Array") return parseArray(StringValue);
  if (DataType !== "Number" && !DataType.startsWith("Number.")) return StringValue;
  const number = Number(StringValue);
  return Number.isFinite(number) && StringValue.trim() !== "" ? number : undefined;
}

function parseArray(text: string): Json | undefined {
  const value = parseJson(text);
  return Array.isArray(value) ? value : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return value === undefined ? undefined : objectOf(value);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Messages may be any text: what is no JSON is simply not what the policy looks for.
    return undefined;
  }
}

function objectOf(value: Json): JsonObject | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

/** The objects of an `$or`; nothing when it is a key like any other. */
function alternativesOf(key: string, value: Json): readonly JsonObject[] | undefined {
  if (key !== "$or" || !Array.isArray(value) || value.length < 2) return undefined;
  const objects = value.map(objectOf).filter((object) => object !== undefined);
  const none = objects.length < value.length || objects.some((object) => Object.keys(object).some(isReserved));
  return none ? undefined : objects;
}

function isNested(policy: JsonObject): boolean {
  return Object.entries(policy).some(
    ([key, value]) => alternativesOf(key, value)?.some(isNested) ?? !Array.isArray(value),
  );
}

function topKeys(policy: JsonObject): ReadonlySet<string> {
  const keys = Object.entries(policy).map(([key, value]) => {
    const alternatives = alternativesOf(key, value);
    return alternatives?.flatMap((alternative) => [...topKeys(alternative)]) ?? [key];
  });
  return new Set(keys.flat());
}

/** Values times levels of every key, multiplied; alternatives of an `$or` added. */
function combinations(policy: JsonObject, depth: number): number {
  return Object.entries(policy).reduce((product, [key, value]) => {
    const alternatives = alternativesOf(key, value);
    if (alternatives !== undefined) {
      return product * alternatives.reduce((sum, alternative) => sum + combinations(alternative, depth), 0);
    }
    if (Array.isArray(value)) return product * value.length * depth;
    return product * combinations(objectOf(value) ?? {}, depth + 1);
  }, 1);
}
