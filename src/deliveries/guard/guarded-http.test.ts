import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { TEST_CERTIFICATE } from "../../../test/certificate.ts";
import { openAddressGuard } from "./address-guard.ts";
import { BadRequest, openGuardedHttp, RESPONSE_BYTES_MAX } from "./guarded-http.ts";
import type { HostLookup } from "./host-lookup.ts";

const signal = new AbortController().signal;
const toLoopback: HostLookup = async () => [{ address: "127.0.0.1", family: 4 }];

function openHttp(allow: readonly string[] = ["127.0.0.0/8"], lookup: HostLookup = toLoopback) {
  return openGuardedHttp({ guard: openAddressGuard(allow), lookup });
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener));

describe("GuardedHttp", () => {
  test("sends what it was given and answers what it got", async () => {
    const port = await serve((request, response) => {
      response.setHeader("x-seen", JSON.stringify([request.method, request.url, request.headers]));
      request.pipe(response);
    });
    const { status, headers, body, complete } = await openHttp()({
      url: `http://user:secret@hooks.example.org:${port}/a?b=c`,
      method: "PUT",
      headers: { "x-own": "1", Host: "inside", "Content-Length": "1", "Transfer-Encoding": "chunked" },
      body: "grüße",
      signal,
    });
    expect([status, body.toString(), complete]).toEqual([200, "grüße", true]);
    expect(JSON.parse(headers["x-seen"] ?? "")).toEqual([
      "PUT",
      "/a?b=c",
      expect.objectContaining({
        "x-own": "1",
        host: `hooks.example.org:${port}`,
        "content-length": "7",
        authorization: `Basic ${btoa("user:secret")}`,
      }),
    ]);
  });

  test.each(["127.0.0.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "0", "inside.example.org"])(
    "refuses %s without an attempt to connect",
    async (host) => {
      let connected = false;
      const server = createSocketServer(() => {
        connected = true;
      });
      const port = await listen(server);
      await expect(openHttp([])({ url: `http://${host}:${port}/`, signal })).rejects.toThrow(
        /^address [\w.:]+ of .+ is not allowed; allow it with targets.allow$/,
      );
      expect(connected).toBe(false);
    },
  );

  test("checks the address that a name has when the connection is made", async () => {
    const port = await serve((_, response) => response.setHeader("connection", "close").end());
    const answers = ["127.0.0.1", "10.0.0.1"];
    const http = openHttp(["127.0.0.1"], async () => [{ address: answers.shift() ?? "", family: 4 }]);
    const request = { url: `http://rebound.example.org:${port}/`, signal };
    expect((await http(request)).status).toBe(200);
    await expect(http(request)).rejects.toThrow("address 10.0.0.1 of rebound.example.org is not allowed");
  });

  test("uses those addresses of a name that are allowed", async () => {
    const port = await serve((_, response) => response.end());
    const both: HostLookup = async () => ["10.0.0.1", "127.0.0.1"].map((address) => ({ address, family: 4 }));
    expect((await openHttp(["127.0.0.1"], both)({ url: `http://a.example:${port}`, signal })).status).toBe(200);
  });

  test("does not follow redirects", async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: "http://10.0.0.1/" }).end());
    expect((await openHttp()({ url: `http://a.example:${port}/`, signal })).status).toBe(302);
  });

  test("cuts an answer of 10 MB", async () => {
    const port = await serve((_, response) => response.end(Buffer.alloc(10_000_000)));
    const { status, body, complete } = await openHttp()({ url: `http://a.example:${port}/`, signal });
    expect([status, body.length, complete]).toEqual([200, RESPONSE_BYTES_MAX, false]);
  });

  test("answers the status when the body is closed early", async () => {
    const port = await listen(
      createSocketServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => socket.end("HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\nhalf"));
      }),
    );
    const { status, body, complete } = await openHttp()({ url: `http://a.example:${port}/`, signal });
    expect([status, body.toString(), complete]).toEqual([500, "half", false]);
  });

  test("answers the status when the signal comes before the end of the body", async () => {
    const port = await serve((_, response) => response.writeHead(200).write("half"));
    const { status, complete } = await openHttp()({
      url: `http://a.example:${port}/`,
      signal: AbortSignal.timeout(100),
    });
    expect([status, complete]).toEqual([200, false]);
  });

  test.each([
    ["closes at once", (socket: Socket) => socket.destroy()],
    ["closes after the request", (socket: Socket) => socket.once("data", () => socket.end())],
    ["speaks no HTTP", (socket: Socket) => socket.end("hello\r\n")],
    ["sends endless headers", (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(9_999)}`)],
  ])("rejects when the other side %s", async (_, behave) => {
    const port = await listen(
      createSocketServer((socket) => {
        socket.on("error", () => undefined);
        behave(socket);
      }),
    );
    await expect(openHttp()({ url: `http://a.example:${port}/`, body: "x", signal })).rejects.toThrow(
      /^call a\.example/,
    );
  });

  test("sends again when a kept connection was closed meanwhile", async () => {
    let requests = 0;
    const port = await listen(
      createSocketServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => {
          requests++;
          if (requests === 2) socket.destroy();
          else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
      }),
    );
    const http = openHttp();
    const request = { url: `http://a.example:${port}/`, signal };
    expect((await http(request)).status).toBe(200);
    expect((await http(request)).status).toBe(200);
    expect(requests).toBe(3);
  });

  test("makes no request again for an answer that cannot be understood", async () => {
    let requests = 0;
    const port = await listen(
      createSocketServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => {
          const answer = ++requests === 1 ? "200 OK\r\nContent-Length: 0" : "soon, I hope";
          socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
        });
      }),
    );
    const http = openHttp();
    const request = { url: `http://a.example:${port}/`, signal };
    expect((await http(request)).status).toBe(200);
    await expect(http(request)).rejects.toThrow(/^call a\.example:\d+: /);
    expect(requests).toBe(2);
  });

  test.each([
    ["another scheme", { url: "file:///etc/passwd" }],
    ["no URL", { url: "hooks.example.org" }],
    ["a header with a line end", { url: "http://a.example/", headers: { a: "b\r\nc: d" } }],
    ["a header name with a space", { url: "http://a.example/", headers: { "a b": "c" } }],
    ["a method that is none", { url: "http://a.example/", method: "GET / HTTP/1.1\r\n" }],
  ])("refuses %s for good", async (_, request) => {
    await expect(openHttp()({ ...request, signal })).rejects.toThrow(BadRequest);
  });

  test("trusts no certificate that nobody vouches for", async () => {
    const port = await listen(createTlsServer(TEST_CERTIFICATE, (_, response) => response.end()));
    const request = { url: `https://upstream.test:${port}/`, signal };
    await expect(openHttp()(request)).rejects.toThrow(/self-signed certificate/);

    const known = getCACertificates("default");
    setDefaultCACertificates([...known, TEST_CERTIFICATE.cert]);
    onTestFinished(() => setDefaultCACertificates(known));
    expect((await openHttp()(request)).status).toBe(200);
    await expect(openHttp()({ ...request, url: `https://other.test:${port}/` })).rejects.toThrow(/altnames/);
  });
});
