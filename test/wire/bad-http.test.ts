import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type WireRequest } from "../../src/aws/index.ts";
import {
  type Answered,
  type Caller,
  callerOf,
  healthOf,
  newestRecords,
  recordOf,
  recordsNamed,
  signedRequest,
} from "../calls.ts";
import { type RawAnswer, RawSocket, rawRequest } from "../raw-socket.ts";
import { startServer, type TestServer } from "../server.ts";

let server: TestServer;
let call: Caller;
beforeAll(async () => {
  server = await startServer();
  call = callerOf(server);
});
afterAll(() => server.stop());

/** A good call as bytes, to be made wrong by whoever asks for it. */
function identityCall(change: (request: WireRequest) => WireRequest = (request) => request, now = Date.now()): Buffer {
  return bytesOf(change(signedRequest(server.endpoint, server.root, "sts", "GetCallerIdentity", {}, now)));
}

function bytesOf({ method, path, query, headers, body }: WireRequest, more: readonly string[] = []): Buffer {
  const lines = Object.entries(headers).flatMap(([name, values]) => (values ?? []).map((value) => `${name}: ${value}`));
  return rawRequest(
    `${method} ${path}${query === "" ? "" : `?${query}`}`,
    [...lines, `content-length: ${body.length}`, ...more],
    body,
  );
}

function withHeader(name: string, ...values: readonly string[]): (request: WireRequest) => WireRequest {
  return (request) => ({ ...request, headers: { ...request.headers, [name]: values } });
}

/** Sends all of it and resolves with the first answer, however the connection ends afterwards. */
async function exchange(
  bytes: Uint8Array,
  options: { readonly bodyless?: boolean } = {},
): Promise<RawAnswer | undefined> {
  const socket = await RawSocket.open(server.endpoint);
  try {
    const written = socket.write(bytes);
    const answer = await socket.answer(options);
    await written;
    return answer;
  } finally {
    socket.destroy();
  }
}

/** The error's code as the answer tells it, in whichever form. */
function codeOf(answer: RawAnswer | undefined): string | undefined {
  return /<Code>(.*?)<\/Code>/.exec(answer?.body ?? "")?.[1];
}

async function expectRecorded(
  answer: RawAnswer | undefined,
  expected: Readonly<Record<string, unknown>>,
): Promise<void> {
  const record = await recordOf(call, answer?.headers.get("x-amzn-requestid") ?? "");
  expect(record).toMatchObject(expected);
}

const HOST = "host: 127.0.0.1";
const DUPLICATE = (name: string) => (request: WireRequest) => {
  const value = request.headers[name]?.[0] ?? "";
  return withHeader(name, value, value)(request);
};

type Case = readonly [what: string, bytes: () => Buffer, status: number, code: string];

/** What cannot be read as a request at all: refused in our own words, recorded as an unknown operation. */
const UNREADABLE: readonly Case[] = [
  ["garbage", () => Buffer.from("hello, is this the audit log?\r\n\r\n"), 400, "MalformedRequest"],
  ["a TLS hello", () => Buffer.from("16030100f8010000f40303".padEnd(512, "5a"), "hex"), 400, "MalformedRequest"],
  [
    "a length and chunks at once",
    () => rawRequest("POST /", [HOST, "content-length: 5", "transfer-encoding: chunked"], "0\r\n\r\n"),
    400,
    "MalformedRequest",
  ],
  [
    "two lengths",
    () => rawRequest("POST /", [HOST, "content-length: 5", "content-length: 6"], "hello!"),
    400,
    "MalformedRequest",
  ],
  ["a negative length", () => rawRequest("POST /", [HOST, "content-length: -1"]), 400, "MalformedRequest"],
  ["a header without a colon", () => rawRequest("GET /", [HOST, "nothing"]), 400, "MalformedRequest"],
  ["a NUL in the user agent", () => identityCall(withHeader("user-agent", "a\u0000b")), 400, "MalformedRequest"],
  [
    "an escape sequence in the user agent",
    () => identityCall(withHeader("user-agent", "a\u001b[2Jb")),
    400,
    "MalformedRequest",
  ],
  ["a space before the colon", () => rawRequest("GET /", [HOST, "x-y : z"]), 400, "MalformedRequest"],
  ["a path with a space", () => rawRequest("GET /a b", [HOST]), 400, "MalformedRequest"],
  ["an unknown version of HTTP", () => Buffer.from("GET / HTTP/3.7\r\n\r\n"), 400, "MalformedRequest"],
  [
    "10,000 headers",
    () => rawRequest("GET /", [HOST, ...Array.from({ length: 10_000 }, (_, index) => `x-${index}: y`)]),
    431,
    "RequestHeaderSectionTooLarge",
  ],
  [
    "a header of 64 KiB",
    () => rawRequest("GET /", [HOST, `x: ${"y".repeat(65_536)}`]),
    431,
    "RequestHeaderSectionTooLarge",
  ],
  ["a path of 64 KiB", () => rawRequest(`GET /${"y".repeat(65_536)}`, [HOST]), 431, "RequestHeaderSectionTooLarge"],
  ["a proxy's CONNECT", () => rawRequest("CONNECT example.com:443", [HOST]), 405, "MethodNotAllowed"],
];

