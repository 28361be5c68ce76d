import { Refusal } from "../../core/index.ts";
import { type Condition, compileCondition, parseOperator } from "./conditions.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, JsonSyntaxError, parseJson } from "./json.ts";
import type { ActionSet, Policy, PolicyKind, ResourceSet, Statement } from "./policy.ts";
import { parseAwsPrincipal, type PrincipalName, type Principals } from "./principals.ts";
import { parseTemplate, splitAtColons, type Template } from "./template.ts";
import { compilePattern, type Pattern, tokensOf } from "./wildcard.ts";

/**
 * Reads and compiles a policy. How long a policy may be is the caller's to check: it differs by holder.
 *
 * Stricter than AWS in one way: a condition value that its operator cannot compare with (`IpAddress: "here"`) is refused
 * rather than never matching, since a policy that silently does less than it says is worse than none.
 *
 * @throws {Refusal} `MalformedPolicyDocument`: AWS's words, then the place in parentheses.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, kind: PolicyKind): Policy {
  const document = parseDocument(text);
  refuseUnknown(document, DOCUMENT_ELEMENTS, "");
  const version = document.members.get("Version") ?? OLD_VERSION;
  if (version !== OLD_VERSION && version !== NEW_VERSION) throw malformed(SYNTAX, `unknown Version`);
  const id = document.members.get("Id");
  if (id !== undefined && typeof id !== "string") throw malformed(SYNTAX, "Id");
  const rules = { kind, variables: version === NEW_VERSION };
  const statements = statementsOf(document).map(([node, place]) => parseStatement(node, place, rules));
  refuseRepeatedSids(statements);
  return { kind, text, statements };
}

interface Rules {
  readonly kind: PolicyKind;
  readonly variables: boolean;
}

function parseDocument(text: string): JsonObject {
  try {
    const document = parseJson(text);
    if (!isJsonObject(document)) throw malformed(SYNTAX, "the policy is not an object");
    return document;
  } catch (problem) {
    if (!(problem instanceof JsonSyntaxError)) throw problem;
    throw malformed(SYNTAX, `${problem.message} at character ${problem.offset + 1}`);
  }
}

function statementsOf(document: JsonObject): [JsonObject, string][] {
  const given = document.members.get("Statement");
  const list: readonly (Json | undefined)[] = isJsonArray(given) ? given : [given];
  if (list.length === 0) throw malformed(SYNTAX, "Statement");
  return list.map((node, i) => {
    const place = isJsonArray(given) ? `Statement[${i}]` : "Statement";
    if (!isJsonObject(node)) throw malformed(SYNTAX, place);
    return [node, place];
  });
}

function parseStatement(node: JsonObject, place: string, rules: Rules): Statement {
  refuseUnknown(node, STATEMENT_ELEMENTS, place);
  const effect = node.members.get("Effect");
  if (effect !== "Allow" && effect !== "Deny") throw malformed(SYNTAX, `${place}.Effect`);
  const sid = parseSid(node, place, rules.kind);
  const principals = parsePrincipals(node, place, rules.kind, effect);
  const resources = parseResources(node, place, rules);
  return {
    ...(sid === undefined ? {} : { sid }),
    effect,
    ...(principals === undefined ? {} : { principals }),
    actions: parseActions(node, place, rules.kind),
    ...(resources === undefined ? {} : { resources }),
    conditions: parseConditions(node, place, rules),
    start: node.start,
    end: node.end,
  };
}

function parseSid(node: JsonObject, place: string, kind: PolicyKind): string | undefined {
  const sid = node.members.get("Sid");
  if (sid === undefined) return undefined;
  if (typeof sid !== "string") throw malformed(SYNTAX, `${place}.Sid`);
  if (kind !== "resource" && !/^[0-9A-Za-z]*$/.test(sid)) throw malformed(BAD_SID, `${place}.Sid`);
  return sid;
}

function refuseRepeatedSids(statements: readonly Statement[]): void {
  const seen = new Set<string>();
  for (const { sid } of statements) {
    if (sid === undefined || sid === "") continue;
    if (seen.has(sid)) throw malformed("Statement IDs (SID) in a single policy must be unique.", sid);
    seen.add(sid);
  }
}

function parseActions(node: JsonObject, place: string, kind: PolicyKind): ActionSet {
  const [element, negated] = oneOf(node, "Action", "NotAction", place) ?? [];
  if (element === undefined) throw malformed("Policy statement must contain actions.", place);
  const names = textsOf(node.members.get(element), `${place}.${element}`);
  if (names.length === 0) throw malformed("Policy statement must contain actions.", place);
  if (kind === "trust" && (negated || !names.every((name) => /^sts:/i.test(name)))) {
    throw malformed("AssumeRole policy may only specify STS AssumeRole actions.", `${place}.${element}`);
  }
  const exact = new Set<string>();
  const wild: Pattern[] = [];
  for (const name of names) {
    refuseBadAction(name, `${place}.${element}`);
    const lower = name.toLowerCase();
    if (/[*?]/.test(lower)) wild.push(compilePattern(tokensOf(lower, true)));
    else exact.add(lower);
  }
  return { negated: negated === true, exact, wild };
}

function refuseBadAction(name: string, place: string): void {
  if (name === "*") return;
  const [vendor = "", action, ...rest] = name.split(":");
  if (action === undefined || vendor === "") throw malformed(NO_VENDOR, `${place}: ${name}`);
  if (rest.length > 0) throw malformed("Actions/Condition can contain only one colon.", `${place}: ${name}`);
  if (!/^[A-Za-z0-9.*?-]+$/.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`, place);
  if (!/^[\w*?-]+$/.test(action)) throw malformed(SYNTAX, `${place}: ${name}`);
}

function parseResources(node: JsonObject, place: string, rules: Rules): ResourceSet | undefined {
  const [element, negated] = oneOf(node, "Resource", "NotResource", place) ?? [];
  if (element === undefined) {
    if (rules.kind === "identity") throw malformed("Policy statement must contain resources.", place);
    return undefined;
  }
  if (rules.kind === "trust") throw malformed(`Has prohibited field ${element}`, place);
  const texts = textsOf(node.members.get(element), `${place}.${element}`);
  if (texts.length === 0) throw malformed("Policy statement must contain resources.", place);
  const templates = texts.map((text) => parseResource(text, `${place}.${element}`, rules.variables));
  return { negated: negated === true, templates };
}

function parseResource(text: string, place: string, variables: boolean): Template {
  const template = parseTemplate(text, { wild: true, variables });
  if (template === undefined) throw malformed(SYNTAX, `${place}: ${text}`);
  if (text === "*") return template;
  const [prefix, partition, service, region, ...rest] = splitAtColons(text, variables);
  if (prefix !== "arn" || !service || rest.length < 2 || rest.slice(1).join(":") === "") {
    throw malformed(`Resource ${text} must be in ARN format or "*".`, place);
  }
  if (partition === undefined || !/^(aws[a-z-]*|.*[*?$].*)$/.test(partition)) {
    throw malformed(`Partition "${partition}" is not valid for resource "${text}".`, place);
  }
  if (service === "iam" && region !== "" && region !== "*") {
    throw malformed(`IAM resource ${text} cannot contain region information.`, place);
  }
  return template;
}

function parsePrincipals(
  node: JsonObject,
  place: string,
  kind: PolicyKind,
  effect: "Allow" | "Deny",
): Principals | undefined {
  const [element, negated] = oneOf(node, "Principal", "NotPrincipal", place) ?? [];
  if (kind === "identity") {
    if (element !== undefined) throw malformed("Policy document should not specify a principal.", place);
    return undefined;
  }
  if (element === undefined) throw malformed("Missing required field Principal", place);
  // Everybody but one is nobody's list of friends: AWS allows it only to deny, and never in a role's trust policy.
  if (negated && (kind === "trust" || effect === "Allow")) throw malformed(`Has prohibited field ${element}`, place);
  const names = principalNames(node.members.get(element), `${place}.${element}`);
  if (names.length === 0) throw malformed("Missing required field Principal cannot be empty!", place);
  return { negated: negated === true, names };
}

function principalNames(given: Json | undefined, place: string): PrincipalName[] {
  if (given === "*") return [{ kind: "anyone" }];
  if (!isJsonObject(given)) throw malformed(SYNTAX, place);
  return [...given.members].flatMap(([type, values]) => {
    const allowed = PRINCIPAL_TYPES.get(type);
    if (allowed === undefined) throw malformed(`Unknown field ${type}`, place);
    return textsOf(values, `${place}.${type}`).map((name) => {
      const parsed = type === "AWS" ? parseAwsPrincipal(name) : ({ kind: "other", type, name } as const);
      if (parsed === undefined || !allowed.test(name)) {
        throw malformed(`Invalid principal in policy: "${type.toUpperCase()}":"${name}"`, place);
      }
      return parsed;
    });
  });
}

function parseConditions(node: JsonObject, place: string, rules: Rules): Condition[] {
  const block = node.members.get("Condition");
  if (block === undefined) return [];
  if (!isJsonObject(block)) throw malformed(SYNTAX, `${place}.Condition`);
  return [...block.members].flatMap(([operatorName, keys]) => {
    const here = `${place}.Condition.${operatorName}`;
    const operator = parseOperator(operatorName);
    if (operator === undefined) throw malformed(`Invalid Condition type : ${operatorName}.`, `${place}.Condition`);
    if (!isJsonObject(keys)) throw malformed(SYNTAX, here);
    return [...keys.members].map(([key, values]) => {
      if (!/^[^:]+:./.test(key)) throw malformed(NO_VENDOR, `${here}.${key}`);
      const compiled = compileCondition(operator, key, scalarsOf(values, `${here}.${key}`), rules.variables);
      if ("badValue" in compiled) throw malformed(SYNTAX, `${here}.${key}: ${JSON.stringify(compiled.badValue)}`);
      return compiled;
    });
  });
}

/** Which of two elements that exclude each other is there, and whether it is the negated one. */
function oneOf(node: JsonObject, plain: string, negated: string, place: string): [string, boolean] | undefined {
  const has = [plain, negated].filter((element) => node.members.has(element));
  if (has.length > 1) throw malformed(SYNTAX, `${place}: both ${plain} and ${negated}`);
  const [element] = has;
  return element === undefined ? undefined : [element, element === negated];
}

