import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AnswerReceiver, OutgoingRequest, UpstreamFailure } from "../../capture/index.ts";
import { Failure, Refusal } from "../../core/index.ts";
import { NOW, TestS3 } from "./s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
  await s3.ask("PUT", "/logs/big", { body: Buffer.alloc(1024 * 1024, "x") });
});

afterAll(async () => {
  await s3.close();
});

const ignore = (): void => undefined;

/** A receiver that takes everything and keeps what it is told. */
function recorder(takes = true): AnswerReceiver & { readonly told: string[]; readonly failure: () => unknown } {
  const told: string[] = [];
  let failure: UpstreamFailure | undefined;
  return {
    told,
    failure: () => failure,
    continued: () => void told.push("continued"),
    head: (status) => void told.push(`head ${status}`),
    data: () => {
      told.push("data");
      return takes;
    },
    end: () => void told.push("end"),
    failed: (why) => {
      failure = why;
      told.push("failed");
    },
  };
}

const soon = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 30));

function put(key: string, readable: Readable, length: number, over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const headers = ["host", "s3.example.org", "content-length", String(length)];
  return { ...s3.outgoing("PUT", `/logs/${key}`, headers, readable), ...over };
}

describe("an answer", () => {
  test("bears S3's ids, its date, and nothing of a server", async () => {
    const { headers, header } = await s3.ask("GET", "/");
    expect(header("x-amz-request-id")).toMatch(/^request-\d+$/);
    expect(header("x-amz-id-2")).toMatch(/^[\w+/]{76}$/);
    expect(header("date")).toBe(new Date(NOW).toUTCString());
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["server"]));
    expect(headers).not.toHaveProperty("x-amzn-requestid");
  });

  test("has S3's prolog, root and namespace", async () => {
    const { body, header } = await s3.ask("GET", "/logs?versioning");
    expect(header("content-type")).toBe("application/xml");
    expect(body.toString()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
    );
    expect(header("content-length")).toBe(String(body.length));
  });

  test("to HEAD has the length of what there would be, and no body", async () => {
    const { status, body, header } = await s3.ask("HEAD", "/logs/big");
    expect([status, body.length, header("content-length")]).toEqual([200, 0, String(1024 * 1024)]);
  });
});

