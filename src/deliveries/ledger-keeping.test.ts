import { describe, expect, test, vi } from "vitest";
import { movableClock, newDelivery, openDeliveries, OWNER, QUEUE } from "./deliveries.fixture.ts";
import type { RedriveFilter, Transport } from "./delivery.ts";

const OTHER = OWNER.replace("night-watch", "day-watch");
const FOREIGN = OWNER.replace("111122223333", "444455556666");
const DAY_MS = 86_400_000;

/** Fails what goes to `fails`, as long as it is told to. */
function failing(): { readonly transport: Transport; recovered: boolean } {
  const transport: Transport = async ({ endpoint }) =>
    endpoint === "fails" && !world.recovered ? { outcome: "failed", error: "no" } : { outcome: "delivered" };
  const world = { recovered: false, transport };
  return world;
}

describe("Deliveries.redrive()", () => {
  async function open() {
    const world = failing();
    const { deliveries, add, tables } = await openDeliveries(world.transport);
    await add(
      newDelivery({ endpoint: "fails" }),
      newDelivery({ endpoint: "fine" }),
      newDelivery({ endpoint: "fails", owner: OTHER }),
      newDelivery({ endpoint: "fails", owner: FOREIGN }),
    );
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ failed: 3, delivered: 1, pending: 0 }));
    world.recovered = true;
    return { deliveries, tables };
  }

  test.each<[string, RedriveFilter, string[]]>([
    ["what is named", { ids: ["1", "2", "99", "x", "-1"] }, ["1", "2"]],
    ["what is named, of an account", { ids: ["1", "4"], account: "111122223333" }, ["1"]],
    ["what failed of an owner", { owner: OTHER, state: "failed" }, ["3"]],
    ["what failed of an owner of another account", { owner: FOREIGN, state: "failed", account: "111122223333" }, []],
    ["all that failed of an account", { state: "failed", account: "111122223333" }, ["1", "3"]],
    ["all that failed", { state: "failed" }, ["1", "3", "4"]],
  ])("makes pending %s", async (_, filter, ids) => {
    const { deliveries } = await open();
    expect(await deliveries.redrive(filter)).toBe(ids.length);
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1 + ids.length, pending: 0 }));
    const redriven = (await deliveries.list({ limit: 9 })).filter(({ redrivenAt }) => redrivenAt !== undefined);
    expect(redriven.map(({ id }) => id).toSorted()).toEqual(ids);
    expect(redriven.every(({ state, attempts }) => state === "delivered" && attempts === 1)).toBe(true);
    expect(await deliveries.redrive({ ...filter, ids: [] })).toBe(0);
  });

  test("counts when the caller's transaction is committed, and only then", async () => {
    const { deliveries, tables } = await open();
    const undone = tables.transaction().execute(async (transaction) => {
      expect(await deliveries.redrive({ state: "failed" }, transaction)).toBe(3);
      throw new Error("no");
    });
    await expect(undone).rejects.toThrow("no");
    expect(await deliveries.list({ state: "failed", limit: 9 })).toHaveLength(3);
    await tables.transaction().execute((transaction) => deliveries.redrive({ state: "failed" }, transaction));
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 4, pending: 0 }));
  });

  test("takes back what waits for its dead-letter queue", async () => {
    const world = failing();
    const sendDeadLetter = () => Promise.reject(new Error("away"));
    const { deliveries, add } = await openDeliveries(world.transport, { needs: { sendDeadLetter } });
    await add(newDelivery({ endpoint: "fails", deadLetterArn: QUEUE }));
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ failed: 1, pending: 1, inFlight: 0 }));
    world.recovered = true;
    expect(await deliveries.redrive({ state: "failed" })).toBe(1);
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1, pending: 0 }));
    expect(await deliveries.list({ limit: 1 })).toMatchObject([{ state: "delivered", deadLettered: false }]);
  });
});

describe("Deliveries.list()", () => {
  test("shows what the filter asks for, newest first and page by page", async () => {
    const { deliveries, add } = await openDeliveries(failing().transport);
    await add(
      ...["fails", "fine", "fails"].map((endpoint) => newDelivery({ endpoint })),
      newDelivery({ endpoint: "fails", owner: OTHER }),
      newDelivery({ kind: "command", owner: FOREIGN }),
    );
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1, failed: 4, pending: 0 }));
    const ids = async (filter: object) => (await deliveries.list({ limit: 9, ...filter })).map(({ id }) => id);
    expect(await ids({})).toEqual(["5", "4", "3", "2", "1"]);
    expect(await ids({ limit: 2 })).toEqual(["5", "4"]);
    expect(await ids({ limit: 2, beforeId: "4" })).toEqual(["3", "2"]);
    expect(await ids({ beforeId: "no id" })).toEqual([]);
    expect(await ids({ owner: OWNER, state: "failed" })).toEqual(["3", "1"]);
    expect(await ids({ account: "111122223333", state: "failed" })).toEqual(["4", "3", "1"]);
    expect(await ids({ account: "444455556666" })).toEqual(["5"]);
    expect(await ids({ kind: "command" })).toEqual(["5"]);
    expect((await deliveries.list({ limit: 1 }))[0]).not.toHaveProperty("body");
  });
});

describe("the ledger", () => {
  async function open(options: object) {
    const clock = movableClock();
    const sendDeadLetter = () => Promise.reject(new Error("away"));
    const { deliveries, add } = await openDeliveries(failing().transport, {
      needs: { clock, sendDeadLetter },
      options: { sweepEachMs: 10, ...options },
    });
    const states = async () => (await deliveries.list({ limit: 1_000 })).map(({ state }) => state);
    return { clock, deliveries, add, states };
  }

  test("forgets what was delivered after a day, and what failed after 14", async () => {
    const { clock, deliveries, add, states } = await open({});
    await add(
      newDelivery(),
      newDelivery({ endpoint: "fails" }),
      newDelivery({ endpoint: "fails", deadLetterArn: QUEUE }),
    );
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1, failed: 2, pending: 1 }));
    clock.ahead(DAY_MS + 60_000);
    await expect.poll(states).toEqual(["failed", "failed"]);
    clock.ahead(14 * DAY_MS);
    await expect.poll(states).toEqual([]);
    await vi.waitFor(() => expect(deliveries.stats().pending).toBe(0));
  });

  test("never gives an id again, so that what is added later is seen", async () => {
    const { clock, deliveries, add, states } = await open({});
    await add(newDelivery(), newDelivery());
    await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(2));
    clock.ahead(DAY_MS + 60_000);
    await expect.poll(states).toEqual([]);
    await add(newDelivery());
    await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(3));
    expect(await deliveries.list({ limit: 9 })).toMatchObject([{ id: "3" }]);
  });

  test("keeps no more of what ended than it may", async () => {
    const { deliveries, add, clock } = await open({ endedRowsMax: 3 });
    for (let n = 1; n <= 5; n++) {
      clock.ahead(1_000);
      await add(newDelivery());
      await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(n));
    }
    const ids = async () => (await deliveries.list({ limit: 9 })).map(({ id }) => id);
    await expect.poll(ids).toEqual(["5", "4", "3"]);
  });
});
