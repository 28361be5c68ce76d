import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signRequest } from "../../src/aws/index.ts";
import { OK } from "../gateway.ts";
import { forwardedRecords, startGatewayServer, type StoredRecord } from "../gateway-process.ts";
import { RawServer } from "../raw-server.ts";
import { type RawAnswer, RawSocket, rawRequest } from "../raw-socket.ts";
import type { TestServer } from "../server.ts";

const MIB = 1024 * 1024;
const GOOD = Buffer.alloc(8 * MIB, "good");
const BAD = Buffer.alloc(8 * MIB, "evil");

/** Whole requests that the upstream got. */
const taken: string[] = [];
let upstream: RawServer;
let server: TestServer;
const directory = mkdtempSync(join(tmpdir(), "opentrail-enforce-"));
const dataDirectory = join(directory, "data");

beforeAll(async () => {
  upstream = await RawServer.open(async (peer) => {
    for (;;) {
      const head = await peer.head();
      await peer.bytes(Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0));
      taken.push(head.split("\r\n")[0] ?? "");
      peer.write(OK);
    }
  });
  const credentials = { accessKeyId: "AKIDUPSTREAM", secretAccessKey: "secret" };
  const routes = [{ name: "judged", upstream: upstream.url, mode: "enforce", credentials }];
  server = await startGatewayServer({ routes }, { dataDirectory });
});
beforeEach(() => void taken.splice(0));
afterAll(async () => {
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A signed upload of an object; the body that is sent may be another than the one that was signed. */
function upload(key: string, sent: Uint8Array, hash: string): Buffer {
  const headers = { host: ["s3.amazonaws.com"], "x-amz-content-sha256": [hash] };
  return signed({ method: "PUT", path: `/bucket/${key}`, query: "", headers, body: new Uint8Array() }, "s3", sent);
}

function putItem(body: Uint8Array, sent = body): Buffer {
  const headers = {
    host: ["dynamodb.us-east-1.amazonaws.com"],
    "x-amz-target": ["DynamoDB_20120810.PutItem"],
    "content-type": ["application/x-amz-json-1.0"],
  };
  return signed({ method: "POST", path: "/", query: "", headers, body }, "dynamodb", sent);
}

function signed(request: Parameters<typeof signRequest>[0], service: string, sent: Uint8Array): Buffer {
  const { method, path, headers } = signRequest(request, server.root, {
    region: "us-east-1",
    service,
    now: Date.now(),
  });
  const lines = Object.entries(headers).flatMap(([name, values = []]) => values.map((value) => `${name}: ${value}`));
  return rawRequest(`${method} ${path}`, [...lines, `content-length: ${sent.length}`], sent);
}

/** The answer to a client that writes everything before it reads. */
async function callOnce(bytes: Uint8Array): Promise<RawAnswer | undefined> {
  const socket = await RawSocket.open(server.endpoint);
  await socket.write(bytes);
  const answer = await socket.answer();
  socket.destroy();
  return answer;
}

function hashOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

/** A body in signed chunks whose signatures are made up. */
function madeUpChunks(): Buffer {
  const line = `${MIB.toString(16)};chunk-signature=${"0".repeat(64)}\r\n`;
  const chunk = Buffer.concat([Buffer.from(line), Buffer.alloc(MIB, "x"), Buffer.from("\r\n")]);
  return Buffer.concat(Array.from({ length: 16 }, () => chunk));
}

describe("on a route that enforces", () => {
  test("a body that is what was signed reaches the upstream, which is asked with our own signature", async () => {
    expect((await callOnce(upload("good", GOOD, hashOf(GOOD))))?.status).toBe(200);
    expect((await callOnce(putItem(Buffer.from("{}"))))?.status).toBe(200);
    expect(taken).toEqual(["PUT /bucket/good HTTP/1.1", "POST / HTTP/1.1"]);
  });

  test.each([
    ["a streamed body with another hash", () => upload("evil", BAD, hashOf(GOOD)), 400, "XAmzContentSHA256Mismatch"],
    [
      "chunks with made-up signatures",
      () => upload("chunks", madeUpChunks(), "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
      403,
      "SignatureDoesNotMatch",
    ],
    ["parameters that were not signed", () => putItem(GOOD, BAD), 400, "InvalidSignatureException"],
    ["parameters of 70 MiB", () => putItem(Buffer.alloc(70 * MIB, "x")), 413, "RequestEntityTooLarge"],
    ["parameters that are no JSON", () => putItem(Buffer.from('{"TableName":')), 400, ""],
    [
      "no signature",
      () => rawRequest("PUT /bucket/nobody", ["Host: s3.amazonaws.com", `Content-Length: ${8 * MIB}`], GOOD),
      403,
      "",
    ],
  ])("%s never becomes a whole request, and the client gets to read why", async (_, bytes, status, code) => {
    const answer = await callOnce(bytes());
    expect(answer).toMatchObject({ status, body: expect.stringContaining(code) });
    expect(taken).toEqual([]);
  });

  test("the next call over the same connection is served", async () => {
    const socket = await RawSocket.open(server.endpoint);
    await socket.write(Buffer.concat([upload("evil", BAD, hashOf(GOOD)), putItem(Buffer.from("{}"))]));
    expect([(await socket.answer())?.status, (await socket.answer())?.status]).toEqual([400, 200]);
    socket.destroy();
  });

  test("clients that leave in the middle leave a record, and nothing whole at the upstream", async () => {
    for (const bytes of [upload("left", GOOD, hashOf(GOOD)), putItem(GOOD)]) {
      const socket = await RawSocket.open(server.endpoint);
      await socket.write(bytes.subarray(0, MIB));
      socket.socket.resetAndDestroy();
    }
    expect((await callOnce(putItem(Buffer.from("{}"))))?.status).toBe(200);
    expect(taken).toEqual(["POST / HTTP/1.1"]);
  });

  test("every one of these calls is recorded, with what became of it", async () => {
    expect(await server.stop()).toBe(0);
    const records = await forwardedRecords(dataDirectory);
    const told = ({ eventName, errorCode, additionalEventData }: StoredRecord): string =>
      `${eventName} ${errorCode ?? "-"} ${additionalEventData?.outcome ?? ""}`
        .trimEnd()
        // How far the call was when its client left is not told by the client.
        .replace(/ (ClientDisconnected|IncompleteBody) (client-left|not-forwarded)$/, " left");
    expect(records.map(told).toSorted()).toEqual(
      [
        "PutObject -",
        "PutItem -",
        "PutObject XAmzContentSHA256Mismatch not-forwarded",
        "PutObject SignatureDoesNotMatch not-forwarded",
        "PutItem InvalidSignatureException not-forwarded",
        "PutItem RequestEntityTooLargeException not-forwarded",
        "PutItem SerializationException not-forwarded",
        "PutObject AccessDenied not-forwarded",
        "PutObject XAmzContentSHA256Mismatch not-forwarded",
        "PutItem -",
        "PutObject left",
        "PutItem left",
        "PutItem -",
      ].toSorted(),
    );
  });
});
