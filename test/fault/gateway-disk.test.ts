import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { Agent, createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthOf } from "../calls.ts";
import { type FillableDisk, mountMemory, whyNoMount } from "../disks.ts";
import { startGatewayServer, type StoredRecord } from "../gateway-process.ts";
import { readJournal } from "../read-journal.ts";
import type { TestServer } from "../server.ts";

const MODES = ["required", "spool", "best-effort"] as const;
type Mode = (typeof MODES)[number];

/** What a client was told of one call. */
interface Told {
  readonly id: string;
  readonly mode: Mode;
  readonly status: number;
  readonly body: string;
}

/** What the upstream was asked, in order. */
const seen: string[] = [];
const upstream: Server = createServer((request, response) => {
  request.on("end", () => {
    seen.push(String(request.headers["amz-sdk-invocation-id"]));
    response.end("{}");
  });
  request.resume();
});
beforeAll(() => new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", () => resolve())));
afterAll(() => new Promise((resolve) => upstream.close(resolve)));

/** One route for each mode, told apart by the host. */
function start(dataDirectory: string): Promise<TestServer> {
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const routes = MODES.map((mode) => ({ name: mode, upstream: url, audit: mode, match: { host: `${mode}.test` } }));
  return startGatewayServer({ routes }, { dataDirectory });
}

class Client {
  readonly told: Told[] = [];
  readonly #endpoint: string;
  readonly #agent = new Agent({ keepAlive: true });
  #calls = 0;

  constructor({ endpoint }: TestServer) {
    this.#endpoint = endpoint;
  }

  /** `bytes`: how large the parameters are, which go into the record. */
  async call(mode: Mode, operation: string, bytes = 10): Promise<Told> {
    const id = `${mode}.${operation}.${this.#calls++}`;
    const body = JSON.stringify({ TableName: "t", ResourceArn: "x".repeat(bytes) });
    const told = await new Promise<Told>((resolve, reject) => {
      const sent = httpRequest(this.#endpoint, {
        agent: this.#agent,
        method: "POST",
        headers: {
          host: `${mode}.test`,
          authorization:
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
          "x-amz-target": `DynamoDB_20120810.${operation}`,
          "amz-sdk-invocation-id": id,
          "content-length": body.length,
        },
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk)));
        response.on("end", () => resolve({ id, mode, status: response.statusCode ?? 0, body: text }));
      });
      sent.end(body);
    });
    this.told.push(told);
    return told;
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function untilHealth(server: TestServer, status: number): Promise<void> {
  await expect.poll(async () => (await healthOf(server)).status, { timeout: 10_000, interval: 20 }).toBe(status);
}

/** What the journal of a stopped server holds: the calls of each route, and how many it says it misses. */
async function contentsOf(dataDirectory: string): Promise<{
  readonly ids: ReadonlyMap<string, number>;
  readonly missed: (mode: Mode) => number;
}> {
  const { texts } = await readJournal(dataDirectory);
  const records = texts.map((text) => JSON.parse(text) as StoredRecord);
  const ids = new Map<string, number>();
  for (const { additionalEventData } of records) {
    const id = (additionalEventData as { sdkInvocationId?: string } | undefined)?.sdkInvocationId;
    if (id !== undefined) ids.set(id, (ids.get(id) ?? 0) + 1);
  }
  const notes = records
    .filter(({ eventName }) => eventName === "CallsNotRecorded")
    .map((record) => record["serviceEventDetails"] as { route?: string; calls: number });
  const missed = (mode: Mode): number =>
    notes.filter(({ route }) => route === mode).reduce((sum, { calls }) => sum + calls, 0);
  return { ids, missed };
}

/** Every call is in the log once, or the log says that one is missing; those that were promised are not. */
async function expectAccounts(dataDirectory: string, told: readonly Told[]): Promise<void> {
  const { ids, missed } = await contentsOf(dataDirectory);
  expect([...ids].filter(([, count]) => count > 1)).toEqual([]);
  for (const mode of MODES) {
    const own = told.filter((each) => each.mode === mode);
    const lost = own.filter(({ id }) => !ids.has(id));
    expect(lost.length, `calls of ${mode} that the log misses`).toBe(missed(mode));
    const acknowledged = lost.filter(({ status }) => status === 200 && mode !== "best-effort");
    expect(acknowledged, `calls of ${mode} that were answered and lost`).toEqual([]);
  }
}

const NO_MOUNT = whyNoMount();

