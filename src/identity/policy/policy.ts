import type { Condition } from "./conditions.ts";
import type { Principals } from "./principals.ts";
import type { Template } from "./template.ts";
import type { Pattern } from "./wildcard.ts";

/** Where a policy belongs: on a user, group or role; as a role's trust policy; on a bucket, topic or store. */
export type PolicyKind = "identity" | "trust" | "resource";

/** A policy, compiled: by `parsePolicy`, or by `unreadablePolicy` when that refused a text we had stored. */
export interface Policy {
  readonly kind: PolicyKind;
  /** The text as it was given. */
  readonly text: string;
  readonly statements: readonly Statement[];
  /** Why a stored policy could not be read: nobody knows what it forbids, so it forbids everything. */
  readonly unreadable?: string;
}

/** What takes the place of a stored policy that does not parse or is gone: `decide` denies whatever is asked. */
export function unreadablePolicy(kind: PolicyKind, text: string, why: string): Policy {
  return { kind, text, statements: [], unreadable: why };
}

export interface Statement {
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  /** Absent in identity policies. */
  readonly principals?: Principals;
  readonly actions: ActionSet;
  /** Absent in trust policies, where the resource is the role, and where a resource policy leaves it out. */
  readonly resources?: ResourceSet;
  readonly conditions: readonly Condition[];
  /** Offsets of the statement in `Policy.text`. */
  readonly start: number;
  readonly end: number;
}

export interface ActionSet {
  /** `NotAction`. */
  readonly negated: boolean;
  /** In lower case; most actions are spelled out, so one look-up answers for all of them. */
  readonly exact: ReadonlySet<string>;
  readonly wild: readonly Pattern[];
}

export interface ResourceSet {
  /** `NotResource`. */
  readonly negated: boolean;
  readonly templates: readonly Template[];
}
