import { describe, expect, test } from "vitest";
import { ACCOUNT, type Iam, openIam } from "../../../test/open-iam.ts";

const MARY = `arn:aws:iam::${ACCOUNT}:user/Mary`;

async function trusting(iam: Iam, principal: unknown): Promise<void> {
  const statement = { Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await iam.call("CreateRole", { RoleName: "Keeper", AssumeRolePolicyDocument });
}

async function trusted(iam: Iam): Promise<unknown> {
  const { Role } = await iam.call("GetRole", { RoleName: "Keeper" });
  const document = JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument ?? "")) as {
    Statement: { Principal: { AWS: unknown } }[];
  };
  return document.Statement[0]?.Principal.AWS;
}

describe("a role's trust policy", () => {
  test("keeps the id of a user that was deleted, so that a later one of that name is not trusted", async () => {
    const iam = await openIam();
    const { User } = await iam.call("CreateUser", { UserName: "Mary" });
    await trusting(iam, MARY);
    await iam.call("DeleteUser", { UserName: "Mary" });
    await iam.call("CreateUser", { UserName: "Mary" });
    expect(await trusted(iam)).toBe(User?.UserId);
  });

  test("keeps trusting a user under a new name, and leaves other principals alone", async () => {
    const iam = await openIam();
    await iam.call("CreateUser", { UserName: "Mary" });
    const other = `arn:aws:iam::${ACCOUNT}:user/Mary_2`;
    await trusting(iam, [other, MARY]);
    await iam.call("UpdateUser", { UserName: "Mary", NewUserName: "Maria", NewPath: "/staff/" });
    expect(await trusted(iam)).toEqual([other, `arn:aws:iam::${ACCOUNT}:user/staff/Maria`]);
  });

  test("keeps the id of a role that was deleted", async () => {
    const iam = await openIam();
    const document = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"${ACCOUNT}"},"Action":"sts:AssumeRole"}}`;
    const { Role } = await iam.call("CreateRole", { RoleName: "First", AssumeRolePolicyDocument: document });
    await trusting(iam, Role?.Arn);
    await iam.call("DeleteRole", { RoleName: "First" });
    expect(await trusted(iam)).toBe(Role?.RoleId);
  });
});
