import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { Refusal } from "../core/index.ts";
import { type Decision, decideService, parsePolicy, type RequestContext, storedPolicy } from "../identity/index.ts";
import type { Place } from "./group-arn.ts";
import { limitExceeded } from "./groups.ts";
import type { LogGroupsSchema } from "./schema.ts";

/** Who may write into log groups besides the account's own users. */
export interface LogResourcePolicy {
  readonly name: string;
  /** The group that it is for; all of the account and Region when empty. */
  readonly resourceArn: string;
  readonly document: string;
  /** Changes with the document. */
  readonly revision: string;
  readonly updatedAt: number;
}

type Tables = Kysely<LogGroupsSchema>;

/** Of one account in one Region. */
const POLICIES_MAX = 10;

/** @throws {Refusal} `InvalidParameterException` when it cannot be read, `LimitExceededException`, `OperationAbortedException`. */
export async function putResourcePolicy(
  tables: Tables,
  place: Place,
  policy: Pick<LogResourcePolicy, "name" | "resourceArn" | "document">,
  { now, expected }: { readonly now: number; readonly expected: string | undefined },
): Promise<LogResourcePolicy> {
  const { name, resourceArn, document } = policy;
  checkDocument(document);
  const known = await listResourcePolicies(tables, place);
  const same = known.find((each) => each.name === name && each.resourceArn === resourceArn);
  checkRevision(same, expected);
  const ofAccount = known.filter((each) => each.resourceArn === "");
  if (same === undefined && resourceArn === "" && ofAccount.length >= POLICIES_MAX) throw limitExceeded();
  const revision = createHash("sha256").update(document).digest("hex").slice(0, 32);
  await tables
    .insertInto("log_resource_policies")
    .values({
      account_id: place.account,
      region: place.region,
      resource_arn: resourceArn,
      name,
      document,
      revision,
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["account_id", "region", "resource_arn", "name"])
        .doUpdateSet({ document, revision, updated_at: now }),
    )
    .execute();
  return { name, resourceArn, document, revision, updatedAt: now };
}

/** By name. */
export async function listResourcePolicies(tables: Tables, place: Place): Promise<readonly LogResourcePolicy[]> {
  const rows = await tables
    .selectFrom("log_resource_policies")
    .selectAll()
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .orderBy("name")
    .orderBy("resource_arn")
    .execute();
  return rows.map((row) => ({
    name: row.name,
    resourceArn: row.resource_arn,
    document: row.document,
    revision: row.revision,
    updatedAt: row.updated_at,
  }));
}

/** @throws {Refusal} `ResourceNotFoundException`, `OperationAbortedException`. */
export async function deleteResourcePolicy(
  tables: Tables,
  place: Place,
  { name, resourceArn }: Pick<LogResourcePolicy, "name" | "resourceArn">,
  expected: string | undefined,
): Promise<void> {
  const known = await listResourcePolicies(tables, place);
  const found = known.find((each) => each.name === name && each.resourceArn === resourceArn);
  if (found === undefined) {
    throw new Refusal("ResourceNotFoundException", `Policy with name [${name}] does not exist`);
  }
  checkRevision(found, expected);
  await tables
    .deleteFrom("log_resource_policies")
    .where("account_id", "=", place.account)
    .where("region", "=", place.region)
    .where("resource_arn", "=", resourceArn)
    .where("name", "=", name)
    .execute();
}

/** Whether the policies of an account and Region let a service act on one of their groups; what denies wins. */
export function serviceMay(
  policies: readonly LogResourcePolicy[],
  request: {
    readonly service: string;
    readonly action: string;
    readonly resource: string;
    readonly context: RequestContext;
  },
): Decision & { readonly policy?: string } {
  const decisions = policies.map(({ name, document }) =>
    decideService(request, { name, policy: storedPolicy(document, "resource") }),
  );
  const denied = decisions.find(({ because }) => because === "explicit-deny" || because === "unreadable-policy");
  const allowed = decisions.find((decision) => decision.allowed);
  return denied ?? allowed ?? { allowed: false, because: "resource-policy" };
}

function checkDocument(document: string): void {
  try {
    parsePolicy(document, "resource");
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    throw new Refusal("InvalidParameterException", `The policy document is not valid: ${refused.message}`);
  }
}

function checkRevision(policy: LogResourcePolicy | undefined, expected: string | undefined): void {
  if (expected === undefined || policy?.revision === expected) return;
  throw new Refusal("OperationAbortedException", "The expected revision id is not that of the resource policy.");
}
