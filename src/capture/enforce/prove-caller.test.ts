import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { presignRequest, sha256, signRequest, type WireRequest } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import { type CapturedBody, guardBody, needsWholeBody, type Proof, proveCaller, readWholeBody } from "../index.ts";
import {
  CALLER,
  chunked,
  credentials,
  declaring,
  KEY,
  NOW,
  POST,
  PUT,
  S3,
  SQS,
  TEMPORARY,
  verdict,
  whole,
} from "./testing.ts";

/** With the body at hand. */
async function prove(request: WireRequest, now = NOW): Promise<Proof> {
  return await proveCaller({ credentials }, { head: request, body: whole(request.body), now });
}

/** While the body is on its way; gives the body as the upstream would get it. */
async function proveStreaming(request: WireRequest, piece = 7): Promise<Uint8Array> {
  const proof = await proveCaller({ credentials }, { head: request, body: undefined, now: NOW });
  if (proof.pending === undefined) return request.body;
  return await pass(proof.pending, request.body, piece);
}

async function pass(pending: NonNullable<Proof["pending"]>, body: Uint8Array, piece: number): Promise<Uint8Array> {
  const pieces = Array.from({ length: Math.ceil(body.length / piece) }, (_, at) =>
    body.slice(at * piece, (at + 1) * piece),
  );
  return await buffer(Readable.from(pieces).pipe(guardBody(pending)));
}

const CHUNKED = chunked(["hello ", "world, ", "how are you?"]);
const TRAILED = chunked(["hello ", "world"], ["x-amz-checksum-crc32c:sOO8/Q=="]);

