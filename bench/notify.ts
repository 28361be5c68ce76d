/**
 * How long after a call its webhook hears of it: signed calls come at a fixed rate, whatever the server does, and every one
 * of them is what a rule waits for. Once to an API destination, once through a topic to a subscribed endpoint: two hops.
 *
 * Times run from the moment when the call was due, so that a server that falls behind does not look better for it, to the
 * moment when the webhook has the whole event. The load and the webhook share the cores with the server.
 *
 * Known answer: every call is answered with 200 and arrives at least once, nothing else arrives, and nothing stays pending.
 *
 *     node bench/notify.ts [--rate 1000] [--seconds 20] [--warm 5] [--only api-destination,topic] [--json]
 */
import { readFileSync } from "node:fs";
import { Agent, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { assert } from "../src/core/index.ts";
import { type Caller, callerOf, send, signedRequest } from "../test/calls.ts";
import { startServer, type TestServer } from "../test/server.ts";

interface Cell {
  readonly way: string;
  readonly calls: number;
  readonly answeredPerSecond: number;
  readonly arrivedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the calls themselves, likewise from when they were due. */
  readonly answerP99Ms: number;
  /** Processor time of the server per call, all of its threads, its delivery included. */
  readonly cpuMicros: number;
  /** How often something came more than once. */
  readonly repeated: number;
}

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    warm: { type: "string", default: "5" },
    only: { type: "string", default: "api-destination,topic" },
    json: { type: "boolean", default: false },
  },
});
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);
const WARM_SECONDS = Number(values.warm);
const CONNECTIONS = 64;
/** How long stragglers may take before they count as lost. */
const LATE_MS = 120_000;
const EVENT = "GetCallerIdentity";
const ACCOUNT = "123456789012";

const WAYS: Readonly<Record<string, (call: Caller, hook: string) => Promise<string>>> = {
  "api-destination": destinationOf,
  topic: topicOf,
};

/** When each event came, by the id of its call's request. */
class Webhook {
  readonly arrived = new Map<string, number>();
  repeated = 0;
  /** Links by which a subscription begins. */
  readonly confirmations: string[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      this.#take(Buffer.concat(chunks).toString());
      response.end();
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(body: string): void {
    const now = performance.now();
    // An event of a topic stands inside a message, its quotes escaped.
    const requestId = /\\?"requestID\\?":\\?"([\w-]+)/.exec(body)?.[1];
    const confirmation = /"SubscribeURL"\s*:\s*"([^"]+)"/.exec(body)?.[1];
    if (requestId === undefined) {
      if (confirmation !== undefined) this.confirmations.push(confirmation);
      return;
    }
    if (this.arrived.has(requestId)) this.repeated++;
    else this.arrived.set(requestId, now);
  }
}

async function measure(way: string): Promise<Cell> {
  const hook = new Webhook();
  const url = await hook.listen();
  const server = await startServer({ flags: ["--log-level", "warn", "--targets-allow", "127.0.0.0/8"] });
  try {
    const call = callerOf(server);
    await watch(call, (await WAYS[way]?.(call, url)) ?? "");
    if (way === "topic") await confirm(hook);
    await load(server, WARM_SECONDS);
    await settle(server);
    hook.arrived.clear();
    hook.repeated = 0;
    const cpuBefore = cpuMicrosOf(server);
    const { dueAt, answeredAt, startedAt } = await load(server, SECONDS);
    const loadedMs = performance.now() - startedAt;
    await settle(server);
    const cpuMicros = Math.round((cpuMicrosOf(server) - cpuBefore) / dueAt.size);
    const lost = [...dueAt.keys()].filter((id) => !hook.arrived.has(id));
    if (lost.length > 0) throw new Error(`${way}: ${lost.length} of ${dueAt.size} calls never arrived`);
    if (hook.arrived.size !== dueAt.size) throw new Error(`${way}: ${hook.arrived.size - dueAt.size} came for nothing`);
    const times = timesBetween(dueAt, hook.arrived);
    const lastMs = Math.max(...hook.arrived.values()) - startedAt;
    return {
      way,
      calls: dueAt.size,
      answeredPerSecond: Math.round((dueAt.size / loadedMs) * 1000),
      arrivedPerSecond: Math.round((dueAt.size / lastMs) * 1000),
      p50Ms: share(times, 0.5),
      p99Ms: share(times, 0.99),
      maxMs: share(times, 1),
      answerP99Ms: share(timesBetween(dueAt, answeredAt), 0.99),
      cpuMicros,
      repeated: hook.repeated,
    };
  } finally {
    await server.stop();
    hook.close();
  }
}

