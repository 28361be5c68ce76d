/**
 * What it costs to put OpenTrail in front of a server: calls per second and their latency through the gateway with every
 * call journalled (`audit: required`), beside nginx and mitmproxy as proxies, the least proxy that our own transport
 * allows, and no proxy at all; then one large upload and download through each, with the memory that they take.
 * `tools/install-bench.sh` brings nginx, mitmproxy and wrk; what is missing is skipped by name.
 *
 * The upstream is an nginx that answers by itself, so that what is measured is the proxies. The calls are DynamoDB's, of
 * 1.5 kB with their headers, signed once for a key that OpenTrail does not know. The load generator shares the cores.
 *
 * Known answer: every call is answered with 200; the journal gets a record for each call that the upstream got, and beside
 * them at most one for each connection, whose client had left before its call went out. A transfer has all of its bytes.
 *
 * Each server is warmed up with every kind of call first: a compiler is at work in the first seconds.
 *
 *     node bench/gateway.ts [--seconds 5] [--warm 5] [--megabytes 1024] [--only nginx,opentrail] [--json]
 */
import { spawn, spawnSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  cpuMicros,
  forgetPeak,
  peakMiB,
  SCRATCH,
  type Server,
  startBare,
  startMitmproxy,
  startNginxProxy,
  startOpenTrail,
  startStore,
  startUpstream,
} from "./gateway-servers.ts";

interface Cell {
  readonly server: string;
  readonly call: string;
  readonly connections: number;
  readonly calls: number;
  readonly perSecond: number;
  readonly ofNginx: number | undefined;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly addedP50Ms: number | undefined;
  readonly addedP99Ms: number | undefined;
  /** Processor time of the proxy per call, all of its processes. */
  readonly cpuMicros: number | undefined;
}

interface Transfer {
  readonly server: string;
  readonly direction: "up" | "down";
  readonly megabytesPerSecond: number;
  readonly peakMiB: number | undefined;
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    warm: { type: "string", default: "5" },
    megabytes: { type: "string", default: "1024" },
    only: { type: "string", default: "nginx,mitmproxy,bare,opentrail" },
    json: { type: "boolean", default: false },
  },
});
const WARM_SECONDS = Number(values.warm);
const SECONDS = Number(values.seconds);
const BYTES = Number(values.megabytes) * 1_000_000;
const CONNECTIONS = [1, 8, 64] as const;
const CALL_BYTES = 1_500;

const CALLS = { reads: "DynamoDB_20120810.Query", changes: "DynamoDB_20120810.PutItem" } as const;
type Call = keyof typeof CALLS;

const STARTERS: Readonly<
  Record<string, { readonly needs?: string; readonly start: (upstream: number) => Promise<Server> }>
> = {
  nginx: { needs: "nginx", start: startNginxProxy },
  mitmproxy: { needs: "mitmdump", start: startMitmproxy },
  bare: { start: startBare },
  opentrail: { start: startOpenTrail },
};

async function measureCalls(): Promise<readonly Cell[]> {
  const upstream = await startUpstream();
  const found: Cell[] = [];
  const add = (server: Server, call: Call, connections: number, run: Run, cpu: number | undefined): void => {
    const same = (name: string): Cell | undefined =>
      found.find((cell) => cell.server === name && cell.connections === connections);
    const [nginx, direct] = [same("nginx"), same("direct")];
    found.push({
      server: server.name,
      call,
      connections,
      calls: run.calls,
      perSecond: Math.round(run.calls / run.seconds),
      ofNginx: nginx === undefined ? undefined : rounded(run.calls / run.seconds / nginx.perSecond),
      p50Ms: run.p50Ms,
      p99Ms: run.p99Ms,
      addedP50Ms: direct === undefined ? undefined : rounded(run.p50Ms - direct.p50Ms),
      addedP99Ms: direct === undefined ? undefined : rounded(run.p99Ms - direct.p99Ms),
      cpuMicros: cpu === undefined ? undefined : rounded(cpu / run.calls),
    });
  };
  const proxies: Server[] = [{ name: "direct", port: upstream.port }];
  for (const starter of starters()) proxies.push(await starter(upstream.port));
  for (const server of proxies) {
    // Both kinds are the same to everybody but OpenTrail, which makes the intent of a change durable before it goes out.
    const calls: readonly Call[] = server.recorded === undefined ? ["changes"] : ["reads", "changes"];
    for (const call of calls) {
      await load(server.port, call, 64, WARM_SECONDS);
      // What the load generator left behind when it stopped comes to its end.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      for (const connections of CONNECTIONS) {
        const before = await countsOf(server, upstream);
        const cpuBefore = server.pid === undefined ? 0 : cpuMicros(server.pid);
        const run = await load(server.port, call, connections, SECONDS);
        add(server, call, connections, run, server.pid === undefined ? undefined : cpuMicros(server.pid) - cpuBefore);
        await checkCounts(server, upstream, before, run.calls, connections);
      }
    }
  }
  return found;
}