describe("proveCaller() of a whole request", () => {
  test.each<[string, WireRequest]>([
    ["signed for S3", signRequest(PUT, KEY, S3)],
    ["signed for another service", signRequest(POST, KEY, SQS)],
    ["signed with a session's key", signRequest(PUT, TEMPORARY, S3)],
    ["with an unsigned payload", signRequest(declaring(PUT, "UNSIGNED-PAYLOAD"), KEY, S3)],
    [
      "with an unsigned payload where the service takes one",
      signRequest(declaring(PUT, "UNSIGNED-PAYLOAD"), KEY, { ...SQS, service: "lex" }),
    ],
    ["with an unsigned trailer", signRequest(declaring(PUT, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), KEY, S3)],
    ["presigned for S3", presignRequest(PUT, KEY, { ...S3, expiresSeconds: 60 })],
    ["presigned with a session's key", presignRequest(PUT, TEMPORARY, { ...S3, expiresSeconds: 60 })],
    ["presigned for another service", presignRequest(POST, KEY, { ...SQS, expiresSeconds: 60 })],
    ["in signed chunks", CHUNKED],
    ["in signed chunks with a trailer", TRAILED],
  ])("proveCaller() knows who sent one %s", async (_, request) => {
    expect((await prove(request)).caller.arn).toBe(CALLER.arn);
  });

  test.each<[string, WireRequest, string]>([
    ["unsigned", PUT, "MissingAuthenticationToken"],
    [
      "signed with an unknown key",
      signRequest(PUT, { ...KEY, accessKeyId: "AKIAUNKNOWN" }, S3),
      "InvalidClientTokenId",
    ],
    [
      "without its session token",
      signRequest(PUT, { ...KEY, accessKeyId: TEMPORARY.accessKeyId }, S3),
      "InvalidClientTokenId",
    ],
    ["signed with another secret", signRequest(PUT, { ...KEY, secretAccessKey: "other" }, S3), "SignatureDoesNotMatch"],
    ["signed long ago", signRequest(PUT, KEY, { ...S3, now: NOW - 3_600_000 }), "SignatureDoesNotMatch"],
    [
      "presigned, and over",
      presignRequest(PUT, KEY, { ...S3, now: NOW - 61_000, expiresSeconds: 60 }),
      "RequestExpired",
    ],
    ["of another body, S3", { ...signRequest(PUT, KEY, S3), body: Buffer.from("other") }, "XAmzContentSHA256Mismatch"],
    ["of another body", { ...signRequest(POST, KEY, SQS), body: Buffer.from("other") }, "SignatureDoesNotMatch"],
    [
      "with an unsigned payload where none is taken",
      signRequest(declaring(POST, "UNSIGNED-PAYLOAD"), KEY, SQS),
      "SignatureDoesNotMatch",
    ],
    [
      "in chunks where none are taken",
      signRequest(declaring(POST, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), KEY, SQS),
      "SignatureDoesNotMatch",
    ],
    ["with a nonsense payload", signRequest(declaring(PUT, "hash"), KEY, S3), "XAmzContentSHA256Mismatch"],
    [
      "with a header added",
      { ...signRequest(PUT, KEY, S3), headers: { ...signRequest(PUT, KEY, S3).headers, "x-amz-acl": ["public-read"] } },
      "AccessDenied",
    ],
    [
      "signed with SigV2",
      { ...PUT, headers: { ...PUT.headers, authorization: ["AWS AKIAIOSFODNN7EXAMPLE:c2ln"] } },
      "InvalidRequest",
    ],
    [
      "presigned with SigV2",
      { ...PUT, query: "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=a&Expires=1" },
      "InvalidRequest",
    ],
    [
      "signed with SigV4A",
      {
        ...PUT,
        headers: {
          ...PUT.headers,
          authorization: [
            "AWS4-ECDSA-P256-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261120/s3/aws4_request, SignedHeaders=host, Signature=0",
          ],
        },
      },
      "InvalidRequest",
    ],
    [
      "with a scrambled authorization",
      { ...PUT, headers: { ...PUT.headers, authorization: ["AWS4-HMAC-SHA256 nonsense"] } },
      "IncompleteSignature",
    ],
  ])("proveCaller() refuses one %s", async (_, request, code) => expect(await verdict(prove(request))).toBe(code));

  test("proveCaller() takes the hash of a body that has passed and was not kept", async () => {
    const signed = signRequest(POST, KEY, SQS);
    const passed = (sha: string): CapturedBody => ({ bytes: new Uint8Array(), size: 7, whole: false, sha256: sha });
    const proof = async (sha: string) =>
      await proveCaller({ credentials }, { head: signed, body: passed(sha), now: NOW });
    expect(await verdict(proof(sha256(POST.body)))).toBe("proven");
    expect(await verdict(proof(sha256("other")))).toBe("SignatureDoesNotMatch");
  });

  test("proveCaller() notes the key's use only once it is proven", async () => {
    const uses: string[] = [];
    const noting = { ...credentials, used: (id: string, service: string) => void uses.push(`${id} ${service}`) };
    const request = signRequest(PUT, KEY, S3);
    await proveCaller({ credentials: noting }, { head: request, body: whole(PUT.body), now: NOW });
    await verdict(proveCaller({ credentials: noting }, { head: request, body: whole(Buffer.from("x")), now: NOW }));
    expect(uses).toEqual([`${KEY.accessKeyId} s3`]);
  });
});

