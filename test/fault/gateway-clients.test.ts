import { describe, expect, test } from "vitest";
import { gate, OK, rawAnswer, settled, type TestGateway, withGateway } from "../gateway.ts";
import type { RawPeer } from "../raw-server.ts";
import { type RawSocket, rawRequest } from "../raw-socket.ts";

const HOST = "Host: dynamodb.us-east-1.amazonaws.com";
const PUT_ITEM = [HOST, "X-Amz-Target: DynamoDB_20120810.PutItem", "Content-Type: application/x-amz-json-1.0"];
const MIB = 1024 * 1024;

function post(headers: readonly string[], body: string | Uint8Array = ""): Buffer {
  return rawRequest("POST /", [...PUT_ITEM, ...headers], body);
}

const SMALL = post(["Content-Length: 2"], "{}");
const GET_OBJECT = rawRequest("GET /bucket/key", ["Host: s3.amazonaws.com"]);

/** Resolves once the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5, timeout: 5_000 }).toBe(true);
}

async function expectServed(gateway: TestGateway): Promise<void> {
  const socket = await gateway.open();
  await socket.write(SMALL);
  expect((await socket.answer())?.status).toBe(200);
  socket.destroy();
}

/** Answers every call that is whole. */
async function serveAll(peer: RawPeer): Promise<void> {
  for (;;) {
    const head = await peer.head();
    if (/chunked/i.test(head)) await peer.until("0\r\n\r\n");
    else await peer.bytes(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0));
    peer.write(OK);
  }
}

const WAYS_TO_LEAVE: readonly (readonly [how: string, leave: (socket: RawSocket) => void])[] = [
  ["closes its connection", (socket) => socket.destroy()],
  ["resets its connection", (socket) => socket.socket.resetAndDestroy()],
];

describe.each(WAYS_TO_LEAVE)("a client that %s", (_, leave) => {
  test.each([
    ["behind a head", post(["Content-Length: 100"])],
    ["in a body", post(["Content-Length: 100"], "half")],
  ])("%s that is gathered was not forwarded", async (__, bytes) => {
    await withGateway(serveAll, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      await until(() => gateway.counts.length === 1);
      leave(socket);
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual(["PutItem IncompleteBody not-forwarded"]);
      expect(upstream.connections).toEqual([]);
      await expectServed(gateway);
    });
  });

  test.each([
    ["behind a head", post([`Content-Length: ${MIB}`])],
    ["in a body", post([`Content-Length: ${MIB}`], "half")],
    ["behind the head of a chunked body", post(["Transfer-Encoding: chunked"])],
    ["in a chunk", post(["Transfer-Encoding: chunked"], "20\r\nhalf")],
    ["in a chunk's size", post(["Transfer-Encoding: chunked"], "4\r\nhalf\r\n2")],
    ["behind a chunk", post(["Transfer-Encoding: chunked"], "4\r\nhalf\r\n")],
  ])("%s that streams leaves the upstream with half a request", async (__, bytes) => {
    await withGateway(serveAll, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      await until(() => upstream.connections.length === 1);
      leave(socket);
      await until(() => gateway.audit.told.length === 1);
      await upstream.connections[0]?.gone();
      expect(gateway.audit.told).toEqual(["PutItem IncompleteBody client-left"]);
      expect(gateway.audit.intents).toHaveLength(1);
      await expectServed(gateway);
    });
  });

  test("while its record is written is told of as if it had stayed", async () => {
    await withGateway(serveAll, {}, async (gateway) => {
      const { passed, open } = gate();
      const finishing = gate();
      gateway.audit.onFinish = () => {
        finishing.open();
        return passed;
      };
      const socket = await gateway.open();
      await socket.write(SMALL);
      await finishing.passed;
      leave(socket);
      open();
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual(["PutItem -"]);
    });
  });

  test("in the middle of a large answer frees the upstream", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("200 OK", [`Content-Length: ${64 * MIB}`]));
      peer.write(Buffer.alloc(64 * MIB));
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(GET_OBJECT);
      await socket.until("\r\n\r\n");
      leave(socket);
      await until(() => gateway.audit.told.length === 1);
      await upstream.connections[0]?.gone();
      expect(gateway.audit.told).toEqual(["GetObject ClientDisconnected client-left"]);
    });
  });
});

