import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Asked, outcomeOf, TestS3 } from "../s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
  await s3.ask("PUT", "/versions");
  await s3.ask("PUT", "/versions?versioning", {
    body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  });
});

afterAll(async () => {
  await s3.close();
});

const CRC32 = { hello: "NhCmhg==" };

describe("GetObject", () => {
  beforeAll(async () => {
    await s3.ask("PUT", "/logs/ten", { body: "0123456789", headers: { "content-type": "text/plain" } });
    await s3.ask("PUT", "/logs/none", { body: "" });
  });

  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=0-1,3-4", 200, "0123456789", undefined],
  ])("of %s", async (range, status, text, contentRange) => {
    const got = await s3.ask("GET", "/logs/ten", { headers: { range } });
    expect([got.status, got.body.toString(), got.header("content-range")]).toEqual([status, text, contentRange]);
    const head = await s3.ask("HEAD", "/logs/ten", { headers: { range } });
    expect([head.status, head.header("content-length")]).toEqual([status, String(text.length)]);
  });

  test("of a range that is not there says how much there is", async () => {
    const got = await s3.ask("GET", "/logs/ten", { headers: { range: "bytes=10-" } });
    expect(outcomeOf(got)).toEqual([416, "InvalidRange"]);
    expect([got.header("content-range"), got.text("ActualObjectSize")]).toEqual(["bytes */10", "10"]);
  });

  test("of nothing", async () => {
    const got = await s3.ask("GET", "/logs/none");
    expect([got.status, got.body.length, got.header("content-length")]).toEqual([200, 0, "0"]);
    expect(got.header("content-type")).toBe("binary/octet-stream");
  });

  test("answers with the headers that the request asks for", async () => {
    const query =
      "response-content-type=text%2Fcsv&response-cache-control=x&response-content-disposition=y&response-content-encoding=z&response-content-language=en&response-expires=Thu%2C%2001%20Jan%202099%2000%3A00%3A00%20GMT";
    const { header } = await s3.ask("GET", `/logs/ten?${query}`);
    expect(
      ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"].map(
        header,
      ),
    ).toEqual(["text/csv", "x", "y", "z", "en", "Thu, 01 Jan 2099 00:00:00 GMT"]);
  });

  test("is not needed by who has it", async () => {
    const etag = (await s3.ask("HEAD", "/logs/ten")).header("etag") ?? "";
    const got = await s3.ask("GET", "/logs/ten", { headers: { "if-none-match": etag } });
    expect([got.status, got.body.length, got.header("etag"), got.header("content-length")]).toEqual([
      304,
      0,
      etag,
      undefined,
    ]);
    expect((await s3.ask("HEAD", "/logs/ten", { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test("is refused under a condition that does not hold", async () => {
    const got = await s3.ask("GET", "/logs/ten", { headers: { "if-match": '"x"' } });
    expect([...outcomeOf(got), got.text("Condition")]).toEqual([412, "PreconditionFailed", "If-Match"]);
    expect((await s3.ask("HEAD", "/logs/ten", { headers: { "if-match": '"x"' } })).status).toBe(412);
  });

  test.each([
    ["partNumber=1", undefined, 206, "bytes 0-9/10"],
    ["partNumber=2", undefined, 416, undefined],
    ["partNumber=1", "bytes=0-1", 400, undefined],
  ])("of %s and the range %s of what has no parts", async (query, range, status, contentRange) => {
    const got = await s3.ask("GET", `/logs/ten?${query}`, { headers: range === undefined ? {} : { range } });
    expect([got.status, got.header("content-range")]).toEqual([status, contentRange]);
  });
});

describe("what is said of an object", () => {
  test("tags are put, read and deleted", async () => {
    await s3.ask("PUT", "/versions/tagged", { body: "x" });
    const body = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>";
    expect((await s3.ask("PUT", "/versions/tagged?tagging", { body })).header("x-amz-version-id")).toBeDefined();
    expect((await s3.ask("GET", "/versions/tagged?tagging")).text("TagSet/Tag/Value")).toBe("1");
    expect((await s3.ask("DELETE", "/versions/tagged?tagging")).status).toBe(204);
    const none = await s3.ask("GET", "/versions/tagged?tagging");
    expect([none.xml().name, none.text("TagSet/Tag/Value")]).toEqual(["Tagging", ""]);
  });

  test("attributes are told that are asked for", async () => {
    await s3.ask("PUT", "/logs/attributes", { body: "hello", headers: { "x-amz-checksum-crc32": CRC32.hello } });
    const asked = (names: string): Asked => ({ headers: { "x-amz-object-attributes": names } });
    const heard = await s3.ask(
      "GET",
      "/logs/attributes?attributes",
      asked("ETag,Checksum,ObjectParts,ObjectSize,StorageClass"),
    );
    expect(
      ["ETag", "Checksum/ChecksumCRC32", "Checksum/ChecksumType", "ObjectSize", "StorageClass", "ObjectParts"].map(
        heard.text,
      ),
    ).toEqual(["5d41402abc4b2a76b9719d911017c592", CRC32.hello, "FULL_OBJECT", "5", "STANDARD", ""]);
    expect((await s3.ask("GET", "/logs/attributes?attributes", asked("ObjectSize"))).text("ETag")).toBe("");
    expect(await s3.outcome("GET", "/logs/attributes?attributes", asked("Colour"))).toEqual([400, "InvalidArgument"]);
  });

  test("its list is its bucket's owner's", async () => {
    expect((await s3.ask("GET", "/logs/attributes?acl")).text("AccessControlList/Grant/Permission")).toBe(
      "FULL_CONTROL",
    );
    expect(await s3.outcome("GET", "/logs/nothing?acl")).toEqual([404, "NoSuchKey"]);
    expect(await s3.outcome("PUT", "/logs/attributes?acl", { headers: { "x-amz-acl": "public-read" } })).toEqual([
      400,
      "AccessControlListNotSupported",
    ]);
  });
});
