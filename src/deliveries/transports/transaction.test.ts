import { sql, type Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import { newDelivery, openLedger } from "../deliveries.fixture.ts";
import type { Delivery } from "../delivery.ts";
import { addDeliveries } from "../ledger.ts";
import type { DeliveriesSchema } from "../schema.ts";
import { openTransactionTransport } from "./transaction.ts";

const { signal } = new AbortController();

function delivery(id: number): Delivery {
  const state = { id: String(id), state: "pending", createdAt: 0, dueAt: 0, attempts: 0, deadLettered: false } as const;
  return { ...newDelivery({ eventId: `event-${id}` }), ...state };
}

const bodies = (tables: Kysely<DeliveriesSchema>) =>
  tables
    .selectFrom("deliveries")
    .select("event_id")
    .orderBy("delivery_id")
    .execute()
    .then((rows) => rows.map(({ event_id }) => event_id));

/** Tables where each attempt adds a delivery, and then does what `then` says. */
async function open(then: (id: string) => void = () => undefined) {
  const tables = await openLedger();
  let transactions = 0;
  const seen = new WeakSet<object>();
  const transport = openTransactionTransport(tables, async (transaction, made) => {
    if (!seen.has(transaction)) transactions++;
    seen.add(transaction);
    await addDeliveries(transaction, [made], 0);
    then(made.id);
    return { outcome: "delivered" };
  });
  return { tables, transport, transactions: () => transactions };
}

describe("openTransactionTransport()", () => {
  test("makes attempts that begin together in few transactions, in their order", async () => {
    const { tables, transport, transactions } = await open();
    const all = Array.from({ length: 100 }, (_, id) => delivery(id));
    const results = await Promise.all(all.map((each) => transport(each, signal)));
    expect(results).toEqual(all.map(() => ({ outcome: "delivered" })));
    expect(await bodies(tables)).toEqual(all.map(({ eventId }) => eventId));
    expect(transactions()).toBe(7);
    expect(await transport(delivery(100), signal)).toEqual({ outcome: "delivered" });
  });

  test("lets none fail for another, and keeps nothing of one that failed", async () => {
    const { tables, transport } = await open((id) => {
      if (id === "1") throw new Error("it broke");
    });
    const results = await Promise.allSettled([0, 1, 2].map((id) => transport(delivery(id), signal)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await bodies(tables)).toEqual(["event-0", "event-2"]);
  });

  test("says that nothing was delivered when the commit fails", async () => {
    const { tables, transport } = await open();
    await sql`pragma foreign_keys = on`.execute(tables);
    await sql`create table parents (id integer primary key)`.execute(tables);
    await sql`create table children (id integer references parents deferrable initially deferred)`.execute(tables);
    await sql`create trigger break after insert on deliveries begin insert into children values (1); end`.execute(
      tables,
    );
    const results = await Promise.allSettled([0, 1].map((id) => transport(delivery(id), signal)));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await sql`drop trigger break`.execute(tables);
    expect(await bodies(tables)).toEqual([]);
    expect(await transport(delivery(2), signal)).toEqual({ outcome: "delivered" });
  });
});
