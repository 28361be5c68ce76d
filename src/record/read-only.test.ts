import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isReadOnly } from "./index.ts";

const OBSERVED = "../shared/spec/readonly-observed.json";

test.each([
  ["iam.amazonaws.com", "CreateUser", false],
  ["iam.amazonaws.com", "GetUser", true],
  ["iam.amazonaws.com", "SimulatePrincipalPolicy", true],
  ["sts.amazonaws.com", "AssumeRole", true],
  ["sts.amazonaws.com", "GetFederationToken", false],
  ["cloudtrail.amazonaws.com", "LookupEvents", true],
  ["cloudtrail.amazonaws.com", "GetterOfThings", false],
  ["amplify.amazonaws.com", "CancelJob", false],
  ["acm-pca.amazonaws.com", "IssueCertificate", false],
  ["license-manager.amazonaws.com", "CheckoutLicense", false],
  ["cognito-idp.amazonaws.com", "AdminGetUser", true],
  ["kms.amazonaws.com", "GenerateDataKeyWithoutPlaintext", true],
  ["codecommit.amazonaws.com", "BatchDescribeMergeConflicts", true],
  ["codecommit.amazonaws.com", "BatchAssociateApprovalRuleTemplateWithRepositories", false],
])("isReadOnly() says of %s %s: %s", (source, name, expected) => {
  expect(isReadOnly(source, name)).toBe(expected);
});

test.skipIf(!existsSync(OBSERVED))("isReadOnly() agrees with what AWS recorded (needs ../shared/spec)", () => {
  const observed = Object.entries(JSON.parse(readFileSync(OBSERVED, "utf8")) as Record<string, string>);
  expect(observed.length).toBeGreaterThan(300);
  const wrong = observed.filter(([pair, kind]) => {
    const [source = "", name = ""] = pair.split(":");
    return isReadOnly(source, name) !== (kind === "read");
  });
  expect(wrong).toEqual([]);
});

test("isReadOnly() keeps its answers when clients make names up", () => {
  for (let index = 0; index < 40_000; index += 1) isReadOnly("x.amazonaws.com", `Get${index}`);
  expect(isReadOnly("kms.amazonaws.com", "Decrypt")).toBe(true);
  expect(isReadOnly("x.amazonaws.com", "Delete1")).toBe(false);
});
