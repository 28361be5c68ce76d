import {
  type Decision,
  decide,
  matchStatement,
  type NamedPolicy,
  type PolicyLayer,
  type PolicyRequest,
  type PolicySet,
} from "./decide.ts";
import type { Policy } from "./policy.ts";
import { variablesOf } from "./template.ts";

/** What a request would be answered, and why. */
export interface Simulation {
  readonly decision: Decision;
  readonly outcome: "allowed" | "explicitDeny" | "implicitDeny";
  /** What determined the outcome: the denying statements when any denies, else the allowing ones; none for `implicitDeny`. */
  readonly matched: readonly MatchedStatement[];
  /** Keys that the policies ask for and the request does not give, as the policies spell them, sorted. */
  readonly missingContextKeys: readonly string[];
  /** Whether the boundary would allow; absent when there is none. */
  readonly allowedByBoundary?: boolean;
}

export interface MatchedStatement {
  readonly layer: PolicyLayer;
  /** The policy's name. */
  readonly policy: string;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  /** Of the statement's `{`, and just behind its `}`. */
  readonly start: Position;
  readonly end: Position;
}

/** Both count from 1; columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Decides, and tells which statements mattered: for IAM's SimulatePrincipalPolicy and SimulateCustomPolicy, once for
 * each action and resource.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
 */
export function simulate(request: PolicyRequest, policies: PolicySet): Simulation {
  const decision = decide(request, policies);
  const layers = layersOf(policies);
  const all = layers.flatMap(([layer, list]) => list.flatMap((named) => matchesIn(layer, named, request)));
  const denies = all.filter(({ effect }) => effect === "Deny");
  const outcome = decision.allowed ? "allowed" : denies.length > 0 ? "explicitDeny" : "implicitDeny";
  const matched = outcome === "allowed" ? all : denies;
  const { boundary } = policies;
  const byBoundary = all.filter(({ layer }) => layer === "boundary");
  const allowedByBoundary = byBoundary.length > 0 && byBoundary.every(({ effect }) => effect === "Allow");
  return {
    decision,
    outcome,
    matched,
    missingContextKeys: missingKeys(layers, request),
    ...(boundary === undefined ? {} : { allowedByBoundary }),
  };
}

/** The keys that a policy's conditions and variables ask for, as it spells them: GetContextKeysForCustomPolicy. */
export function contextKeysOf(policy: Policy): string[] {
  const names = new Map<string, string>();
  const add = (name: string) => {
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  };
  for (const { resources, conditions } of policy.statements) {
    for (const template of resources?.templates ?? []) variablesOf(template).forEach(add);
    for (const condition of conditions) {
      add(condition.keyName);
      condition.variables.forEach(add);
    }
  }
  return [...names.values()].toSorted();
}

function layersOf(policies: PolicySet): [PolicyLayer, readonly NamedPolicy[]][] {
  return [
    ["identity", policies.identity],
    ["boundary", policies.boundary === undefined ? [] : [policies.boundary]],
    ["session", policies.session ?? []],
    ["resource", policies.resource === undefined ? [] : [policies.resource]],
  ];
}

function matchesIn(layer: PolicyLayer, { name, policy }: NamedPolicy, request: PolicyRequest): MatchedStatement[] {
  return policy.statements
    .filter((statement) => matchStatement(statement, request) !== undefined)
    .map(({ sid, effect, start, end }) => ({
      layer,
      policy: name,
      ...(sid === undefined ? {} : { sid }),
      effect,
      start: positionAt(policy.text, start),
      end: positionAt(policy.text, end),
    }));
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function missingKeys(layers: readonly [PolicyLayer, readonly NamedPolicy[]][], request: PolicyRequest): string[] {
  const keys = layers.flatMap(([, list]) => list.flatMap(({ policy }) => contextKeysOf(policy)));
  const missing = new Map<string, string>();
  for (const key of keys) {
    if (!request.context.has(key.toLowerCase()) && !missing.has(key.toLowerCase())) missing.set(key.toLowerCase(), key);
  }
  return [...missing.values()].toSorted();
}