describe("a refusal", () => {
  test("is told as S3's error, with what it is about", async () => {
    const { status, text, header } = await s3.ask("GET", "/logs/no%20such?x-id=GetObject");
    expect(status).toBe(404);
    expect(["Code", "Key", "Resource", "RequestId", "HostId"].map(text)).toEqual([
      "NoSuchKey",
      "no such",
      "/logs/no%20such",
      header("x-amz-request-id"),
      header("x-amz-id-2"),
    ]);
  });

  test("of a HEAD has no body", async () => {
    const { status, body } = await s3.ask("HEAD", "/logs/nothing");
    expect([status, body.length]).toEqual([404, 0]);
  });

  test.each([
    ["an operation that is not served", "PUT", "/logs?cors", "<CORSConfiguration/>", {}, 501, "NotImplemented"],
    ["one that nobody knows", "PUT", "/logs?nonsense", "", {}, 501, "NotImplemented"],
    ["a parameter that is not served", "PUT", "/logs/a", "", SSE_C(), 501, "NotImplemented"],
    ["a grant", "PUT", "/logs/a", "", { "x-amz-grant-read": "id=1" }, 501, "NotImplemented"],
    ["XML that is none", "PUT", "/logs?versioning", "<Versioning", {}, 400, "MalformedXML"],
    ["no XML", "PUT", "/logs?versioning", "", {}, 400, "MissingRequestBodyError"],
    ["XML that leaves out what it must say", "POST", "/logs?delete", "<Delete/>", {}, 400, "MalformedXML"],
    ["another owner's bucket", "GET", "/logs?acl", "", OWNER("111122223333"), 403, "AccessDenied"],
    ["a number that is none", "GET", "/logs?max-keys=ten", "", {}, 400, "InvalidArgument"],
    [
      "a date that is none, rather than to lose it",
      "PUT",
      "/logs/a",
      "x",
      { "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "tomorrow" },
      400,
      "InvalidArgument",
    ],
    ["a lock in a presigned query", "PUT", "/logs/a?x-amz-object-lock-mode=COMPLIANCE", "x", {}, 501, "NotImplemented"],
    ["a digest that is another", "PUT", "/logs?tagging", TAGS(), { "content-md5": "AAAA" }, 400, "BadDigest"],
    ["a checksum that is another", "PUT", "/logs?tagging", TAGS(), CRC("AAAAAA=="), 400, "BadDigest"],
  ])("meets %s", async (_, method, target, body, headers, status, code) => {
    const heard = await s3.ask(method, target, { body, headers: headers as Record<string, string> });
    expect([heard.status, heard.text("Code")]).toEqual([status, code]);
  });

  test("does not meet what its owner is expected to own", async () => {
    expect((await s3.ask("GET", "/logs?acl", { headers: OWNER("123456789012") })).status).toBe(200);
  });
});

describe("a failure", () => {
  test.each([
    ["of the disk", new Failure("write it", new Error("input/output error")), 500, "InternalError"],
    [
      "for want of space",
      new Failure("write it", Object.assign(new Error("no space left on device"), { code: "ENOSPC" })),
      503,
      "ServiceUnavailable",
    ],
    ["of ours", new TypeError("x is not a function"), 500, "InternalError"],
  ])("%s is told without its reason, and logged", async (_, thrown, status, code) => {
    const { buckets, failures } = s3;
    vi.spyOn(buckets, "version").mockRejectedValueOnce(thrown);
    const heard = await s3.ask("GET", "/logs/big?tagging");
    expect([heard.status, heard.text("Code")]).toEqual([status, code]);
    expect(heard.body.toString()).not.toContain(thrown.message);
    expect(failures.splice(0)).toEqual([thrown]);
  });

  test("in the midst of an answer breaks it off", async () => {
    const { buckets, failures } = s3;
    vi.spyOn(buckets, "open").mockImplementationOnce(async (...where) => {
      const object = await buckets.open(...where);
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from("begin");
        throw new Failure("read on");
      };
      return { ...object, close: () => object.close(), stream: () => Readable.from(broken()) };
    });
    const heard = await s3.ask("GET", "/logs/big");
    expect(heard).toMatchObject({ status: 200, failure: { kind: "broken", sent: true } });
    expect(failures.splice(0)).toHaveLength(1);
  });
});