/** What is a request, but not one that can be admitted. */
const REFUSED: readonly Case[] = [
  ["two signatures", () => identityCall(DUPLICATE("authorization")), 400, "IncompleteSignature"],
  ["two hosts", () => identityCall(DUPLICATE("host")), 403, "SignatureDoesNotMatch"],
  ["PUT", () => rawRequest("PUT /key", [HOST, "content-length: 2"], "{}"), 403, "MissingAuthenticationToken"],
  ["OPTIONS", () => rawRequest("OPTIONS *", [HOST]), 403, "MissingAuthenticationToken"],
  ["a method that nobody knows", () => rawRequest("PURGE /", [HOST]), 403, "MissingAuthenticationToken"],
  ["no host", () => rawRequest("GET /", []), 403, "MissingAuthenticationToken"],
  [
    "an upgrade to HTTP/2",
    () => rawRequest("GET /", [HOST, "connection: upgrade", "upgrade: h2c"]),
    403,
    "MissingAuthenticationToken",
  ],
  [
    "an expectation that is not met",
    () => rawRequest("POST /", [HOST, "expect: miracles", "content-length: 2"], "{}"),
    417,
    "ExpectationFailed",
  ],
  [
    "a wrong chunk size",
    () => rawRequest("POST /", [HOST, "transfer-encoding: chunked"], "2\r\n{}\r\nxyz\r\n"),
    400,
    "MalformedRequest",
  ],
  [
    "a transfer encoding that nobody knows",
    () => rawRequest("POST /", [HOST, "transfer-encoding: zip"], "{}"),
    400,
    "MalformedRequest",
  ],
];

describe("the server refuses in AWS's form, and records,", () => {
  test.each([...UNREADABLE, ...REFUSED])("%s", async (_, bytes, status, code) => {
    const answer = await exchange(bytes());
    expect({ status: answer?.status, code: codeOf(answer) }).toEqual({ status, code });
    await expectRecorded(answer, { errorCode: code, userIdentity: { type: "Unknown" }, sourceIPAddress: "127.0.0.1" });
  });

  test("HEAD, with an answer that has no body", async () => {
    const answer = await exchange(rawRequest("HEAD /", [HOST]), { bodyless: true });
    expect(answer).toMatchObject({ status: 403, body: "" });
    await expectRecorded(answer, { errorCode: "MissingAuthenticationToken" });
  });

  test("HTTP/2 without asking", async () => {
    const before = (await healthOf(server)).body.journal.head;
    await exchange(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    expect((await healthOf(server)).body.journal.head).toBeGreaterThan(before);
  });
});

const MIB = 1024 * 1024;

/** Resident memory of the server, bytes. */
function memoryOf({ process }: TestServer): number {
  const text = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? 0) * 1024;
}

async function sendChunks(socket: RawSocket, count: number, chunk: Uint8Array): Promise<void> {
  for (let sent = 0; sent < count && !socket.socket.destroyed; sent++) await socket.write(chunk);
}

