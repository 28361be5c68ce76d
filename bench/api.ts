/**
 * Signed calls per second and their latency, from the socket through signature, policy, operation, record and journal
 * to the answer, beside what a user would run instead (moto, if `tools/install-peers.sh` has brought it; it verifies no
 * signature and keeps no log).
 *
 * Known answer: every call is answered with 200, and the journal holds exactly one record for each.
 *
 *     node bench/api.ts [--seconds 5] [--json]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { signRequest, type WireRequest } from "../src/aws/index.ts";
import { startServer, type TestServer } from "../test/server.ts";

interface Cell {
  readonly server: string;
  readonly call: string;
  readonly connections: number;
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Target {
  readonly name: string;
  readonly port: number;
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

type MakeCall = (port: number, key: Target["key"], number: number) => Buffer;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
});
const SECONDS = Number(values.seconds);
const CONNECTIONS = [1, 16, 64] as const;

const CALLS: Readonly<Record<string, MakeCall>> = {
  "sts GetCallerIdentity (reads)": repeated((port, key) =>
    form(port, key, "sts", "Action=GetCallerIdentity&Version=2011-06-15"),
  ),
  "iam TagUser (changes)": (port, key, number) =>
    form(
      port,
      key,
      "iam",
      `Action=TagUser&Version=2010-05-08&UserName=bench&Tags.member.1.Key=k&Tags.member.1.Value=${number}`,
    ),
  "cloudtrail LookupEvents (50 events)": repeated((port, key) => lookup(port, key)),
};

async function measureAll(): Promise<readonly Cell[]> {
  const found: Cell[] = [];
  const server = await startServer({ flags: ["--log-level", "warn"] });
  const target = { name: "opentrail", port: Number(new URL(server.endpoint).port), key: server.root };
  await createUser(target);
  for (const [call, make] of Object.entries(CALLS)) {
    for (const connections of CONNECTIONS) {
      const before = await journalHead(server);
      const cell = await measure(target, call, make, connections);
      const recorded = (await journalHead(server)) - before;
      if (recorded !== cell.calls) throw new Error(`${call}: ${cell.calls} calls were answered, ${recorded} recorded`);
      found.push(cell);
    }
  }
  console.error(`server memory after the run: ${await residentMiB(server)} MiB`);
  await server.stop();
  const moto = await startMoto();
  if (moto === undefined) return found;
  await createUser({ ...target, port: moto.port });
  for (const call of Object.keys(CALLS).slice(0, 2)) {
    for (const connections of CONNECTIONS) {
      found.push(
        await measure({ ...target, name: "moto", port: moto.port }, call, CALLS[call] as MakeCall, connections),
      );
    }
  }
  moto.process.kill("SIGKILL");
  return found;
}

/** Whom the changes are about: tags can be changed for ever, while an account has room for 5,000 users only. */
async function createUser({ port, key }: Target): Promise<void> {
  const connection = new Connection(port);
  await connection.send(form(port, key, "iam", "Action=CreateUser&Version=2010-05-08&UserName=bench"));
  connection.close();
}

async function measure(target: Target, call: string, make: MakeCall, connections: number): Promise<Cell> {
  let number = 0;
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  const started = performance.now();
  const client = async (): Promise<void> => {
    const connection = new Connection(target.port);
    while (performance.now() < end) {
      const request = make(target.port, target.key, number++);
      const sent = performance.now();
      const status = await connection.send(request);
      if (status !== 200) throw new Error(`${target.name} answered ${status} to ${call}`);
      times.push(performance.now() - sent);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  const perSecond = (times.length / (performance.now() - started)) * 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(2));
  return { server: target.name, call, connections, calls: times.length, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** One keep-alive connection with one request on its way at a time; as little client as can be, it shares our cores. */
class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (status: number) => void; reject: (cause: Error) => void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  send(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket ??= this.#open();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket?.destroy();
  }

  /** Servers that close after each answer (moto's) cost their clients a new connection per call. */
  #open(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    const ended = (cause: Error): void => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#waiting?.reject(cause);
    };
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("end", () => ended(new Error("the server closed the connection")));
    socket.on("error", ended);
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < headEnd + 4 + length) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (/^connection: close/im.test(head)) this.#socket = undefined;
    waiting?.resolve(Number(head.slice(9, 12)));
  }
}

/** A call that may be sent again as it is: signatures hold for minutes, and the load generator must not be what is measured. */
function repeated(make: (port: number, key: Target["key"]) => Buffer): MakeCall {
  const made = new Map<number, Buffer>();
  return (port, key) => {
    const request = made.get(port) ?? make(port, key);
    made.set(port, request);
    return request;
  };
}

function form(port: number, key: Target["key"], service: string, body: string): Buffer {
  const headers = { "content-type": ["application/x-www-form-urlencoded; charset=utf-8"] };
  return httpText(port, key, service, { method: "POST", path: "/", query: "", headers, body: Buffer.from(body) });
}

function lookup(port: number, key: Target["key"]): Buffer {
  const headers = {
    "content-type": ["application/x-amz-json-1.1"],
    "x-amz-target": ["CloudTrail_20131101.LookupEvents"],
  };
  return httpText(port, key, "cloudtrail", { method: "POST", path: "/", query: "", headers, body: Buffer.from("{}") });
}

function httpText(port: number, key: Target["key"], service: string, request: WireRequest): Buffer {
  const host = `127.0.0.1:${port}`;
  const whole = {
    ...request,
    headers: { ...request.headers, host: [host], "content-length": [String(request.body.length)] },
  };
  const signed = signRequest(whole, key, { region: "us-east-1", service, now: Date.now() });
  const lines = Object.entries(signed.headers).map(([name, all]) => `${name}: ${(all ?? []).join(", ")}\r\n`);
  return Buffer.concat([Buffer.from(`${signed.method} ${signed.path} HTTP/1.1\r\n${lines.join("")}\r\n`), signed.body]);
}

async function journalHead(server: TestServer): Promise<number> {
  const health = (await (await fetch(`${server.status}/healthz`)).json()) as { journal: { head: number } };
  return health.journal.head;
}

async function residentMiB(server: TestServer): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${server.process.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

async function startMoto(): Promise<{ port: number; process: ChildProcess } | undefined> {
  if (!existsSync(".venv/bin/moto_server")) {
    console.error("skipped: moto is not installed (tools/install-peers.sh)");
    return undefined;
  }
  const port = 4599;
  const process = spawn(".venv/bin/moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/moto-api/data.json`).then(
      () => true,
      () => false,
    );
    if (up) return { port, process };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.kill("SIGKILL");
  throw new Error("moto did not start");
}

const cells = await measureAll();
if (values.json) console.log(JSON.stringify(cells));
else console.table(cells.map((cell) => ({ ...cell, perSecond: Math.round(cell.perSecond) })));