interface Counts {
  readonly answered: number;
  readonly recorded: number | undefined;
}

type Upstream = Awaited<ReturnType<typeof startUpstream>>;

async function countsOf(server: Server, upstream: Upstream): Promise<Counts> {
  return { answered: await upstream.answered(), recorded: await server.recorded?.() };
}

/** @throws {Error} when calls were lost on the way, doubled, or forwarded without a record. */
async function checkCounts(
  server: Server,
  upstream: Upstream,
  before: Counts,
  calls: number,
  connections: number,
): Promise<void> {
  let after = await countsOf(server, upstream);
  // Calls that were on their way when the load generator stopped come to their end.
  for (let tries = 0; tries < 50 && !agree(before, after, connections); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    after = await countsOf(server, upstream);
  }
  const answered = after.answered - before.answered;
  if (answered < calls) throw new Error(`${server.name}: ${calls} answers, but the upstream gave ${answered}`);
  if (!agree(before, after, connections))
    throw new Error(`${server.name}: ${answered} calls forwarded, but ${recordedBetween(before, after)} recorded`);
}

function agree(before: Counts, after: Counts, connections: number): boolean {
  const recorded = recordedBetween(before, after);
  if (recorded === undefined) return true;
  const unmade = recorded - (after.answered - before.answered);
  return unmade >= 0 && unmade <= connections;
}

function recordedBetween(before: Counts, after: Counts): number | undefined {
  return before.recorded === undefined || after.recorded === undefined ? undefined : after.recorded - before.recorded;
}

