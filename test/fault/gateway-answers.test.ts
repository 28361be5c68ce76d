import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Failure } from "../../src/core/index.ts";
import { gate, OK, rawAnswer, settled, type TestGateway, withGateway } from "../gateway.ts";
import type { RawPeer } from "../raw-server.ts";
import { type RawSocket, rawRequest } from "../raw-socket.ts";

const MIB = 1024 * 1024;
const PUT_ITEM = [
  "Host: dynamodb.us-east-1.amazonaws.com",
  "X-Amz-Target: DynamoDB_20120810.PutItem",
  "Content-Type: application/x-amz-json-1.0",
];
const S3 = "Host: s3.amazonaws.com";
const PUT = rawRequest("POST /", [...PUT_ITEM, "Content-Length: 2"], "{}");

function get(method = "GET"): Buffer {
  return rawRequest(`${method} /bucket/key`, [S3]);
}

/** Answers each call with these bytes. */
function answering(bytes: string): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    for (;;) {
      const head = await peer.head();
      await peer.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0));
      peer.write(bytes);
    }
  };
}

/** What has come until now, whenever it is asked. */
function collect({ socket }: RawSocket): () => string {
  let text = "";
  socket.on("data", (chunk: Buffer) => void (text += chunk.toString("latin1")));
  return () => text;
}

const LARGE = "x".repeat(3 * MIB);

const NOTHING = /^$/;
const BEGUN = /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n.+/s;

/** Whether a client would take the text for a whole answer. */
function isWhole(text: string, request: Uint8Array): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const bodyless = request[0] === "H".charCodeAt(0) || / (204|304) /.test(text.slice(0, 20));
  if (bodyless) return true;
  const head = text.slice(0, end);
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return text.endsWith("\r\n0\r\n\r\n");
  return text.length - end - 4 >= Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
}

