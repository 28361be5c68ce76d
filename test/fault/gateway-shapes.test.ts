import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGateway, type TestGateway } from "../gateway.ts";
import { RawServer, type RawPeer } from "../raw-server.ts";
import { rawRequest } from "../raw-socket.ts";

/** Every request that reached the upstream, as it stood on the wire. */
const seen: string[] = [];
let upstream: RawServer;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await RawServer.open(answerAll);
  gateway = await startGateway(upstream.url);
});
beforeEach(() => void seen.splice(0));
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Reads as any server would: what was smuggled behind a request would be one more. */
async function answerAll(peer: RawPeer): Promise<void> {
  for (;;) {
    const head = await peer.head();
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const chunked = /\r\ntransfer-encoding: *chunked\r\n/i.test(head);
    const body = chunked ? await peer.until("\r\n0\r\n\r\n") : await peer.bytes(length);
    seen.push(head + body);
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

/** Sends the bytes, waits for what the client is told, and that all of it is over. */
async function told(bytes: string | Uint8Array): Promise<readonly number[]> {
  const socket = await gateway.open();
  void socket.write(bytes);
  socket.socket.end();
  const text = await socket.rest();
  socket.destroy();
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const HOST = "Host: dynamodb.us-east-1.amazonaws.com";
const TARGET = "X-Amz-Target: DynamoDB_20120810.PutItem";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

function post(headers: readonly string[], body = ""): Buffer {
  return rawRequest("POST /", [HOST, TARGET, ...headers], body);
}

describe("what two servers could read in two ways is not forwarded:", () => {
  test.each([
    ["a length and chunks", post(["Content-Length: 6", "Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`)],
    ["chunks and a length", post(["Transfer-Encoding: chunked", "Content-Length: 6"], `0\r\n\r\n${SMUGGLED}`)],
    ["two lengths", post(["Content-Length: 2", "Content-Length: 40"], `{}${SMUGGLED}`)],
    ["the same length twice", post(["Content-Length: 2", "Content-Length: 2"], `{}`)],
    ["a list of lengths", post(["Content-Length: 2, 40"], `{}${SMUGGLED}`)],
    ["a signed length", post(["Content-Length: +2"], "{}")],
    ["a hexadecimal length", post(["Content-Length: 0x2"], "{}")],
    ["a length with a blank in it", post(["Content-Length: 2 0"], "{}")],
    ["a length beyond all numbers", post(["Content-Length: 99999999999999999999999"], "{}")],
    ["an unknown coding", post(["Transfer-Encoding: xchunked"], `0\r\n\r\n${SMUGGLED}`)],
    ["a coding before chunks", post(["Transfer-Encoding: gzip, chunked"], "2\r\n{}\r\n0\r\n\r\n")],
    ["chunks before a coding", post(["Transfer-Encoding: chunked, gzip"], `0\r\n\r\n${SMUGGLED}`)],
    ["chunks twice", post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n")],
    ["a coding with a parameter", post(["Transfer-Encoding: chunked;q=1"], "0\r\n\r\n")],
    ["a coding behind a vertical tab", post(["Transfer-Encoding: \u000bchunked"], "0\r\n\r\n")],
    ["a folded coding", post(["Transfer-Encoding:\r\n chunked"], "0\r\n\r\n")],
    ["a folded header", post(["X-Y: one\r\n two", "Content-Length: 0"])],
    ["chunks in HTTP/1.0", Buffer.from(`POST / HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)],
    ["a bare LF behind a header", Buffer.from(`GET / HTTP/1.1\r\n${HOST}\nX-Y: z\r\n\r\n`)],
    ["a bare LF behind everything", Buffer.from(`GET / HTTP/1.1\n${HOST}\n\n`)],
    ["a bare CR in a value", Buffer.from(`GET / HTTP/1.1\r\n${HOST}\r\nX-Y: a\rb\r\n\r\n`)],
    ["a blank before the colon", post(["Content-Length : 2"], "{}")],
    ["a blank in a name", post(["Content Length: 2"], "{}")],
    ["a blank before the first name", Buffer.from(`GET / HTTP/1.1\r\n X-Y: z\r\n${HOST}\r\n\r\n`)],
    ["a name of nothing", post([": nothing", "Content-Length: 0"])],
    ["a NUL in a name", post(["X\u0000Y: z", "Content-Length: 0"])],
    ["a NUL in a value", post(["X-Y: a\u0000b", "Content-Length: 0"])],
    ["a NUL in the path", rawRequest("GET /a\u0000b", [HOST])],
    ["a blank in the path", rawRequest("GET /a b", [HOST])],
    ["a path that begins with none", rawRequest("GET path", [HOST])],
    ["bytes beyond ASCII in the path", rawRequest("GET /caf\u00c3\u00a9", [HOST])],
    ["two hosts", rawRequest("GET /", [HOST, "Host: s3.amazonaws.com"])],
    ["a chunk longer than it says", post(["Transfer-Encoding: chunked"], "1\r\n{}\r\n0\r\n\r\n")],
    ["a chunk of a negative size", post(["Transfer-Encoding: chunked"], "-1\r\n{}\r\n0\r\n\r\n")],
    ["a chunk of a size beyond all numbers", post(["Transfer-Encoding: chunked"], "ffffffffffffffffff\r\n{}\r\n")],
    ["a chunk of a size in LF", post(["Transfer-Encoding: chunked"], `2\n{}\n0\n\n${SMUGGLED}`)],
    ["64 KiB of a chunk's extensions", post(["Transfer-Encoding: chunked"], `2;${"x".repeat(65_536)}\r\n{}\r\n`)],
    ["64 KiB of headers", post([`X: ${"y".repeat(65_536)}`, "Content-Length: 0"])],
    ["64 KiB of trailers", post(["Transfer-Encoding: chunked"], `0\r\nX: ${"y".repeat(65_536)}\r\n\r\n`)],
    ["HTTP/2", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
  ])("%s", async (_, bytes) => {
    const before = { records: gateway.audit.records.length, own: gateway.own.length };
    const statuses = await told(bytes);
    expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect(statuses.length).toBeLessThan(2);
    expect(seen.filter((request) => !request.startsWith("POST / HTTP/1.1\r\n"))).toEqual([]);
    // Whole requests are all that may have reached the upstream.
    expect(seen).toEqual([]);
    expect(gateway.audit.untold).toEqual([]);
    // It was told to somebody: to the upstream's log when its head could be read, to our own else.
    expect(gateway.audit.records.length - before.records + gateway.own.length - before.own).toBe(1);
  });
});

describe("what may be read in one way only is forwarded once, in our framing:", () => {
  test.each([
    ["a target that names the server", rawRequest("GET http://evil.example/a?b=c", [HOST]), "GET /a?b=c HTTP/1.1"],
    ["a target that names only the server", rawRequest("GET http://evil.example", [HOST]), "GET / HTTP/1.1"],
    ["an asterisk", rawRequest("OPTIONS *", [HOST]), "OPTIONS * HTTP/1.1"],
    ["two slashes", rawRequest("GET //a/../b/./c//%2e%2E/", [HOST]), "GET //a/../b/./c//%2e%2E/ HTTP/1.1"],
    ["a fragment and odd escapes", rawRequest("GET /%zz?%&=&&a=b%#c", [HOST]), "GET /%zz?%&=&&a=b%#c HTTP/1.1"],
    ["a blank line before it", Buffer.concat([Buffer.from("\r\n"), rawRequest("GET /", [HOST])]), "GET / HTTP/1.1"],
    ["no host", rawRequest("GET /", []), "GET / HTTP/1.1"],
    ["HTTP/1.0", Buffer.from(`GET /a HTTP/1.0\r\n${HOST}\r\n\r\n`), "GET /a HTTP/1.1"],
    ["a body of GET", rawRequest("GET /", [HOST, "Content-Length: 4"], "body"), "GET / HTTP/1.1"],
  ])("%s", async (_, bytes, start) => {
    expect(await told(bytes)).toEqual([200]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.split("\r\n")[0]).toBe(start);
    expect(gateway.audit.untold).toEqual([]);
  });

  test.each([
    ["extensions", "2;name=value;x\r\n{}\r\n0;last\r\n\r\n"],
    ["zeros", "0002\r\n{}\r\n000\r\n\r\n"],
    ["pieces of one byte", "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"],
  ])("chunks with %s, behind which the next request is one of its own", async (_, body) => {
    const next = rawRequest("GET /next", [HOST]);
    expect(await told(Buffer.concat([post(["Transfer-Encoding: chunked"], body), next]))).toEqual([200, 200]);
    expect(seen).toHaveLength(2);
    const [head = "", ...chunks] = seen[0]?.split("\r\n\r\n") ?? [];
    expect(head.match(/\r\n(transfer-encoding|content-length): .*/gi)).toEqual(["\r\nTransfer-Encoding: chunked"]);
    expect(chunks.join("\r\n\r\n").replace(/[0-9a-f]+\r\n|\r\n/g, "")).toBe("{}");
    expect(seen[1]).toMatch(/^GET \/next /);
  });

  test("a connection's own headers stay, whatever it says is its own", async () => {
    const headers = ["Connection: close, authorization, X-Amz-Target, content-length, X-Own", "X-Own: 1"];
    await told(post([...headers, "Authorization: AWS x:y", "Content-Length: 2", "Keep-Alive: 5"], "{}"));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain("X-Amz-Target");
    expect(seen[0]).toContain("Authorization: AWS x:y\r\n");
    expect(seen[0]).toContain("Content-Length: 2\r\n");
    expect(seen[0]).not.toMatch(/keep-alive|x-own|connection/i);
  });
});

test("a request that others may follow is the last one read when it cannot be read to its end", async () => {
  const broken = post(["Transfer-Encoding: chunked"], "zz\r\n");
  const follower = rawRequest("GET /follower", [HOST]);
  expect(await told(Buffer.concat([broken, follower]))).toEqual([400]);
  expect(seen).toEqual([]);
});

test("of requests sent without waiting, one that breaks does not hold up the one before, nor itself", async () => {
  const first = rawRequest("GET /first", [HOST]);
  const broken = post(["Content-Length: 5", "X-Y: 1"], "ab");
  const socket = await gateway.open();
  await socket.write(Buffer.concat([first, broken]));
  socket.socket.end();
  const text = await socket.rest();
  expect([...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))).toEqual([200, 400]);
  expect(seen).toHaveLength(1);
});

test("nothing of this was an error of ours", () => {
  expect(gateway.errors).toEqual([]);
});
