import { describe, expect, test } from "vitest";
import type { Delivery } from "../delivery.ts";
import { openTenancy } from "./tenancy.ts";

const OPERATOR = "111122223333";
const TENANT = "444455556666";
const FOREIGN = "000000000000";
const tenancy = openTenancy([OPERATOR, TENANT]);
const { signal } = new AbortController();
const delivers = async () => ({ outcome: "delivered" }) as const;

function from(owner: string, to: string): Delivery {
  return { owner: `arn:aws:${owner}`, endpoint: `arn:aws:sqs:eu-central-1:${to}:inbox` } as unknown as Delivery;
}

const RULE = `events:eu-central-1:${TENANT}:rule/r`;

describe("openTenancy()", () => {
  test.each([
    ["a rule of the same account", RULE, TENANT, "delivered"],
    ["what is nobody's here", RULE, FOREIGN, "delivered"],
    ["a subscription that its endpoint confirmed", `sns:eu-central-1:${TENANT}:t:1`, OPERATOR, "delivered"],
    ["a rule of another account", RULE, OPERATOR, "failed"],
    ["an alarm of another account", `cloudwatch:eu-central-1:${TENANT}:alarm:a`, OPERATOR, "failed"],
    ["what has no owner", "nothing", OPERATOR, "failed"],
  ])("guarded(): %s", async (_, owner, account, outcome) => {
    expect(await tenancy.guarded(delivers)(from(owner, account), signal)).toMatchObject({ outcome });
  });

  test("operatorOnly() lets in the first account alone", async () => {
    const run = tenancy.operatorOnly(delivers);
    expect(await run(from(RULE.replace(TENANT, OPERATOR), OPERATOR), signal)).toEqual({ outcome: "delivered" });
    expect(await run(from(RULE, TENANT), signal)).toEqual({
      outcome: "failed",
      error: `only account ${OPERATOR} runs commands`,
    });
  });
});
