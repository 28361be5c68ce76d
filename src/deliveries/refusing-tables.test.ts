import type { KyselyPlugin } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { movableClock, newDelivery, openDeliveries, openLedger } from "./deliveries.fixture.ts";

/** Lets queries of a kind fail as long as it is told to: before they are made, or after. */
class Refusing implements KyselyPlugin {
  readonly #kind: RegExp;
  readonly #loss: "not written" | "written, reply lost";
  readonly #met = new WeakSet<object>();
  broken = true;
  refused = 0;

  constructor(kind: RegExp, loss: "not written" | "written, reply lost") {
    this.#kind = kind;
    this.#loss = loss;
  }

  transformQuery({ node, queryId }: Parameters<KyselyPlugin["transformQuery"]>[0]) {
    const isMeant = this.#kind.test(JSON.stringify(node));
    if (isMeant) this.#met.add(queryId);
    if (isMeant && this.broken && this.#loss === "not written") this.#refuse();
    return node;
  }

  async transformResult({ result, queryId }: Parameters<KyselyPlugin["transformResult"]>[0]) {
    if (this.#met.has(queryId) && this.broken) this.#refuse();
    return result;
  }

  #refuse(): never {
    this.refused++;
    throw new Error("the disk is full");
  }
}

describe.each(["not written", "written, reply lost"] as const)("tables that refuse, %s", (loss) => {
  test.each([
    ["how attempts ended", /update deliveries set/],
    ["what was added", /"operator":">"/],
    ["what is delivered", /SelectAllNode/],
  ])("are asked again for %s: every delivery arrives, once in the ledger", async (_, kind) => {
    const refusing = new Refusing(kind, loss);
    const tables = (await openLedger()).withPlugin(refusing);
    const seen = new Map<string, number>();
    const { deliveries, add } = await openDeliveries(
      async ({ id }) => {
        seen.set(id, (seen.get(id) ?? 0) + 1);
        return { outcome: "delivered" };
      },
      { needs: { tables, clock: movableClock() }, options: { pollMs: 10 } },
    );
    await add(...Array.from({ length: 10 }, (_each, n) => newDelivery({ endpoint: String(n) })));
    await vi.waitFor(() => expect(refusing.refused).toBeGreaterThan(0));
    expect(deliveries.stats().delivered).toBe(0);
    refusing.broken = false;
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 10, pending: 0, inFlight: 0 }), 3_000);
    expect(await deliveries.list({ state: "delivered", limit: 99 })).toHaveLength(10);
    expect([...seen.values()]).toEqual(Array.from({ length: 10 }, () => 1));
  });
});
