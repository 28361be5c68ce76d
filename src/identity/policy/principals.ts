import type { Caller } from "../caller.ts";

/** Who asks. */
export interface RequestPrincipal {
  readonly arn: string;
  readonly account: string;
  readonly principalId: string;
  readonly kind: Caller["kind"];
  /** The role's ARN when a role's session asks. */
  readonly issuerArn?: string;
  /** The ARN of the user or root that a federated user's credentials came from. */
  readonly userArn?: string;
}

/** `Principal` or `NotPrincipal`. */
export interface Principals {
  readonly negated: boolean;
  readonly names: readonly PrincipalName[];
}

export type PrincipalName =
  | { readonly kind: "anyone" }
  | { readonly kind: "account"; readonly account: string }
  | { readonly kind: "arn"; readonly arn: string }
  /** `AIDA…`, `AROA…`: what AWS leaves behind when the user or role is deleted. */
  | { readonly kind: "id"; readonly id: string }
  /** A service, an identity provider, a canonical user: none of them calls us with credentials of ours. */
  | { readonly kind: "other"; readonly type: string; readonly name: string };

/**
 * How closely a statement names the caller, closest first: the user or session itself; the role or user it came from;
 * everybody; its account, which only passes the decision on to that account's own policies.
 */
export const CLOSENESS = ["self", "issuer", "anyone", "account"] as const;
export type Closeness = (typeof CLOSENESS)[number];

/** A name of type `AWS`, or undefined when it is none: wildcards other than `*` alone are not allowed. */
export function parseAwsPrincipal(text: string): PrincipalName | undefined {
  if (text === "*") return { kind: "anyone" };
  if (/^\d{12}$/.test(text)) return { kind: "account", account: text };
  if (/^A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,124}$/.test(text)) return { kind: "id", id: text };
  const root = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(text)?.[1];
  if (root !== undefined) return { kind: "account", account: root };
  return NAMED.test(text) ? { kind: "arn", arn: text } : undefined;
}

const NAMED =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role)\/[\x21-\x29\x2b-\x3e\x40-\x7e]+|sts::\d{12}:(?:assumed-role|federated-user)\/[\w+=,.@/-]+)$/;

/** How the statement's `Principal` or `NotPrincipal` applies to the caller; undefined when it does not. */
export function closenessOf(principals: Principals, caller: RequestPrincipal): Closeness | undefined {
  const found = principals.names.map((name) => closenessOfName(name, caller));
  const closest = CLOSENESS.find((closeness) => found.includes(closeness));
  if (!principals.negated) return closest;
  // Naming the account does not exempt the users in it; naming the user, the session or its role does.
  return closest === "self" || closest === "issuer" || closest === "anyone" ? undefined : "anyone";
}

/** Whether the statement's `Principal` or `NotPrincipal` applies to a service that acts in its own name. */
export function concernsService({ negated, names }: Principals, service: string): boolean {
  const named = names.some(
    (name) => name.kind === "anyone" || (name.kind === "other" && name.type === "Service" && name.name === service),
  );
  return named !== negated;
}

function closenessOfName(name: PrincipalName, caller: RequestPrincipal): Closeness | undefined {
  switch (name.kind) {
    case "anyone":
      return "anyone";
    case "account":
      if (name.account !== caller.account) return undefined;
      return caller.kind === "root" ? "self" : "account";
    case "arn":
      if (name.arn === caller.arn) return "self";
      return name.arn === caller.issuerArn || name.arn === caller.userArn ? "issuer" : undefined;
    case "id":
      if (name.id === caller.principalId) return "self";
      return caller.principalId.startsWith(`${name.id}:`) ? "issuer" : undefined;
    case "other":
      return undefined;
  }
}
