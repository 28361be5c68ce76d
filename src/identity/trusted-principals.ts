import type { Kysely } from "kysely";
import type { IdentitySchema } from "./schema.ts";

/**
 * Writes `replacement` wherever a role's trust policy, in whichever account, names the principal `arn`.
 *
 * A policy means somebody, not a name. So a renamed user stays trusted under the new ARN, and a deleted one leaves its
 * id behind, which is never given again: whoever gets the name later is somebody else. AWS keeps ids inside and shows
 * the same.
 */
export async function replaceTrustedPrincipal(
  tables: Kysely<IdentitySchema>,
  arn: string,
  replacement: string,
): Promise<void> {
  // The name finds candidates cheaply; `_` in it may find too many, and the comparison below is exact.
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  const candidates = await tables
    .selectFrom("roles")
    .select(["role_id", "trust_policy"])
    .where("trust_policy", "like", `%${name}%`)
    .execute();
  for (const { role_id, trust_policy } of candidates) {
    const changed = replaceInDocument(trust_policy, arn, replacement);
    if (changed === undefined) continue;
    await tables.updateTable("roles").set({ trust_policy: changed }).where("role_id", "=", role_id).execute();
  }
}

/** The document with the principal replaced, or undefined when it names no such principal. */
function replaceInDocument(text: string, arn: string, replacement: string): string | undefined {
  const document = JSON.parse(text) as { readonly Statement: Statement | readonly Statement[] };
  let found = false;
  for (const statement of [document.Statement].flat() as readonly Statement[]) {
    for (const principal of [statement.Principal, statement.NotPrincipal]) {
      if (typeof principal !== "object" || principal.AWS === undefined) continue;
      const names = [principal.AWS].flat();
      if (!names.includes(arn)) continue;
      found = true;
      const replaced = names.map((name) => (name === arn ? replacement : name));
      principal.AWS = replaced.length === 1 ? (replaced[0] as string) : replaced;
    }
  }
  return found ? JSON.stringify(document) : undefined;
}

/** What a stored trust policy was checked to look like. */
interface Statement {
  readonly Principal?: "*" | { AWS?: string | string[] };
  readonly NotPrincipal?: "*" | { AWS?: string | string[] };
}
