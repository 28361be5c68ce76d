import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { OK, rawAnswer, startGateway, type TestGateway, withGateway } from "../gateway.ts";
import type { RawPeer } from "../raw-server.ts";
import { type RawAnswer, RawSocket, rawRequest } from "../raw-socket.ts";

const MIB = 1024 * 1024;
const PUT_ITEM = [
  "Host: dynamodb.us-east-1.amazonaws.com",
  "X-Amz-Target: DynamoDB_20120810.PutItem",
  "Content-Type: application/x-amz-json-1.0",
];
const PUT = rawRequest("POST /", [...PUT_ITEM, "Content-Length: 2"], "{}");
const TERMINATE = rawRequest(
  "POST /",
  [
    "Host: ec2.us-east-1.amazonaws.com",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 44",
  ],
  "Action=TerminateInstances&Version=2016-11-15",
);
const GET_OBJECT = rawRequest("GET /bucket/key", ["Host: s3.amazonaws.com"]);

function upload(bytes: number): Buffer {
  return rawRequest("POST /", [...PUT_ITEM, `Content-Length: ${bytes}`], Buffer.alloc(bytes, "x"));
}

/** One call over a connection of its own: the answer, or undefined when the connection ended without a whole one. */
async function callOnce(gateway: TestGateway, bytes: Uint8Array): Promise<RawAnswer | undefined> {
  const socket = await gateway.open();
  void socket.write(bytes);
  const answer = await socket.answer();
  socket.destroy();
  return answer;
}

