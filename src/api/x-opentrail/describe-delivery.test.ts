import { expect, test } from "vitest";
import { PageTokens } from "../../core/index.ts";
import type { Delivery } from "../../deliveries/index.ts";
import { OTHER_ACCOUNT, openTopicsWorld } from "../../topics/open-topics.fixture.ts";
import { openSns } from "../sns/open-sns.fixture.ts";
import { deliveryOperations } from "./index.ts";

const ACCOUNT = "111122223333";

/** A message and, before it, the confirmation of its subscription, as callers of an account may read them. */
async function readDeliveries(account: string): Promise<readonly (string | undefined)[]> {
  const world = await openTopicsWorld();
  const sns = openSns(world, ACCOUNT);
  const { TopicArn = "" } = await sns.call("CreateTopic", { Name: "orders" });
  await sns.call("Subscribe", { TopicArn, Protocol: "email", Endpoint: "a@example.org" });
  const { Token } = /Token=(?<Token>\w+)/.exec(sns.newest().body)?.groups ?? {};
  await sns.unsigned("ConfirmSubscription", { TopicArn, Token: Token ?? "" });
  await sns.call("Publish", { TopicArn, Message: "hello" });
  const ledger = world.deliveries.map(
    (added, id): Delivery => ({
      ...added,
      id: String(id),
      state: "pending",
      createdAt: 0,
      dueAt: 0,
      attempts: 0,
      deadLettered: false,
    }),
  );
  const { DescribeDelivery } = deliveryOperations({
    deliveries: { get: async (id) => ledger[Number(id)], list: async () => [], redrive: async () => 0 },
    tokens: new PageTokens(new Uint8Array(32)),
  });
  const call = { caller: { account } } as never;
  const answers = ledger.map(async ({ id }) => (await DescribeDelivery?.run({ DeliveryId: id }, call))?.Delivery?.Body);
  return await Promise.all(answers);
}

test("DescribeDelivery shows what is delivered, and nobody the token of a confirmation", async () => {
  expect(await readDeliveries(ACCOUNT)).toEqual([undefined, expect.stringContaining("hello")]);
});

test("DescribeDelivery knows nothing of other accounts' deliveries", async () => {
  await expect(readDeliveries(OTHER_ACCOUNT)).rejects.toMatchObject({ code: "ResourceNotFoundException" });
});