interface Run {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** @throws {Error} when any call was answered with something else than success. */
async function load(port: number, call: Call, connections: number, seconds: number): Promise<Run> {
  const script = join(SCRATCH, `${call}.lua`);
  writeFileSync(script, wrkScript(port, call));
  const threads = Math.min(2, connections);
  const args = [
    "-t",
    String(threads),
    "-c",
    String(connections),
    "-d",
    `${seconds}s`,
    "--timeout",
    "30s",
    "-s",
    script,
  ];
  const text = await output("wrk", [...args, `http://127.0.0.1:${port}/`]);
  const found = JSON.parse(text.split("\n").findLast((line) => line.startsWith("{")) ?? "{}") as WrkSummary;
  const { status, connect, read, write, timeout } = found.errors;
  if (status + connect + read + write + timeout > 0) throw new Error(`wrk met errors: ${JSON.stringify(found.errors)}`);
  const ms = (micros: number): number => rounded(micros / 1000);
  return { calls: found.requests, seconds: found.duration / 1e6, p50Ms: ms(found.p50), p99Ms: ms(found.p99) };
}

interface WrkSummary {
  readonly requests: number;
  /** Microseconds, as all times of wrk. */
  readonly duration: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: Readonly<Record<"status" | "connect" | "read" | "write" | "timeout", number>>;
}

function wrkScript(port: number, call: Call): string {
  const headers = callHeaders(port, "dynamodb", {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": CALLS[call],
  });
  const lines = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const item = { pk: { S: "customer#42" }, sk: { S: "order#2026" }, note: { S: "" } };
  const input =
    call === "changes" ? { TableName: "orders", Item: item } : { TableName: "orders", ExpressionAttributeValues: item };
  item.note.S = "x".repeat(
    CALL_BYTES - lines.length - "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n".length - JSON.stringify(input).length,
  );
  const assignments = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  return `wrk.method = "POST"
wrk.body = ${JSON.stringify(JSON.stringify(input))}
${assignments.join("\n")}
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"duration":%d,"p50":%d,"p99":%d,"errors":{"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status, e.connect, e.read, e.write, e.timeout))
end
`;
}

/** As an SDK sends them. Nobody in this benchmark checks the signature. */
function callHeaders(port: number, service: string, more: Readonly<Record<string, string>>): Record<string, string> {
  const signed = "host;x-amz-date";
  const credential = `AKIAIOSFODNN7EXAMPLE/20261120/us-east-1/${service}/aws4_request`;
  return {
    Host: `127.0.0.1:${port}`,
    "User-Agent":
      "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.12 md/arch#x86_64 lang/python#3.13.5 cfg/retry-mode#standard",
    "X-Amz-Date": "20261120T120000Z",
    Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${"0123456789abcdef".repeat(4)}`,
    "amz-sdk-invocation-id": "7d6c1f2e-2b0f-4b9e-9c37-1f0a5c2f6e11",
    "amz-sdk-request": "attempt=1",
    ...more,
  };
}

async function measureTransfers(): Promise<readonly Transfer[]> {
  const store = await startStore();
  const source = join(SCRATCH, "source");
  writeFileSync(source, "");
  truncateSync(source, BYTES);
  const servers: Server[] = [{ name: "direct", port: store }];
  for (const starter of starters()) servers.push(await starter(store));
  const found: Transfer[] = [];
  for (const { name, port, pid, recorded } of servers) {
    const before = await recorded?.();
    for (const direction of ["up", "down"] as const) {
      if (pid !== undefined) forgetPeak(pid);
      const megabytesPerSecond = await transfer(port, direction, source);
      found.push({
        server: name,
        direction,
        megabytesPerSecond,
        peakMiB: pid === undefined ? undefined : peakMiB(pid),
      });
    }
    const records = before === undefined ? 2 : ((await recorded?.()) ?? 0) - before;
    if (records !== 2) throw new Error(`${name}: 2 transfers, ${records} records`);
  }
  return found;
}

/** @throws {Error} when not all bytes went over. */
async function transfer(port: number, direction: Transfer["direction"], source: string): Promise<number> {
  const headers = callHeaders(port, "s3", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", Expect: "" });
  const flags = Object.entries(headers).flatMap(([name, value]) => [
    "-H",
    `${name}:${value === "" ? "" : ` ${value}`}`,
  ]);
  const what = direction === "up" ? ["-T", source] : [];
  const url = `http://127.0.0.1:${port}/bucket/key${direction === "up" ? "" : `?bytes=${BYTES}`}`;
  const told = await output("curl", [
    "-sS",
    "-o",
    "/dev/null",
    "--max-time",
    "300",
    "-w",
    CURL_FORMAT,
    ...flags,
    ...what,
    url,
  ]);
  const [status, up, down, seconds] = told.split(" ").map(Number);
  if (status !== 200 || (direction === "up" ? up : down) !== BYTES) throw new Error(`transfer at ${port}: ${told}`);
  return Math.round(BYTES / 1e6 / (seconds ?? 0));
}

const CURL_FORMAT = "%{http_code} %{size_upload} %{size_download} %{time_total}";

function starters(): ((upstream: number) => Promise<Server>)[] {
  const wanted = values.only.split(",");
  return Object.entries(STARTERS)
    .filter(([name, { needs }]) => wanted.includes(name) && (needs === undefined || isThere(needs)))
    .map(([, { start }]) => start);
}

const noted = new Set<string>();

function isThere(program: string): boolean {
  const found = spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin" command -v ${program}`]).status === 0;
  if (!found && !noted.has(program)) console.error(`skipped: ${program} is not installed (tools/install-bench.sh)`);
  noted.add(program);
  return found;
}

/** What the program printed. @throws {Error} unless it ended well. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${text}`);
  return text;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

for (const needed of ["nginx", "wrk", "curl"]) if (!isThere(needed)) process.exit(1);
const calls = await measureCalls();
const transfers = await measureTransfers();
if (values.json) {
  console.log(JSON.stringify({ calls, transfers }));
} else {
  console.table(calls);
  console.table(transfers);
}
process.exit(0);