function textsOf(given: Json | undefined, place: string): string[] {
  return listOf(given).map((item) => {
    if (typeof item !== "string") throw malformed(SYNTAX, place);
    return item;
  });
}

/** Condition values may be numbers and booleans too. */
function scalarsOf(given: Json, place: string): string[] {
  return listOf(given).map((item) => {
    if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean") {
      throw malformed(SYNTAX, place);
    }
    return String(item);
  });
}

function listOf(given: Json | undefined): readonly (Json | undefined)[] {
  return isJsonArray(given) ? given : [given];
}

function refuseUnknown(node: JsonObject, known: ReadonlySet<string>, place: string): void {
  for (const element of node.members.keys()) {
    if (!known.has(element)) throw malformed(`Unknown field ${element}`, place === "" ? "the policy" : place);
  }
}

function malformed(message: string, place: string): Refusal {
  return new Refusal("MalformedPolicyDocument", `${message} (${place})`);
}

const OLD_VERSION = "2008-10-17";
const NEW_VERSION = "2012-10-17";

const DOCUMENT_ELEMENTS: ReadonlySet<string> = new Set(["Version", "Id", "Statement"]);
const STATEMENT_ELEMENTS: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/** What the names of each type of principal look like; `AWS` has its own parser. */
const PRINCIPAL_TYPES: ReadonlyMap<string, RegExp> = new Map([
  ["AWS", /^/],
  ["Service", /^[a-z0-9.-]+$/],
  ["Federated", /^[\w:./@+=-]+$/],
  ["CanonicalUser", /^[0-9a-f]{64}$/],
]);

const SYNTAX = "Syntax errors in policy.";
const NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const BAD_SID =
  "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
