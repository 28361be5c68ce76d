import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { BucketFailure, type BucketStore } from "./bucket-store.ts";
import { openS3BucketStore } from "./open-s3-bucket-store.ts";
import type { S3Timeouts } from "./s3-bucket-store.ts";

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Answer = (response: ServerResponse, request: Request) => void;

const servers: Server[] = [];
const stores: BucketStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An S3 server that gives these answers one after the other, and the last one again and again. */
async function serve(
  answers: readonly Answer[],
  timeouts: Partial<S3Timeouts> = {},
): Promise<{ store: BucketStore; requests: Request[]; server: Server }> {
  const requests: Request[] = [];
  const server = createServer((message, response) => {
    void buffer(message).then((body) => {
      const request = { method: message.method ?? "", url: message.url ?? "", headers: message.headers, body };
      answers[Math.min(requests.push(request), answers.length) - 1]?.(response, request);
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const store = await openS3BucketStore({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    forcePathStyle: true,
    timeouts: { connectMs: 1_000, idleMs: 5_000, callMs: 10_000, ...timeouts },
  });
  stores.push(store);
  return { store, requests, server };
}

const answer =
  (status: number, body = "", headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/xml", ...headers });
    response.end(body);
  };
const error = (status: number, code: string): Answer =>
  answer(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>in words</Message></Error>`);
const stored = answer(200, "", { etag: '"0123"', "x-amz-version-id": "v1" });
const reset: Answer = (response) => void response.socket?.destroy();
const silence: Answer = () => undefined;

async function failureOf(promise: Promise<unknown>): Promise<BucketFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(thrown).toBeInstanceOf(BucketFailure);
  return thrown as BucketFailure;
}

const put = (store: BucketStore) => store.put("logs", "a", Buffer.from("beans"));

describe("S3BucketStore failures", () => {
  test.each<[string, Answer, string]>([
    ["an error of S3", error(404, "NoSuchBucket"), "NoSuchBucket"],
    ["throttling", error(503, "SlowDown"), "SlowDown"],
    ["another Region's bucket", error(301, "PermanentRedirect"), "PermanentRedirect"],
    ["a key of KMS that is gone", error(400, "KMS.NotFoundException"), "KMS.NotFoundException"],
    ["a proxy's page", answer(502, "<html>Bad gateway</html>"), "InternalError"],
    ["a full server without words", answer(503), "ServiceUnavailable"],
    ["a refusal without words", answer(403), "AccessDenied"],
    ["something else", answer(418, "I'm a teapot"), "InvalidRequest"],
    ["a closed connection", reset, "Unreachable"],
  ])("bear the code of %s", async (_, given, code) => {
    const { store } = await serve([given]);
    const failure = await failureOf(put(store));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(`put logs/a: ${code}`);
  });

  test.each<[number, string]>([
    [301, "PermanentRedirect"],
    [400, "InvalidRequest"],
    [403, "AccessDenied"],
    [500, "InternalError"],
  ])("bear a code where the answer to HEAD is only %i", async (status, code) => {
    const { store } = await serve([answer(status)]);
    expect((await failureOf(store.head("logs", "a"))).code).toBe(code);
    expect((await failureOf(store.bucket("logs"))).code).toBe(code);
  });

  test("say Unreachable where nobody listens", async () => {
    const { store, server } = await serve([stored]);
    await new Promise((closed) => server.close(closed));
    expect((await failureOf(put(store))).code).toBe("Unreachable");
  });

  test.each<[string, Partial<S3Timeouts>, Answer]>([
    ["an answer does not begin", { callMs: 100 }, silence],
    ["nothing moves on the connection", { idleMs: 100 }, silence],
    [
      "a body does not end",
      { callMs: 150 },
      (response) => {
        response.writeHead(200, { "content-length": "10" });
        response.write("half");
      },
    ],
  ])("say Timeout when %s", async (_, timeouts, given) => {
    const { store, requests } = await serve([given], timeouts);
    expect((await failureOf(store.get("logs", "a"))).code).toBe("Timeout");
    expect(requests).toHaveLength(1);
  });
});

describe("S3BucketStore tries", () => {
  const half: Answer = (response) => {
    response.writeHead(200, { "content-length": "10" });
    response.write("half");
    setImmediate(() => response.socket?.destroy());
  };
  test.each<[string, Answer]>([
    ["trouble of the server", error(500, "InternalError")],
    ["throttling", error(503, "SlowDown")],
    ["a connection that was closed", reset],
    ["half a body", half],
  ])("once more to get what failed for %s", async (_, given) => {
    const { store, requests } = await serve([given, answer(200, "beans", { etag: '"0123"' })]);
    expect(Buffer.from((await store.get("logs", "a")).bytes).toString()).toBe("beans");
    expect(requests).toHaveLength(2);
  });

  test("no third time to get", async () => {
    const { store, requests } = await serve([error(503, "SlowDown")]);
    await failureOf(store.get("logs", "a"));
    expect(requests).toHaveLength(2);
  });

  test.each<[string, (store: BucketStore) => Promise<unknown>]>([
    ["put", put],
    ["delete", (store) => store.delete("logs", "a", "v1")],
  ])("only once to %s: the first may have been done", async (_, change) => {
    for (const given of [error(500, "InternalError"), reset]) {
      const { store, requests } = await serve([given, stored]);
      await failureOf(change(store));
      expect(requests).toHaveLength(1);
    }
  });
});

describe("S3BucketStore.put()", () => {
  test("says what is put, for whom, and how to tell that it came whole", async () => {
    const { store, requests } = await serve([stored]);
    const bytes = Buffer.from("gzip, they say");
    const result = await store.put("logs", "AWSLogs/a b.json.gz", bytes, {
      contentType: "application/json",
      contentEncoding: "gzip",
      metadata: { signature: "abcd" },
      encryption: { algorithm: "aws:kms", keyId: "key-1", context: { "aws:cloudtrail:arn": "arn" } },
    });
    expect(result).toEqual({ etag: '"0123"', versionId: "v1" });
    expect(requests).toHaveLength(1);
    const [{ method, url, headers, body } = expect.fail("no request")] = requests;
    expect([method, new URL(url, "http://host").pathname]).toEqual(["PUT", "/logs/AWSLogs/a%20b.json.gz"]);
    expect(body).toEqual(bytes);
    expect(headers).toMatchObject({
      "content-length": String(bytes.length),
      "content-md5": createHash("md5").update(bytes).digest("base64"),
      "content-type": "application/json",
      "content-encoding": "gzip",
      "x-amz-acl": "bucket-owner-full-control",
      "x-amz-meta-signature": "abcd",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
    });
    const context = headers["x-amz-server-side-encryption-context"] as string;
    expect(JSON.parse(Buffer.from(context, "base64").toString())).toEqual({ "aws:cloudtrail:arn": "arn" });
    expect(headers.authorization).toContain("/eu-west-1/s3/aws4_request");
    expect(Object.keys(headers).filter((name) => name.startsWith("if-"))).toEqual([]);
  });

  const acls = (requests: readonly Request[]) => requests.map(({ headers }) => headers["x-amz-acl"] ?? "none");
  const owner = "bucket-owner-full-control";
  const refusesAcl =
    (code: string): Answer =>
    (response, request) =>
      (request.headers["x-amz-acl"] === undefined ? stored : error(400, code))(response, request);

  test.each(["AccessControlListNotSupported", "NotImplemented", "AccessDenied", "InvalidArgument"])(
    "does without an ACL where that is answered by %s, and remembers so",
    async (code) => {
      const { store, requests } = await serve([refusesAcl(code)]);
      await put(store);
      await put(store);
      expect(acls(requests)).toEqual([owner, "none", "none"]);
      await store.put("other", "a", Buffer.from("beans"));
      expect(acls(requests).slice(3)).toEqual([owner, "none"]);
    },
  );

  test("finds back to the ACL when the bucket's policy comes to want it", async () => {
    const { store, requests } = await serve([error(403, "AccessDenied"), stored, error(403, "AccessDenied"), stored]);
    for (let count = 0; count < 3; count++) await put(store);
    expect(acls(requests)).toEqual([owner, "none", "none", owner, owner]);
  });

  test("fails as it does without an ACL when no ACL helps", async () => {
    const { store, requests } = await serve([error(501, "NotImplemented"), error(404, "NoSuchBucket")]);
    expect((await failureOf(put(store))).code).toBe("NoSuchBucket");
    expect(acls(requests)).toEqual([owner, "none"]);
  });
});

describe("S3BucketStore.list()", () => {
  const listing = (members: string): Answer => answer(200, `<ListBucketResult>${members}</ListBucketResult>`);

  test("reads encoded keys only where the answer says that they are", async () => {
    const contents = "<Contents><Key>a+b%2Bc</Key><Size>1</Size><ETag>0123</ETag></Contents>";
    const { store } = await serve([listing(`<EncodingType>url</EncodingType>${contents}`), listing(contents)]);
    const keys = async () => (await store.list("logs", {})).objects.map(({ key, etag }) => [key, etag]);
    expect(await keys()).toEqual([["a b+c", '"0123"']]);
    expect(await keys()).toEqual([["a+b%2Bc", '"0123"']]);
  });
});

describe("S3BucketStore.bucket()", () => {
  test("takes what it may not ask about for absent", async () => {
    const { store } = await serve([
      answer(200, "", { "x-amz-bucket-region": "eu-north-1" }),
      error(403, "AccessDenied"),
      error(501, "NotImplemented"),
    ]);
    expect(await store.bucket("logs")).toEqual({ region: "eu-north-1", versioning: undefined, objectLock: false });
  });
});

describe("S3BucketStore.mayWrite()", () => {
  const who = { service: "cloudtrail.amazonaws.com", sourceArn: "arn", sourceAccount: "123456789012" };
  const begun = answer(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
  const statement = {
    Sid: "OpenTrailWrite",
    Effect: "Allow",
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::logs/AWSLogs/*",
  };
  const sent = (requests: readonly Request[]) =>
    requests.map(({ method, url }) => `${method} ${new URL(url, "http://host").searchParams.get("uploadId") ?? ""}`);

  test("gives up the upload that it began", async () => {
    const { store, requests } = await serve([begun, answer(204)]);
    expect(await store.mayWrite("logs", "AWSLogs/", who)).toEqual({ allowed: true });
    expect(sent(requests)).toEqual(["POST ", "DELETE u1"]);
    expect(new Set(requests.map(({ url }) => new URL(url, "http://host").pathname))).toEqual(
      new Set(["/logs/AWSLogs/write-check"]),
    );
  });

  test("names the statement that is missing", async () => {
    const { store } = await serve([error(403, "AccessDenied")]);
    expect(await store.mayWrite("logs", "AWSLogs/", who)).toEqual({
      allowed: false,
      why: expect.stringMatching("AccessDenied: in words"),
      missing: [statement],
    });
  });

  test("fails where it is no question of permissions", async () => {
    const { store } = await serve([error(404, "NoSuchBucket")]);
    expect((await failureOf(store.mayWrite("logs", "AWSLogs/", who))).code).toBe("NoSuchBucket");
  });
});
