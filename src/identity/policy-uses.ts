import { type Kysely, type RawBuilder, sql } from "kysely";
import type { PolicyHolderKind } from "./holders.ts";
import { nameKey } from "./names.ts";
import type { IdentitySchema } from "./schema.ts";
import { byKey } from "./slices.ts";

/** One use of one policy: it is attached to the holder, or it is the holder's permissions boundary. */
export interface PolicyUse {
  readonly arn: string;
  readonly usedAs: "PermissionsPolicy" | "PermissionsBoundary";
  readonly kind: PolicyHolderKind;
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

/** All uses of policies in an account, or with `arn` those of one policy; ordered by `usePosition`. */
export async function listPolicyUses(
  tables: Kysely<IdentitySchema>,
  account: string,
  arn?: string,
): Promise<readonly PolicyUse[]> {
  const only = (column: RawBuilder<string>) => (arn === undefined ? sql`1 = 1` : sql`${column} = ${arn}`);
  const { rows } = await sql<PolicyUse>`
    with holders as (
      select 'user' as kind, user_id as id, name, path, boundary_arn from users where account_id = ${account}
      union all
      select 'role' as kind, role_id as id, name, path, boundary_arn from roles where account_id = ${account}
      union all
      select 'group' as kind, group_id as id, name, path, null as boundary_arn from groups where account_id = ${account}
    )
    select policy_arn as arn, 'PermissionsPolicy' as "usedAs", kind, id, name, path
    from holders inner join attached_policies on holder_kind = kind and holder_id = id
    where ${only(sql<string>`policy_arn`)}
    union all
    select boundary_arn as arn, 'PermissionsBoundary' as "usedAs", kind, id, name, path
    from holders
    where boundary_arn is not null and ${only(sql<string>`boundary_arn`)}
  `.execute(tables);
  return rows.sort(byKey(usePosition));
}

/** Where a use stands in a list: groups, roles, users, each by name. */
export function usePosition(use: Pick<PolicyUse, "kind" | "name">): string {
  return `${use.kind} ${nameKey(use.name)}`;
}

/** How often each policy is used in an account, by ARN. */
export interface PolicyUseCounts {
  attached(arn: string): number;
  boundary(arn: string): number;
}

export async function countPolicyUses(tables: Kysely<IdentitySchema>, account: string): Promise<PolicyUseCounts> {
  const counts = new Map<string, number>();
  for (const { arn, usedAs } of await listPolicyUses(tables, account)) {
    counts.set(`${usedAs} ${arn}`, (counts.get(`${usedAs} ${arn}`) ?? 0) + 1);
  }
  return {
    attached: (arn) => counts.get(`PermissionsPolicy ${arn}`) ?? 0,
    boundary: (arn) => counts.get(`PermissionsBoundary ${arn}`) ?? 0,
  };
}