describe("a client that resets its connection", () => {
  const leave = (socket: RawSocket): void => void socket.socket.resetAndDestroy();

  test("before its intent is durable does not have its call made", async () => {
    await withGateway(serveAll, {}, async (gateway, upstream) => {
      const { passed, open } = gate();
      gateway.audit.onBegin = () => passed;
      const socket = await gateway.open();
      await socket.write(SMALL);
      await until(() => gateway.counts.length === 1);
      leave(socket);
      await settled();
      open();
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual(["PutItem ClientDisconnected not-forwarded"]);
      expect(upstream.connections).toEqual([]);
    });
  });

  test("while the upstream works is told of with what the upstream answers", async () => {
    const answers = gate();
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await answers.passed;
      peer.write(rawAnswer("400 Bad Request", ["Content-Length: 39"], '{"__type":"ValidationException","m":12}'));
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(SMALL);
      await until(() => upstream.connections.length === 1);
      leave(socket);
      await settled();
      answers.open();
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual(["PutItem ValidationException client-left"]);
    });
  });

  test("with requests waiting leaves a record of each, and none of them is made", async () => {
    const answers = gate();
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await answers.passed;
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(Buffer.concat([SMALL, SMALL, post([`Content-Length: ${MIB}`], "half")]));
      await until(() => upstream.connections.length === 1);
      leave(socket);
      await settled();
      answers.open();
      await until(() => gateway.audit.records.length + gateway.own.length === 3);
      expect(upstream.connections).toHaveLength(1);
      expect(gateway.audit.told[0]).toBe("PutItem - client-left");
      expect(gateway.audit.told.slice(1).every((told) => told.endsWith("not-forwarded"))).toBe(true);
    });
  });
});

describe("a client that closes its sending side", () => {
  test.each([
    ["in a body that is gathered", post(["Content-Length: 100"], "half"), "not-forwarded"],
    ["in a body that streams", post([`Content-Length: ${MIB}`], "half"), "client-left"],
    ["in a chunk", post(["Transfer-Encoding: chunked"], "20\r\nhalf"), "client-left"],
  ])("%s is told so", async (_, bytes, outcome) => {
    await withGateway(serveAll, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      await until(
        () => gateway.counts.length === 1 && (outcome !== "client-left" || upstream.connections.length === 1),
      );
      socket.socket.end();
      const answer = await socket.answer();
      expect(answer).toMatchObject({ status: 400, body: expect.stringContaining("IncompleteBody") });
      await socket.ended();
      expect(gateway.audit.told).toEqual([`PutItem IncompleteBody ${outcome}`]);
    });
  });

  test.each([
    ["small", SMALL],
    ["large", post([`Content-Length: ${MIB}`], "x".repeat(MIB))],
    ["chunked", post(["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n")],
  ])("behind a whole request, %s, gets its answer", async (_, bytes) => {
    await withGateway(serveAll, {}, async (gateway) => {
      const socket = await gateway.open();
      socket.socket.end(bytes);
      expect((await socket.answer())?.status).toBe(200);
      await socket.ended();
    });
  });
});

