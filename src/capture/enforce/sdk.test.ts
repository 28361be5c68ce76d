import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { readSignature, type WireRequest } from "../../aws/index.ts";
import { type Proof, proveCaller } from "../index.ts";
import { CALLER, credentials, KEY, resigned, UPSTREAM, verdict, whole } from "./testing.ts";

/** An upload as AWS's JavaScript SDK sends it. */
async function sdkUpload(body: string | Readable, scheme: string): Promise<WireRequest> {
  let sent: WireRequest | undefined;
  const handle = async (request: {
    method: string;
    path: string;
    query?: Record<string, string>;
    headers: Record<string, string>;
    body?: string | Uint8Array | Readable;
  }): Promise<never> => {
    const query = Object.entries(request.query ?? {}).map(([name, value]) => `${name}=${value}`);
    const bytes = request.body instanceof Readable ? await buffer(request.body) : Buffer.from(request.body ?? "");
    const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value]]);
    sent = {
      method: request.method,
      path: request.path,
      query: query.join("&"),
      headers: Object.fromEntries(headers),
      body: bytes,
    };
    throw new Error("captured");
  };
  const client = new S3Client({
    region: "us-east-1",
    endpoint: `${scheme}://s3.example.org`,
    forcePathStyle: true,
    credentials: KEY,
    maxAttempts: 1,
    requestHandler: { handle } as never,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const length = typeof body === "string" ? body.length : 11;
  await client
    .send(new PutObjectCommand({ Bucket: "bucket", Key: "a key+é", Body: body, ContentLength: length }))
    .catch(() => undefined);
  if (sent === undefined) throw new Error("the SDK has sent nothing");
  return sent;
}

describe("What AWS's JavaScript SDK sends", () => {
  const uploads = ["http", "https"].flatMap((scheme) => [
    [scheme, "text", (): string => "hello world"] as const,
    [scheme, "a stream", (): Readable => Readable.from([Buffer.from("hello world")])] as const,
  ]);

  test.each(uploads)("proveCaller() knows who sent an upload over %s of %s", async (scheme, _, body) => {
    const request = await sdkUpload(body(), scheme);
    const now = readSignature(request)?.timestamp ?? 0;
    const prove = async (sent: WireRequest): Promise<Proof> =>
      await proveCaller({ credentials }, { head: sent, body: whole(sent.body), now });
    expect((await prove(request)).caller.arn).toBe(CALLER.arn);
    expect(await verdict(prove({ ...request, path: "/bucket/other" }))).toBe("SignatureDoesNotMatch");
  });

  test.each(uploads)("resign() signs an upload over %s of %s for the upstream", async (scheme, _, body) => {
    const request = await sdkUpload(body(), scheme);
    const now = readSignature(request)?.timestamp ?? 0;
    const sent = await resigned(request, now);
    const proof = await proveCaller({ credentials: UPSTREAM }, { head: sent, body: whole(sent.body), now });
    expect(proof.signed.accessKeyId).toBe("AKIAUPSTREAM");
    expect(Buffer.from(sent.body)).toEqual(Buffer.from(request.body));
  });
});
