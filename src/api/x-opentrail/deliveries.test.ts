import { describe, expect, test, vi } from "vitest";
import { PageTokens } from "../../core/index.ts";
import { newDelivery, openDeliveries, OWNER } from "../../deliveries/deliveries.fixture.ts";
import { deliveryOperations } from "./index.ts";

const OTHER = OWNER.replace("night-watch", "day-watch");
const FOREIGN = OWNER.replace("111122223333", "444455556666");

/** Four deliveries that failed, the last of another account, and the operations on them. */
async function open() {
  let recovered = false;
  const { deliveries, add, tables } = await openDeliveries(async () =>
    recovered ? { outcome: "delivered" } : { outcome: "failed", error: "answered HTTP 410" },
  );
  await add(
    newDelivery({ endpoint: "https://user:secret@hooks.example.org/@1" }),
    ...[OTHER, OWNER, FOREIGN].map((owner) => newDelivery({ owner })),
  );
  await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ failed: 4, pending: 0 }));
  recovered = true;
  const operations = deliveryOperations({ deliveries, tokens: new PageTokens(new Uint8Array(32)) });
  const callIn = (within: typeof tables, account = "111122223333") =>
    ({ caller: { account }, tables: within }) as never;
  return {
    deliveries,
    list: (input: object, account?: string) => operations.ListDeliveries!.run(input, callIn(tables, account)),
    redrive: (input: object) =>
      tables.transaction().execute((within) => operations.RedriveDeliveries!.run(input, callIn(within))),
  };
}

describe("ListDeliveries", () => {
  test("shows what is of the caller's account, without passwords and bodies", async () => {
    const { list } = await open();
    const { Deliveries = [] } = await list({});
    expect(Deliveries.map(({ DeliveryId }) => DeliveryId)).toEqual(["3", "2", "1"]);
    expect(Deliveries[2]).toEqual({
      DeliveryId: "1",
      OwnerArn: OWNER,
      TargetId: "one",
      Kind: "http",
      Endpoint: "https://user:****@hooks.example.org/@1",
      EventId: newDelivery().eventId,
      State: "FAILED",
      Attempts: 1,
      CreationTime: expect.any(Date),
      EndTime: expect.any(Date),
      LastError: "answered HTTP 410",
      DeadLettered: false,
    });
    expect((await list({ OwnerArn: FOREIGN })).Deliveries).toEqual([]);
  });

  test("turns pages with tokens that are good for the same query only", async () => {
    const { list } = await open();
    const first = await list({ State: "FAILED", Limit: 2 });
    const second = await list({ State: "FAILED", Limit: 2, NextToken: first.NextToken });
    expect([first, second].map((page) => page.Deliveries?.map(({ DeliveryId }) => DeliveryId))).toEqual([
      ["3", "2"],
      ["1"],
    ]);
    expect(second.NextToken).toBeUndefined();
    const refused = { code: "InvalidNextTokenException" };
    await expect(list({ NextToken: first.NextToken })).rejects.toMatchObject(refused);
    await expect(list({ State: "FAILED", NextToken: first.NextToken }, "444455556666")).rejects.toMatchObject(refused);
    await expect(list({ NextToken: "made up" })).rejects.toMatchObject(refused);
  });
});

describe("RedriveDeliveries", () => {
  test.each<[object, string[]]>([
    [{ DeliveryIds: ["1", "4"] }, ["1"]],
    [{ OwnerArn: OTHER }, ["2"]],
    [{ OwnerArn: FOREIGN }, []],
    [{}, ["3", "2", "1"]],
  ])("of %j makes pending what is of the caller's account", async (input, ids) => {
    const { redrive, list, deliveries } = await open();
    expect(await redrive(input)).toEqual({ Redriven: ids.length });
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: ids.length, pending: 0 }));
    const { Deliveries = [] } = await list({ State: "DELIVERED" });
    expect(Deliveries.map(({ DeliveryId }) => DeliveryId)).toEqual(ids);
  });

  test("takes ids or an owner, not both", async () => {
    const { redrive } = await open();
    await expect(redrive({ DeliveryIds: ["1"], OwnerArn: OWNER })).rejects.toMatchObject({
      code: "ValidationException",
    });
  });
});
