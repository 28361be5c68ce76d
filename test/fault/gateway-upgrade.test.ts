import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Failure } from "../../src/core/index.ts";
import { gate, OK, rawAnswer, settled, withGateway } from "../gateway.ts";
import type { RawPeer } from "../raw-server.ts";
import { rawRequest } from "../raw-socket.ts";

const HOST = "Host: transcribestreaming.us-east-1.amazonaws.com";
const WEBSOCKET = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
const ASK = rawRequest("GET /stream-transcription-websocket?language-code=en-US", [HOST, ...WEBSOCKET]);
const AGREED = rawAnswer("101 Switching Protocols", ["upgrade: websocket", "Connection: Upgrade", "Sec-X: y"]);

/** Agrees to the other protocol, and says again what it hears. */
async function echo(peer: RawPeer): Promise<void> {
  const head = await peer.head();
  if (!/\r\nConnection: Upgrade\r\n/.test(head)) return peer.write(OK);
  peer.write(`${AGREED}welcome`);
  peer.socket.on("data", (chunk: Buffer) => peer.socket.write(chunk));
  peer.socket.on("end", () => peer.socket.end());
}

describe("an upgrade to WebSocket", () => {
  test("is passed byte for byte, recorded once it is taken, and both sides talk", async () => {
    await withGateway(echo, { stalledMs: 100 }, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(Buffer.concat([ASK, Buffer.from("early")]));
      expect(await socket.until("\r\n\r\n")).toBe(AGREED);
      expect(gateway.audit.records).toHaveLength(1);
      expect(await socket.until("welcomeearly")).toBe("welcomeearly");
      // Silence is nothing unusual there.
      await sleep(300);
      const large = Buffer.alloc(4 * 1024 * 1024, "z");
      void socket.write(large);
      void socket.write("end");
      expect((await socket.until("end"))?.length).toBe(large.length + 3);
      socket.socket.end();
      await socket.ended();
      await upstream.connections[0]?.gone();
      expect(gateway.audit.told).toEqual([expect.stringMatching(/ -$/)]);
      expect(gateway.counts).toEqual(["seen", "ok"]);
    });
  });

  test("that the upstream refuses is answered as it says", async () => {
    const refusal = rawAnswer("426 Upgrade Required", ["X-Amzn-RequestId: 1", "Sec-WebSocket-Version: 13"], "");
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.end(`${refusal.slice(0, -2)}Content-Length: 4\r\n\r\nno!!`);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASK);
      const text = await socket.rest();
      expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\nX-Amzn-RequestId: 1\r\nSec-WebSocket-Version: 13\r\n/);
      expect(text).toMatch(/\r\nconnection: close\r\ncontent-length: 4\r\n\r\nno!!$/);
      expect(gateway.audit.records).toHaveLength(1);
      expect(gateway.counts).toEqual(["seen", "client error"]);
    });
  });

  test("that the upstream does not understand is an ordinary call", async () => {
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASK);
      expect(await socket.rest()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\{\}$/s);
      expect(gateway.audit.records).toHaveLength(1);
    });
  });

  test("that the upstream does not answer is answered by us", async () => {
    const route = { timeouts: { connectSeconds: 1, answerSeconds: 0.1 } };
    await withGateway(
      (peer) => peer.head(),
      { route },
      async (gateway) => {
        const socket = await gateway.open();
        await socket.write(ASK);
        expect(await socket.rest()).toMatch(/^HTTP\/1\.1 503 /);
        expect(gateway.audit.told).toEqual([expect.stringMatching(/ServiceUnavailable unknown$/)]);
      },
    );
  });

  test("whose record cannot be kept does not happen", async () => {
    await withGateway(echo, {}, async (gateway, upstream) => {
      gateway.audit.onFinish = () => Promise.reject(new Failure("the disk is full"));
      const socket = await gateway.open();
      await socket.write(ASK);
      expect(await socket.rest()).toMatch(/^HTTP\/1\.1 503 .*The audit log cannot be written/s);
      await upstream.connections[0]?.gone();
      (gateway.errors as string[]).splice(0);
      gateway.audit.intents.splice(0);
    });
  });

  test.each([
    ["before its intent is durable", "begin"],
    ["while the upstream decides", "upstream"],
    ["while its record is written", "finish"],
    ["afterwards", "after"],
  ])("is over when the client resets its connection %s", async (_, when) => {
    const held = gate();
    const reached = gate();
    const hold = (): Promise<void> => {
      reached.open();
      return held.passed;
    };
    const serve = async (peer: RawPeer): Promise<void> => {
      if (when === "upstream") {
        await peer.head();
        await hold();
      } else {
        await echo(peer);
      }
    };
    await withGateway(serve, {}, async (gateway, upstream) => {
      if (when === "begin") gateway.audit.onBegin = hold;
      if (when === "finish") gateway.audit.onFinish = hold;
      const socket = await gateway.open();
      await socket.write(ASK);
      if (when === "after") await socket.until("welcome");
      else await reached.passed;
      socket.socket.resetAndDestroy();
      await settled();
      held.open();
      await expect.poll(() => gateway.audit.records.length).toBe(1);
      for (const peer of upstream.connections) await peer.gone();
      expect(upstream.connections.length).toBe(when === "begin" ? 0 : 1);
    });
  });

  test("is over when the upstream resets its connection", async () => {
    await withGateway(echo, {}, async (gateway, upstream) => {
      const socket = await gateway.open();
      await socket.write(ASK);
      await socket.until("welcome");
      upstream.connections[0]?.reset();
      await socket.ended();
      expect(gateway.audit.records).toHaveLength(1);
    });
  });

  test("does not keep the server from stopping", async () => {
    await withGateway(echo, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(ASK);
      await socket.until("welcome");
      await gateway.close(50);
      await socket.ended();
      expect(gateway.audit.records).toHaveLength(1);
    });
  });

  test("behind other requests waits for its turn", async () => {
    const serve = async (peer: RawPeer, number: number): Promise<void> => {
      if (number > 0) return echo(peer);
      await peer.head();
      await sleep(30);
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(Buffer.concat([rawRequest("GET /first", [HOST]), ASK]));
      expect((await socket.answer())?.status).toBe(200);
      expect(await socket.until("welcome")).toContain("101 Switching Protocols");
      expect(gateway.audit.records).toHaveLength(2);
      socket.destroy();
    });
  });

  test.each([
    ["a body", rawRequest("POST /", [HOST, ...WEBSOCKET, "Content-Length: 5"], "hello")],
    ["a chunked body", rawRequest("POST /", [HOST, ...WEBSOCKET, "Transfer-Encoding: chunked"], "0\r\n\r\n")],
    ["another protocol", rawRequest("GET /", [HOST, "Connection: Upgrade", "Upgrade: h2c"])],
  ])("is none with %s: the call is forwarded without asking", async (_, bytes) => {
    let head = "";
    const serve = async (peer: RawPeer): Promise<void> => {
      head = await peer.head();
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      expect((await socket.answer())?.status).toBe(200);
      expect(head).not.toMatch(/\r\n(upgrade|connection):/i);
      socket.destroy();
    });
  });
});

