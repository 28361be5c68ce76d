import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OK, rawAnswer } from "../gateway.ts";
import { forwardedRecords, peakMemory, startGatewayServer } from "../gateway-process.ts";
import { RawSocket, rawRequest } from "../raw-socket.ts";
import type { TestServer } from "../server.ts";

const MIB = 1024 * 1024;
/** 256 MiB, or 10 GiB where `OPENTRAIL_TEST_LARGE` is set. */
const LARGE = process.env["OPENTRAIL_TEST_LARGE"] === undefined ? 256 * MIB : 10 * 1024 * MIB;
/** What the process may take beyond what it had after its first calls: the garbage of a stream, not the stream. */
const FLAT_BYTES = 128 * MIB;
/** For each idle connection, sockets, parser and all. */
const IDLE_BYTES = 40 * 1024;
const PIECE = Buffer.alloc(MIB, "x");
const S3 = "Host: s3.amazonaws.com";

/** Takes what is sent and counts it; answers GET with as much as the query asks for. */
let received = 0;
const upstream: Server = createServer((socket) => {
  let head = "";
  let left = 0;
  socket
    .on("error", () => undefined)
    .on("data", (chunk: Buffer) => {
      if (left > 0 || /chunked/i.test(head)) return take(chunk);
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const rest = head.slice(end + 4);
      head = head.slice(0, end + 4);
      left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length > 0) take(Buffer.from(rest, "latin1"));
      else if (left === 0 && !/chunked/i.test(head)) answer();
    });
  const take = (chunk: Buffer): void => {
    received += chunk.length;
    left -= chunk.length;
    const over = /chunked/i.test(head) ? chunk.subarray(-5).toString("latin1") === "0\r\n\r\n" : left === 0;
    if (over) answer();
  };
  const answer = (): void => {
    const asked = Number(/^GET \S*\?(\d+)/.exec(head)?.[1] ?? 0);
    head = "";
    left = 0;
    if (asked === 0) return void socket.write(OK);
    socket.write(rawAnswer("200 OK", [`Content-Length: ${asked}`]));
    void pour(socket, asked);
  };
});

async function pour(socket: Socket, bytes: number, wrap = (piece: Buffer): Buffer => piece): Promise<void> {
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += PIECE.length) {
    if (!socket.write(wrap(PIECE))) await movedOrGone(socket);
  }
}

function movedOrGone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

const directory = mkdtempSync(join(tmpdir(), "opentrail-large-"));
const dataDirectory = join(directory, "data");
let server: TestServer;
let flat: number;

beforeAll(async () => {
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  server = await startGatewayServer({ routes: [{ name: "large", upstream: url }] }, { dataDirectory });
  // These show how much garbage the process lets lie before it collects.
  for (let call = 0; call < 200; call++) await smallCall();
  await upload(64 * MIB);
  await download(64 * MIB);
  flat = peakMemory(server);
});
afterAll(async () => {
  await server.stop();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

async function smallCall(): Promise<number | undefined> {
  const socket = await RawSocket.open(server.endpoint);
  await socket.write(rawRequest("PUT /bucket/small", [S3, "Content-Length: 5"], "small"));
  const answer = await socket.answer();
  socket.destroy();
  return answer?.status;
}

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(server.endpoint).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Reads up to the end of an answer with these many bytes of body, keeping none. */
async function readBody(socket: Socket, bytes: number): Promise<void> {
  let head = "";
  let read = -1;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (read < 0) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end >= 0) read = head.length - end - 4;
    } else {
      read += chunk.length;
    }
    if (read >= bytes) return;
  }
  throw new Error(`ended after ${read} bytes`);
}

async function upload(bytes: number): Promise<void> {
  const socket = await open();
  socket.write(rawRequest("PUT /bucket/warm", [S3, `Content-Length: ${bytes}`]));
  await pour(socket, bytes);
  await readBody(socket, 2);
  socket.destroy();
}

