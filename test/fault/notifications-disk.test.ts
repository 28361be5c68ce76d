import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callerOf, healthOf } from "../calls.ts";
import { mountBreakable, mountMemory, type TestDisk, whyNoBreakableDisk, whyNoMount } from "../disks.ts";
import { rulesOf } from "../interop/rules/rules-world.ts";
import { readJournal } from "../read-journal.ts";
import { startServer, type TestServer } from "../server.ts";
import { until } from "../trail.ts";
import { type Hook, startHook } from "./notifications-hook.ts";
import { allDelivered, ledgerOf, statsOf } from "./notifications-ledger.ts";

const FLAGS = ["--targets-allow", "127.0.0.0/8"];
const CLIENTS = 4;
/** So long a receiver lets us wait, so that some deliveries are always under way. */
const ANSWER_MS = 200;

let hook: Hook;

beforeAll(async () => {
  hook = await startHook();
});
afterAll(() => hook.stop());

/** Every user that is made goes to the receiver at this path. */
async function watch(server: TestServer, path: string): Promise<void> {
  hook.behave(path, (_, response) => void setTimeout(() => response.end(), ANSWER_MS));
  const world = rulesOf(server);
  const Arn = await world.destination("users", `${hook.url}${path}`);
  await world.rule("users", { detail: { eventName: ["CreateUser"] } }, [{ Id: "hook", Arn }]);
}

/** Creates users, whatever the server says, until told to stop. */
function startLoad(server: TestServer): { stop(): Promise<void> } {
  let stopped = false;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const call = callerOf(server);
    for (let n = 0; !stopped; n++) await call("iam", "CreateUser", { UserName: `user-${client}-${n}` });
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
    },
  };
}

const healthIs = (server: TestServer, status: number): Promise<unknown> =>
  until(
    `health ${status}`,
    () => healthOf(server),
    (health) => health.status === status,
  );

const isUnderWay = (server: TestServer): Promise<unknown> =>
  until(
    "deliveries are under way",
    () => statsOf(server),
    ({ deliveries }) => deliveries.pending > 20,
  );

/** What was recorded came to the path, all of it, and the ledger knows. */
async function expectWhole(dataDirectory: string, path: string): Promise<void> {
  const { texts } = await readJournal(dataDirectory);
  const records = texts.map((text) => JSON.parse(text) as { readonly eventID: string; readonly eventName: string });
  const made = records.filter(({ eventName }) => eventName === "CreateUser").map(({ eventID }) => eventID);
  const arrived = new Set(hook.got(path).map((body) => (JSON.parse(body) as { readonly id: string }).id));
  expect([...arrived].toSorted()).toEqual(made.toSorted());
  expect(made.length).toBeGreaterThan(20);
  const { states, repeated, place } = ledgerOf(dataDirectory);
  expect(states).toEqual([{ state: "delivered" }]);
  expect(repeated).toEqual([]);
  expect(place).toBe(texts.length);
}

async function onDisk<Disk extends TestDisk>(disk: Disk, work: (disk: Disk) => Promise<void>): Promise<void> {
  try {
    await work(disk);
  } finally {
    disk.unmount();
  }
}

const NO_MOUNT = whyNoMount();
const NO_BREAKING = whyNoBreakableDisk();
const because = (why: string | undefined): string => (why === undefined ? "" : ` (${why})`);

describe.skipIf(NO_MOUNT !== undefined)(`a disk that is full under deliveries${because(NO_MOUNT)}`, () => {
  test("loses none, and they go on by themselves once there is room", () =>
    onDisk(mountMemory(32), async (disk) => {
      const options = { dataDirectory: disk.directory, flags: FLAGS };
      const server = await startServer(options);
      await watch(server, "/full");
      const load = startLoad(server);
      await isUnderWay(server);
      disk.fill();
      await healthIs(server, 503);
      // What was under way ends meanwhile, and nobody can write it down.
      await sleep(3 * ANSWER_MS);
      disk.free();
      await healthIs(server, 200);
      await sleep(ANSWER_MS);
      await load.stop();
      await allDelivered(server);
      expect(await server.stop()).toBe(0);
      await expectWhole(disk.directory, "/full");
    }));
});

describe.skipIf(NO_BREAKING !== undefined)(
  `a disk that turns read-only under deliveries${because(NO_BREAKING)}`,
  () => {
    test("loses none: they go on after the restart", () =>
      onDisk(mountBreakable(32), async (disk) => {
        const options = { dataDirectory: `${disk.directory}/data`, flags: FLAGS };
        const first = await startServer(options);
        await watch(first, "/broken");
        const load = startLoad(first);
        await isUnderWay(first);
        disk.breakNow();
        await healthIs(first, 503);
        await load.stop();
        expect(await first.stop()).toBe(0);
        disk.repair();
        const second = await startServer(options);
        await allDelivered(second);
        expect(await second.stop()).toBe(0);
        await expectWhole(options.dataDirectory, "/broken");
      }));
  },
);
