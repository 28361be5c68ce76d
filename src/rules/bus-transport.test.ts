import { describe, expect, test } from "vitest";
import type { Delivery } from "../deliveries/index.ts";
import { busAt, ruleArn } from "./bus-arn.ts";
import { putBus } from "./buses.ts";
import {
  ACCOUNT,
  eventOf,
  NOW,
  OTHER_ACCOUNT,
  REGION,
  ruleNamed,
  type RunningRules,
  runRules,
} from "./rules.fixture.ts";

const AUDIT = busAt({ account: ACCOUNT, region: REGION }, "audit");
const FOREIGN = busAt({ account: OTHER_ACCOUNT, region: REGION });
const SIGNAL = new AbortController().signal;

function delivery(changes: Partial<Delivery> = {}): Delivery {
  return {
    id: "1",
    owner: ruleNamed("watch").arn,
    target: "bus",
    kind: "bus",
    endpoint: AUDIT.arn,
    eventId: "e",
    body: eventOf().text,
    parameters: {},
    retry: { kind: "delays", delaysMs: [] },
    hops: 2,
    state: "pending",
    createdAt: NOW,
    dueAt: NOW,
    attempts: 0,
    deadLettered: false,
    ...changes,
  };
}

async function runWithBus(policy?: object): Promise<RunningRules> {
  const running = await runRules();
  await putBus(running.tables, { ...AUDIT, settings: {} }, NOW);
  await putBus(running.tables, { ...FOREIGN, settings: {}, ...(policy && { policy: JSON.stringify(policy) }) }, NOW);
  for (const bus of [AUDIT, FOREIGN]) {
    const place = { arn: ruleArn(bus, "all"), busArn: bus.arn, account: bus.account };
    await running.add(ruleNamed("all", { ...place, state: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" }));
  }
  return running;
}

describe("the transport of buses", () => {
  test("sends the event to the rules of the other bus, a hop further", async () => {
    const { rules, tables } = await runWithBus();
    expect(await rules.transport(delivery(), SIGNAL)).toEqual({ outcome: "delivered" });
    const sent = await tables.selectFrom("deliveries").select(["owner", "hops", "body"]).execute();
    expect(sent).toEqual([{ owner: ruleArn(AUDIT, "all"), hops: 3, body: eventOf().text }]);
  });

  test("breaks a chain of buses that has become too long", async () => {
    const { rules, delivered, loops } = await runWithBus();
    expect(await rules.transport(delivery({ hops: 4 }), SIGNAL)).toEqual({ outcome: "delivered" });
    expect(await rules.transport(delivery({ hops: 5 }), SIGNAL)).toEqual({ outcome: "delivered" });
    expect(await delivered()).toEqual(["audit/all topic"]);
    expect(loops).toEqual([ruleArn(AUDIT, "all")]);
  });

  test("still knows what only reads", async () => {
    const { rules, add, delivered } = await runWithBus();
    await add(ruleNamed("writes", { arn: ruleArn(AUDIT, "writes"), busArn: AUDIT.arn }));
    await rules.transport(delivery({ parameters: { readOnlyManagement: true } }), SIGNAL);
    expect(await delivered()).toEqual(["audit/all topic"]);
  });

  test("gives up when there is no such bus", async () => {
    const { rules } = await runWithBus();
    const endpoint = busAt(AUDIT, "gone").arn;
    expect(await rules.transport(delivery({ endpoint }), SIGNAL)).toMatchObject({ outcome: "failed" });
    expect(await rules.transport(delivery({ endpoint: "arn:aws:sns:::x" }), SIGNAL)).toMatchObject({
      outcome: "failed",
    });
  });

  const allowing = (principal: unknown) => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: "events:PutEvents", Resource: FOREIGN.arn }],
  });

  test.each([
    ["without a policy", undefined, "failed"],
    ["that lets in somebody else", allowing({ AWS: "999999999999" }), "failed"],
    ["that lets in the rule's account", allowing({ AWS: ACCOUNT }), "delivered"],
    ["that lets in everybody", allowing("*"), "delivered"],
  ])("asks the policy of another account's bus: one %s", async (_, policy, outcome) => {
    const { rules, delivered } = await runWithBus(policy);
    expect(await rules.transport(delivery({ endpoint: FOREIGN.arn }), SIGNAL)).toMatchObject({ outcome });
    expect(await delivered()).toHaveLength(outcome === "delivered" ? 1 : 0);
  });
});
