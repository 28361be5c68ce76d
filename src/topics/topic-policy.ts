import { Refusal } from "../core/index.ts";
import { type NamedPolicy, type Policy, parsePolicy, storedPolicy } from "../identity/index.ts";
import { AttributeProblem, invalidParameter } from "./refusals.ts";
import { remember } from "./remember.ts";

/** @see https://docs.aws.amazon.com/general/latest/gr/sns.html */
const POLICY_BYTES_MAX = 30 * 1024;

/** What a topic's policy may speak of; also in `sns:…`'s other spelling, since actions are the same in any case. */
const ACTIONS: readonly string[] = [
  "AddPermission",
  "DeleteTopic",
  "GetDataProtectionPolicy",
  "GetTopicAttributes",
  "ListSubscriptionsByTopic",
  "ListTagsForResource",
  "Publish",
  "PutDataProtectionPolicy",
  "Receive",
  "RemovePermission",
  "SetTopicAttributes",
  "Subscribe",
  "TagResource",
  "UntagResource",
];
const IN_SCOPE: ReadonlySet<string> = new Set(ACTIONS.map((action) => `sns:${action.toLowerCase()}`));

/**
 * The policy of a topic that was given none: whatever acts in its owner's name may use it. Alarms say whose they are, so
 * that those of the same account publish without a statement of their own.
 */
export function defaultTopicPolicy(arn: string, account: string): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "SNS:GetTopicAttributes",
          "SNS:SetTopicAttributes",
          "SNS:AddPermission",
          "SNS:RemovePermission",
          "SNS:DeleteTopic",
          "SNS:Subscribe",
          "SNS:ListSubscriptionsByTopic",
          "SNS:Publish",
        ],
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": account } },
      },
    ],
  });
}

/** @throws {AttributeProblem} when it is too long, no policy, or about other actions than a topic's. */
export function checkTopicPolicy(text: string): void {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) throw new AttributeProblem("Policy Error: the policy is too long");
  for (const { actions } of parse(text).statements) {
    const isInScope =
      !actions.negated && actions.wild.length === 0 && [...actions.exact].every((it) => IN_SCOPE.has(it));
    if (!isInScope) throw new AttributeProblem(OUT_OF_SCOPE);
  }
}

const OUT_OF_SCOPE = "Policy statement action out of service scope!";

function parse(text: string): Policy {
  try {
    return parsePolicy(text, "resource");
  } catch (thrown) {
    if (thrown instanceof Refusal) throw new AttributeProblem(`Policy Error: ${thrown.message}`);
    throw thrown;
  }
}

/** For deciding by it. One that cannot be read any more forbids everything. */
export function namedTopicPolicy(arn: string, text: string): NamedPolicy {
  return { name: `the policy of ${arn}`, policy: compiled(text) };
}

const compiled = remember<Policy>(1000, (text) =>
  // RemovePermission may take the last statement away, which no policy that is put may lack.
  documentOf(text)?.Statement.length === 0
    ? { kind: "resource", text, statements: [] }
    : storedPolicy(text, "resource"),
);

interface Document {
  readonly Statement: readonly { readonly Sid?: unknown }[];
}

/** Undefined when a stored text is none. */
function documentOf(text: string): Document | undefined {
  try {
    const { Statement, ...others } = JSON.parse(text) as {
      Statement: Document["Statement"] | Document["Statement"][0];
    };
    return { ...others, Statement: Array.isArray(Statement) ? Statement : [Statement as Document["Statement"][0]] };
  } catch {
    // `storedPolicy` says what is wrong with it.
    return undefined;
  }
}

/** What AddPermission says. */
export interface Permission {
  readonly label: string;
  readonly accounts: readonly string[];
  readonly actions: readonly string[];
}

/**
 * The policy with a statement more.
 * @throws {Refusal} `InvalidParameter`: a label that is there already, an account or action that is none.
 */
export function addPermission(arn: string, text: string, { label, accounts, actions }: Permission): string {
  const document = documentOf(text);
  if (document === undefined) throw invalidParameter("Policy Error: the topic's policy cannot be read");
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) throw invalidParameter("Label");
  if (document.Statement.some(({ Sid }) => Sid === label)) throw invalidParameter("Statement already exists");
  if (actions.length === 0 || !actions.every((action) => ACTIONS.includes(action)))
    throw invalidParameter(OUT_OF_SCOPE);
  if (accounts.length === 0 || !accounts.every((account) => /^\d{12}$/.test(account))) {
    throw invalidParameter("Policy Error: PrincipalNotFound");
  }
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: single(accounts.map((account) => `arn:aws:iam::${account}:root`)) },
    Action: single(actions.map((action) => `SNS:${action}`)),
    Resource: arn,
  };
  const changed = JSON.stringify({ ...document, Statement: [...document.Statement, statement] });
  if (Buffer.byteLength(changed) > POLICY_BYTES_MAX) throw invalidParameter("Policy Error: the policy is too long");
  return changed;
}

/** The policy without the statement; a label that is not there is passed over. */
export function removePermission(text: string, label: string): string {
  const document = documentOf(text);
  if (document === undefined) throw invalidParameter("Policy Error: the topic's policy cannot be read");
  return JSON.stringify({ ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== label) });
}

function single(texts: readonly string[]): string | readonly string[] {
  const [only, ...others] = texts;
  return only === undefined || others.length > 0 ? texts : only;
}
