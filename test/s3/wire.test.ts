import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OwnS3, presignedV2, requestOf, type Sent, signedAs, startOwnS3 } from "../own-s3.ts";
import { RawSocket, rawRequest } from "../raw-socket.ts";

let s3: OwnS3;

beforeAll(async () => {
  s3 = await startOwnS3();
  await s3.ask("root", "PUT", "/logs");
  await s3.ask("root", "PUT", "/logs/a", { body: "hello" });
});
afterAll(async () => await s3.close());

const FRAMED = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "5" };
const FRAMES = "5\r\nhello\r\n0\r\n";
const DELETE_MANY = `<Delete>${"<Object><Key>none</Key></Object>".repeat(1001)}</Delete>`;

test.each<[what: string, method: string, target: string, sent: Sent, outcome: string]>([
  ["a line break for a header of the answer", "GET", "/a?response-expires=%0d%0aevil:1", {}, "400 MalformedXML"],
  ["a line break in another one", "GET", "/a?response-content-disposition=%0d%0aevil:1", {}, "400 InvalidArgument"],
  ["a header that is no latin1", "GET", "/a?response-content-type=%E2%82%AC", {}, "400 InvalidArgument"],
  ["metadata in the query with a line break", "PUT", "/b?x-amz-meta-a=%0d%0ab", { body: "x" }, "400 InvalidArgument"],
  [
    "metadata in the query with a name that is none",
    "PUT",
    "/b?x-amz-meta-a%0a=b",
    { body: "x" },
    "400 InvalidArgument",
  ],
  [
    "an encoding of the body in the query",
    "PUT",
    "/b?X-Amz-Content-Sha256=STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    { body: "x" },
    "501 NotImplemented",
  ],
  ["a parameter of no operation", "GET", "/a?newThing=1", {}, "501 NotImplemented"],
  ["a sub-resource of no operation", "GET", "/a?newThing", {}, "501 NotImplemented"],
  ["a lock in the query", "PUT", "/b?x-amz-object-lock-mode=GOVERNANCE", { body: "x" }, "501 NotImplemented"],
  ["a version twice", "GET", "/a?versionId=null&versionId=x", {}, "400 MalformedXML"],
  ["a key that is no text", "GET", "/%ff", {}, "400 InvalidURI"],
  ["a key that is half a character", "GET", "/%ED%A0%80", {}, "400 InvalidURI"],
  ["a key of 1,025 bytes", "PUT", `/${"%C3%A9".repeat(512)}x`, { body: "x" }, "400 KeyTooLongError"],
  ["metadata of 2,049 bytes", "PUT", "/b", { headers: { "x-amz-meta-a": "v".repeat(2048) } }, "400 MetadataTooLarge"],
  [
    "a trailer that was not announced",
    "PUT",
    "/b",
    { headers: FRAMED, body: `${FRAMES}x-amz-checksum-crc32:NhCmhg==\r\n\r\n` },
    "400 MalformedTrailerError",
  ],
  [
    "an announced trailer twice",
    "PUT",
    "/b",
    {
      headers: { ...FRAMED, "x-amz-trailer": "x-amz-checksum-crc32" },
      body: `${FRAMES}x-amz-checksum-crc32:NhCmhg==\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n`,
    },
    "400 MalformedTrailerError",
  ],
  [
    "fewer bytes than announced",
    "PUT",
    "/b",
    { headers: { ...FRAMED, "x-amz-decoded-content-length": "6" }, body: `${FRAMES}\r\n` },
    "400 IncompleteBody",
  ],
  [
    "a chunk of another size than it says",
    "PUT",
    "/b",
    { headers: FRAMED, body: "4\r\nhello\r\n0\r\n\r\n" },
    "400 IncompleteBody",
  ],
  ["1,001 keys to delete", "POST", "?delete", { body: DELETE_MANY }, "400 MalformedXML"],
  [
    "4 MB of keys to delete",
    "POST",
    "?delete",
    { body: `<Delete>${" ".repeat(4 * 1024 ** 2)}</Delete>` },
    "400 MaxMessageLengthExceeded",
  ],
  [
    "entities",
    "POST",
    "?delete",
    { body: '<!DOCTYPE a [<!ENTITY x "y">]><Delete><Object><Key>&x;</Key></Object></Delete>' },
    "400 MalformedXML",
  ],
  ["a thousand elements in each other", "PUT", "?tagging", { body: "<a>".repeat(1000) }, "400 MalformedXML"],
  ["a policy of 21 KB", "PUT", "?policy", { body: `{"Id":"${"x".repeat(21_000)}"}` }, "400 MalformedPolicy"],
  ["51 tags", "PUT", "?tagging", { body: `<Tagging><TagSet>${tags(51)}</TagSet></Tagging>` }, "400 BadRequest"],
  ["a number beyond all", "GET", "?max-keys=99999999999999999999", {}, "400 MalformedXML"],
  ["an encoded slash in the bucket's name", "GET", "%2Fa", {}, "400 InvalidBucketName"],
])("S3 refuses %s", async (_, method, target, sent, outcome) => {
  const { status, code } = await s3.ask("root", method, `/logs${target}`, sent);
  expect(`${status} ${code}`).toBe(outcome);
});

function tags(count: number): string {
  return Array.from({ length: count }, (_, index) => `<Tag><Key>k${index}</Key><Value>v</Value></Tag>`).join("");
}