describe("a body of 100 MB", () => {
  const chunked = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(MIB), Buffer.from("\r\n")]);

  test.each([
    ["announced", "content-length: 104857600", Buffer.alloc(MIB)],
    ["in chunks", "transfer-encoding: chunked", chunked],
  ])("%s is refused with 413, in flat memory, and recorded", async (_, header, chunk) => {
    const refuse = async (): Promise<RawAnswer | undefined> => {
      const socket = await RawSocket.open(server.endpoint);
      await socket.write(rawRequest("POST /", [HOST, header]));
      // Like most clients: sends everything before it reads.
      await sendChunks(socket, 100, chunk);
      if (header.startsWith("transfer")) await socket.write("0\r\n\r\n");
      const answer = await socket.answer();
      await socket.ended();
      return answer;
    };
    // The first one shows how much garbage the process lets lie before it collects.
    await refuse();
    const before = memoryOf(server);
    const answer = await refuse();
    expect({ status: answer?.status, code: codeOf(answer) }).toEqual({ status: 413, code: "RequestEntityTooLarge" });
    expect(memoryOf(server) - before).toBeLessThan(80 * MIB);
    await expectRecorded(answer, { errorCode: "RequestEntityTooLarge" });
  });

  test("is the end of its connection: what follows is recorded, but not done", async () => {
    const create = signedRequest(server.endpoint, server.root, "iam", "CreateUser", { UserName: "follower" });
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(rawRequest("POST /", [HOST, "content-length: 3000000"]));
    socket.socket.end(Buffer.concat([Buffer.alloc(3_000_000), bytesOf(create)]));
    expect((await socket.answer())?.status).toBe(413);
    expect(await socket.answer()).toBeUndefined();
    expect((await call("iam", "GetUser", { UserName: "follower" })).code).toBe("NoSuchEntity");
    expect((await newestRecords(call)).map(({ errorCode }) => errorCode)).toContain("ConnectionClosed");
  });

  test("that waits to be asked for is never asked for", async () => {
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(rawRequest("POST /", [HOST, "content-length: 104857600", "expect: 100-continue"]));
    const answer = await socket.answer();
    expect(answer?.status).toBe(413);
    socket.destroy();
  });
});

describe("the server serves", () => {
  test("a client that waits for 100 Continue", async () => {
    const request = signedRequest(server.endpoint, server.root, "sts", "GetCallerIdentity");
    const [head = "", body = ""] = bytesOf(request, ["expect: 100-continue"]).toString("latin1").split("\r\n\r\n");
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(`${head}\r\n\r\n`);
    const early = socket.answer();
    expect(await Promise.race([early, sleep(50)])).toBeUndefined();
    await socket.write(body);
    expect((await early)?.status).toBe(200);
    socket.destroy();
  });

  test("a request whose target names the server", async () => {
    const text = identityCall().toString("latin1").replace("POST / ", `POST ${server.endpoint}/ `);
    expect((await exchange(Buffer.from(text, "latin1")))?.status).toBe(200);
  });

  test("a client that closes its sending side before the answer", async () => {
    const socket = await RawSocket.open(server.endpoint);
    socket.socket.end(identityCall());
    expect((await socket.answer())?.status).toBe(200);
    await socket.ended();
    socket.destroy();
  });

  test("a client that sends garbage and closes its sending side, with an answer", async () => {
    const socket = await RawSocket.open(server.endpoint);
    socket.socket.end("hello?\r\n\r\n");
    expect((await socket.answer())?.status).toBe(400);
    await socket.ended();
    socket.destroy();
  });

  test("requests sent without waiting, in order, even those whose order matters", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `pipelined-${index}`);
    const calls = names.flatMap((UserName) => [
      signedRequest(server.endpoint, server.root, "iam", "CreateUser", { UserName }),
      signedRequest(server.endpoint, server.root, "iam", "DeleteUser", { UserName }),
    ]);
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(Buffer.concat(calls.map((request) => bytesOf(request))));
    const statuses: (number | undefined)[] = [];
    for (const _ of calls) statuses.push((await socket.answer())?.status);
    expect(statuses).toEqual(calls.map(() => 200));
    socket.destroy();
  });

  test("the good request before garbage, and answers both", async () => {
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(Buffer.concat([identityCall(), Buffer.from("\u0000garbage\r\n\r\n")]));
    expect((await socket.answer())?.status).toBe(200);
    expect((await socket.answer())?.status).toBe(400);
    await socket.ended();
    socket.destroy();
  });
});