describe("send()", () => {
  test("waits for its receiver, piece by piece", async () => {
    const receiver = recorder(false);
    const exchange = s3.upstream.send(s3.outgoing("GET", "/logs/big", ["host", "x"], undefined), receiver);
    expect(receiver.told).toEqual([]);
    await expect.poll(() => receiver.told).toEqual(["head 200", "data"]);
    await soon();
    expect(receiver.told).toEqual(["head 200", "data"]);
    exchange.resume();
    await expect.poll(() => receiver.told).toEqual(["head 200", "data", "data"]);
    exchange.abort();
  });

  test("tells nothing more after abort(), and closes what it has open", async () => {
    const { buckets } = s3;
    let closed = 0;
    vi.spyOn(buckets, "open").mockImplementationOnce(async (...where) => {
      const object = await buckets.open(...where);
      const close = (): void => {
        closed += 1;
        object.close();
      };
      return { version: object.version, stream: (start, end) => object.stream(start, end), close };
    });
    const receiver = recorder(false);
    const exchange = s3.upstream.send(s3.outgoing("GET", "/logs/big", ["host", "x"], undefined), receiver);
    await expect.poll(() => receiver.told).toEqual(["head 200", "data"]);
    exchange.abort();
    await expect.poll(() => closed).toBe(1);
    expect(receiver.told).toEqual(["head 200", "data"]);
    expect(s3.failures).toEqual([]);
  });

  test("ends an upload whose client is given up", async () => {
    const receiver = recorder();
    const body = new PassThrough();
    body.write("half");
    const exchange = s3.upstream.send(put("given-up", body, 8), receiver);
    await soon();
    exchange.abort();
    body.end("more");
    await soon();
    expect(receiver.told).toEqual([]);
    expect((await s3.ask("HEAD", "/logs/given-up")).status).toBe(404);
  });

  test("fails with the reason of a body that breaks off", async () => {
    const receiver = recorder();
    const body = new PassThrough();
    body.write("half");
    s3.upstream.send(put("broken", body, 8), receiver);
    await soon();
    const why = new Refusal("SignatureDoesNotMatch", "a chunk was changed", 403);
    body.destroy(why);
    await expect.poll(() => receiver.told).toEqual(["failed"]);
    expect(receiver.failure()).toEqual({ kind: "broken", sent: true, cause: why });
    expect((await s3.ask("HEAD", "/logs/broken")).status).toBe(404);
  });

  test("asks for the body of a client that waits for leave, once it is wanted", async () => {
    const receiver = recorder();
    const body = new PassThrough();
    s3.upstream.send(put("waited", body, 4, { expectContinue: true }), receiver);
    await expect.poll(() => receiver.told).toEqual(["continued"]);
    body.end("text");
    await expect.poll(() => receiver.told).toEqual(["continued", "head 200", "end"]);
  });

  test("refuses without asking for the body, and leaves it alone", async () => {
    const receiver = recorder();
    const body = new PassThrough();
    body.write("waits");
    const refused = { ...put("x", body, 5, { expectContinue: true }), target: "/nothing/x" };
    const from = { ...(refused.from as NonNullable<OutgoingRequest["from"]>), input: { Bucket: "nothing", Key: "x" } };
    s3.upstream.send({ ...refused, from }, receiver);
    await expect.poll(() => receiver.told).toEqual(["head 404", "data", "end"]);
    await soon();
    expect(body.readableLength).toBe(5);
  });

  test("reads away the body of what it has refused", async () => {
    const receiver = recorder();
    const body = new PassThrough();
    const length = 4 * 1024 * 1024;
    s3.upstream.send({ ...put("a", body, length), rawHeaders: ["if-none-match", '"x"'] }, receiver);
    const { promise: read, resolve } = Promise.withResolvers<void>();
    body.on("end", resolve);
    body.end(Buffer.alloc(length));
    await read;
    await expect.poll(() => receiver.told.at(-1)).toBe("end");
  });

  test("fails what comes without its caller", async () => {
    const receiver = recorder();
    const { from: _, ...anonymous } = s3.outgoing("GET", "/", ["host", "x"], undefined);
    s3.upstream.send(anonymous, receiver);
    await expect.poll(() => receiver.told).toEqual(["failed"]);
  });
});

test("upgrade() is not served", async () => {
  const receiver = { ...recorder(), switched: ignore };
  s3.upstream.upgrade(s3.outgoing("GET", "/logs", ["host", "x"], undefined), receiver);
  await expect.poll(() => receiver.failure()).toMatchObject({ kind: "unreachable", sent: false });
});

test("close() waits for what is under way and takes no more", async () => {
  const other = await TestS3.open();
  const receiver = recorder();
  const body = new PassThrough();
  other.upstream.send(
    { ...put("last", body, 4), body: { kind: "stream", readable: body, length: 4, trailers: () => [] } },
    receiver,
  );
  const closed = other.upstream.close();
  const late = recorder();
  other.upstream.send(other.outgoing("GET", "/", ["host", "x"], undefined), late);
  body.end("text");
  await closed;
  expect(receiver.told).toEqual(["head 200", "end"]);
  expect(late.failure()).toMatchObject({ kind: "unreachable", sent: false });
  await other.close();
});

function SSE_C(): Record<string, string> {
  return { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
}

function OWNER(account: string): Record<string, string> {
  return { "x-amz-expected-bucket-owner": account };
}

function TAGS(): string {
  return "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
}

function CRC(value: string): Record<string, string> {
  return { "x-amz-checksum-crc32": value };
}