describe("excluded paths", () => {
  const route = { exclude: ["/health*", "/ws"] };

  test("are forwarded, counted, and leave no record", async () => {
    let sent = "";
    const serve = async (peer: RawPeer): Promise<void> => {
      sent += await peer.head();
      sent += await peer.bytes(5);
      peer.write(OK);
    };
    await withGateway(serve, { route }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(rawRequest("PUT http://evil.example/health?x", [HOST, "Content-Length: 5"], "hello"));
      expect((await socket.answer())?.body).toBe("{}");
      expect(sent).toBe(`PUT /health?x HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\n\r\nhello`);
      expect([gateway.audit.records, gateway.audit.intents, gateway.counts]).toEqual([[], [], ["excluded"]]);
      socket.destroy();
    });
  });

  test.each([
    ["no answer", rawRequest("GET /health", [HOST]), 502],
    ["half a request", rawRequest("PUT /health", [HOST, "Content-Length: 5"], "he"), 400],
    ["half a chunk", rawRequest("PUT /health", [HOST, "Transfer-Encoding: chunked"], "5\r\nhe"), 400],
    ["a chunk that is none", rawRequest("PUT /health", [HOST, "Transfer-Encoding: chunked"], "x\r\n"), 400],
    ["an upgrade without an answer", rawRequest("GET /ws", [HOST, ...WEBSOCKET]), 502],
  ])("end with an answer: %s", async (_, bytes, status) => {
    const timeouts = { connectSeconds: 1, answerSeconds: 0.1 };
    const serve = (peer: RawPeer): Promise<string> => peer.head();
    await withGateway(serve, { route: { ...route, timeouts } }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(bytes);
      socket.socket.end();
      expect(Number(/^HTTP\/1\.1 (\d+)/.exec(await socket.rest())?.[1])).toBe(status);
      expect([gateway.audit.records, gateway.counts]).toEqual([[], ["excluded"]]);
    });
  });

  test("may be upgraded", async () => {
    await withGateway(echo, { route }, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(rawRequest("GET /ws", [HOST, ...WEBSOCKET]));
      expect(await socket.until("welcome")).toBe(`${AGREED}welcome`);
      expect([gateway.audit.records, gateway.counts]).toEqual([[], ["excluded"]]);
      socket.destroy();
    });
  });
});
