import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presignRequest, sha256, signRequest, type WireRequest } from "../../aws/index.ts";
import { guardBody, proveCaller, resign } from "../index.ts";
import {
  chunked,
  credentials,
  declaring,
  KEY,
  NOW,
  POST,
  PUT,
  resigned,
  S3,
  SQS,
  TEMPORARY,
  UPSTREAM,
  verdict,
  whole,
} from "./testing.ts";

async function proveUpstream(sent: WireRequest): Promise<string> {
  return await verdict(proveCaller({ credentials: UPSTREAM }, { head: sent, body: whole(sent.body), now: NOW }));
}

const EVERY_FORM: readonly (readonly [string, WireRequest])[] = [
  ["signed for S3", signRequest(PUT, KEY, S3)],
  ["signed for another service", signRequest({ ...POST, query: "b=1&a=%2f" }, KEY, SQS)],
  ["signed with a session's key", signRequest(PUT, TEMPORARY, S3)],
  ["with an unsigned payload", signRequest(declaring(PUT, "UNSIGNED-PAYLOAD"), KEY, S3)],
  ["with an unsigned trailer", signRequest(declaring(PUT, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), KEY, S3)],
  ["with a declared hash", signRequest(declaring(POST, sha256(POST.body)), KEY, SQS)],
  ["presigned for S3", presignRequest({ ...PUT, query: "x-id=PutObject&a=b%20c" }, KEY, { ...S3, expiresSeconds: 60 })],
  ["presigned with a session's key", presignRequest(PUT, TEMPORARY, { ...S3, expiresSeconds: 60 })],
  ["presigned for another service", presignRequest(POST, KEY, { ...SQS, expiresSeconds: 60 })],
  ["in signed chunks", chunked(["hello ", "world"])],
  ["in signed chunks with a trailer", chunked(["hello"], ["x-amz-checksum-crc32c:sOO8/Q=="])],
  ["in signed chunks, empty", chunked([])],
];

