import type { Kysely } from "kysely";
import { parseArn, reason, Refusal } from "../core/index.ts";
import { attachedPolicies } from "./attachments.ts";
import { groupsOf } from "./groups.ts";
import { findHolderIfAny, type Holder } from "./holders.ts";
import { listInlinePolicies } from "./inline-policies.ts";
import { entityArn } from "./names.ts";
import { findPolicyIfAny } from "./policies.ts";
import { type NamedPolicy, parsePolicy, unreadablePolicy } from "./policy/index.ts";
import { findPolicyVersion, versionId } from "./policy-versions.ts";
import type { IdentitySchema } from "./schema.ts";

/** A policy and where it came from, named as IAM's policy simulator names it: `ReadOnly`, `user_Mary_own`. */
export interface HeldPolicy extends NamedPolicy {
  /** Of a managed policy. */
  readonly arn?: string;
  /** Of an inline policy. */
  readonly inline?: { readonly kind: Holder["kind"]; readonly holder: string; readonly name: string };
}

/**
 * The user, group or role of an ARN.
 * @throws {Refusal} `InvalidInput` when it is the ARN of something else, `NoSuchEntity`.
 */
export async function findHolderByArn(tables: Kysely<IdentitySchema>, account: string, text: string): Promise<Holder> {
  const arn = parseArn(text);
  const [, kind, name] = /^(user|group|role)\/(?:[!-~]+\/)?([^/]+)$/.exec(arn?.resource ?? "") ?? [];
  if (arn?.service !== "iam" || name === undefined) {
    throw new Refusal("InvalidInput", `${text} is not the ARN of a user, group or role.`);
  }
  const holder =
    arn.account === account ? await findHolderIfAny(tables, account, kind as Holder["kind"], name) : undefined;
  if (holder?.arn !== text) throw new Refusal("NoSuchEntity", `${text} cannot be found.`, 404);
  return holder;
}

/** A holder's own policies, inline ones first, and for a user those of its groups. */
export async function heldPolicies(tables: Kysely<IdentitySchema>, holder: Holder): Promise<readonly HeldPolicy[]> {
  const own = await ownPolicies(tables, holder);
  const groups = holder.kind === "user" ? await groupsOf(tables, holder.id) : [];
  const theirs = await Promise.all(
    groups.map(({ account_id: account, group_id: id, name, path }) => {
      const arn = entityArn(account, "group", path, name);
      return ownPolicies(tables, { kind: "group", id, account, name, path, arn, boundaryArn: null });
    }),
  );
  return [...own, ...theirs.flat()];
}

/** The boundary of a user or role, if it has one. */
export async function heldBoundary(tables: Kysely<IdentitySchema>, holder: Holder): Promise<HeldPolicy | undefined> {
  if (holder.boundaryArn === null) return undefined;
  const policy = await findPolicyIfAny(tables, holder.account, holder.boundaryArn);
  return policy === undefined ? undefined : managed(tables, holder.account, policy);
}

async function ownPolicies(tables: Kysely<IdentitySchema>, holder: Holder): Promise<readonly HeldPolicy[]> {
  const inline = await listInlinePolicies(tables, holder);
  const attached = await attachedPolicies(tables, holder);
  return [
    ...inline.map(({ name, document }) => ({
      ...compile(`${holder.kind}_${holder.name}_${name}`, document),
      inline: { kind: holder.kind, holder: holder.name, name },
    })),
    ...(await Promise.all(attached.map((policy) => managed(tables, holder.account, policy)))),
  ];
}

async function managed(
  tables: Kysely<IdentitySchema>,
  account: string,
  policy: { readonly arn: string; readonly name: string; readonly defaultVersion: number },
): Promise<HeldPolicy> {
  const { arn, name, defaultVersion } = policy;
  const { document } = await findPolicyVersion(tables, account, arn, versionId(defaultVersion));
  return { ...compile(name, document), arn };
}

/** What was stored was readable then; if it is not now, it denies everything, as it does when it is enforced. */
function compile(name: string, document: string): NamedPolicy {
  try {
    return { name, policy: parsePolicy(document, "identity") };
  } catch (refused) {
    return { name, policy: unreadablePolicy("identity", document, reason(refused)) };
  }
}
