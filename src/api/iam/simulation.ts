import type { IamOperations } from "../../aws/index.ts";
import { isoSeconds, type PageTokens, parseArn, Refusal } from "../../core/index.ts";
import {
  byKey,
  type NamedPolicy,
  type Policy,
  type PolicyKind,
  type PolicyRequest,
  type PolicySet,
  parsePolicy,
  type RequestPrincipal,
  simulate,
} from "../../identity/index.ts";
import { readPage } from "./paging.ts";

type Input = IamOperations["SimulateCustomPolicy"]["input"];
type Output = IamOperations["SimulateCustomPolicy"]["output"];
type EvaluationResult = NonNullable<Output["EvaluationResults"]>[number];
type Statement = NonNullable<EvaluationResult["MatchedStatements"]>[number];

/** What both simulations are given; only where the policies come from differs. */
export type SimulationInput = Omit<Input, "PolicyInputList" | "OrderedOrganizationPolicyInputList">;

/** Who asks in a simulation, and what is known of the caller without being told. */
export interface SimulatedCaller {
  readonly principal: RequestPrincipal;
  readonly context: ReadonlyMap<string, readonly string[]>;
}

/**
 * Simulates every action on every resource, one page of results at a time.
 * @throws {Refusal} `InvalidInput` for a policy that does not parse, `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
 */
export async function answerSimulation(
  tokens: PageTokens,
  operation: string,
  input: SimulationInput,
  caller: SimulatedCaller,
  policies: PolicySet,
): Promise<Output> {
  const { ActionNames, ResourceArns = ["*"], ResourcePolicy } = input;
  const all: PolicySet =
    ResourcePolicy === undefined
      ? policies
      : { ...policies, resource: parseInput("ResourcePolicy", ResourcePolicy, "resource") };
  const context = new Map([...caller.context, ...givenContext(input)]);
  const { Marker: _, MaxItems: __, ...query } = input;
  const { rows, end } = await readPage(
    tokens,
    [operation, caller.principal.arn, Object.entries(query).sort(byKey(([name]) => name))],
    input,
    ({ after = "-1", limit }) => {
      const first = Number(after) + 1;
      const last = Math.min(first + limit, ActionNames.length * ResourceArns.length);
      return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
    },
    String,
  );
  const results = rows.map((place) => {
    const action = ActionNames[Math.floor(place / ResourceArns.length)] ?? "";
    const resource = ResourceArns[place % ResourceArns.length] ?? "*";
    return evaluate({ principal: caller.principal, action, resource, context }, all);
  });
  return { EvaluationResults: results, ...end };
}

function evaluate(request: PolicyRequest, policies: PolicySet): EvaluationResult {
  const { outcome, matched, missingContextKeys, allowedByBoundary } = simulate(request, policies);
  return {
    EvalActionName: request.action,
    EvalResourceName: request.resource,
    EvalDecision: outcome,
    MatchedStatements: matched.map(
      ({ policy, layer, start, end }): Statement => ({
        SourcePolicyId: policy,
        // Not one of the model's values, but what IAM answers.
        SourcePolicyType: layer === "resource" ? "resource" : "IAM Policy",
        StartPosition: { Line: start.line, Column: start.column },
        EndPosition: { Line: end.line, Column: end.column },
      }),
    ),
    MissingContextValues: missingContextKeys,
    ...(allowedByBoundary === undefined
      ? {}
      : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: allowedByBoundary } }),
  };
}

/** `PolicyInputList.1` and so on. @throws {Refusal} `InvalidInput`. */
export function parseInputs(list: string, documents: readonly string[] = []): readonly NamedPolicy[] {
  return documents.map((document, i) => parseInput(`${list}.${i + 1}`, document, "identity"));
}

/** There are no organizations here. @throws {Refusal} `InvalidInput` when policies of one are to be simulated. */
export function refuseOrganizations(input: Pick<Input, "OrderedOrganizationPolicyInputList">): void {
  if ((input.OrderedOrganizationPolicyInputList ?? []).length === 0) return;
  throw new Refusal("InvalidInput", "Policies of an organization cannot be simulated: there are no organizations.");
}

/** There can be one boundary. @throws {Refusal} `InvalidInput` for more, or when it does not parse. */
export function parseBoundary(input: SimulationInput): NamedPolicy | undefined {
  const boundaries = parseInputs("PermissionsBoundaryPolicyInputList", input.PermissionsBoundaryPolicyInputList);
  if (boundaries.length > 1) throw new Refusal("InvalidInput", "Only one permissions boundary can be simulated.");
  return boundaries[0];
}

function parseInput(name: string, document: string, kind: PolicyKind): NamedPolicy {
  return { name, policy: parseAs(name, document, kind) };
}

function parseAs(name: string, document: string, kind: PolicyKind): Policy {
  try {
    return parsePolicy(document, kind);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    throw new Refusal("InvalidInput", `${name}: ${thrown.message}`);
  }
}

/** Whoever an ARN names, as policies see them. @throws {Refusal} `InvalidInput` when it is no ARN of a caller. */
export function callerOf(text: string, now: number): SimulatedCaller {
  const arn = parseArn(text);
  const [kind, name = ""] = arn?.resource.split(/\/(?:.*\/)?/) ?? [];
  const kinds = {
    root: "root",
    user: "user",
    "assumed-role": "role",
    role: "role",
    "federated-user": "federated",
  } as const;
  const known = kinds[kind as keyof typeof kinds];
  if (arn === undefined || known === undefined)
    throw new Refusal("InvalidInput", `${text} is not the ARN of a caller.`);
  return {
    principal: { kind: known, account: arn.account, arn: text, principalId: name },
    context: new Map([
      ["aws:principalarn", [text]],
      ["aws:principalaccount", [arn.account]],
      ["aws:currenttime", [isoSeconds(now)]],
      ["aws:epochtime", [String(Math.floor(now / 1000))]],
      ...(known === "user" ? [["aws:username", [name]] as const] : []),
    ]),
  };
}

/** `ContextEntries`, and the owner of the resources, which decides which account's policies have a say. */
function givenContext(input: SimulationInput): ReadonlyMap<string, readonly string[]> {
  const owner = input.ResourceOwner;
  return new Map([
    ...(owner === undefined ? [] : [["aws:resourceaccount", [parseArn(owner)?.account ?? owner]] as const]),
    ...(input.ContextEntries ?? []).map(
      ({ ContextKeyName = "", ContextKeyValues = [] }) => [ContextKeyName.toLowerCase(), ContextKeyValues] as const,
    ),
  ]);
}