describe("a client that goes away", () => {
  test("in the middle of its body leaves a record", async () => {
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(rawRequest("POST /", [HOST, "x-amz-target: Nobody.Leave", "content-length: 100"], "half"));
    await sleep(20);
    socket.destroy();
    await expect
      .poll(() => recordsNamed(call, "Leave"))
      .toMatchObject([{ errorCode: "IncompleteBody", sourceIPAddress: "127.0.0.1" }]);
  });

  test("in the middle of its body, with its receiving side open, is told", async () => {
    const socket = await RawSocket.open(server.endpoint);
    socket.socket.end(rawRequest("POST /", [HOST, "content-length: 100"], "half"));
    const answer = await socket.answer();
    expect({ status: answer?.status, code: codeOf(answer) }).toEqual({ status: 400, code: "IncompleteBody" });
    socket.destroy();
  });

  test("in the middle of its headers, with its receiving side open, is told", async () => {
    const socket = await RawSocket.open(server.endpoint);
    socket.socket.end("GET / HTTP/1.1\r\nhost: x\r\n");
    const answer = await socket.answer();
    expect({ status: answer?.status, code: codeOf(answer) }).toEqual({ status: 400, code: "IncompleteBody" });
    socket.destroy();
  });

  test("before it said anything leaves no record", async () => {
    const before = (await healthOf(server)).body.journal.head;
    const socket = await RawSocket.open(server.endpoint);
    socket.destroy();
    await sleep(50);
    expect((await healthOf(server)).body.journal.head).toBe(before);
  });

  test("without reading its answers does not hold up others", async () => {
    const socket = await RawSocket.open(server.endpoint);
    socket.socket.pause();
    await socket.write(Buffer.concat(Array.from({ length: 50 }, () => identityCall())));
    expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
    socket.destroy();
  });
});

test("headers that come a byte a second are refused with 408 at the limit, and others are served meanwhile", async () => {
  const drips = await RawSocket.open(server.endpoint);
  const silent = await RawSocket.open(server.endpoint);
  const text = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: y";
  let sent = 0;
  const dripping = setInterval(() => void drips.write(text.charAt(sent++)), 1000);
  const others: Answered[] = [];
  const busy = setInterval(() => void call("sts", "GetCallerIdentity").then((answered) => others.push(answered)), 500);
  const answer = await drips.answer();
  await silent.ended();
  clearInterval(dripping);
  clearInterval(busy);
  expect({ status: answer?.status, code: codeOf(answer) }).toEqual({ status: 408, code: "RequestTimeout" });
  expect(sent).toBeLessThan(text.length);
  expect(others.length).toBeGreaterThan(5);
  expect(others.every(({ status }) => status === 200)).toBe(true);
  await expectRecorded(answer, { errorCode: "RequestTimeout" });
  drips.destroy();
}, 30_000);

test("a flood of requests is served one after the other, and what has no turn yet stays with the sender", async () => {
  const before = memoryOf(server);
  const socket = await RawSocket.open(server.endpoint);
  void socket.write(Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(1_000_000)));
  for (let answers = 0; answers < 500; answers++) expect((await socket.answer())?.status).toBe(403);
  expect(socket.socket.writableLength).toBeGreaterThan(0);
  expect(memoryOf(server) - before).toBeLessThan(100 * MIB);
  socket.destroy();
  // Those that were read are refused, and recorded, one after the other too.
  await expect
    .poll(async () => (await newestRecords(call)).map(({ errorCode }) => errorCode), { timeout: 10_000 })
    .toContain("ConnectionClosed");
});

test("after all of this the server is well", async () => {
  expect((await call("sts", "GetCallerIdentity")).status).toBe(200);
  expect(await healthOf(server)).toMatchObject({ status: 200, body: { ok: true, unrecordedCalls: 0 } });
  expect(server.log()).not.toMatch(/"level":50/);
  expect(server.process.exitCode).toBeNull();
});
