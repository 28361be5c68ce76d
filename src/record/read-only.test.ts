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
])("isReadOnly() says of %s %s: %s", (source, name, expected) => {
  expect(isReadOnly(source, name)).toBe(expected);
});

test.skipIf(!existsSync(OBSERVED))("isReadOnly() agrees with what AWS recorded for the services we serve", () => {
  const observed = JSON.parse(readFileSync(OBSERVED, "utf8")) as Record<string, string>;
  const served = Object.entries(observed).filter(([pair]) => /^(iam|sts|cloudtrail)\.amazonaws\.com:/.test(pair));
  expect(served.length).toBeGreaterThan(10);
  for (const [pair, kind] of served) {
    const [source = "", name = ""] = pair.split(":");
    expect([pair, isReadOnly(source, name)]).toEqual([pair, kind === "read"]);
  }
});
