import type { IamOperations } from "../../aws/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamCall, IamNeeds, IamOperation } from "./iam-operation.ts";
import { readPage } from "./paging.ts";
import {
  boundaryShape,
  groupShape,
  policyShape,
  roleLastUsedShape,
  roleShape,
  userShape,
  versionShape,
  wireDocument,
  withBoundaryAndTags,
} from "./shapes.ts";

type Output = IamOperations["GetAccountAuthorizationDetails"]["output"];
type UserDetail = NonNullable<Output["UserDetailList"]>[number];
type GroupDetail = NonNullable<Output["GroupDetailList"]>[number];
type RoleDetail = NonNullable<Output["RoleDetailList"]>[number];
type PolicyDetail = NonNullable<Output["Policies"]>[number];

/** One line of the list: its details are read once it is known to be on the page. */
type Entry =
  | { readonly kind: "User"; readonly position: string; readonly row: identity.User }
  | { readonly kind: "Group"; readonly position: string; readonly row: identity.GroupRow }
  | { readonly kind: "Role"; readonly position: string; readonly row: identity.RoleRow }
  | { readonly kind: "Policy"; readonly position: string; readonly row: identity.AnyManagedPolicy };

/**
 * GetAccountAuthorizationDetails: every user, group, role and managed policy with everything that decides what they
 * may do, in one paged list: users first, then groups, roles, and policies. Of AWS's policies those in use.
 * @throws {Refusal} `ValidationError` for a marker of another query.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
 */
export function getAccountAuthorizationDetails({ tokens }: IamNeeds): IamOperation<"GetAccountAuthorizationDetails"> {
  return {
    mutates: false,
    run: async (input, call) => {
      const uses = await identity.countPolicyUses(call.tables, call.caller.account);
      const { rows, end } = await readPage(
        tokens,
        ["GetAccountAuthorizationDetails", call.caller.account, input.Filter?.toSorted()],
        input,
        (slice) => entries(call, new Set(input.Filter ?? []), uses, slice),
        (entry) => entry.position,
      );
      const users: UserDetail[] = [];
      const groups: GroupDetail[] = [];
      const roles: RoleDetail[] = [];
      const policies: PolicyDetail[] = [];
      for (const entry of rows) {
        if (entry.kind === "User") users.push(await userDetail(call, entry.row));
        else if (entry.kind === "Group") groups.push(await groupDetail(call, entry.row));
        else if (entry.kind === "Role") roles.push(await roleDetail(call, entry.row));
        else policies.push(await policyDetail(call, entry.row, uses));
      }
      return { UserDetailList: users, GroupDetailList: groups, RoleDetailList: roles, Policies: policies, ...end };
    },
  };
}

/** The kinds in the order of the list. `after` is `1 name`: the place of the kind, then the position in it. */
async function entries(
  { tables, caller: { account } }: IamCall,
  filter: ReadonlySet<string>,
  uses: identity.PolicyUseCounts,
  { after, limit }: identity.Slice,
): Promise<readonly Entry[]> {
  const policies = async (slice: identity.Slice) => {
    const all = await identity.listPolicies(tables, account, "All");
    const inUse = ({ arn }: identity.AnyManagedPolicy) => uses.attached(arn) + uses.boundary(arn) > 0;
    const wanted = all.filter((policy) =>
      policy.scope === "Local" ? asked("LocalManagedPolicy") : asked("AWSManagedPolicy") && inUse(policy),
    );
    return identity.sliceOf(wanted, identity.policyPosition, slice);
  };
  const asked = (kind: string) => filter.size === 0 || filter.has(kind);
  const stages: readonly ((slice: identity.Slice) => Promise<readonly Entry[]>)[] = [
    async (slice) =>
      (asked("User") ? await identity.listEntities(tables, account, "user", "/", slice) : []).map((row) => ({
        kind: "User",
        position: `0 ${row.name_key}`,
        row,
      })),
    async (slice) =>
      (asked("Group") ? await identity.listEntities(tables, account, "group", "/", slice) : []).map((row) => ({
        kind: "Group",
        position: `1 ${row.name_key}`,
        row,
      })),
    async (slice) =>
      (asked("Role") ? await identity.listEntities(tables, account, "role", "/", slice) : []).map((row) => ({
        kind: "Role",
        position: `2 ${row.name_key}`,
        row,
      })),
    async (slice) =>
      (await policies(slice)).map((row) => ({
        kind: "Policy",
        position: `3 ${identity.policyPosition(row)}`,
        row,
      })),
  ];
  const first = after === undefined ? 0 : Number(after[0]);
  const found: Entry[] = [];
  for (const [stage, list] of stages.entries()) {
    if (stage < first || found.length >= limit) continue;
    found.push(...(await list({ after: stage === first ? after?.slice(2) : undefined, limit: limit - found.length })));
  }
  return found;
}

async function userDetail({ tables }: IamCall, row: identity.User): Promise<UserDetail> {
  const holder = { kind: "user", id: row.user_id, account: row.account_id } as const;
  const { PasswordLastUsed: _, ...user } = userShape(row);
  return {
    ...user,
    ...withBoundaryAndTags(row, await identity.listTags(tables, holder)),
    UserPolicyList: await inlineShapes(tables, holder),
    GroupList: (await identity.groupsOf(tables, row.user_id)).map((group) => group.name),
    AttachedManagedPolicies: await attachedShapes(tables, holder),
  };
}

async function groupDetail({ tables }: IamCall, row: identity.GroupRow): Promise<GroupDetail> {
  const holder = { kind: "group", id: row.group_id, account: row.account_id } as const;
  return {
    ...groupShape(row),
    GroupPolicyList: await inlineShapes(tables, holder),
    AttachedManagedPolicies: await attachedShapes(tables, holder),
  };
}

async function roleDetail({ tables }: IamCall, row: identity.RoleRow): Promise<RoleDetail> {
  const holder = { kind: "role", id: row.role_id, account: row.account_id } as const;
  const { Description: _, ...role } = roleShape(row);
  return {
    ...role,
    ...boundaryShape(row.boundary_arn),
    InstanceProfileList: [],
    RolePolicyList: await inlineShapes(tables, holder),
    AttachedManagedPolicies: await attachedShapes(tables, holder),
    Tags: await identity.listTags(tables, holder),
    RoleLastUsed: roleLastUsedShape(row),
  };
}

async function policyDetail(
  { tables, caller }: IamCall,
  policy: identity.AnyManagedPolicy,
  uses: identity.PolicyUseCounts,
): Promise<PolicyDetail> {
  const versions = await identity.listPolicyVersions(tables, caller.account, policy.arn);
  return {
    ...policyShape(policy, uses),
    ...(policy.description === null ? {} : { Description: policy.description }),
    PolicyVersionList: versions.map((version) => ({
      Document: wireDocument(version.document),
      ...versionShape(version),
    })),
  };
}

type DetailedHolder = Pick<identity.Holder, "kind" | "id" | "account">;

async function inlineShapes(tables: IamCall["tables"], holder: DetailedHolder) {
  const policies = await identity.listInlinePolicies(tables, holder);
  return policies.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: wireDocument(document) }));
}

async function attachedShapes(tables: IamCall["tables"], holder: DetailedHolder) {
  const policies = await identity.attachedPolicies(tables, holder);
  return policies.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));
}
