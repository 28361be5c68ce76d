import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { TEST_CERTIFICATE } from "../../../test/certificate.ts";
import { HeardAnswer, outgoing } from "../../../test/heard-answer.ts";
import { RawPeer, RawServer } from "../../../test/raw-server.ts";
import { Failure } from "../../core/index.ts";
import type { OutgoingRequest, Upstream, UpstreamOptions } from "./upstream.ts";
import { openUpstream } from "./upstream-pool.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Serve = (peer: RawPeer, number: number) => unknown;
type Options = Partial<UpstreamOptions>;

async function raw(serve: Serve, options: Options = {}) {
  const server = await RawServer.open(serve);
  cleanups.push(() => server.close());
  return { server, upstream: openUpstream({ url: server.url, ...options }) };
}

/** Answers every request, until the connection ends. */
function answering(): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    for (;;) {
      await peer.head();
      peer.write(OK);
    }
  };
}

async function tlsServer(serve: (socket: TLSSocket) => unknown, options: object = {}): Promise<number> {
  const server = createTlsServer({ ...TEST_CERTIFICATE, ...options }, serve).listen(0, "127.0.0.1");
  const sockets: TLSSocket[] = [];
  server.on("secureConnection", (socket) => sockets.push(socket.on("error", () => undefined)));
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function post(over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return outgoing({ method: "POST", body: { kind: "whole", bytes: Buffer.from("x") }, ...over });
}

const send = (upstream: Upstream, request: OutgoingRequest): HeardAnswer => HeardAnswer.send(upstream, request);
const call = (upstream: Upstream, request: OutgoingRequest): Promise<HeardAnswer> => send(upstream, request).over();

describe("openUpstream()", () => {
  test.each(["ftp://a", "http://a/b", "http://a/?b", "http://b@a", "http://a/#b", "a:80", ""])("refuses %j", (url) =>
    expect(() => openUpstream({ url })).toThrow(Failure),
  );

  test.each(["http://a", "https://a:4566/", "http://[::1]:80"])("takes %j, without connecting", (url) =>
    expect(() => openUpstream({ url })).not.toThrow(),
  );

  test("uses a connection again, one request after the other", async () => {
    const { server, upstream } = await raw(answering());
    for (let round = 0; round < 5; round++) expect((await call(upstream, post())).body).toBe("ok");
    expect(server.connections.length).toBe(1);
  });

  test("uses a connection again from within the end of an answer", async () => {
    const { server, upstream } = await raw(answering());
    const second = new HeardAnswer();
    const first = new HeardAnswer();
    first.end = () => void (second.exchange = upstream.send(outgoing(), second));
    upstream.send(outgoing(), first);
    expect((await second.over()).body).toBe("ok");
    expect(server.connections.length).toBe(1);
  });

  test("opens connections for requests at the same time, as many as it may, and lets the rest wait their turn", async () => {
    const targets: string[] = [];
    const { server, upstream } = await raw(
      async (peer) => {
        for (;;) {
          targets.push((await peer.head()).split(" ")[1] ?? "");
          await sleep(5);
          peer.write(OK);
        }
      },
      { connectionsMax: 3 },
    );
    const calls = Array.from({ length: 12 }, (_, at) => call(upstream, outgoing({ target: `/${at}` })));
    expect((await Promise.all(calls)).map(({ body }) => body)).toEqual(Array<string>(12).fill("ok"));
    expect(server.connections.length).toBe(3);
    expect(targets.slice(3).map((target) => Number(target.slice(1)))).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("gives the place of a lost connection to who waits", async () => {
    const { server, upstream } = await raw(
      async (peer, number) => {
        await peer.head();
        if (number === 0) peer.reset();
        else peer.write(OK);
      },
      { connectionsMax: 1 },
    );
    const [first, second] = await Promise.all([call(upstream, post()), call(upstream, post())]);
    expect([first.failure?.kind, second.body]).toEqual(["broken", "ok"]);
    expect(server.connections.length).toBe(2);
  });

  test("does not send for one who gave up waiting", async () => {
    const targets: string[] = [];
    const { upstream } = await raw(
      async (peer) => {
        for (;;) {
          targets.push((await peer.head()).split(" ")[1] ?? "");
          peer.write(OK);
        }
      },
      { connectionsMax: 1 },
    );
    const first = send(upstream, outgoing({ target: "/1" }));
    const second = send(upstream, outgoing({ target: "/2" }));
    const third = send(upstream, outgoing({ target: "/3" }));
    second.exchange.abort();
    await Promise.all([first.over(), third.over()]);
    expect([targets, second.events]).toEqual([["/1", "/3"], []]);
  });

  test.each([
    ["says so", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["keeps it for less than there is time", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok"],
    ["sends more than its answer", `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
  ])("does not use a connection again when the upstream %s", async (_, answer) => {
    const { server, upstream } = await raw(
      async (peer) => {
        await peer.head();
        peer.write(answer);
      },
      { keepAliveMs: 100 },
    );
    expect((await call(upstream, outgoing())).body).toBe("ok");
    await server.connections[0]?.gone();
    expect((await call(upstream, outgoing())).body).toBe("ok");
    expect(server.connections.length).toBe(2);
  });

  test("closes a connection on which something comes that nobody asked for", async () => {
    const { server, upstream } = await raw(async (peer, number) => {
      await peer.head();
      peer.write(OK);
      await sleep(20);
      if (number === 0) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    });
    await call(upstream, outgoing());
    await server.connections[0]?.gone();
    expect((await call(upstream, outgoing())).body).toBe("ok");
  });

  test("closes a connection that was not used for a while", async () => {
    const { server, upstream } = await raw(answering(), { keepAliveMs: 40 });
    await call(upstream, outgoing());
    await server.connections[0]?.gone();
    expect((await call(upstream, outgoing())).body).toBe("ok");
  });

  test("opens a new connection when the upstream has closed the one it kept", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.end(OK);
    });
    for (let round = 0; round < 3; round++) {
      expect((await call(upstream, post())).body).toBe("ok");
      await server.connections[round]?.gone();
    }
    expect(server.connections.length).toBe(3);
  });
});

describe("send() over a connection that proves to be closed", () => {
  const stream = (): OutgoingRequest["body"] => ({
    kind: "stream",
    readable: Readable.from([Buffer.from("abc")]),
    length: 3,
    trailers: () => [],
  });

  /** The first connection carries one call and closes when it sees the next; others do `then`. */
  async function closing(then: Serve = answering()) {
    const heads: string[] = [];
    const { server, upstream } = await raw(async (peer, number) => {
      if (number > 0) return then(peer, number);
      await peer.head();
      peer.write(OK);
      heads.push(await peer.head());
      return peer.reset();
    });
    await call(upstream, outgoing());
    return { server, upstream, heads };
  }

  test.each<[what: string, request: OutgoingRequest]>([
    ["a method that may be repeated", outgoing({ method: "DELETE" })],
    ["a POST that only reads", post({ repeatable: true })],
    ["a POST whose body was not begun", post({ body: stream(), expectContinue: true })],
  ])("sends %s again", async (_, request) => {
    const { server, upstream, heads } = await closing(async (peer) => {
      await peer.head();
      peer.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
    });
    const heard = await call(upstream, request);
    expect([heard.failure, heard.body, heads.length, server.connections.length]).toEqual([undefined, "ok", 1, 2]);
  });

  test.each<[what: string, request: OutgoingRequest]>([
    ["a POST", post()],
    ["a GET that is said to change something", outgoing({ target: "/?Action=CreateUser", repeatable: false })],
    ["a POST without a body", post({ body: { kind: "none" } })],
    ["a body that was begun", outgoing({ method: "PUT", body: stream() })],
  ])("never sends %s again", async (_, request) => {
    const { server, upstream } = await closing();
    const heard = await call(upstream, request);
    expect(heard.failure).toMatchObject({ kind: "broken", sent: true });
    expect(server.connections.length).toBe(1);
  });

  test("sends again once only", async () => {
    const { server, upstream } = await closing(async (peer) => {
      await peer.head();
      peer.reset();
    });
    expect((await call(upstream, outgoing())).failure).toMatchObject({ kind: "broken", sent: true });
    expect(server.connections.length).toBe(2);
  });

  test("does not send again what was answered in part", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.write(OK);
      await peer.head();
      peer.end("H");
    });
    await call(upstream, outgoing());
    expect((await call(upstream, outgoing())).failure?.kind).toBe("broken");
    expect(server.connections.length).toBe(1);
  });

  test("does not send again over a new connection", async () => {
    const { server, upstream } = await raw(async (peer) => {
      await peer.head();
      peer.reset();
    });
    expect((await call(upstream, outgoing())).failure?.kind).toBe("broken");
    expect(server.connections.length).toBe(1);
  });
});

describe("send() fails as timeout", () => {
  test.each<[what: string, answer: string, status: number | undefined]>([
    ["nothing comes", "", undefined],
    ["the head does not end", "HTTP/1.1 200 OK\r\nA: b\r\n", undefined],
    ["only interim answers come", "HTTP/1.1 102 P\r\n\r\n", undefined],
    ["the body does not go on", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", 200],
  ])("when %s", async (_, answer, status) => {
    const { server, upstream } = await raw(
      async (peer) => {
        await peer.head();
        peer.write(answer);
      },
      { headersTimeoutMs: 60, idleTimeoutMs: 60 },
    );
    const heard = await call(upstream, outgoing());
    expect([heard.status, heard.failure?.kind, heard.failure?.sent]).toEqual([status, "timeout", true]);
    await server.connections[0]?.gone();
  });

  test("when the upstream takes no more of the body", async () => {
    const { upstream } = await raw((peer) => peer.socket.pause(), { idleTimeoutMs: 60 });
    const block = Buffer.alloc(65_536);
    const readable = new Readable({
      read(): void {
        setImmediate(() => this.push(block));
      },
    });
    const heard = await call(
      upstream,
      outgoing({ method: "PUT", body: { kind: "stream", readable, trailers: () => [] } }),
    );
    readable.destroy();
    expect(heard.failure).toMatchObject({ kind: "timeout", sent: true });
  });

  test("when no connection becomes free", async () => {
    const { upstream } = await raw(
      async (peer) => {
        await peer.head();
        peer.write("HTTP/1.1 200 OK\r\n\r\n");
      },
      { headersTimeoutMs: 60, connectionsMax: 1 },
    );
    await send(upstream, outgoing()).heard("head");
    expect((await call(upstream, outgoing())).failure).toMatchObject({ kind: "timeout", sent: false });
  });

  test("but not while the client is the one to move", async () => {
    const { upstream } = await raw(
      async (peer) => {
        await peer.until("abc");
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
        await sleep(50);
        peer.write("bc");
      },
      { headersTimeoutMs: 100, idleTimeoutMs: 100 },
    );
    const readable = new Readable({ read: () => undefined });
    const heard = new HeardAnswer();
    heard.wantsMore = false;
    const body = { kind: "stream", readable, length: 3, trailers: () => [] } as const;
    heard.exchange = upstream.send(outgoing({ method: "PUT", body }), heard);
    await sleep(300);
    readable.push("abc");
    readable.push(null);
    await heard.heard("data");
    await sleep(300);
    heard.wantsMore = true;
    heard.exchange.resume();
    expect((await heard.over()).body).toBe("abc");
  });
});

describe("send() fails as unreachable", () => {
  test("when nobody listens", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const heard = await call(openUpstream({ url: `http://127.0.0.1:${port}` }), post());
    expect(heard.failure).toMatchObject({ kind: "unreachable", sent: false, cause: { code: "ECONNREFUSED" } });
  });

  test("when the name is not known", async () => {
    const heard = await call(openUpstream({ url: "http://nobody.invalid" }), post());
    expect(heard.failure).toMatchObject({ kind: "unreachable", sent: false });
  });

  test("when connecting takes too long, and gets rid of the body that nobody wants", async () => {
    const { server, upstream } = await raw(() => undefined);
    const silent = openUpstream({ url: server.url.replace("http", "https"), connectTimeoutMs: 60 });
    const readable = Readable.from([Buffer.from("abc")]);
    const body = { kind: "stream", readable, length: 3, trailers: () => [] } as const;
    const heard = await call(silent, outgoing({ method: "PUT", body }));
    expect(heard.failure).toMatchObject({ kind: "unreachable", sent: false });
    if (!readable.readableEnded) await once(readable, "end");
    await upstream.close();
  });
});

describe("send() over TLS", () => {
  const { cert } = TEST_CERTIFICATE;

  async function secure(options: UpstreamOptions["tls"], serverOptions: object = {}) {
    const sessions: boolean[] = [];
    const names: unknown[] = [];
    const port = await tlsServer((socket) => {
      sessions.push(socket.isSessionReused());
      names.push(socket.servername);
      const peer = new RawPeer(socket);
      answering()(peer).catch(() => socket.destroy());
      socket.on("error", () => undefined);
    }, serverOptions);
    return {
      sessions,
      names,
      upstream: openUpstream({ url: `https://127.0.0.1:${port}`, ...(options === undefined ? {} : { tls: options }) }),
    };
  }

  test("trusts whom it is told to, and uses the connection again", async () => {
    const { sessions, upstream } = await secure({ ca: cert });
    for (let round = 0; round < 3; round++) expect((await call(upstream, outgoing())).body).toBe("ok");
    expect(sessions.length).toBe(1);
  });

  test("asks for the name that it is told", async () => {
    const { names, upstream } = await secure({ ca: [cert], servername: "upstream.test" });
    expect((await call(upstream, outgoing())).body).toBe("ok");
    expect(names).toEqual(["upstream.test"]);
  });

  test.each<[what: string, options: UpstreamOptions["tls"]]>([
    ["nobody vouches for it", undefined],
    ["it bears another name", { ca: cert, servername: "other.test" }],
  ])("is unreachable when %s", async (_, options) => {
    const { upstream } = await secure(options);
    expect((await call(upstream, post())).failure).toMatchObject({ kind: "unreachable", sent: false });
  });

  test("trusts anybody only when told so", async () => {
    const { upstream } = await secure({ rejectUnauthorized: false });
    expect((await call(upstream, outgoing())).body).toBe("ok");
  });

  test("shows its own certificate to an upstream that asks", async () => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: cert, maxVersion: "TLSv1.2" };
    const { upstream } = await secure({ ca: cert, ...TEST_CERTIFICATE }, asks);
    expect((await call(upstream, outgoing())).body).toBe("ok");
    const { upstream: nameless } = await secure({ ca: cert }, asks);
    expect((await call(nameless, outgoing())).failure).toBeDefined();
  });

  test("streams both ways at the pace of the slower one", async () => {
    const count = 256;
    const port = await tlsServer((socket) => {
      let got = -1;
      socket.on("data", (chunk: Buffer) => {
        got = got < 0 ? chunk.length - chunk.indexOf("\r\n\r\n") - 4 : got + chunk.length;
        if (got !== count * 65_536) return;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${count * 65_536}\r\n\r\n`);
        Readable.from(Array(count).fill(Buffer.alloc(65_536, "y"))).pipe(socket);
      });
    });
    const upstream = openUpstream({ url: `https://127.0.0.1:${port}`, tls: { ca: cert } });
    const heard = new HeardAnswer();
    heard.keeps = false;
    heard.wantsMore = false;
    const readable = Readable.from(Array(count).fill(Buffer.alloc(65_536, "x")));
    const body = { kind: "stream", readable, length: count * 65_536, trailers: () => [] } as const;
    heard.exchange = upstream.send(outgoing({ method: "PUT", body }), heard);
    await heard.heard("data");
    await sleep(100);
    expect(heard.bytes).toBeLessThanOrEqual(131_072);
    heard.wantsMore = true;
    heard.exchange.resume();
    expect((await heard.over()).bytes).toBe(count * 65_536);
  });
});

describe("close()", () => {
  test("closes what is free and lets what is under way end", async () => {
    const { server, upstream } = await raw(async (peer) => {
      const target = (await peer.head()).split(" ")[1];
      if (target === "/fast") peer.write(OK);
    });
    const slow = send(upstream, outgoing({ target: "/slow" }));
    await call(upstream, outgoing({ target: "/fast" }));
    let closed = false;
    const closing = upstream.close().then(() => (closed = true));
    await server.connections.find((peer) => peer.socket.bytesWritten > 0)?.gone();
    expect(closed).toBe(false);
    const late = await call(upstream, outgoing());
    expect(late.failure).toMatchObject({ kind: "unreachable", sent: false });
    server.connections.find((peer) => peer.socket.bytesWritten === 0)?.write(OK);
    expect((await slow.over()).body).toBe("ok");
    await closing;
    await Promise.all(server.connections.map((peer) => peer.gone()));
  });

  test("may be asked for twice, and when nothing was opened", async () => {
    const upstream = openUpstream({ url: "http://127.0.0.1:1" });
    await expect(Promise.all([upstream.close(), upstream.close()])).resolves.toHaveLength(2);
  });
});