describe.skipIf(NO_MOUNT !== undefined)(`a full disk${NO_MOUNT === undefined ? "" : ` (${NO_MOUNT})`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-gateway-disk-"));
  const disks: FillableDisk[] = [];
  afterAll(() => {
    for (const disk of disks) disk.unmount();
    rmSync(directory, { recursive: true, force: true });
  });

  function mount(mebibytes: number): FillableDisk {
    const disk = mountMemory(mebibytes);
    disks.push(disk);
    return disk;
  }

  test("under the journal: `required` refuses and forwards nothing, the others go on, and nothing is lost unsaid", async () => {
    const disk = mount(16);
    const dataDirectory = join(directory, "journal");
    mkdirSync(dataDirectory);
    symlinkSync(disk.directory, join(dataDirectory, "journal"));
    const server = await start(dataDirectory);
    const client = new Client(server);
    for (const mode of MODES) expect((await client.call(mode, "PutItem")).status).toBe(200);
    disk.fill();
    // The first that finds the disk full may have gone out; its answer is withheld all the same.
    while ((await client.call("required", "TagResource", 40_000)).status === 200);
    await untilHealth(server, 503);
    const before = seen.length;
    for (const operation of ["PutItem", "DeleteItem", "GetItem"]) {
      const refused = await client.call("required", operation);
      expect(refused).toMatchObject({ status: 503, body: expect.stringMatching(/ServiceUnavailable.*disk is full/) });
    }
    expect(seen.length).toBe(before);
    for (let call = 0; call < 20; call++) {
      expect((await client.call("spool", "PutItem")).status).toBe(200);
      expect((await client.call("best-effort", "GetItem")).status).toBe(200);
    }
    // More than is kept in memory for when the disk is better.
    const many = Array.from({ length: 16 }, async () => {
      for (let call = 0; call < 25; call++) await client.call("best-effort", "TagResource", 240_000);
    });
    await Promise.all(many);
    expect(client.told.filter(({ mode, status }) => mode === "best-effort" && status !== 200)).toEqual([]);
    disk.free();
    await untilHealth(server, 200);
    expect((await client.call("required", "PutItem")).status).toBe(200);
    client.close();
    expect(await server.stop()).toBe(0);
    await expectAccounts(dataDirectory, client.told);
    const { ids, missed } = await contentsOf(dataDirectory);
    expect(missed("best-effort")).toBeGreaterThan(0);
    expect(client.told.filter(({ id, mode }) => mode === "spool" && !ids.has(id))).toEqual([]);
  });

  test("under everything, and under load: what was acknowledged is recorded, and what is missing counted", async () => {
    const disk = mount(32);
    const server = await start(disk.directory);
    const client = new Client(server);
    let stopped = false;
    const load = MODES.map(async (mode) => {
      while (!stopped) {
        await client.call(mode, "PutItem");
        await client.call(mode, "GetItem");
      }
    });
    await sleep(300);
    disk.fill();
    await untilHealth(server, 503);
    // What went out before the disk was full may still be on its way.
    await sleep(500);
    const before = seen.length;
    await sleep(500);
    const required = seen.slice(before).filter((id) => id.startsWith("required.PutItem"));
    expect(required).toEqual([]);
    expect(seen.slice(before).some((id) => id.startsWith("best-effort.PutItem"))).toBe(true);
    disk.free();
    await untilHealth(server, 200);
    await sleep(300);
    stopped = true;
    await Promise.all(load);
    client.close();
    expect(await server.stop()).toBe(0);
    await expectAccounts(disk.directory, client.told);
    const statuses = new Set(client.told.map(({ mode, status }) => `${mode} ${status}`));
    expect(statuses).toContain("required 200");
    expect(statuses).toContain("required 503");
    expect(statuses).not.toContain("best-effort 503");
    expect([...statuses].filter((each) => !/ (200|503)$/.test(each))).toEqual([]);
  });

  test("at the start: nothing is forwarded whose record is required, until there is room", async () => {
    const disk = mount(24);
    const first = await start(disk.directory);
    const client = new Client(first);
    expect((await client.call("required", "PutItem")).status).toBe(200);
    await first.kill();
    client.close();
    disk.fill();
    const server = await start(disk.directory);
    const second = new Client(server);
    const before = seen.length;
    expect((await second.call("required", "DeleteItem")).status).toBe(503);
    expect(seen.length).toBe(before);
    expect((await second.call("best-effort", "DeleteItem")).status).toBe(200);
    disk.free();
    await untilHealth(server, 200);
    expect((await second.call("required", "DeleteItem")).status).toBe(200);
    second.close();
    expect(await server.stop()).toBe(0);
    const { ids } = await contentsOf(disk.directory);
    expect(client.told.filter(({ id }) => !ids.has(id))).toEqual([]);
  });
});
