import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { HeardAnswer, outgoing } from "../../../test/heard-answer.ts";
import { type RawPeer, RawServer } from "../../../test/raw-server.ts";
import type { OutgoingRequest, Upstream, UpstreamOptions } from "./upstream.ts";
import { openUpstream } from "./upstream-pool.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Reads a part of each upload, answers, and closes so that the system resets the connection. */
const REFUSING_SERVER = `
  const server = require("node:net").createServer((socket) => {
    let bytes = 0;
    socket.on("error", () => undefined).on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes < 300_000) return;
      socket.pause().write("HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno");
      socket.resetAndDestroy();
    });
  });
  server.listen(0, "127.0.0.1", () => require("node:worker_threads").parentPort.postMessage(server.address().port));
`;

type Options = Partial<UpstreamOptions>;

/** An upstream that does with each connection what `serve` says. */
async function raw(serve: (peer: RawPeer, number: number) => unknown, options: Options = {}) {
  const server = await RawServer.open(serve);
  cleanups.push(() => server.close());
  return { server, upstream: openUpstream({ url: server.url, ...options }) };
}

async function node(listener: RequestListener): Promise<Upstream> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return openUpstream({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function post(text: string): OutgoingRequest {
  return outgoing({ method: "POST", body: { kind: "whole", bytes: Buffer.from(text) } });
}

interface Upload {
  readonly length?: number;
  readonly rawTrailers?: readonly string[];
  readonly method?: string;
  readonly expectContinue?: boolean;
}

function upload(readable: Readable, { length, rawTrailers = [], method = "PUT", expectContinue = false }: Upload = {}) {
  const body = { kind: "stream", readable, trailers: () => rawTrailers } as const;
  return outgoing({ method, expectContinue, body: length === undefined ? body : { ...body, length } });
}

/** A source that is written by hand. */
function source(): Readable {
  return new Readable({ read: () => undefined });
}

/** Blocks of 64 KiB, counted as they are taken. */
function blocks(count: number): { readable: Readable; taken: () => number } {
  const block = Buffer.alloc(65_536, "x");
  let taken = 0;
  const readable = new Readable({
    read(): void {
      this.push(taken < count ? block : null);
      if (taken < count) taken += 1;
    },
  });
  return { readable, taken: () => taken };
}

/** Resolves with the value once it has not changed for a while. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = value();
    if (now === last && now > 0) return now;
    last = now;
    await sleep(50);
  }
}

const send = (upstream: Upstream, request: OutgoingRequest): HeardAnswer => HeardAnswer.send(upstream, request);
const call = (upstream: Upstream, request: OutgoingRequest): Promise<HeardAnswer> => send(upstream, request).over();

describe("send()", () => {
  test("tells status, reason, headers and body as they came", async () => {
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(
        "HTTP/1.1 404 Nicht da\r\nx-B: 1\r\nX-a: 2\r\nx-B: 3\r\nConnection: x-hop\r\nX-Hop: 4\r\nContent-Length: 3\r\n\r\nabc",
      );
    });
    const heard = await call(upstream, outgoing());
    expect([heard.status, heard.statusMessage, heard.body]).toEqual([404, "Nicht da", "abc"]);
    expect(heard.rawHeaders).toEqual(["x-B", "1", "X-a", "2", "x-B", "3", "Content-Length", "3"]);
    expect(heard.events).toEqual(["head", "data", "end"]);
  });

  test.each([
    ["in one piece", 1_500],
    ["behind its head", 200_000],
    ["of no byte", 0],
  ])("sends a whole body %s", async (_, size) => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.until(`Content-Length: ${size}\r\n\r\n`);
      expect(await peer.bytes(size)).toBe("x".repeat(size));
      peer.write(OK);
    });
    expect((await call(upstream, post("x".repeat(size)))).body).toBe("ok");
    expect(server.connections[0]?.received).toBe("");
  });

  test("sends a body whose length is known as it comes", async () => {
    const readable = source();
    const { upstream } = await raw(async (peer) => {
      await peer.until("Content-Length: 6\r\n\r\n");
      readable.push("abc");
      expect(await peer.bytes(3)).toBe("abc");
      readable.push("def");
      expect(await peer.bytes(3)).toBe("def");
      readable.push(null);
      peer.write(OK);
    });
    expect((await call(upstream, upload(readable, { length: 6 }))).body).toBe("ok");
  });

  test("sends a body of unknown length in chunks, and the trailers behind it", async () => {
    const readable = source();
    const { upstream } = await raw(async (peer) => {
      await peer.until("Transfer-Encoding: chunked\r\n\r\n");
      readable.push("abc");
      expect(await peer.until("abc\r\n")).toBe("3\r\nabc\r\n");
      readable.push("0123456789abcdef");
      expect(await peer.until("f\r\n")).toBe("10\r\n0123456789abcdef\r\n");
      readable.push(null);
      expect(await peer.head()).toBe("0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n");
      peer.write(`${CHUNKED}1\r\na\r\n0\r\nX-T: 1\r\nX-t: 2\r\n\r\n`);
    });
    const rawTrailers = ["x-amz-checksum-crc32", "AAAAAA==", "Content-Length", "3"];
    const heard = await call(upstream, upload(readable, { rawTrailers }));
    expect([heard.body, heard.rawTrailers]).toEqual(["a", ["X-T", "1", "X-t", "2"]]);
  });

  test("sends the empty body of a stream that had ended before", async () => {
    const { upstream } = await raw(async (peer) => {
      expect(await peer.until("0\r\n\r\n")).toContain("\r\n\r\n0\r\n\r\n");
      peer.write(OK);
    });
    const readable = Readable.from([]).resume();
    await once(readable, "end");
    expect((await call(upstream, upload(readable))).body).toBe("ok");
  });

  test("takes no more of the body than the upstream reads", async () => {
    const count = 1_024;
    const { readable, taken } = blocks(count);
    const { server, upstream } = await raw((peer) => peer.socket.pause());
    const heard = send(upstream, upload(readable, { length: count * 65_536 }));
    expect(await settled(taken)).toBeLessThan(count / 2);
    const socket = server.connections[0]?.socket;
    let bytes = 0;
    socket?.removeAllListeners("data").on("data", (chunk) => {
      if (bytes === 0) bytes = -chunk.indexOf("\r\n\r\n") - 4;
      bytes += chunk.length;
      if (bytes === count * 65_536) socket.write(OK);
    });
    socket?.resume();
    expect((await heard.over()).body).toBe("ok");
    expect(taken()).toBe(count);
  });

  test("reads no more of the answer than is asked for", async () => {
    const count = 1_024;
    const { readable, taken } = blocks(count);
    const upstream = await node((_, response) => readable.pipe(response));
    const heard = new HeardAnswer();
    heard.wantsMore = false;
    heard.keeps = false;
    heard.exchange = upstream.send(outgoing(), heard);
    await heard.heard("data");
    expect(await settled(taken)).toBeLessThan(count / 2);
    const before = heard.bytes;
    expect(before).toBeLessThanOrEqual(131_072);
    heard.exchange.resume();
    await heard.when(({ bytes }) => bytes > before);
    expect(await settled(taken)).toBeLessThan(count / 2);
    heard.wantsMore = true;
    heard.exchange.resume();
    await heard.over();
    expect(heard.bytes).toBe(count * 65_536);
  });

  test("tells each piece of an event stream when it comes", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(CHUNKED);
    });
    const heard = await send(upstream, outgoing()).heard("head");
    for (const event of ["one", "two", "three"]) {
      server.connections[0]?.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      await heard.when(({ chunks }) => chunks.at(-1)?.toString() === event);
    }
    server.connections[0]?.write("0\r\n\r\n");
    expect((await heard.over()).chunks.map(String)).toEqual(["one", "two", "three"]);
  });

  test("carries both bodies at once when the upstream answers as it reads", async () => {
    const readable = source();
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(CHUNKED);
      for (;;) {
        const size = Number.parseInt(await peer.until("\r\n"), 16);
        const bytes = await peer.bytes(size + 2);
        peer.write(`${size.toString(16)}\r\n${bytes}`);
        if (size === 0) return;
      }
    });
    const heard = await send(upstream, upload(readable)).heard("head");
    for (const word of ["ping", "pong"]) {
      readable.push(word);
      await heard.when(({ body }) => body.endsWith(word));
    }
    readable.push(null);
    expect((await heard.over()).body).toBe("pingpong");
  });
});

describe("send() with Expect: 100-continue", () => {
  test("relays the leave, and reads the body only then", async () => {
    const { readable, taken } = blocks(1);
    const { server, upstream } = await raw(async (peer) => {
      await peer.until("Expect: 100-continue\r\n\r\n");
    });
    const heard = send(upstream, upload(readable, { length: 65_536, expectContinue: true }));
    while (server.connections[0]?.received !== "") await sleep(5);
    expect(taken()).toBe(0);
    server.connections[0]?.write("HTTP/1.1 100 Continue\r\n\r\n");
    await heard.heard("continued");
    await server.connections[0]?.bytes(65_536);
    server.connections[0]?.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
    await heard.over();
    expect(heard.events).toEqual(["continued", "head", "data", "end"]);
  });

  test("sends no body after a final answer, and leaves it to the client", async () => {
    const { readable, taken } = blocks(1);
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    const heard = await call(upstream, upload(readable, { length: 65_536, expectContinue: true }));
    expect([heard.status, heard.body, heard.events.includes("continued")]).toEqual([403, "no", false]);
    await server.connections[0]?.gone();
    expect([server.connections[0]?.received, taken()]).toEqual(["", 0]);
  });

  test("takes an upstream's silence for leave", async () => {
    const { upstream } = await raw(
      async (peer) => {
        await peer.head();
        await peer.bytes(65_536);
        peer.write(OK);
      },
      { continueTimeoutMs: 40 },
    );
    const heard = await call(upstream, upload(blocks(1).readable, { length: 65_536, expectContinue: true }));
    expect(heard.events).toEqual(["continued", "head", "data", "end"]);
  });
});

describe("send() when the upstream answers before the body has ended", () => {
  const FORBIDDEN = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";

  test("tells the answer, sends no more, and reads the rest of what the client sends", async () => {
    const readable = source();
    const { server, upstream } = await raw(async (peer, number) => {
      await peer.head();
      if (number === 0) await peer.bytes(3);
      peer.write(number === 0 ? FORBIDDEN : OK);
    });
    readable.push("abc");
    const heard = await call(upstream, upload(readable, { length: 1_000_000 }));
    expect([heard.status, heard.body]).toEqual([403, "no"]);
    readable.push("def");
    readable.push(null);
    if (!readable.readableEnded) await once(readable, "end");
    await server.connections[0]?.gone();
    expect(server.connections[0]?.received).toBe("");
    await call(upstream, outgoing());
    expect(server.connections.length).toBe(2);
  });

  test("tells the answer of an upstream that closes over what it did not read", async () => {
    // A server on a thread of its own: it closes while we write, not between two of our turns.
    const server = new Worker(REFUSING_SERVER, { eval: true });
    cleanups.push(() => server.terminate());
    const [port] = (await once(server, "message")) as [number];
    const upstream = openUpstream({ url: `http://127.0.0.1:${port}` });
    for (let round = 0; round < 50; round++) {
      const calls = Array.from({ length: 4 }, () =>
        call(upstream, upload(blocks(200).readable, { length: 200 * 65_536 })),
      );
      for (const { failure, status, body } of await Promise.all(calls)) {
        expect([failure, status, body]).toEqual([undefined, 403, "no"]);
      }
    }
  });

  test("ends the request with the answer when that was not a refusal", async () => {
    const readable = source();
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(OK);
    });
    expect((await call(upstream, upload(readable, { length: 5 }))).body).toBe("ok");
    await server.connections[0]?.gone();
  });
});

describe("send() fails as broken", () => {
  test.each<[what: string, answer: string]>([
    ["the upstream resets the connection before an answer", ""],
    ["within the head", "HTTP/1.1 200 OK\r\nContent-"],
    ["within a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
    ["within a chunk", `${CHUNKED}5\r\nabc`],
    ["within a body that ends with the connection", "HTTP/1.1 200 OK\r\n\r\nabc"],
  ])("when it resets the connection: %s", async (_, answer) => {
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      peer.socket.write(Buffer.from(answer), () => peer.reset());
    });
    const heard = await call(upstream, outgoing());
    expect(heard.failure).toMatchObject({ kind: "broken", sent: true });
    expect(heard.events.at(-1)).toBe("failed");
  });

  test("when the upstream ends the connection within a length", async () => {
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      peer.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const heard = await call(upstream, outgoing());
    expect([heard.body, heard.failure?.kind]).toEqual(["abc", "broken"]);
  });

  test("when the upstream resets the connection within the request's body", async () => {
    const { readable } = blocks(10_000);
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      await peer.bytes(100_000);
      peer.reset();
    });
    const heard = await call(upstream, upload(readable, { length: 10_000 * 65_536 }));
    expect(heard.failure).toMatchObject({ kind: "broken", sent: true });
    // Nobody wants the rest, but the client may have to get rid of it before it reads.
    if (!readable.readableEnded) await once(readable, "end");
  });

  test.each<[what: string, length: number | undefined, breakOff: (readable: Readable) => unknown]>([
    ["the client goes away", 10, (readable) => readable.destroy()],
    ["reading from the client fails", undefined, (readable) => readable.destroy(new Error("reset"))],
    ["the body is shorter than announced", 10, (readable) => readable.push(null)],
    ["the body is longer than announced", 10, (readable) => readable.push("x".repeat(20))],
  ])("when %s", async (_, length, breakOff) => {
    const readable = source();
    const { server, upstream } = await raw(() => undefined);
    readable.push("abc");
    const heard = send(upstream, upload(readable, length === undefined ? {} : { length }));
    while (!server.connections[0]?.received.includes("abc")) await sleep(5);
    breakOff(readable);
    expect((await heard.over()).failure).toMatchObject({ kind: "broken", sent: true });
    await server.connections[0]?.gone();
    expect(server.connections[0]?.received).not.toContain("xx");
    expect(server.connections[0]?.received).not.toContain("\r\n0\r\n");
  });

  test("when the request could be taken for two, and sends nothing", async () => {
    const { server, upstream } = await raw(() => undefined);
    const heard = await call(upstream, outgoing({ rawHeaders: ["A", "b\r\n\r\nGET / HTTP/1.1"] }));
    expect(heard.failure).toMatchObject({ kind: "broken", sent: false });
    expect(server.connections.length).toBe(0);
  });

  test("and closes the connection when what comes is not HTTP, whatever it is", async () => {
    const { server, upstream } = await raw((peer) => {
      peer.socket.on("data", (chunk) => {
        const garbage = /\/([0-9a-f]*) /.exec(chunk.toString("latin1"))?.[1] ?? "";
        peer.socket.end(Buffer.from(garbage, "hex"));
      });
    });
    const alphabet = [
      "HTTP/1.1 200 OK\r\n",
      "\r\n",
      "\n",
      "Content-Length: 3\r\n",
      "Transfer-Encoding: chunked\r\n",
      "3\r\nabc",
      "0",
      "\0",
    ];
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.array(fc.constantFrom(...alphabet), { maxLength: 10 }).map((parts) => Buffer.from(parts.join(""), "latin1")),
    );
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(garbage, async (bytes) => {
        const heard = await call(
          upstream,
          post("").method === "" ? post("") : outgoing({ target: `/${bytes.toString("hex")}` }),
        );
        const { kind, sent } = heard.failure ?? { kind: "broken", sent: true };
        expect([kind, sent]).toEqual(["broken", true]);
        if (heard.failure === undefined) ended += 1;
      }),
      { numRuns: 300 },
    );
    expect(ended).toBeLessThan(300);
    await Promise.all(server.connections.map((peer) => peer.gone()));
  });
});

describe("abort()", () => {
  test.each<[when: string, answer: string, event: "head" | "data"]>([
    ["before the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "head"],
    ["within the body", `${CHUNKED}3\r\nabc\r\n`, "data"],
  ])("closes the connection and tells nothing more, %s", async (_, answer, event) => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(answer);
    });
    const heard = await send(upstream, outgoing()).heard(event);
    heard.exchange.abort();
    heard.exchange.resume();
    await server.connections[0]?.gone();
    expect(heard.events.at(-1)).toBe(event);
  });

  test("may come from within what is told", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(`${CHUNKED}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`);
    });
    const heard = new HeardAnswer();
    heard.data = (chunk) => {
      heard.chunks.push(Buffer.from(chunk));
      heard.exchange.abort();
      return true;
    };
    heard.exchange = upstream.send(outgoing(), heard);
    await heard.heard("head");
    await server.connections[0]?.gone();
    expect([heard.body, heard.events]).toEqual(["abc", ["head"]]);
  });

  test("leaves the rest of the body to the client", async () => {
    const readable = source();
    const { server, upstream } = await raw(() => undefined);
    readable.push("abc");
    const heard = send(upstream, upload(readable, { length: 10 }));
    while (!server.connections[0]?.received.includes("abc")) await sleep(5);
    heard.exchange.abort();
    await server.connections[0]?.gone();
    expect([readable.isPaused(), readable.destroyed, heard.events]).toEqual([true, false, []]);
  });

  test("ends a request that has no connection yet", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(OK);
    });
    const heard = send(upstream, outgoing());
    heard.exchange.abort();
    heard.exchange.abort();
    await call(upstream, outgoing());
    expect(heard.events).toEqual([]);
    expect(server.connections.filter(({ socket }) => socket.bytesRead > 0).length).toBe(1);
  });
});

describe("upgrade()", () => {
  const rawHeaders = ["Host", "h", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "k"];

  test("hands over the connection, the head as it came and what came behind it", async () => {
    const answer = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: Upgrade\r\n\r\n";
    const { upstream } = await raw(async (peer) => {
      expect(await peer.head()).toContain("Upgrade: websocket\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\n\r\n");
      peer.write(`${answer}\x81\x02hi`);
      expect(await peer.bytes(4)).toBe("\x81\x02yo");
      peer.end("bye");
    });
    const { switchedTo, events } = await HeardAnswer.upgrade(upstream, outgoing({ rawHeaders })).over();
    expect(events).toEqual(["switched"]);
    expect(Buffer.from(switchedTo?.headBytes ?? []).toString("latin1")).toBe(answer);
    expect(switchedTo?.statusMessage).toBe("Switching Protocols");
    expect(switchedTo?.rawHeaders).toEqual(["upgrade", "WebSocket", "connection", "Upgrade"]);
    switchedTo?.socket.write(Buffer.from("\x81\x02yo", "latin1"));
    let received = "";
    for await (const chunk of switchedTo?.socket ?? []) received += Buffer.from(chunk).toString("latin1");
    expect(received).toBe("\x81\x02hibye");
  });

  test("hands over a connection whose end nobody listens to yet", async () => {
    const { upstream } = await raw(async (peer) => {
      await peer.head();
      peer.socket.write("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", () => peer.reset());
    });
    const { switchedTo } = await HeardAnswer.upgrade(upstream, outgoing({ rawHeaders })).over();
    switchedTo?.socket.resume();
    while (switchedTo?.socket.destroyed === false) await sleep(5);
    expect(switchedTo?.socket.destroyed).toBe(true);
  });

  test("tells an ordinary answer when the upstream does not switch", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    const heard = await HeardAnswer.upgrade(upstream, outgoing({ rawHeaders })).over();
    expect([heard.status, heard.body]).toEqual([403, "no"]);
    await server.connections[0]?.gone();
  });
});