/** An API destination that lets through whatever comes. */
async function destinationOf(call: Caller, InvocationEndpoint: string): Promise<string> {
  const AuthParameters = { ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: "secret" } };
  const connection = await made(
    call("events", "CreateConnection", { Name: "hook", AuthorizationType: "API_KEY", AuthParameters }),
  );
  const destination = {
    Name: "hook",
    ConnectionArn: connection["ConnectionArn"],
    HttpMethod: "POST",
    InvocationEndpoint,
  };
  const output = await made(
    call("events", "CreateApiDestination", { ...destination, InvocationRateLimitPerSecond: 100_000 }),
  );
  return String(output["ApiDestinationArn"]);
}

/** A topic that rules may publish to, with one subscriber. */
async function topicOf(call: Caller, Endpoint: string): Promise<string> {
  const TopicArn = String((await made(call("sns", "CreateTopic", { Name: "calls" })))["TopicArn"]);
  const Principal = { Service: "events.amazonaws.com" };
  const Statement = [{ Effect: "Allow", Principal, Action: "sns:Publish", Resource: TopicArn }];
  const AttributeValue = JSON.stringify({ Version: "2012-10-17", Statement });
  await made(call("sns", "SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue }));
  await made(call("sns", "Subscribe", { TopicArn, Protocol: "http", Endpoint }));
  return TopicArn;
}

async function confirm(hook: Webhook): Promise<void> {
  const end = performance.now() + LATE_MS;
  while (hook.confirmations.length === 0 && performance.now() < end) await sleep(20);
  const { status } = await fetch(hook.confirmations[0] ?? "");
  assert(status === 200, "the subscription is confirmed");
}

async function watch(call: Caller, Arn: string): Promise<void> {
  const EventPattern = JSON.stringify({ account: [ACCOUNT], detail: { eventName: [EVENT] } });
  const State = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
  await made(call("events", "PutRule", { Name: "calls", EventPattern, State }));
  const { FailedEntryCount } = await made(
    call("events", "PutTargets", { Rule: "calls", Targets: [{ Id: "hook", Arn }] }),
  );
  assert(FailedEntryCount === 0, "the rule has its target");
}

async function made(call: ReturnType<Caller>): Promise<Readonly<Record<string, unknown>>> {
  const { status, code, message, output } = await call;
  if (status !== 200) throw new Error(`${code}: ${message}`);
  return output;
}

/** All in milliseconds of the process, by request id. */
interface Load {
  readonly startedAt: number;
  readonly dueAt: ReadonlyMap<string, number>;
  readonly answeredAt: ReadonlyMap<string, number>;
}

/** Makes the calls that are due, as many at a time as there are connections. @throws {Error} when one is refused. */
async function load({ endpoint, root }: TestServer, seconds: number): Promise<Load> {
  // Signatures hold for minutes, and the load must not be what is measured.
  const request = signedRequest(endpoint, root, "sts", EVENT);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const dueAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  const startedAt = performance.now();
  const make = async (due: number): Promise<void> => {
    const { status, headers } = await send(endpoint, request, agent);
    if (status !== 200) throw new Error(`a call was answered with ${status}`);
    const id = headers["x-amzn-requestid"] ?? "";
    dueAt.set(id, due);
    answeredAt.set(id, performance.now());
  };
  const calls: Promise<void>[] = [];
  const total = Math.round(RATE * seconds);
  while (calls.length < total) {
    const now = performance.now();
    for (let due = startedAt; calls.length < total; ) {
      due = startedAt + (calls.length / RATE) * 1000;
      if (due > now) break;
      calls.push(make(due));
    }
    await sleep(2);
  }
  await Promise.all(calls);
  agent.destroy();
  return { startedAt, dueAt, answeredAt };
}

/** Waits until the rules have seen everything, and nothing is on its way any more. */
async function settle(server: TestServer): Promise<void> {
  const end = performance.now() + LATE_MS;
  for (let quiet = 0; quiet < 3; ) {
    const [pending, lag] = await waiting(server);
    if (pending === 0 && lag === 0) quiet++;
    else quiet = 0;
    if (performance.now() > end) throw new Error(`${pending} deliveries are pending, the rules lag by ${lag} records`);
    await sleep(100);
  }
}

async function waiting({ status }: TestServer): Promise<readonly [pending: number, lag: number]> {
  const text = await (await fetch(`${status}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return [value("opentrail_deliveries_pending"), value("opentrail_rules_lag_records")];
}

/** What the server has used of the processor so far; Linux counts in hundredths of a second. */
function cpuMicrosOf({ process: { pid } }: TestServer): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function timesBetween(from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): readonly number[] {
  return [...from].map(([id, time]) => (to.get(id) ?? Number.NaN) - time).toSorted((a, b) => a - b);
}

function share(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0);
}

const cells: Cell[] = [];
for (const way of values.only.split(",")) cells.push(await measure(way));
if (values.json) console.log(JSON.stringify(cells));
else console.table(cells);