describe("until its record is durable a call has no whole answer:", () => {
  const isChunked = rawAnswer("200 OK", ["Transfer-Encoding: chunked"], `300000\r\n${LARGE}\r\n0\r\n\r\n`);
  test.each([
    ["small", PUT, OK, NOTHING],
    ["empty", PUT, rawAnswer("200 OK", ["Content-Length: 0"]), NOTHING],
    ["of HEAD", get("HEAD"), rawAnswer("200 OK", ["Content-Length: 12345"]), NOTHING],
    ["204", PUT, rawAnswer("204 No Content", []), NOTHING],
    ["304", get(), rawAnswer("304 Not Modified", ["ETag: x"]), NOTHING],
    ["an error", PUT, rawAnswer("400 Bad Request", ["Content-Length: 2"], "{}"), NOTHING],
    ["large", get(), rawAnswer("200 OK", [`Content-Length: ${LARGE.length}`], LARGE), BEGUN],
    ["in chunks", get(), isChunked, BEGUN],
    ["small, in chunks", PUT, rawAnswer("200 OK", ["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n"), BEGUN],
  ])("%s", async (_, request, bytes, seen) => {
    const kept = gate();
    const reached = gate();
    await withGateway(answering(bytes), {}, async (gateway) => {
      gateway.audit.onFinish = () => {
        reached.open();
        return kept.passed;
      };
      const socket = await gateway.open();
      const text = collect(socket);
      await socket.write(request);
      await reached.passed;
      await expect.poll(text).toMatch(seen);
      await settled();
      const early = text();
      kept.open();
      expect(early).toMatch(seen);
      expect(isWhole(early, request)).toBe(false);
      await expect.poll(() => isWhole(text(), request)).toBe(true);
      expect(gateway.audit.records).toHaveLength(1);
      socket.destroy();
    });
  });

  test.each([
    ["small", PUT, OK, /^HTTP\/1\.1 503 .*The audit log cannot be written/s, true],
    ["of HEAD", get("HEAD"), rawAnswer("200 OK", ["Content-Length: 5"]), /^HTTP\/1\.1 503 .*\r\n\r\n$/s, true],
    ["large", get(), rawAnswer("200 OK", [`Content-Length: ${LARGE.length}`], LARGE), BEGUN, false],
    ["in chunks", get(), isChunked, BEGUN, false],
  ])("and if it cannot be kept, none at all: %s", async (_, request, bytes, told, whole) => {
    await withGateway(answering(bytes), {}, async (gateway) => {
      gateway.audit.onFinish = () => Promise.reject(new Failure("the disk is full"));
      const socket = await gateway.open();
      await socket.write(request);
      const text = collect(socket);
      await expect.poll(() => gateway.counts).toEqual(["seen", "unrecorded"]);
      await expect.poll(text).toMatch(told);
      await settled();
      expect(isWhole(text(), request)).toBe(whole);
      expect(gateway.errors).toHaveLength(1);
      (gateway.errors as string[]).splice(0);
      gateway.audit.intents.splice(0);
      socket.destroy();
    });
  });
});

test("a call whose intent cannot be kept does not go out", async () => {
  await withGateway(answering(OK), {}, async (gateway, upstream) => {
    gateway.audit.onBegin = () => Promise.reject(new Failure("keep the intent of a call", new Error("disk full")));
    const socket = await gateway.open();
    await socket.write(PUT);
    expect(await socket.answer()).toMatchObject({ status: 503, body: expect.stringContaining("disk full") });
    expect(upstream.connections).toEqual([]);
    expect(gateway.audit.told).toEqual(["PutItem ServiceUnavailableException not-forwarded"]);
    (gateway.errors as string[]).splice(0);
    socket.destroy();
  });
});

describe("an answer passes as it is:", () => {
  async function headOf(gateway: TestGateway, request: Uint8Array): Promise<string | undefined> {
    const socket = await gateway.open();
    await socket.write(request);
    const head = await socket.until("\r\n\r\n");
    socket.destroy();
    return head;
  }

  test("order, case and duplicates of headers, and what the upstream says of its own", async () => {
    const headers = ["x-Amz-b: 1", "Set-Cookie: a", "X-AMZ-A: caf\u00e9", "set-cookie: b", "Date: then", "Server: s"];
    const bytes = rawAnswer("299 Odd \u00e9", [...headers, "Connection: X-Own", "X-Own: 1", "Content-Length: 2"], "{}");
    await withGateway(answering(bytes), {}, async (gateway) => {
      const head = await headOf(gateway, PUT);
      const lines = head?.split("\r\n") ?? [];
      expect(lines.slice(0, 8)).toEqual(["HTTP/1.1 299 Odd \u00e9", ...headers, "Content-Length: 2"]);
      expect(head).not.toMatch(/x-own/i);
    });
  });

  test.each([
    ["HEAD", get("HEAD"), rawAnswer("200 OK", ["Content-Length: 5", "Trailer: X-T"])],
    ["HEAD of chunks", get("HEAD"), rawAnswer("200 OK", ["Transfer-Encoding: chunked", "Trailer: X-T"])],
    ["304", get(), rawAnswer("304 Not Modified", ["Trailer: X-T", "Content-Length: 5"])],
    ["a known length", get(), rawAnswer("200 OK", ["Trailer: X-T", "Content-Length: 2"], "{}")],
    [
      "HTTP/1.0",
      Buffer.from(`GET /bucket/key HTTP/1.0\r\n${S3}\r\n\r\n`),
      rawAnswer("200 OK", ["Transfer-Encoding: chunked", "Trailer: X-T"], "2\r\n{}\r\n0\r\nX-T: v\r\n\r\n"),
    ],
  ])("trailers that cannot follow are not announced: %s", async (_, request, bytes) => {
    await withGateway(answering(bytes), {}, async (gateway) => {
      const head = await headOf(gateway, request);
      expect(head).toMatch(/^HTTP\/1\.1 (200|304) /);
      expect(head).not.toMatch(/trailer/i);
    });
  });

  test("trailers, both ways", async () => {
    let sent = "";
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      sent = await peer.until("X-Checksum: abc\r\n\r\n");
      peer.write(rawAnswer("200 OK", ["Transfer-Encoding: chunked", "Trailer: X-T"], "2\r\n{}\r\n0\r\nX-T: v\r\n\r\n"));
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      const body = "2\r\n{}\r\n0\r\nX-Checksum: abc\r\n\r\n";
      await socket.write(
        rawRequest("POST /", [...PUT_ITEM, "Transfer-Encoding: chunked", "Trailer: X-Checksum"], body),
      );
      expect(await socket.until("X-T: v\r\n\r\n")).toMatch(/\r\nTrailer: X-T\r\n/);
      expect(sent).toBe(body);
      socket.destroy();
    });
  });

  test.each([
    ["HEAD with a length", get("HEAD"), rawAnswer("200 OK", ["Content-Length: 12345"]), /Content-Length: 12345\r\n/],
    ["HEAD without one", get("HEAD"), rawAnswer("200 OK", ["X: y"]), /X: y\r\n/],
    ["204", PUT, rawAnswer("204 No Content", ["X: y"]), /^HTTP\/1\.1 204 No Content\r\nX: y\r\n/],
    ["304 with the length of what is not sent", get(), rawAnswer("304 Not Modified", ["Content-Length: 5"]), /304/],
    ["interim answers before it", PUT, `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`, /^HTTP\/1\.1 200 OK\r\n/],
    ["100 that nobody asked for", PUT, `HTTP/1.1 100 Continue\r\n\r\n${OK}`, /^HTTP\/1\.1 200 OK\r\n/],
  ])("%s, and the connection goes on", async (_, request, bytes, head) => {
    await withGateway(answering(bytes), {}, async (gateway) => {
      const socket = await gateway.open();
      for (let call = 0; call < 2; call++) {
        await socket.write(request);
        expect(await socket.until("\r\n\r\n")).toMatch(head);
        if (bytes.endsWith("{}")) await socket.until("{}");
      }
      expect(gateway.audit.records).toHaveLength(2);
      socket.destroy();
    });
  });

  test("pieces of a stream without an end, as they come", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("200 OK", ["Transfer-Encoding: chunked"], ""));
      for (const piece of ["one", "two"]) {
        peer.write(`3\r\n${piece}\r\n`);
        await peer.until("next");
      }
      peer.write("0\r\n\r\n");
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(get());
      for (const piece of ["one", "two"]) {
        expect(await socket.until(piece)).toBeDefined();
        // Behind the back of the gateway: the upstream is told that the client has it.
        const peer = upstream.connections[0];
        if (peer !== undefined) peer.socket.emit("data", Buffer.from("next"));
      }
      expect(await socket.until("0\r\n\r\n")).toBeDefined();
      socket.destroy();
    });
  });
});