/** The upstream of which a port is known, and nothing listens there. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe("an upstream that does not listen", () => {
  let gateway: TestGateway;
  afterEach(() => gateway.close());

  test.each([
    ["JSON", PUT, /^\{"__type":"ServiceUnavailableException"/],
    ["XML of S3", rawRequest("DELETE /bucket/key", ["Host: s3.amazonaws.com"]), /<Error><Code>ServiceUnavailable</],
    ["XML of EC2", TERMINATE, /<Errors><Error><Code>Unavailable</],
  ])("is told in the service's form, %s", async (_, bytes, body) => {
    gateway = await startGateway(await nowhere());
    const answer = await callOnce(gateway, bytes);
    expect(answer).toMatchObject({ status: 503, body: expect.stringMatching(body) });
    expect(gateway.audit.told).toEqual([expect.stringMatching(/^\w+ ServiceUnavailable not-forwarded$/)]);
    expect(gateway.audit.untold).toEqual([]);
  });

  test("does not keep a client from sending all of a large body, and the next call over the same connection", async () => {
    gateway = await startGateway(await nowhere());
    const socket = await gateway.open();
    await socket.write(Buffer.concat([upload(8 * MIB), PUT]));
    expect([(await socket.answer())?.status, (await socket.answer())?.status]).toEqual([503, 503]);
    socket.destroy();
  });
});

const BROKEN_ANSWERS: readonly (readonly [what: string, bytes: string])[] = [
  ["nothing", ""],
  ["half a status line", "HTTP/1."],
  ["half a head", "HTTP/1.1 200 OK\r\nContent-Le"],
  ["half a body", rawAnswer("200 OK", ["Content-Length: 20"], '{"half":')],
  ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["a status of two digits", rawAnswer("20 OK", ["Content-Length: 0"])],
  ["two lengths", rawAnswer("200 OK", ["Content-Length: 2", "Content-Length: 3"], "{}x")],
  ["a length and chunks", rawAnswer("200 OK", ["Content-Length: 2", "Transfer-Encoding: chunked"], "0\r\n\r\n")],
  ["an unknown coding", rawAnswer("200 OK", ["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n")],
  ["a length that is none", rawAnswer("200 OK", ["Content-Length: 2x"], "{}")],
  ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"],
  ["a folded header", rawAnswer("200 OK", ["X: y\r\n z", "Content-Length: 2"], "{}")],
  ["a header that splits the answer", rawAnswer("200 OK", ["X: a\rb", "Content-Length: 2"], "{}")],
  ["a protocol that nobody asked for", rawAnswer("101 Switching Protocols", ["Upgrade: x"])],
  ["a head of 100 KiB", rawAnswer("200 OK", [`X: ${"y".repeat(100 * 1024)}`, "Content-Length: 2"], "{}")],
];

describe.each(BROKEN_ANSWERS)("an upstream that answers %s", (_, bytes) => {
  test.each([
    ["closes", (peer: RawPeer) => peer.end(bytes)],
    [
      "resets",
      (peer: RawPeer) => {
        peer.socket.write(Buffer.from(bytes, "latin1"), () => setTimeout(() => peer.reset(), 5));
      },
    ],
    ["is silent", (peer: RawPeer) => peer.write(bytes)],
  ])("and %s: the client is told by us, and the outcome is unknown", async (__, answer) => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.bytes(PUT.length);
      answer(peer);
    };
    const route = { timeouts: { connectSeconds: 1, answerSeconds: 0.1 } };
    await withGateway(serve, { route }, async (gateway) => {
      const told = await callOnce(gateway, PUT);
      expect([502, 503]).toContain(told?.status);
      expect(told?.body).toMatch(/"__type":"(ServiceUnavailableException|IncompleteAnswer)"/);
      expect(gateway.audit.told).toEqual([
        expect.stringMatching(/^PutItem (ServiceUnavailable|IncompleteAnswer) unknown$/),
      ]);
      expect(gateway.counts).toEqual(["seen", "upstream failed"]);
    });
  });
});

test("what an upstream sends behind its answer is nobody's answer", async () => {
  const serve = async (peer: RawPeer, number: number): Promise<void> => {
    await peer.head();
    peer.write(`${OK}${number === 0 ? rawAnswer("200 OK", ["Content-Length: 6"], "poison") : ""}`);
  };
  await withGateway(serve, {}, async (gateway) => {
    const socket = await gateway.open();
    for (let call = 0; call < 2; call++) {
      await socket.write(PUT);
      expect((await socket.answer())?.body).toBe("{}");
    }
    socket.destroy();
  });
});

describe("an answer that breaks off when the client has some of it", () => {
  const LARGE = "x".repeat(MIB);
  test.each([
    ["of known length", rawAnswer("200 OK", [`Content-Length: ${2 * MIB}`], LARGE)],
    ["in chunks", rawAnswer("200 OK", ["Transfer-Encoding: chunked"], `100000\r\n${LARGE}\r\n`)],
  ])("%s, never looks whole", async (_, bytes) => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.socket.write(Buffer.from(bytes, "latin1"), () => setTimeout(() => peer.reset(), 20));
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(GET_OBJECT);
      const text = await socket.rest();
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text.length).toBeLessThan(2 * MIB);
      expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(gateway.audit.told).toEqual(["GetObject IncompleteAnswer unknown"]);
    });
  });

  test("ends with a reset where the end of the connection would be that of the answer", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("200 OK", ["Transfer-Encoding: chunked"], "5\r\nfirst\r\n"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      peer.reset();
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.socket.once("error", resolve));
      await socket.write("GET /bucket/key HTTP/1.0\r\nHost: s3.amazonaws.com\r\n\r\n");
      expect(await socket.until("first")).toBeDefined();
      expect((await failed).code).toBe("ECONNRESET");
    });
  });
});

describe("an upload", () => {
  test.each([
    ["reset at its beginning", 0],
    ["reset in its middle", 4 * MIB],
  ])("%s ends with an answer, and its connection goes on", async (_, bytes) => {
    const serve = async (peer: RawPeer, number: number): Promise<void> => {
      await peer.head();
      await peer.bytes(number === 0 ? bytes : 2);
      if (number === 0) peer.reset();
      else peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      void socket.write(Buffer.concat([upload(16 * MIB), PUT]));
      expect((await socket.answer())?.status).toBe(503);
      expect((await socket.answer())?.status).toBe(200);
      expect(gateway.audit.told).toEqual(["PutItem ServiceUnavailable unknown", "PutItem -"]);
      socket.destroy();
    });
  });

  test.each([
    ["refused", "403 Forbidden", '{"__type":"AccessDeniedException"}'],
    ["accepted", "200 OK", "{}"],
  ])("%s before its end is told to a client that writes all of it first", async (_, status, body) => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await peer.bytes(2 * MIB);
      peer.write(rawAnswer(status, [`Content-Length: ${body.length}`], body));
      for (;;) {
        await peer.bytes(1);
        peer.take(peer.received.length);
      }
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(upload(24 * MIB));
      expect(await socket.answer()).toMatchObject({ status: Number(status.slice(0, 3)), body });
      expect(gateway.audit.told).toHaveLength(1);
      socket.destroy();
    });
  });

  test("refused before its end, whose client stops sending, ends with its connection", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("403 Forbidden", ["Content-Length: 2"], "{}"));
    };
    await withGateway(serve, { stalledMs: 100 }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(upload(16 * MIB).subarray(0, 3 * MIB));
      expect((await socket.answer())?.status).toBe(403);
      await socket.ended();
    });
  });

  test("that the upstream does not read ends when the route's patience does", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.socket.pause();
    };
    const route = { timeouts: { connectSeconds: 1, answerSeconds: 0.2 } };
    await withGateway(serve, { route }, async (gateway) => {
      const answer = await callOnce(gateway, upload(64 * MIB));
      expect(answer?.status).toBe(503);
      expect(gateway.audit.told).toEqual(["PutItem ServiceUnavailable unknown"]);
    });
  });
});

test("an upstream that answers a byte at a time is waited for", async () => {
  const serve = async (peer: RawPeer): Promise<void> => {
    await peer.head();
    for (const byte of rawAnswer("200 OK", ["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\nX-T: v\r\n\r\n")) {
      peer.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await withGateway(serve, {}, async (gateway) => {
    const socket = await RawSocket.open(gateway.endpoint);
    await socket.write(PUT);
    expect(await socket.until("\r\n\r\n")).toMatch(/Transfer-Encoding: chunked/);
    const body = await socket.until("0\r\nX-T: v\r\n\r\n");
    expect(body?.replace(/\d\r\n|\r\n/g, "")).toBe("{}X-T: v");
    socket.destroy();
  });
});
