import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TEST_CERTIFICATE } from "../certificate.ts";
import { OK } from "../gateway.ts";
import { forwardedRecords, startGatewayServer, type StoredRecord } from "../gateway-process.ts";
import { healthOf } from "../calls.ts";
import { RawServer } from "../raw-server.ts";
import { RawSocket, rawRequest } from "../raw-socket.ts";
import type { TestServer } from "../server.ts";

const directory = mkdtempSync(join(tmpdir(), "opentrail-listener-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const bodies: string[] = [];
let upstream: RawServer;
beforeAll(async () => {
  upstream = await RawServer.open(async (peer) => {
    for (;;) {
      const head = await peer.head();
      bodies.push(await peer.bytes(Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)));
      peer.write(OK);
    }
  });
});
afterAll(() => upstream.close());

/** A call named after the test, so that its record can be found. */
function call(target: string, headers: readonly string[] = []): Buffer {
  const all = ["Host: dynamodb.example:4580", `X-Amz-Target: DynamoDB_20120810.${target}`, ...headers];
  return rawRequest("POST /", [...all, "Content-Length: 2"], "{}");
}

describe("a listener with TLS", () => {
  const dataDirectory = join(directory, "tls");
  let server: TestServer;
  let port: number;
  let records: readonly StoredRecord[];

  async function overTls(
    bytes: Uint8Array,
    maxVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.3",
  ): Promise<number | undefined> {
    const socket = connect({ host: "127.0.0.1", port, ca: TEST_CERTIFICATE.cert, maxVersion });
    let text = "";
    socket.write(bytes);
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.endsWith("{}")) break;
    }
    return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  }

  beforeAll(async () => {
    const [certificate, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    writeFileSync(certificate, TEST_CERTIFICATE.cert);
    writeFileSync(key, TEST_CERTIFICATE.key);
    const routes = [{ name: "tls", upstream: upstream.url }];
    server = await startGatewayServer({ routes, tls: { certificate, key } }, { dataDirectory });
    port = Number(new URL(server.endpoint).port);
  });

  test("forwards what comes over it, aws-chunked uploads too", async () => {
    expect(await overTls(call("PutItem"))).toBe(200);
    expect(await overTls(call("GetItem"), "TLSv1.2")).toBe(200);
    const body = chunked("hello ".repeat(20_000));
    const headers = [
      "Host: s3.amazonaws.com",
      "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "Content-Encoding: aws-chunked",
      "X-Amz-Decoded-Content-Length: 120000",
      `Content-Length: ${body.length}`,
    ];
    expect(await overTls(rawRequest("PUT /bucket/key", headers, body))).toBe(200);
    expect(bodies.at(-1) === body).toBe(true);
  });

  test("ends connections that speak no TLS, or nothing, without a record of each", async () => {
    const before = (await healthOf(server)).body.journal.head;
    const plain = await RawSocket.open(`http://127.0.0.1:${port}`);
    await plain.write(call("PutItem"));
    expect(await plain.rest()).not.toContain("HTTP");
    const garbage = connectTcp(port, "127.0.0.1");
    garbage.on("error", () => undefined).end(Buffer.alloc(500, 0x16));
    await new Promise((resolve) => garbage.once("close", resolve));
    expect((await healthOf(server)).body.journal.head).toBe(before);
    expect(await overTls(call("UpdateItem"))).toBe(200);
  });

  test("stops while a handshake is under way, and has recorded what was negotiated", async () => {
    const silent = connectTcp(port, "127.0.0.1").on("error", () => undefined);
    await new Promise((resolve) => silent.once("connect", resolve));
    const stopping = server.stop();
    silent.destroy();
    expect(await stopping).toBe(0);
    expect(server.log()).not.toMatch(/"level":50/);
    records = await forwardedRecords(dataDirectory);
    const tls = (name: string): unknown => records.find(({ eventName }) => eventName === name)?.["tlsDetails"];
    expect(tls("PutItem")).toMatchObject({
      tlsVersion: "TLSv1.3",
      cipherSuite: expect.stringMatching(/^TLS_/),
      clientProvidedHostHeader: "dynamodb.example:4580",
    });
    expect(tls("GetItem")).toMatchObject({ tlsVersion: "TLSv1.2" });
    expect(records.find(({ eventName }) => eventName === "PutObject")).toMatchObject({
      additionalEventData: { bytesTransferredIn: 120_000 },
    });
  });
});

/** A body in signed chunks; nobody on this route looks at the signatures. */
function chunked(text: string): string {
  const pieces = [text.slice(0, 65_536), text.slice(65_536), ""];
  return pieces
    .map((piece) => {
      const signature = createHmac("sha256", "x").update(createHash("sha256").update(piece).digest()).digest("hex");
      return `${piece.length.toString(16)};chunk-signature=${signature}\r\n${piece}\r\n`;
    })
    .join("");
}

describe("X-Forwarded-For", () => {
  const cases: readonly (readonly [target: string, trusted: boolean, header: string, address: string])[] = [
    ["PutItem", false, "198.51.100.7", "127.0.0.1"],
    ["GetItem", true, "198.51.100.7", "198.51.100.7"],
    ["UpdateItem", true, "203.0.113.1, 198.51.100.7, 10.1.2.3", "198.51.100.7"],
    ["DeleteItem", true, "198.51.100.7, <script>", "198.51.100.7"],
    ["Query", true, "10.1.2.3, 10.0.0.1", "127.0.0.1"],
    ["Scan", true, "nobody", "127.0.0.1"],
    ["ListTables", true, "2001:db8::1", "2001:db8::1"],
  ];

  test("is believed of configured proxies alone, as far as they vouch for it", async () => {
    for (const trusted of [false, true]) {
      const dataDirectory = join(directory, `proxies-${trusted}`);
      const proxies = trusted ? { proxies: { trusted: "127.0.0.0/8,10.0.0.0/8" } } : {};
      const settings = { routes: [{ name: "proxied", upstream: upstream.url }], ...proxies };
      const server = await startGatewayServer(settings, { dataDirectory });
      const socket = await RawSocket.open(server.endpoint);
      const asked = cases.filter(([, each]) => each === trusted);
      for (const [target, , header] of asked) {
        await socket.write(call(target, [`X-Forwarded-For: ${header}`]));
        expect((await socket.answer())?.status).toBe(200);
      }
      socket.destroy();
      await server.stop();
      const records = await forwardedRecords(dataDirectory);
      const addresses = records.map((record) => [record.eventName, record["sourceIPAddress"]]);
      expect(addresses).toEqual(asked.map(([target, , , address]) => [target, address]));
    }
  });
});
