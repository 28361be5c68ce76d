import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Answered, allRecords, type Caller, callerOf, healthOf, recordsNamed, type TestRecord } from "../calls.ts";
import { mountBreakable, mountMemory, type TestDisk, whyNoBreakableDisk, whyNoMount } from "../disks.ts";
import { readJournal } from "../read-journal.ts";
import { startServer, type TestServer } from "../server.ts";

/** By which a call is refused, not left to wait. */
const REFUSED_WITHIN_MS = 1000;
/** The server looks once a second whether the disk is better. */
const RECOVERED_WITHIN_MS = 2000;

interface Told extends Answered {
  readonly operation: string;
  readonly user: string;
  readonly ms: number;
}

/** Clients that create users and read, all the time, whatever the server says. */
class Load {
  readonly told: Told[] = [];
  readonly #clients: readonly Promise<void>[];
  #stopped = false;
  #users = 0;

  constructor(server: TestServer) {
    this.#clients = Array.from({ length: 4 }, () => this.#work(callerOf(server)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #work(call: Caller): Promise<void> {
    while (!this.#stopped) {
      const user = `user-${this.#users++}`;
      await this.#tell("CreateUser", user, () => call("iam", "CreateUser", { UserName: user }));
      await this.#tell("GetCallerIdentity", user, () => call("sts", "GetCallerIdentity"));
      await this.#tell("ListUsers", user, () => call("iam", "ListUsers", { MaxItems: 1 }));
    }
  }

  async #tell(operation: string, user: string, make: () => Promise<Answered>): Promise<void> {
    const started = performance.now();
    const answered = await make();
    this.told.push({ ...answered, operation, user, ms: performance.now() - started });
  }
}

/** Mutating calls are refused in the service's form, reads answered, and `/healthz` says why. */
async function expectReadsOnly(server: TestServer, problem: RegExp): Promise<void> {
  const call = callerOf(server);
  const refused = { status: 503, code: "ServiceUnavailable", message: expect.stringMatching(problem) };
  expect(await call("iam", "CreateUser", { UserName: "nobody" })).toMatchObject(refused);
  expect(await call("iam", "CreateAccessKey", {})).toMatchObject(refused);
  expect(await call("sts", "GetSessionToken")).toMatchObject(refused);
  expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
  expect((await call("iam", "ListUsers")).status).toBe(200);
  expect((await call("cloudtrail", "LookupEvents")).status).toBe(200);
  expect(await healthOf(server)).toMatchObject({
    status: 503,
    body: { ok: false, journal: { writable: false, problem: expect.stringMatching(problem) } },
  });
}

async function expectRecovery(server: TestServer): Promise<void> {
  const healthy = async (): Promise<number> => (await healthOf(server)).status;
  await expect.poll(healthy, { timeout: RECOVERED_WITHIN_MS, interval: 20 }).toBe(200);
}

async function userNames(call: Caller): Promise<readonly string[]> {
  const { output } = await call("iam", "ListUsers", { MaxItems: 1000 });
  return (output["Users"] as readonly { readonly UserName: string }[]).map(({ UserName }) => UserName).toSorted();
}

function createdUsers(records: readonly TestRecord[]): readonly string[] {
  return records
    .filter(({ eventName, errorCode }) => eventName === "CreateUser" && errorCode === undefined)
    .map(({ requestParameters }) => String(requestParameters?.["userName"]))
    .toSorted();
}

/** How many calls the log says it misses. */
function callsMissed(records: readonly TestRecord[]): number {
  const notes = records.filter(({ eventName }) => eventName === "CallsNotRecorded");
  return notes.reduce((sum, note) => sum + Number((note["serviceEventDetails"] as { calls: number }).calls), 0);
}

async function onDisk<Disk extends TestDisk>(disk: Disk, work: (disk: Disk) => Promise<void>): Promise<void> {
  try {
    await work(disk);
  } finally {
    disk.unmount();
  }
}

const NO_MOUNT = whyNoMount();

