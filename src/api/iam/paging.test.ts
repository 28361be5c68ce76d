import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DOCUMENT, type Iam, openIam, refusal, TRUST } from "../../../test/open-iam.ts";

/** Reads all pages of one item each, or of `MaxItems`. */
async function pages<
  Output extends { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined },
>(
  read: (marker: string | undefined) => Promise<Output>,
  between: (page: number) => Promise<void> = async () => {},
): Promise<Output[]> {
  const all: Output[] = [];
  let marker: string | undefined;
  do {
    const page = await read(marker);
    expect(page.Marker === undefined).toBe(page.IsTruncated === false);
    marker = page.Marker;
    all.push(page);
    expect(all.length, "a list comes to an end").toBeLessThan(150);
    await between(all.length);
  } while (marker !== undefined);
  return all;
}

const one = (Marker: string | undefined) => ({ MaxItems: 1, Marker });

describe("readPage()", () => {
  test("readPage() gives every user once and in order, whoever comes and goes meanwhile", async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,12}$/), {
      maxLength: 14,
      selector: (name) => name.toLowerCase(),
    });
    const change = fc.record({ page: fc.nat(5), which: fc.nat(20), add: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(change, { maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, changes, size) => {
          const iam = await shared();
          const [later, first] = [all.slice(0, 4), all.slice(4)];
          const there = new Set(first);
          const stayed = new Set(first);
          for (const UserName of first) await iam.call("CreateUser", { UserName });
          const read = await pages(
            (Marker) => iam.call("ListUsers", { MaxItems: size, Marker }),
            async (page) => {
              for (const { which, add } of changes.filter((each) => each.page === page)) {
                const UserName = (add ? later : first)[which % (add ? later : first).length];
                if (UserName === undefined || there.has(UserName) === add) continue;
                await iam.call(add ? "CreateUser" : "DeleteUser", { UserName });
                if (add) there.add(UserName);
                else there.delete(UserName);
                stayed.delete(UserName);
              }
            },
          );
          const seen = read.flatMap((page) => page.Users.map((user) => user.UserName));
          const keys = seen.map((name) => name.toLowerCase());
          expect(keys).toEqual([...new Set(keys)].toSorted());
          expect(new Set(seen).isSupersetOf(stayed)).toBe(true);
          expect(read.every((page) => page.Users.length <= size)).toBe(true);
          for (const UserName of there) await iam.call("DeleteUser", { UserName });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("readPage() refuses a marker with other parameters, of another list or cut", async () => {
    const iam = await openIam();
    for (const name of ["A", "B"]) {
      await iam.call("CreateUser", { UserName: name });
      await iam.call("CreateGroup", { GroupName: name });
    }
    const { Marker = "" } = await iam.call("ListUsers", { MaxItems: 1 });
    const invalid = "400 ValidationError: Invalid Marker.";
    expect(await refusal(iam.call("ListUsers", { Marker, PathPrefix: "/x/" }))).toBe(invalid);
    expect(await refusal(iam.call("ListGroups", { Marker }))).toBe(invalid);
    expect(await refusal(iam.call("ListUsers", { Marker: Marker.slice(0, -1) }))).toBe(invalid);
    expect((await iam.call("ListUsers", { Marker, PathPrefix: "/", MaxItems: 50 })).Users).toMatchObject([
      { UserName: "B" },
    ]);
  });

  test("readPage() answers 100 rows unless told otherwise", async () => {
    const iam = await openIam();
    for (let i = 0; i < 101; i++) await iam.call("CreateGroup", { GroupName: `G${i}` });
    expect((await iam.call("ListGroups", {})).Groups).toHaveLength(100);
    expect((await iam.call("ListGroups", { MaxItems: 101 })).IsTruncated).toBe(false);
  });
});

describe("every list", () => {
  test("ListUserTags pages keys of 128 letters of any script with markers that IAM accepts", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    const keys = ["a", "漢".repeat(127) + "一", "漢".repeat(127) + "丁", "漢".repeat(128), "漢".repeat(40), "zz"];
    await iam.call("TagUser", { UserName: "Mary", Tags: keys.map((Key) => ({ Key, Value: "" })) });
    const read = await pages((marker) => iam.call("ListUserTags", { UserName: "Mary", ...one(marker) }));
    expect(read.flatMap((page) => page.Tags.map((tag) => tag.Key)).toSorted()).toEqual(keys.toSorted());
    expect(Math.max(...read.map((page) => page.Marker?.length ?? 0))).toBeLessThanOrEqual(320);
  });

  test("the lists of one holder and one policy page to the end", async () => {
    const iam = await openIam();
    const arns = await populate(iam);
    const user = { UserName: "Mary" };
    const policy = { PolicyArn: arns[0] ?? "" };
    const read = {
      keys: await pages((marker) => iam.call("ListAccessKeys", { ...user, ...one(marker) })),
      groups: await pages((marker) => iam.call("ListGroupsForUser", { ...user, ...one(marker) })),
      members: await pages((marker) => iam.call("GetGroup", { GroupName: "G1", ...one(marker) })),
      attached: await pages((marker) => iam.call("ListAttachedUserPolicies", { ...user, ...one(marker) })),
      inline: await pages((marker) => iam.call("ListUserPolicies", { ...user, ...one(marker) })),
      versions: await pages((marker) => iam.call("ListPolicyVersions", { ...policy, ...one(marker) })),
      entities: await pages((marker) => iam.call("ListEntitiesForPolicy", { ...policy, ...one(marker) })),
      policies: await pages((marker) => iam.call("ListPolicies", { Scope: "Local", ...one(marker) })),
    };
    expect(read.keys.flatMap((page) => page.AccessKeyMetadata)).toHaveLength(2);
    expect(read.groups.flatMap((page) => page.Groups.map((group) => group.GroupName))).toEqual(["G1", "G2"]);
    expect(read.members.flatMap((page) => page.Users.map((user) => user.UserName))).toEqual(["Bob", "Mary"]);
    expect(read.attached.flatMap((page) => page.AttachedPolicies?.map((each) => each.PolicyName))).toEqual([
      "P1",
      "P2",
    ]);
    expect(read.inline.flatMap((page) => page.PolicyNames)).toEqual(["own1", "own2"]);
    expect(read.versions.flatMap((page) => page.Versions?.map((each) => each.VersionId))).toEqual(["v2", "v1"]);
    expect(read.policies.flatMap((page) => page.Policies?.map((each) => each.PolicyName))).toEqual(["P1", "P2"]);
    const entities = read.entities.flatMap(({ PolicyGroups = [], PolicyRoles = [], PolicyUsers = [] }) => [
      ...PolicyGroups.map((each) => each.GroupName),
      ...PolicyRoles.map((each) => each.RoleName),
      ...PolicyUsers.map((each) => each.UserName),
    ]);
    expect(entities).toEqual(["G1", "R1", "Mary"]);
  });

  test("GetAccountAuthorizationDetails gives the same in pages of every size", async () => {
    const iam = await openIam();
    await populate(iam);
    const names = async (MaxItems: number) => {
      const read = await pages((Marker) => iam.call("GetAccountAuthorizationDetails", { MaxItems, Marker }));
      return read.flatMap((page) => [
        ...(page.UserDetailList ?? []).map((each) => each.UserName),
        ...(page.GroupDetailList ?? []).map((each) => each.GroupName),
        ...(page.RoleDetailList ?? []).map((each) => each.RoleName),
        ...(page.Policies ?? []).map((each) => each.PolicyName),
      ]);
    };
    const all = ["Bob", "Mary", "G1", "G2", "R1", "P1", "P2", "ReadOnlyAccess"];
    for (const size of [1, 2, 3, 5, 7, 8, 9, 100]) expect(await names(size)).toEqual(all);
  });
});

/** Two of everything; the group G1 and the role R1 have one policy each, and the role AWS's ReadOnlyAccess. */
async function populate(iam: Iam): Promise<readonly string[]> {
  const arns: string[] = [];
  for (const i of [1, 2]) {
    const { Policy } = await iam.call("CreatePolicy", { PolicyName: `P${i}`, PolicyDocument: DOCUMENT });
    arns.push(Policy?.Arn ?? "");
    await iam.call("CreateGroup", { GroupName: `G${i}` });
  }
  const [first = "", second = ""] = arns;
  await iam.call("CreatePolicyVersion", { PolicyArn: first, PolicyDocument: DOCUMENT });
  for (const UserName of ["Mary", "Bob"]) {
    await iam.call("CreateUser", { UserName });
    await iam.call("AddUserToGroup", { UserName, GroupName: "G1" });
  }
  await iam.call("AddUserToGroup", { UserName: "Mary", GroupName: "G2" });
  for (const i of [1, 2]) {
    await iam.call("CreateAccessKey", { UserName: "Mary" });
    await iam.call("PutUserPolicy", { UserName: "Mary", PolicyName: `own${i}`, PolicyDocument: DOCUMENT });
  }
  await iam.call("AttachUserPolicy", { UserName: "Mary", PolicyArn: first });
  await iam.call("AttachUserPolicy", { UserName: "Mary", PolicyArn: second });
  await iam.call("PutUserPermissionsBoundary", { UserName: "Mary", PermissionsBoundary: first });
  await iam.call("AttachGroupPolicy", { GroupName: "G1", PolicyArn: first });
  await iam.call("CreateRole", { RoleName: "R1", AssumeRolePolicyDocument: TRUST, PermissionsBoundary: first });
  await iam.call("AttachRolePolicy", { RoleName: "R1", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" });
  return arns;
}

let opened: Promise<Iam> | undefined;

/** One set of tables for all runs of a property; each run leaves it empty. */
function shared(): Promise<Iam> {
  opened ??= openIam();
  return opened;
}