describe("Expect: 100-continue", () => {
  const ASKING = rawRequest("POST /", [...PUT_ITEM, "Content-Length: 5", "Expect: 100-continue"]);

  test("is asked of the upstream, and its leave given", async () => {
    let head = "";
    const serve = async (peer: RawPeer): Promise<void> => {
      head = await peer.head();
      expect(peer.received).toBe("");
      peer.write("HTTP/1.1 100 Continue\r\n\r\n");
      await peer.bytes(5);
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASKING);
      expect(await socket.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      await socket.write("hello");
      expect((await socket.answer())?.status).toBe(200);
      expect(head).toMatch(/\r\nExpect: 100-continue\r\n/);
      expect(gateway.audit.told).toEqual(["PutItem -"]);
      socket.destroy();
    });
  });

  test("may be refused, and then the body is not asked for", async () => {
    await withGateway(answeringHeads(rawAnswer("403 Forbidden", ["Content-Length: 2"], "{}")), {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASKING);
      expect(await socket.rest()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*\r\nConnection: close\r\n.*\{\}$/is);
      expect(gateway.audit.records).toHaveLength(1);
    });
  });

  test("is answered by us when the upstream is not there", async () => {
    await withGateway(
      (peer) => peer.reset(),
      {},
      async (gateway) => {
        const socket = await gateway.open();
        await socket.write(ASKING);
        expect(await socket.rest()).toMatch(/^HTTP\/1\.1 503 /);
        expect(gateway.audit.told).toEqual([expect.stringMatching(/^PutItem ServiceUnavailable /)]);
      },
    );
  });

  test("is taken for granted when the upstream does not know it", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await peer.bytes(5);
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASKING);
      expect(await socket.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      await socket.write("hello");
      expect((await socket.answer())?.status).toBe(200);
      socket.destroy();
    });
  });

  test("by a client that never sends the body ends when its patience does", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write("HTTP/1.1 100 Continue\r\n\r\n");
    };
    await withGateway(serve, { stalledMs: 150 }, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(ASKING);
      expect(await socket.rest()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      await upstream.connections[0]?.gone();
      expect(gateway.audit.told).toEqual(["PutItem IncompleteBody client-left"]);
    });
  });

  test("of anything else is refused", async () => {
    await withGateway(answering(OK), {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(rawRequest("POST /", [...PUT_ITEM, "Content-Length: 2", "Expect: miracles"], "{}"));
      expect(await socket.rest()).toMatch(/^HTTP\/1\.1 417 /);
      expect(upstream.connections).toEqual([]);
    });
  });
});

/** Answers each head, whatever follows it. */
function answeringHeads(bytes: string): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    for (;;) {
      await peer.head();
      peer.write(bytes);
    }
  };
}

describe("close()", () => {
  test("lets a call finish, and ends its connection", async () => {
    const answers = gate();
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await answers.passed;
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(PUT);
      await expect.poll(() => upstream.connections.length).toBe(1);
      const closing = gateway.close(10_000);
      await sleep(20);
      answers.open();
      expect(await socket.rest()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n/s);
      await closing;
      expect(gateway.audit.told).toEqual(["PutItem -"]);
    });
  });

  test("ends a download that began before, once it is over", async () => {
    const rest = gate();
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("200 OK", [`Content-Length: ${2 * MIB}`], "x".repeat(MIB)));
      await rest.passed;
      peer.write("x".repeat(MIB));
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(get());
      const head = await socket.until("\r\n\r\n");
      const closing = gateway.close(10_000);
      rest.open();
      expect((await socket.rest()).length).toBe(2 * MIB);
      expect(head).toMatch(/^HTTP\/1\.1 200/);
      await closing;
    });
  });

  test.each([
    ["an upstream that never answers", PUT],
    ["a client that never ends its request", rawRequest("POST /", [...PUT_ITEM, `Content-Length: ${MIB}`], "half")],
    ["a client that never ends its head", Buffer.from("POST / HTTP/1.1\r\nHost: x\r\n")],
  ])("does not wait for ever for %s", async (_, bytes) => {
    const route = { timeouts: { connectSeconds: 60, answerSeconds: 60 } };
    const serve = (peer: RawPeer): Promise<string> => peer.head();
    await withGateway(serve, { route }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      await sleep(50);
      await gateway.close(50);
      expect(await socket.rest()).toBe("");
    });
  });
});