describe.skipIf(NO_MOUNT !== undefined)(`a full disk${NO_MOUNT === undefined ? "" : ` (${NO_MOUNT})`}`, () => {
  test("under load: changes are refused, reads answered, nothing acknowledged is lost, and what is missing is counted", () =>
    onDisk(mountMemory(24), async (disk) => {
      const server = await startServer({ dataDirectory: disk.directory });
      const load = new Load(server);
      await sleep(300);
      disk.fill();
      await expect.poll(async () => (await healthOf(server)).status).toBe(503);
      await expectReadsOnly(server, /disk is full/);
      await sleep(300);
      disk.free();
      await expectRecovery(server);
      await sleep(300);
      await load.stop();
      await expectWhole(server, load.told);
      expect(await server.stop()).toBe(0);
      const { eventIDs, sequences } = await readJournal(disk.directory);
      expect(new Set(eventIDs).size).toBe(sequences.length);
    }));

  test("fills slowly, as real ones do, down to the last byte", () =>
    onDisk(mountMemory(4), async (disk) => {
      const server = await startServer({ dataDirectory: disk.directory });
      const call = callerOf(server);
      const load = new Load(server);
      await expect.poll(async () => (await healthOf(server)).status, { timeout: 20_000 }).toBe(503);
      await load.stop();
      // The journal may still fit a record into what it has, as long as the tables do not.
      expect(load.told.filter(({ status }) => status === 503)).not.toEqual([]);
      const acknowledged = load.told.filter(({ operation, status }) => operation === "CreateUser" && status === 200);
      const names = new Set(createdUsers(await recordsNamed(call, "CreateUser")));
      expect(acknowledged.filter(({ user }) => !names.has(user))).toEqual([]);
      await server.stop();
    }));

  test("at the start: reads are served, and the rest once there is room", () =>
    onDisk(mountMemory(16), async (disk) => {
      const first = await startServer({ dataDirectory: disk.directory });
      for (let index = 0; index < 5; index++) await callerOf(first)("iam", "CreateUser", { UserName: `user-${index}` });
      await first.kill();
      disk.fill();
      const server = await startServer({ dataDirectory: disk.directory });
      // The start gives back what the killed server had reserved for intents.
      disk.fill();
      await expectReadsOnly(server, /disk is full/);
      disk.free();
      await expectRecovery(server);
      const records = await allRecords(callerOf(server));
      expect(createdUsers(records)).toHaveLength(5);
      expect(callsMissed(records)).toBe(6);
      await server.stop();
    }));
});

/** Every answered call is in the log once, or counted as missing; every user has its record, every record its user. */
async function expectWhole(server: TestServer, told: readonly Told[]): Promise<void> {
  const call = callerOf(server);
  expect((await healthOf(server)).body["unrecordedCalls"]).toBe(0);
  const records = await allRecords(call);
  const byRequest = Map.groupBy(records, ({ requestID }) => requestID ?? "");
  const count = ({ requestId }: Told): number => byRequest.get(requestId)?.length ?? 0;
  const acknowledged = told.filter(({ operation, status }) => operation === "CreateUser" && status === 200);
  expect(acknowledged.length).toBeGreaterThan(5);
  expect(acknowledged.filter((each) => count(each) !== 1)).toEqual([]);
  expect(told.filter((each) => count(each) > 1)).toEqual([]);
  // Of the six calls of expectReadsOnly each is missing too.
  expect(callsMissed(records)).toBe(told.filter((each) => count(each) === 0).length + 6);
  expect(createdUsers(records)).toEqual(await userNames(call));
  const refused = told.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.filter(({ operation }) => operation !== "CreateUser")).toEqual([]);
  expect(refused.filter(({ ms }) => ms > REFUSED_WITHIN_MS)).toEqual([]);
  expect(told.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
}

const NO_BREAKING = whyNoBreakableDisk();

describe.skipIf(NO_BREAKING !== undefined)(
  `a disk that turned read-only${NO_BREAKING === undefined ? "" : ` (${NO_BREAKING})`}`,
  () => {
    test("serves reads until the restart, and has everything acknowledged after it", () =>
      onDisk(mountBreakable(24), async (disk) => {
        const dataDirectory = `${disk.directory}/data`;
        const first = await startServer({ dataDirectory });
        const load = new Load(first);
        await sleep(300);
        disk.breakNow();
        await expect.poll(async () => (await healthOf(first)).status).toBe(503);
        await load.stop();
        await expectReadsOnly(first, /disk I\/O error|readonly/);
        expect(await first.stop()).toBe(0);
        await expect(startServer({ dataDirectory })).rejects.toThrow(/\.db: .*readonly|lock directory/);
        disk.repair();
        const second = await startServer({ dataDirectory });
        const records = await allRecords(callerOf(second));
        const acknowledged = load.told.filter(({ operation, status }) => operation === "CreateUser" && status === 200);
        const names = createdUsers(records);
        expect(acknowledged.length).toBeGreaterThan(5);
        expect(acknowledged.filter(({ user }) => !names.includes(user))).toEqual([]);
        expect(names).toEqual(await userNames(callerOf(second)));
        expect((await callerOf(second)("iam", "CreateUser", { UserName: "after" })).status).toBe(200);
        await second.stop();
      }));
  },
);