async function download(bytes: number): Promise<void> {
  const socket = await open();
  socket.write(rawRequest(`GET /bucket/key?${bytes}`, [S3]));
  await readBody(socket, bytes);
  socket.destroy();
}

describe(`${LARGE / MIB} MiB pass in flat memory`, () => {
  const chunk = (piece: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
  test.each([
    ["up, of known length", "PUT /bucket/key", [S3, `Content-Length: ${LARGE}`], (piece: Buffer) => piece, ""],
    ["up, in chunks", "PUT /bucket/key", [S3, "Transfer-Encoding: chunked"], chunk, "0\r\n\r\n"],
    [
      "up, as parameters that are hashed",
      "POST /",
      ["Host: dynamodb.us-east-1.amazonaws.com", "X-Amz-Target: DynamoDB_20120810.PutItem", `Content-Length: ${LARGE}`],
      (piece: Buffer) => piece,
      "",
    ],
  ])(
    "%s",
    async (_, start, headers, wrap, end) => {
      received = 0;
      const socket = await open();
      socket.write(rawRequest(start, headers));
      await pour(socket, LARGE, wrap);
      socket.write(end);
      await readBody(socket, 2);
      socket.destroy();
      expect(received).toBeGreaterThanOrEqual(LARGE);
      expect(peakMemory(server) - flat).toBeLessThan(FLAT_BYTES);
    },
    30_000 + LARGE / 20_000,
  );

  test(
    "down",
    async () => {
      await download(LARGE);
      expect(peakMemory(server) - flat).toBeLessThan(FLAT_BYTES);
    },
    30_000 + LARGE / 20_000,
  );

  test("down, to 20 clients that do not read: it waits at the upstream", async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, open));
    for (const socket of sockets) socket.pause().write(rawRequest(`GET /bucket/key?${LARGE}`, [S3]));
    for (let call = 0; call < 50; call++) expect(await smallCall()).toBe(200);
    expect(peakMemory(server) - flat).toBeLessThan(FLAT_BYTES);
    for (const socket of sockets) socket.destroy();
  });
});

function run(command: string, ...parameters: readonly string[]): void {
  execFileSync(command, parameters, { stdio: "pipe" });
}

/** How many files the process may have open; more, if that can be arranged. */
function filesMax(pid: number, wanted: number): number {
  try {
    run("prlimit", "--pid", String(pid), `--nofile=${wanted}:${wanted}`);
  } catch {
    // Only root may raise it: then it is as many as are allowed.
  }
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
}

test("10,000 idle connections, or as many as there may be, do not keep another client from being served", async () => {
  const limits = [process.pid, server.process.pid ?? 0].map((pid) => filesMax(pid, 12_000));
  const count = Math.min(10_000, Math.min(...limits) - 500);
  expect(count).toBeGreaterThan(400);
  const before = peakMemory(server);
  const sockets: Socket[] = [];
  try {
    while (sockets.length < count) {
      sockets.push(...(await Promise.all(Array.from({ length: Math.min(250, count - sockets.length) }, open))));
    }
    // Some have been served before, some are in the middle of a head.
    for (const socket of sockets.slice(0, 1000)) socket.write(rawRequest("GET /bucket/small", [S3]));
    for (const socket of sockets.slice(1000, 3000)) socket.write("GET / HTTP/1.1\r\nHo");
    for (let call = 0; call < 100; call++) expect(await smallCall()).toBe(200);
    expect(peakMemory(server) - before).toBeLessThan(count * IDLE_BYTES + FLAT_BYTES);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await expect.poll(smallCall).toBe(200);
});

test("of all of this there are records", async () => {
  expect(await server.stop()).toBe(0);
  expect(server.log()).not.toMatch(/"level":50/);
  const records = await forwardedRecords(dataDirectory);
  const sizes = records.map(({ additionalEventData }) => additionalEventData as { bytesTransferredIn: number });
  expect(sizes.filter(({ bytesTransferredIn }) => bytesTransferredIn === LARGE)).toHaveLength(3);
});
