import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/core/index.ts";
import { addDeliveries, type DeliveriesSchema, deliveriesMigrations } from "../../src/deliveries/index.ts";
import { openTables } from "../../src/store/index.ts";

const COUNT = 1_000;
const WORKER = fileURLToPath(new URL("./deliveries-worker.ts", import.meta.url));

test(`${COUNT} deliveries in flight when the process is killed all arrive, and the ledger says so`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "deliveries-kill-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const receiver = await openReceiver();
  const ids = Array.from({ length: COUNT }, (_, number) => String(number));
  await inLedger(directory, (tables) =>
    tables.transaction().execute((transaction) =>
      addDeliveries(
        transaction,
        ids.map((id) => deliveryTo(`${receiver.url}/${id}`, id)),
        systemClock.now(),
      ),
    ),
  );

  const first = startWorker(directory);
  await vi.waitFor(() => expect(receiver.arrived.size).toBe(COUNT), 30_000);
  first.kill("SIGKILL");
  await once(first, "exit");
  const known = await readDelivered(directory);
  expect(known.filter((id) => !receiver.answered.has(id))).toEqual([]);
  expect(known.length).toBeLessThan(COUNT);

  receiver.answerAll();
  const second = startWorker(directory);
  await vi.waitFor(async () => expect(await readDelivered(directory)).toHaveLength(COUNT), 30_000);
  second.kill("SIGKILL");
  await once(second, "exit");
  expect([...receiver.answered].toSorted()).toEqual(ids.toSorted());
  const again = ids.filter((id) => receiver.arrived.get(id) !== 1);
  // What the ledger knew to be delivered did not come again.
  expect(again.filter((id) => known.includes(id))).toEqual([]);
  expect(again.length).toBe(COUNT - known.length);
});

interface Receiver {
  readonly url: string;
  /** How many times each came. */
  readonly arrived: ReadonlyMap<string, number>;
  readonly answered: ReadonlySet<string>;
  answerAll(): void;
}

/** Answers one in three and keeps the others waiting, until it is told to answer all. */
async function openReceiver(): Promise<Receiver> {
  const arrived = new Map<string, number>();
  const answered = new Set<string>();
  let answersAll = false;
  const server = createServer((request, response: ServerResponse) => {
    const id = (request.url ?? "").slice(1);
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    request.resume();
    if (!answersAll && Number(id) % 3 !== 0) return;
    answered.add(id);
    response.end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const answerAll = (): void => {
    answersAll = true;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived, answered, answerAll };
}

function startWorker(directory: string): ChildProcess {
  const worker = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WORKER, directory], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(() => void worker.kill("SIGKILL"));
  return worker;
}

function deliveryTo(endpoint: string, eventId: string) {
  return {
    owner: "arn:aws:events:eu-central-1:111122223333:rule/night-watch",
    target: "one",
    kind: "http",
    endpoint,
    eventId,
    body: "{}",
    parameters: {},
    retry: { kind: "delays", delaysMs: [1_000] },
    hops: 1,
  } as const;
}

async function readDelivered(directory: string): Promise<readonly string[]> {
  return await inLedger(directory, async (tables) => {
    const rows = await tables.selectFrom("deliveries").select("event_id").where("state", "=", "delivered").execute();
    return rows.map(({ event_id }) => event_id);
  });
}

async function inLedger<Result>(
  directory: string,
  work: (tables: Awaited<ReturnType<typeof openTables<DeliveriesSchema>>>) => Promise<Result>,
): Promise<Result> {
  const tables = await openTables<DeliveriesSchema>(join(directory, "tables.db"), deliveriesMigrations);
  try {
    return await work(tables);
  } finally {
    await tables.destroy();
  }
}