describe("proveCaller() and guardBody() of a body under way", () => {
  test.each<[string, WireRequest]>([
    ["with a declared hash", signRequest(PUT, KEY, S3)],
    ["with a declared hash, for another service", signRequest(declaring(POST, sha256(POST.body)), KEY, SQS)],
    ["unsigned", signRequest(declaring(PUT, "UNSIGNED-PAYLOAD"), KEY, S3)],
    ["in signed chunks", CHUNKED],
    ["in signed chunks with a trailer", TRAILED],
    ["in signed chunks, empty", chunked([])],
    ["with the hash of nothing", signRequest({ ...PUT, body: new Uint8Array() }, KEY, S3)],
  ])("guardBody() gives every byte of one %s", async (_, request) => {
    for (const piece of [1, 7, 1_000]) {
      expect(Buffer.from(await proveStreaming(request, piece))).toEqual(Buffer.from(request.body));
    }
  });

  test("guardBody() gives no end of a body that has another hash", async () => {
    const { pending } = await proveCaller(
      { credentials },
      { head: signRequest(PUT, KEY, S3), body: undefined, now: NOW },
    );
    if (pending === undefined) throw new Error("the body is still to be seen");
    const guard = guardBody(pending);
    const given: string[] = [];
    guard.on("data", (piece) => given.push(String(piece)));
    const failed = new Promise<Error>((resolve) => guard.once("error", resolve));
    for (const piece of ["hel", "lo", "!"]) guard.write(piece);
    guard.end();
    expect(await failed).toMatchObject({ code: "XAmzContentSHA256Mismatch", status: 400 });
    expect(given.join("")).toBe("hello");
  });

  test.each([
    ["without a trailer", CHUNKED],
    ["with a trailer", TRAILED],
  ])("guardBody() refuses signed chunks %s after any bit flipped, and gives no end", async (_, request) => {
    for (let at = 0; at < request.body.length; at++) {
      const body = Buffer.from(request.body);
      body[at] = (body[at] ?? 0) ^ 1;
      const { pending } = await proveCaller({ credentials }, { head: request, body: undefined, now: NOW });
      if (pending?.kind !== "chunks") throw new Error("the chunks are still to be seen");
      expect(() => readWholeBody(pending, body), `byte ${at}`).toThrow(Refusal);
      expect(await verdict(pass(pending, body, 50)), `byte ${at}`).not.toBe("proven");
    }
  });

  test.each<[string, (body: string) => string]>([
    ["left out", (body) => body.replace(/7;[^]*?world, \r\n/, "")],
    ["twice", (body) => body.replace(/7;[^]*?world, \r\n/, "$&$&")],
    ["at the end missing", (body) => body.replace(/0;[^]*/, "")],
    ["after the end", (body) => `${body}1;chunk-signature=${"0".repeat(64)}\r\na\r\n`],
  ])("guardBody() refuses signed chunks of which one is %s", async (_, change) => {
    const body = Buffer.from(change(Buffer.from(CHUNKED.body).toString()));
    expect(body).not.toEqual(Buffer.from(CHUNKED.body));
    expect(await verdict(proveStreaming({ ...CHUNKED, body }))).not.toBe("proven");
    expect(await verdict(prove({ ...CHUNKED, body }))).not.toBe("proven");
  });

  test("guardBody() refuses a trailer without its signature, and one where none was announced", async () => {
    const text = Buffer.from(TRAILED.body).toString();
    const bare = Buffer.from(text.replace(/x-amz-trailer-signature:.*\r\n/, ""));
    expect(await verdict(proveStreaming({ ...TRAILED, body: bare }))).toBe("SignatureDoesNotMatch");
    const added = Buffer.from(Buffer.from(CHUNKED.body).toString().replace(/\r\n$/, "x-a:1\r\n\r\n"));
    expect(await verdict(proveStreaming({ ...CHUNKED, body: added }))).toBe("SignatureDoesNotMatch");
  });

  test("guardBody() takes no event streams", async () => {
    const request = signRequest(declaring(POST, "STREAMING-AWS4-HMAC-SHA256-EVENTS"), KEY, {
      ...SQS,
      service: "transcribe",
    });
    const proof = await prove(request);
    expect(proof.caller.arn).toBe(CALLER.arn);
    expect(() => guardBody(proof.pending ?? { kind: "hash", sha256: "", service: "s3" })).toThrow("not implemented");
  });
});

describe("needsWholeBody()", () => {
  test.each<[string, WireRequest, boolean]>([
    ["S3 signed", signRequest(PUT, KEY, S3), false],
    ["another service signed", signRequest(POST, KEY, SQS), true],
    ["another service signed with a declared hash", signRequest(declaring(POST, sha256(POST.body)), KEY, SQS), false],
    ["S3 presigned", presignRequest(PUT, KEY, { ...S3, expiresSeconds: 60 }), false],
    ["another service presigned", presignRequest(POST, KEY, { ...SQS, expiresSeconds: 60 }), true],
    ["unsigned", PUT, false],
  ])("needsWholeBody() of a request %s", (_, request, expected) => expect(needsWholeBody(request)).toBe(expected));
});
