/** What bench/gateway.ts starts, on ports of 127.0.0.1 that were free, and how to stop all of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer } from "../test/server.ts";

/** Something that takes calls at a port and passes them on, or answers them. */
export interface Server {
  readonly name: string;
  readonly port: number;
  /** Absent when it is the upstream that is called directly. */
  readonly pid?: number;
  /** Only OpenTrail counts what it has recorded. */
  readonly recorded?: () => Promise<number>;
}

const READY_MS = 20_000;
const children: ChildProcess[] = [];
/** Killed outright, it would leave its workers behind. */
const nginxes: ChildProcess[] = [];
const servers: TestServer[] = [];
export const SCRATCH: string = mkdtempSync(join(tmpdir(), "opentrail-bench-"));

process.once("exit", () => {
  for (const nginx of nginxes) nginx.kill("SIGTERM");
  for (const child of children) child.kill("SIGKILL");
  for (const server of servers) server.process.kill("SIGKILL");
  for (const server of servers) rmSync(server.dataDirectory, { recursive: true, force: true });
  rmSync(SCRATCH, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const ANSWER = JSON.stringify({ ConsumedCapacity: { TableName: "orders", CapacityUnits: 1 }, Note: "x".repeat(200) });

/** Answers every call with the same 250 bytes, and counts them. */
export async function startUpstream(): Promise<{ port: number; answered: () => Promise<number> }> {
  const [port, status] = [await freePort(), await freePort()];
  await startNginx(
    "upstream",
    `server { listen 127.0.0.1:${port} backlog=4096; default_type application/x-amz-json-1.0;
       location / { add_header x-amzn-RequestId 7TP2R5LEBQJ7ULDU6I7F4B8N4VVV4KQNSO5AEMVJF66Q9ASUAAJG; return 200 '${ANSWER}'; } }
     server { listen 127.0.0.1:${status}; location / { stub_status; } }`,
    port,
  );
  let asked = 0;
  return {
    port,
    answered: async () => {
      asked += 1;
      const text = await (await fetch(`http://127.0.0.1:${status}/`, { headers: { connection: "close" } })).text();
      return Number(/\n \d+ \d+ (\d+)/.exec(text)?.[1]) - asked;
    },
  };
}

export async function startNginxProxy(upstream: number): Promise<Server> {
  const port = await freePort();
  const child = await startNginx(
    `proxy-${port}`,
    `upstream behind { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 1000000000; }
     server { listen 127.0.0.1:${port} backlog=4096; client_max_body_size 0; proxy_request_buffering off;
       location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_max_temp_file_size 0;
         proxy_set_header Connection ""; proxy_set_header Host $http_host; } }`,
    port,
  );
  return { name: "nginx", port, pid: pidOf(child) };
}

export async function startMitmproxy(upstream: number): Promise<Server> {
  const port = await freePort();
  const options = ["--set", "flow_detail=0", "--set", "stream_large_bodies=1m", "--set", `confdir=${SCRATCH}`, "-q"];
  const where = ["--mode", `reverse:http://127.0.0.1:${upstream}`, "--listen-host", "127.0.0.1", "-p", String(port)];
  const child = start("mitmdump", [...where, "--set", "keep_host_header=true", ...options]);
  await listens(port);
  return { name: "mitmproxy", port, pid: pidOf(child) };
}

export async function startBare(upstream: number): Promise<Server> {
  const { port, child } = await startOwn("bare", `http://127.0.0.1:${upstream}`);
  return { name: "bare", port, pid: pidOf(child) };
}

export async function startStore(): Promise<number> {
  return (await startOwn("store")).port;
}

export async function startOpenTrail(upstream: number): Promise<Server> {
  const server = await startServer({ flags: ["--log-level", "warn", "--upstream", `http://127.0.0.1:${upstream}`] });
  servers.push(server);
  const recorded = async (): Promise<number> => {
    const metrics = await (await fetch(`${server.status}/metrics`)).text();
    return Number(/^opentrail_journal_head (\d+)$/m.exec(metrics)?.[1]);
  };
  return { name: "opentrail", port: Number(new URL(server.endpoint).port), pid: pidOf(server.process), recorded };
}

/** Microseconds of processor time that the process and all below it have used. */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const own = (Number(fields[11]) + Number(fields[12])) * 10_000;
  const below = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return below.reduce((sum, child) => sum + cpuMicros(Number(child)), own);
}

/** From now on `peakMiB` tells of what comes. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export function peakMiB(pid: number): number {
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}

async function startNginx(name: string, servers: string, port: number): Promise<ChildProcess> {
  const prefix = join(SCRATCH, name);
  mkdirSync(prefix);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${prefix}/${kind};`,
  );
  const http = `access_log off; keepalive_requests 1000000000; ${temporary.join(" ")} ${servers}`;
  const main = `daemon off; worker_processes auto; pid ${prefix}/pid; error_log ${prefix}/error.log;`;
  writeFileSync(join(prefix, "nginx.conf"), `${main} events { worker_connections 8192; } http { ${http} }`);
  const child = launch("nginx", ["-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", join(prefix, "error.log")]);
  nginxes.push(child);
  await listens(port);
  return child;
}

async function startOwn(...role: string[]): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, ["bench/gateway-child.ts", ...role], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(port.toString()), child };
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = launch(program, args);
  children.push(child);
  return child;
}

function launch(program: string, args: readonly string[]): ChildProcess {
  const environment = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };
  return spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], env: environment });
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error(`${child.spawnfile} did not start`);
  return child.pid;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number): Promise<void> {
  const end = performance.now() + READY_MS;
  while (performance.now() < end) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nobody listens on ${port}`);
}