test.each([
  ["1,024 bytes", `/${"%C3%A9".repeat(512)}`],
  ["a NUL", "/%00"],
  ["dots", "/..%2f..%2fx"],
  ["a dot", "/."],
  ["slashes", "//"],
  ["what XML does not have", "/%EF%BF%BE"],
  ["marks of paths", "/~%25%5C%3A"],
])("S3 keeps a key of %s apart from all others", async (_, key) => {
  expect((await s3.ask("root", "PUT", `/logs${key}`, { body: key })).status).toBe(200);
  expect((await s3.ask("root", "GET", `/logs${key}`)).text).toBe(key);
  expect((await s3.ask("root", "GET", "/logs?list-type=2&encoding-type=url")).status).toBe(200);
  expect((await s3.ask("root", "DELETE", `/logs${key}`)).status).toBe(204);
});

test("S3 gives the bytes of metadata back as they came, by header or by query", async () => {
  const headers = { "x-amz-meta-a": "é\xff" };
  await s3.ask("root", "PUT", "/logs/m?x-amz-meta-b=%C3%A9", { body: "x", headers });
  const told = await s3.ask("root", "HEAD", "/logs/m");
  expect([told.headers["x-amz-meta-a"], told.headers["x-amz-meta-b"]]).toEqual(["é\xff", "\xc3\xa9"]);
});

describe("a URL that is presigned with Signature Version 2", () => {
  const signed = (what: string): string => presignedV2("root", "PUT", what, s3.clock.now);

  test("is good for what was signed", async () => {
    expect((await s3.ask(undefined, "PUT", `/logs/new?${signed("/logs/new")}`, { body: "x" })).status).toBe(200);
  });

  test.each([
    "legal-hold",
    "retention",
    "tagging",
    "%74agging",
    "acl",
    "uploadId=u&partNumber=1",
    "X-Amz-Credential=x",
  ])("is not good for more: %s", async (added) => {
    const { status } = await s3.ask(undefined, "PUT", `/logs/new?${added}&${signed("/logs/new")}`, { body: "x" });
    expect(status).toBe(403);
  });

  test("is good for no other bucket, however that is named", async () => {
    await s3.ask("root", "PUT", "/new");
    const query = signed("/logs/new");
    const other = await s3.ask(undefined, "PUT", `/new?${query}`, {
      headers: { host: "logs.s3.opentrail.test" },
      body: "x",
    });
    expect(other.status).toBe(200);
    expect(s3.carriedOut.at(-1)?.input).toMatchObject({ Bucket: "logs", Key: "new" });
    expect((await s3.ask(undefined, "PUT", `/new?${query}`, { body: "x" })).status).toBe(403);
  });

  test("is good no longer than it says", async () => {
    const query = signed("/logs/new");
    s3.clock.now += 601_000;
    const { status, message } = await s3.ask(undefined, "PUT", `/logs/new?${query}`, { body: "x" });
    s3.clock.now -= 601_000;
    expect([status, message]).toEqual([403, "Request has expired"]);
  });
});

test.each([
  ["with two hosts", ["host: shut"]],
  ["with two signatures", ["authorization: AWS4-HMAC-SHA256 Credential=x"]],
  ["with a header of S3 twice", ["x-amz-date: 20261120T120000Z"]],
  ["with two lengths", ["content-length: 1", "content-length: 0"]],
])("a request %s is refused", async (_, added) => {
  const request = signedAs("root", requestOf(s3.endpoint, "GET", "/logs/a", {}), "us-east-1", s3.clock.now);
  const lines = Object.entries(request.headers).flatMap(([name, values = []]) =>
    values.map((value) => `${name}: ${value}`),
  );
  const socket = await RawSocket.open(s3.endpoint);
  await socket.write(rawRequest("GET /logs/a", [...lines, ...added]));
  const answer = await socket.answer();
  socket.destroy();
  expect(answer?.body).not.toContain("hello");
});

test("S3 takes a request that would like another protocol for an ordinary one", async () => {
  const headers = { upgrade: "websocket", connection: "upgrade" };
  const request = signedAs("root", requestOf(s3.endpoint, "GET", "/logs/a", { headers }), "us-east-1", s3.clock.now);
  const lines = Object.entries(request.headers).flatMap(([name, values = []]) =>
    values.map((value) => `${name}: ${value}`),
  );
  const socket = await RawSocket.open(s3.endpoint);
  await socket.write(rawRequest("GET /logs/a", lines));
  const answer = await socket.answer();
  socket.destroy();
  expect([answer?.status, answer?.body]).toEqual([200, "hello"]);
});

test("a document is not read of who has not proven who it is", async () => {
  const request = requestOf(s3.endpoint, "POST", "/logs?delete", { body: DELETE_MANY });
  const signed = signedAs("nobody", request, "us-east-1", s3.clock.now);
  const lines = Object.entries(signed.headers).flatMap(([name, values = []]) =>
    values.map((value) => `${name}: ${value}`),
  );
  const socket = await RawSocket.open(s3.endpoint);
  await socket.write(rawRequest("POST /logs?delete", [...lines, "content-length: 4000000"]));
  const answer = await socket.answer();
  socket.destroy();
  expect(answer?.status).toBe(403);
});

test("nothing of all that is logged as an error, or left without its record", () => {
  expect([s3.errors, s3.audit.untold]).toEqual([[], []]);
});