describe("silence ends a connection", () => {
  const stalledMs = 250;
  const PATIENT = { timeouts: { connectSeconds: 5, answerSeconds: 10 } };

  test.each([
    ["in a body that is gathered", post(["Content-Length: 100"], "half"), "PutItem IncompleteBody not-forwarded"],
    ["in a body that streams", post([`Content-Length: ${MIB}`], "half"), "PutItem IncompleteBody client-left"],
    ["in a chunk", post(["Transfer-Encoding: chunked"], "20\r\nhalf"), "PutItem IncompleteBody client-left"],
  ])("when it is the client's, %s", async (_, bytes, told) => {
    await withGateway(serveAll, { stalledMs }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      await socket.ended();
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual([told]);
    });
  });

  test("when the client does not read its answer, which waits at the upstream meanwhile", async () => {
    let written = 0;
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(rawAnswer("200 OK", ["Content-Length: 1073741824"]));
      const piece = Buffer.alloc(MIB);
      while (!peer.socket.destroyed) {
        await new Promise<void>((resolve) => peer.socket.write(piece, () => resolve()));
        written += piece.length;
      }
    };
    await withGateway(serve, { stalledMs }, async (gateway, upstream) => {
      const socket = await gateway.open();
      socket.socket.pause();
      await socket.write(GET_OBJECT);
      await upstream.connections[0]?.gone();
      await until(() => gateway.audit.told.length === 1);
      expect(gateway.audit.told).toEqual(["GetObject ClientDisconnected client-left"]);
      expect(written).toBeLessThan(64 * MIB);
      socket.destroy();
    });
  });

  test("never when the upstream is the one to answer", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      await new Promise((resolve) => setTimeout(resolve, 3 * stalledMs));
      peer.write(OK);
    };
    await withGateway(serve, { stalledMs, route: PATIENT }, expectServed);
  });

  test("never when the upstream is the one to read", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.socket.pause().removeAllListeners("data");
      await new Promise((resolve) => setTimeout(resolve, 3 * stalledMs));
      let left = 32 * MIB - peer.received.length;
      peer.socket.on("data", (chunk: Buffer) => {
        left -= chunk.length;
        if (left === 0) peer.write(OK);
      });
      peer.socket.resume();
    };
    await withGateway(serve, { stalledMs, route: PATIENT }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(post([`Content-Length: ${32 * MIB}`], Buffer.alloc(32 * MIB)));
      expect((await socket.answer())?.status).toBe(200);
      socket.destroy();
    });
  });
});

describe("requests sent without waiting", () => {
  const OWN = rawRequest(
    "POST /",
    [
      "Host: iam.amazonaws.com",
      "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0",
      "Content-Length: 3",
    ],
    "a=b",
  );

  test("are answered in order, whoever answers them", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      for (let call = 0; ; call++) {
        await peer.head();
        await peer.bytes(2);
        await new Promise((resolve) => setTimeout(resolve, 20));
        peer.write(rawAnswer("200 OK", ["Content-Length: 2"], `#${call % 10}`));
      }
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(Buffer.concat([SMALL, OWN, SMALL, OWN, OWN, SMALL]));
      const bodies: (string | undefined)[] = [];
      for (let answer = 0; answer < 6; answer++) bodies.push((await socket.answer())?.body);
      expect(bodies).toEqual(["#0", "own", "#1", "own", "own", "#2"]);
      expect(upstream.connections).toHaveLength(1);
      socket.destroy();
    });
  });

  test("by the hundred thousand stay with their sender until it is their turn", async () => {
    await withGateway(serveAll, {}, async (gateway) => {
      const socket = await gateway.open();
      void socket.write(Buffer.from(`GET /bucket/key HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n`.repeat(200_000)));
      for (let answer = 0; answer < 300; answer++) expect((await socket.answer())?.status).toBe(200);
      expect(socket.socket.writableLength).toBeGreaterThan(0);
      socket.destroy();
    });
  });
});

test("a connection goes on after errors of the upstream and of the call", async () => {
  const serve = async (peer: RawPeer, number: number): Promise<void> => {
    await peer.head();
    await peer.bytes(2);
    if (number === 0) return peer.reset();
    peer.write(rawAnswer("400 Bad Request", ["Content-Length: 2"], "{}"));
    await serveAll(peer);
  };
  await withGateway(serve, {}, async (gateway) => {
    const socket = await gateway.open();
    const statuses: (number | undefined)[] = [];
    for (let call = 0; call < 3; call++) {
      await socket.write(SMALL);
      statuses.push((await socket.answer())?.status);
    }
    expect(statuses).toEqual([503, 400, 200]);
    socket.destroy();
  });
});
