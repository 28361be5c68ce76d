import { describe, expect, test } from "vitest";
import { runCommandLine } from "./command-line.fixture.ts";
import { serveAnswers } from "./opentrail-server.fixture.ts";

const RULE = "arn:aws:events:us-east-1:123456789012:rule/deleted";
const FAILED = {
  DeliveryId: "42",
  OwnerArn: RULE,
  TargetId: "hook",
  Kind: "http",
  Endpoint: "https://example.org/hook",
  State: "FAILED",
  Attempts: 3,
  CreationTime: Date.parse("2026-11-20T11:00:00Z") / 1000,
  LastError: "answered 410\u001b[2J",
};

describe("opentrail deliveries list", () => {
  test("shows the ledger as a table that is safe to look at", async () => {
    const { endpoint, calls } = await serveAnswers({ ListDeliveries: [{ Deliveries: [FAILED] }] });
    const run = await runCommandLine(`deliveries list --state failed --owner ${RULE} --utc`, {
      env: { AWS_ENDPOINT_URL: endpoint },
    });
    expect(run.err).toBe("");
    expect(run.out).toMatchInlineSnapshot(`
      "ID  TIME                 STATE   TRIES  KIND  TO                        OF                                                  LAST ERROR
      42  2026-11-20 11:00:00  failed  3      http  https://example.org/hook  arn:aws:events:us-east-1:123456789012:rule/deleted  answered 410\\u001b[2J
      "
    `);
    expect(calls[0]?.input).toEqual({ OwnerArn: RULE, State: "FAILED", Limit: 50 });
  });

  test("asks for pages until it has enough", async () => {
    const pages = [
      { Deliveries: [FAILED, FAILED], NextToken: "t" },
      { Deliveries: [FAILED], NextToken: "u" },
    ];
    const { endpoint, calls } = await serveAnswers({ ListDeliveries: pages });
    const run = await runCommandLine("deliveries list --limit 3 --json", { env: { AWS_ENDPOINT_URL: endpoint } });
    expect(run.out.trim().split("\n")).toHaveLength(3);
    expect(calls.map(({ input }) => input)).toEqual([{ Limit: 3 }, { Limit: 1, NextToken: "t" }]);
  });

  test("says so when there is nothing", async () => {
    const { endpoint } = await serveAnswers({ ListDeliveries: [{ Deliveries: [] }] });
    const run = await runCommandLine("deliveries list", { env: { AWS_ENDPOINT_URL: endpoint } });
    expect(run.err).toBe("The ledger has nothing of the kind.\n");
  });

  test.each([
    ["--state lost", "--state lost is none of pending, delivered, failed"],
    ["--limit 0", "--limit 0 is no number of 1 or more"],
  ])("refuses %s", async (words, said) => {
    const run = await runCommandLine(`deliveries list ${words}`);
    expect(run.code).toBe(2);
    expect(run.err).toContain(said);
  });
});

describe("opentrail deliveries show", () => {
  test("prints one delivery with its body", async () => {
    const { endpoint } = await serveAnswers({ DescribeDelivery: [{ Delivery: { ...FAILED, Body: '{"id":"1"}' } }] });
    const run = await runCommandLine("deliveries show 42", { env: { AWS_ENDPOINT_URL: endpoint } });
    expect(JSON.parse(run.out)).toMatchObject({ DeliveryId: "42", Body: '{"id":"1"}' });
  });
});

describe("opentrail deliveries redrive", () => {
  test.each([
    ["42 43", { DeliveryIds: ["42", "43"] }],
    [`--owner ${RULE}`, { OwnerArn: RULE }],
  ])("sends %s again", async (words, input) => {
    const { endpoint, calls } = await serveAnswers({ RedriveDeliveries: [{ Redriven: 2 }] });
    const run = await runCommandLine(`deliveries redrive ${words}`, { env: { AWS_ENDPOINT_URL: endpoint } });
    expect(run.out).toBe("2 deliveries sent again\n");
    expect(calls[0]?.input).toEqual(input);
  });

  test("wants to know which", async () => {
    const run = await runCommandLine("deliveries redrive");
    expect(run.code).toBe(2);
    expect(run.err).toContain("name deliveries, or an --owner of failed ones");
  });
});
