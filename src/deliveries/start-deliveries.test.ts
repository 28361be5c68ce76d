import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../core/index.ts";
import { movableClock, newDelivery, openDeliveries, openLedger, OWNER, QUEUE } from "./deliveries.fixture.ts";
import type { Delivery, Transport } from "./delivery.ts";
import { addDeliveries } from "./ledger.ts";

type DeadLetterSender = (arn: string, delivery: Delivery) => Promise<void>;

const delivers: Transport = async () => ({ outcome: "delivered" });
const hangs: Transport = (_, signal) => new Promise((_done, fail) => signal.addEventListener("abort", fail));

/** A transport that does what a list says, and delivers from then on. */
function script(...results: readonly ("retry" | "failed" | "throw")[]): Transport {
  const left = [...results];
  return async () => {
    const next = left.shift();
    if (next === "throw") throw new Error("it broke");
    return next === undefined ? { outcome: "delivered" } : { outcome: next, error: `said ${next}` };
  };
}

describe("startDeliveries()", () => {
  test("hands a delivery with all that was added to its transport, and says so in the ledger", async () => {
    const seen: Delivery[] = [];
    const { deliveries, add } = await openDeliveries(async (delivery) => {
      seen.push(delivery);
      return { outcome: "delivered" };
    });
    const added = newDelivery({ body: `"ö\u0000${"x".repeat(1_000_000)}"`, parameters: { headers: { a: "b" } } });
    await add(added);
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1, pending: 0, inFlight: 0 }));
    expect(seen).toMatchObject([{ ...added, state: "pending", attempts: 0, deadLettered: false }]);
    expect(await deliveries.get(seen[0]?.id ?? "")).toMatchObject({ ...added, state: "delivered", attempts: 1 });
  });

  test.each(["retry", "throw"] as const)("tries again after %s", async (first) => {
    const { deliveries, add } = await openDeliveries(script(first));
    await add(newDelivery({ retry: { kind: "delays", delaysMs: [1] } }));
    await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(1));
    const [delivery] = await deliveries.list({ limit: 1 });
    expect(delivery).toMatchObject({ state: "delivered", attempts: 2 });
    expect(delivery?.lastError).toBe(first === "retry" ? "said retry" : "it broke");
  });

  test("gives up when the policy has no further attempt", async () => {
    const { deliveries, add } = await openDeliveries(script("retry", "retry", "retry"));
    await add(newDelivery({ retry: { kind: "delays", delaysMs: [1] } }));
    await vi.waitFor(() => expect(deliveries.stats().failed).toBe(1));
    expect(await deliveries.list({ limit: 1 })).toMatchObject([
      { state: "failed", attempts: 2, lastError: "said retry" },
    ]);
  });

  test("hands what was given up to the dead-letter queue until that takes it", async () => {
    const dead: string[] = [];
    const clock = movableClock();
    const sendDeadLetter = vi.fn<DeadLetterSender>(async (arn, delivery) => {
      if (dead.push(`${arn} ${delivery.lastError}`) === 1) throw new Error("queue is away");
    });
    const { deliveries, add } = await openDeliveries(script("failed"), {
      needs: { sendDeadLetter, clock },
      options: { pollMs: 10 },
    });
    await add(newDelivery({ deadLetterArn: QUEUE }));
    await expect
      .poll(() => deliveries.list({ limit: 1 }))
      .toMatchObject([
        { state: "failed", deadLettered: false, lastError: "said failed; dead-letter queue: queue is away" },
      ]);
    clock.ahead(10_000);
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ deadLettered: 1, pending: 0 }));
    expect(dead[0]).toBe(`${QUEUE} said failed`);
    expect(await deliveries.list({ limit: 1 })).toMatchObject([
      { state: "failed", deadLettered: true, attempts: 1, lastError: "said failed" },
    ]);
  });

  test("never lets an endpoint that hangs delay another", async () => {
    const { deliveries, add } = await openDeliveries((delivery, signal) =>
      (delivery.endpoint.endsWith("/hangs") ? hangs : delivers)(delivery, signal),
    );
    const to = (endpoint: string, count: number) => Array.from({ length: count }, () => newDelivery({ endpoint }));
    await add(...to("https://a.example/hangs", 100), ...to("https://b.example/fine", 100));
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 100, inFlight: 1 }));
    expect(await deliveries.list({ limit: 1_000, state: "pending" })).toHaveLength(100);
  });

  test.each(["http", "email"] as const)("delays no account by another's deliveries of kind %s", async (kind) => {
    const other = "arn:aws:events:eu-central-1:444455556666:rule/flood";
    const transport: Transport = (delivery, signal) => (delivery.owner === other ? hangs : delivers)(delivery, signal);
    const { deliveries, add } = await openDeliveries(transport, { needs: { transports: { [kind]: transport } } });
    await add(...Array.from({ length: 100 }, () => newDelivery({ kind, owner: other })), newDelivery({ kind }));
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 1 }));
    const [{ id } = { id: "" }] = await deliveries.list({ limit: 1, owner: OWNER });
    await deliveries.redrive({ ids: [id] });
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 2 }));
  });

  test("lets more endpoints hang than it has slots for, and serves the others", async () => {
    const { deliveries, add } = await openDeliveries(
      (delivery, signal) => (delivery.endpoint.endsWith("/hangs") ? hangs : delivers)(delivery, signal),
      { options: { inAll: 5 } },
    );
    await add(...Array.from({ length: 6 }, (_, n) => newDelivery({ endpoint: `https://${n}.example/hangs` })));
    await vi.waitFor(() => expect(deliveries.stats().inFlight).toBe(6), 10_000);
    await add(...Array.from({ length: 100 }, (_, n) => newDelivery({ endpoint: `https://${n}.example/fine` })));
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 100, inFlight: 6 }), 10_000);
  });

  test("gives one endpoint no more at once than it may have", async () => {
    let atOnce = 0;
    let most = 0;
    const { deliveries, add } = await openDeliveries(
      async () => {
        most = Math.max(most, ++atOnce);
        await new Promise((done) => setTimeout(done, 1));
        atOnce--;
        return { outcome: "delivered" };
      },
      { options: { perLane: 3 } },
    );
    await add(...Array.from({ length: 100 }, () => newDelivery()));
    await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(100), 5_000);
    expect(most).toBe(3);
  });

  test("ends an attempt that takes too long, whatever its transport does", async () => {
    const { deliveries, add } = await openDeliveries(() => new Promise(() => undefined), {
      options: { attemptTimeoutMs: 20 },
    });
    await add(newDelivery());
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ failed: 1, inFlight: 0 }));
    expect(await deliveries.list({ limit: 1 })).toMatchObject([{ lastError: "no answer within 20 ms" }]);
  });

  test("gives up on a kind that has no transport", async () => {
    const { deliveries, add } = await openDeliveries(delivers);
    await add(newDelivery({ kind: "stream" }));
    await vi.waitFor(() => expect(deliveries.stats().failed).toBe(1));
    expect(await deliveries.list({ limit: 1 })).toMatchObject([{ lastError: "nothing here delivers to a stream" }]);
  });

  test("finds by itself what nobody told it of", async () => {
    const { deliveries, tables } = await openDeliveries(delivers, { options: { pollMs: 10 } });
    await addDeliveries(tables, [newDelivery()], systemClock.now());
    await vi.waitFor(() => expect(deliveries.stats().delivered).toBe(1));
  });

  test("goes on after a restart where it stopped", async () => {
    const tables = await openLedger();
    const sent: string[] = [];
    const before = await openDeliveries(
      (delivery, signal) => (delivery.endpoint === "c" ? hangs : script("failed", "retry"))(delivery, signal),
      { needs: { tables, sendDeadLetter: () => Promise.reject(new Error("queue is away")) } },
    );
    const retry = { kind: "delays", delaysMs: [10] } as const;
    await before.add(newDelivery({ endpoint: "a", deadLetterArn: QUEUE }), newDelivery({ endpoint: "c", retry }));
    await vi.waitFor(() => expect(before.deliveries.stats()).toMatchObject({ failed: 1, inFlight: 1 }));
    await before.deliveries.close(0);
    await before.add(newDelivery({ endpoint: "d" }));

    const clock = movableClock();
    clock.ahead(10_000);
    const sendDeadLetter: DeadLetterSender = async (_, { endpoint }) => void sent.push(endpoint);
    const { deliveries } = await openDeliveries(delivers, { needs: { tables, clock, sendDeadLetter } });
    expect(deliveries.stats().pending).toBe(3);
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ pending: 0, delivered: 2, deadLettered: 1 }));
    expect(sent).toEqual(["a"]);
    expect(await deliveries.list({ state: "delivered", limit: 9 })).toMatchObject([
      { endpoint: "d", attempts: 1 },
      { endpoint: "c", attempts: 1 },
    ]);
  });

  test("serves 10,000 endpoints at once", async () => {
    const { deliveries, add } = await openDeliveries(delivers);
    await add(
      ...Array.from({ length: 10_000 }, (_, n) => newDelivery({ endpoint: `https://${n}.example/`, owner: OWNER })),
    );
    await vi.waitFor(() => expect(deliveries.stats()).toMatchObject({ delivered: 10_000, pending: 0 }), 20_000);
  });
});
