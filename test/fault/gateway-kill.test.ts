import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forwardedRecords, startGatewayServer, type StoredRecord } from "../gateway-process.ts";
import { RawServer } from "../raw-server.ts";
import { RawSocket, rawRequest } from "../raw-socket.ts";

/** 2 by default; continuous integration asks for more. */
const KILLS = Number(process.env["OPENTRAIL_TEST_KILLS"] ?? 2);
const CLIENTS = 16;

const directory = mkdtempSync(join(tmpdir(), "opentrail-gateway-kill-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a client calls, by the name that its record has. */
const CALLS: Readonly<
  Record<
    string,
    {
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes: number;
    }
  >
> = {
  PutItem: dynamodb("PutItem"),
  GetItem: dynamodb("GetItem"),
  DeleteItem: dynamodb("DeleteItem"),
  PutObject: { method: "PUT", path: "/bucket/key", headers: { host: "s3.amazonaws.com" }, bytes: 700_000 },
  GetObject: { method: "GET", path: "/bucket/key", headers: { host: "s3.amazonaws.com" }, bytes: 0 },
};

function dynamodb(operation: string): (typeof CALLS)[string] {
  const headers = { host: "dynamodb.us-east-1.amazonaws.com", "x-amz-target": `DynamoDB_20120810.${operation}` };
  return { method: "POST", path: "/", headers, bytes: 300 };
}

const MUTATING: ReadonlySet<string> = new Set(["PutItem", "DeleteItem", "PutObject"]);

function invocationOf({ additionalEventData }: StoredRecord): string {
  return (additionalEventData as { sdkInvocationId?: string }).sdkInvocationId ?? "";
}

function isUnknown({ errorCode, additionalEventData }: StoredRecord): boolean {
  return errorCode === "OutcomeUnknown" && additionalEventData?.outcome === "unknown";
}

test("kill -9 between forward and answer: after the restart there is one record, whose outcome is unknown", async () => {
  const upstream = await RawServer.open((peer) => peer.head());
  const dataDirectory = join(directory, "between");
  const settings = { routes: [{ name: "killed", upstream: upstream.url }] };
  try {
    const first = await startGatewayServer(settings, { dataDirectory });
    for (const [index, name] of ["PutItem", "GetItem", "PutObject"].entries()) {
      const { method, path, headers, bytes } = CALLS[name] as (typeof CALLS)[string];
      const lines = Object.entries({ ...headers, "amz-sdk-invocation-id": name, "content-length": bytes });
      const socket = await RawSocket.open(first.endpoint);
      void socket.write(
        rawRequest(
          `${method} ${path}`,
          lines.map(([key, value]) => `${key}: ${value}`),
          Buffer.alloc(bytes, "x"),
        ),
      );
      await expect.poll(() => upstream.connections.length, { interval: 5 }).toBe(index + 1);
    }
    await first.kill();
    const second = await startGatewayServer(settings, { dataDirectory });
    expect(await second.stop()).toBe(0);
    const records = await forwardedRecords(dataDirectory);
    // What only reads leaves no intent.
    expect(records.map(invocationOf).toSorted()).toEqual(["PutItem", "PutObject"]);
    expect(records.filter((record) => !isUnknown(record))).toEqual([]);
  } finally {
    await upstream.close();
  }
});

/** An upstream that writes down what it is asked to do before it does it. */
class Ledger {
  readonly seen = new Map<string, string>();
  readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const id = String(request.headers["amz-sdk-invocation-id"]);
      // Whoever gets half a request does nothing.
      request.on("end", () => {
        this.seen.set(id, id.split(":")[0] ?? "");
        setTimeout(() => response.end("{}"), Math.random() * 4);
      });
      request.on("error", () => undefined);
      request.resume();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

describe("kill -9 under load", () => {
  const ledger = new Ledger();
  beforeAll(() => new Promise<void>((resolve) => ledger.server.listen(0, "127.0.0.1", () => resolve())));
  afterAll(() => ledger.server.closeAllConnections());
  afterAll(() => ledger.server.close());

  test(
    `${KILLS} times: every mutating call that the upstream saw has one record, and so has every call that was answered`,
    async () => {
      const dataDirectory = join(directory, "load");
      const settings = { routes: [{ name: "killed", upstream: ledger.url }] };
      const answered = new Map<string, string>();
      for (let round = 0; round < KILLS; round++) {
        const server = await startGatewayServer(settings, { dataDirectory });
        const clients = Array.from({ length: CLIENTS }, (_, client) =>
          work(server.endpoint, `${round}.${client}`, answered),
        );
        await sleep(100 + Math.random() * 500);
        await server.kill();
        await Promise.all(clients);
      }
      const last = await startGatewayServer(settings, { dataDirectory });
      expect(await last.stop()).toBe(0);
      const records = await forwardedRecords(dataDirectory);
      const byCall = Map.groupBy(records, invocationOf);
      const twice = byCall
        .values()
        .filter(({ length }) => length > 1)
        .toArray();
      expect(twice).toEqual([]);
      expect(new Set(records.map(({ eventID }) => eventID)).size).toBe(records.length);
      const changed = [...ledger.seen].filter(([, name]) => MUTATING.has(name));
      expect(
        changed.filter(([id]) => !byCall.has(id)),
        "made and not recorded",
      ).toEqual([]);
      const told = [...answered].filter(([id, name]) => byCall.get(id)?.[0]?.eventName !== name);
      expect(told, "answered and not recorded").toEqual([]);
      const unsure = records.filter(isUnknown);
      expect(
        unsure.filter((record) => answered.has(invocationOf(record))),
        "answered and unknown",
      ).toEqual([]);
      expect(answered.size).toBeGreaterThan(KILLS * CLIENTS);
      expect(unsure.length).toBeGreaterThan(0);
    },
    30_000 + KILLS * 8_000,
  );
});

/** Calls one after the other until the server is gone; what was answered whole is noted. */
async function work(endpoint: string, client: string, answered: Map<string, string>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const names = Object.keys(CALLS);
  for (let call = 0; ; call++) {
    const name = names[call % names.length] ?? "";
    const id = `${name}:${client}.${call}`;
    try {
      await callOnce(endpoint, agent, name, id);
    } catch {
      // Killed under it: whether the call was made is what the ledger knows.
      return agent.destroy();
    }
    answered.set(id, name);
  }
}

function callOnce(endpoint: string, agent: Agent, name: string, id: string): Promise<void> {
  const { method, path, headers, bytes } = CALLS[name] as (typeof CALLS)[string];
  return new Promise((resolve, reject) => {
    const sent = httpRequest(endpoint, {
      agent,
      method,
      path,
      headers: { ...headers, "amz-sdk-invocation-id": id, "content-length": bytes },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      response.on("error", reject).on("end", resolve).resume();
      if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
    });
    sent.end(Buffer.alloc(bytes, "x"));
  });
}