describe("resign()", () => {
  test.each(EVERY_FORM)("resign() makes the upstream accept a request %s", async (_, request) => {
    expect(await proveUpstream(request)).toBe("InvalidClientTokenId");
    const sent = await resigned(request, NOW);
    expect(await proveUpstream(sent)).toBe("proven");
    expect(sent.body).toHaveLength(request.body.length);
    expect(JSON.stringify(sent)).not.toContain(KEY.accessKeyId);
    expect(JSON.stringify(sent)).not.toContain(TEMPORARY.sessionToken);
    expect(sent.query).not.toMatch(/X-Amz-(?!Meta)/);
  });

  test.each(EVERY_FORM)("resign() signs everything that matters of a request %s", async (_, request) => {
    const sent = await resigned(request, NOW);
    const changed: readonly WireRequest[] = [
      { ...sent, method: "DELETE" },
      { ...sent, path: `${sent.path}x` },
      { ...sent, query: `${sent.query}&x=1` },
      ...["host", "content-type", "x-amz-date", "x-amz-security-token"].map((name) => ({
        ...sent,
        headers: { ...sent.headers, [name]: [`${sent.headers[name]?.join("") ?? ""}x`] },
      })),
    ];
    const verdicts = await Promise.all(changed.map(proveUpstream));
    expect(verdicts).not.toContain("proven");
  });

  test("resign() replaces chunks' signatures in a stream, however it is cut", async () => {
    const request = chunked(["hello ", "world"], ["x-amz-checksum-crc32c:sOO8/Q=="]);
    const expected = await resigned(request, NOW);
    const { pending, signed } = await proveCaller({ credentials }, { head: request, body: undefined, now: NOW });
    const { chunks } = resign(
      { method: "PUT", target: request.path, rawHeaders: rawOf(request), signedHeaders: signed.signedHeaders },
      {
        credentials: { accessKeyId: "AKIAUPSTREAM", secretAccessKey: "the-route's-secret", sessionToken: "t" },
        region: "eu-central-1",
        service: "s3",
        now: NOW + 1_000,
      },
    );
    if (pending === undefined) throw new Error("the chunks are still to be seen");
    for (const piece of [1, 100, 10_000]) {
      const pieces = Array.from({ length: Math.ceil(request.body.length / piece) }, (_, at) =>
        request.body.slice(at * piece, (at + 1) * piece),
      );
      const passed = await buffer(Readable.from(pieces).pipe(guardBody(pending, chunks)));
      expect(passed.toString()).toBe(Buffer.from(expected.body).toString());
    }
  });

  const plain = { credentials: { accessKeyId: "A", secretAccessKey: "b" }, region: "r", service: "s3", now: NOW };
  const HASH = sha256("");

  test("resign() leaves the rest as it came", () => {
    const rawHeaders = [
      "HOST",
      "h",
      "X-Custom",
      "1",
      "x-custom",
      " 2 ",
      "AUTHORIZATION",
      "old",
      "x-AMZ-date",
      "old",
      "X-Amz-Content-SHA256",
      HASH,
    ];
    const sent = resign({ method: "GET", target: "/a//b/../%7e?B=%2f&a&a=+&=", rawHeaders, signedHeaders: [] }, plain);
    expect(sent.target).toBe("/a//b/../%7e?B=%2f&a&a=+&=");
    expect(sent.rawHeaders.slice(0, 8)).toEqual([
      "HOST",
      "h",
      "X-Custom",
      "1",
      "x-custom",
      " 2 ",
      "X-Amz-Content-SHA256",
      HASH,
    ]);
    expect(sent.rawHeaders.slice(8)).toEqual([
      "X-Amz-Date",
      "20261120T120000Z",
      "Authorization",
      expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=A\/20261120\/r\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
      ),
    ]);
  });

  test("resign() replaces the host if told to", async () => {
    const sent = await resigned(signRequest(PUT, KEY, S3), NOW, "upstream.example.org:9000");
    expect(sent.headers["host"]).toEqual(["upstream.example.org:9000"]);
    expect(await proveUpstream(sent)).toBe("proven");
  });

  test("resign() signs what the client signed, but for what connections change", () => {
    const rawHeaders = [
      "Host",
      "h",
      "X-Custom",
      "1",
      "Other",
      "2",
      "Content-Length",
      "3",
      "Authorization",
      "x",
      "x-amz-content-sha256",
      HASH,
    ];
    const signedHeaders = ["content-length", "host", "x-custom", "gone"];
    const sent = resign({ method: "GET", target: "/", rawHeaders, signedHeaders }, plain);
    expect(sent.rawHeaders.at(-1)).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-custom,");
  });

  test("resign() keeps every part of a query that is not the signature's", () => {
    const part = fc.tuple(
      fc.constantFrom("a", "X-Id", "x-amz-date", "%58", "é", ""),
      fc.constantFrom("", "=", "=1", "=a=b", "=%2F"),
    );
    const mark = fc.constantFrom("X-Amz-Signature=1", "X-Amz-Date=2", "%58-Amz-Credential=3", "X-Amz-Security-Token");
    fc.assert(
      fc.property(fc.array(part.map((pair) => pair.join(""))), fc.array(mark), (kept, marks) => {
        const raw = ["host", "h", "x-amz-content-sha256", HASH];
        const query = [...kept, ...marks].join("&").replaceAll("é", "%C3%A9");
        const { target } = resign({ method: "GET", target: `/?${query}`, rawHeaders: raw, signedHeaders: [] }, plain);
        const expected = kept.join("&").replaceAll("é", "%C3%A9");
        expect(target).toBe(expected === "" ? "/" : `/?${expected}`);
      }),
    );
  });

  test("resign() takes no event streams", () => {
    const raw = ["host", "h", "authorization", "x", "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-EVENTS"];
    expect(() => resign({ method: "POST", target: "/", rawHeaders: raw, signedHeaders: [] }, plain)).toThrow(
      "not implemented",
    );
  });
});

function rawOf({ headers }: WireRequest): readonly string[] {
  return Object.entries(headers).flatMap(([name, values = []]) => values.flatMap((value) => [name, value]));
}
