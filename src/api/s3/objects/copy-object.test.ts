import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Asked, type Heard, NOW, TestS3 } from "../s3.fixture.ts";

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

describe("CopyObject", () => {
  beforeAll(async () => {
    const headers = {
      "content-type": "text/plain",
      "x-amz-meta-a": "1",
      "x-amz-tagging": "t=1",
      "x-amz-checksum-crc32": CRC32.hello,
    };
    await s3.ask("PUT", "/logs/source", { body: "hello", headers });
  });

  async function copy(headers: Record<string, string>): Promise<Heard> {
    await s3.ask("PUT", "/logs/copy", { headers: { "x-amz-copy-source": "/logs/source", ...headers } });
    return await s3.ask("GET", "/logs/copy", { headers: { "x-amz-checksum-mode": "ENABLED" } });
  }

  test("takes what the source is said to be along", async () => {
    const { body, header } = await copy({ "content-type": "ignored", "x-amz-tagging": "t=2&u=3" });
    expect([body.toString(), header("content-type"), header("x-amz-meta-a"), header("x-amz-tagging-count")]).toEqual([
      "hello",
      "text/plain",
      "1",
      "1",
    ]);
    expect(header("x-amz-checksum-crc32")).toBe(CRC32.hello);
  });

  test("replaces what it is told to", async () => {
    const { body, header } = await copy({
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-tagging-directive": "REPLACE",
      "x-amz-tagging": "t=2&u=3",
      "content-type": "text/csv",
      "x-amz-meta-b": "2",
      "x-amz-checksum-algorithm": "SHA1",
    });
    expect([body.toString(), header("content-type"), header("x-amz-tagging-count")]).toEqual([
      "hello",
      "text/csv",
      "2",
    ]);
    expect([header("x-amz-meta-a"), header("x-amz-meta-b")]).toEqual([undefined, "2"]);
    expect(header("x-amz-checksum-sha1")).toBe("qvTGHdzF6KLavt4PO0gs2a6pQ00=");
  });

  test("tells what it made, and of which version", async () => {
    const version = (await s3.ask("PUT", "/versions/source", { body: "old" })).header("x-amz-version-id") ?? "";
    await s3.ask("PUT", "/versions/source", { body: "new" });
    const headers = { "x-amz-copy-source": `versions/source?versionId=${version}` };
    const heard = await s3.ask("PUT", "/versions/target", { headers });
    expect([heard.xml().name, heard.text("ETag"), heard.text("LastModified")]).toEqual([
      "CopyObjectResult",
      '"149603e6c03516362a8da23f624db945"',
      "2026-11-20T12:00:00Z",
    ]);
    expect(heard.header("x-amz-copy-source-version-id")).toBe(version);
    expect(
      (await s3.ask("GET", `/versions/target?versionId=${heard.header("x-amz-version-id")}`)).body.toString(),
    ).toBe("old");
  });

  test.each<[what: string, headers: Record<string, string>, outcome: readonly [number, string]]>([
    ["a source that is none", { "x-amz-copy-source": "logs" }, [400, "InvalidArgument"]],
    ["a source that is not there", { "x-amz-copy-source": "logs/nothing" }, [404, "NoSuchKey"]],
    ["a bucket that is not there", { "x-amz-copy-source": "nothing/a" }, [404, "NoSuchBucket"]],
    ["another owner's source", { "x-amz-source-expected-bucket-owner": "111122223333" }, [403, "AccessDenied"]],
    ["another ETag", { "x-amz-copy-source-if-match": '"x"' }, [412, "PreconditionFailed"]],
    [
      "what has not changed",
      { "x-amz-copy-source-if-modified-since": new Date(NOW).toUTCString() },
      [412, "PreconditionFailed"],
    ],
    [
      "what has changed",
      { "x-amz-copy-source-if-unmodified-since": new Date(NOW - 60_000).toUTCString() },
      [412, "PreconditionFailed"],
    ],
    ["a directive that is none", { "x-amz-metadata-directive": "MERGE" }, [400, "InvalidArgument"]],
    ["a target that is there", { "if-none-match": "*" }, [412, "PreconditionFailed"]],
  ])("refuses %s", async (_, headers, refused) => {
    expect(
      await s3.outcome("PUT", "/logs/copy", { headers: { "x-amz-copy-source": "/logs/source", ...headers } }),
    ).toEqual(refused);
  });

  test("copies an object to itself only to change it", async () => {
    const itself = { "x-amz-copy-source": "logs/source" };
    expect(await s3.outcome("PUT", "/logs/source", { headers: itself })).toEqual([400, "InvalidRequest"]);
    const change = { ...itself, "x-amz-metadata-directive": "REPLACE", "x-amz-meta-z": "9" };
    expect(await s3.outcome("PUT", "/logs/source", { headers: change })).toEqual([200, ""]);
    const { body, header } = await s3.ask("GET", "/logs/source");
    expect([body.toString(), header("x-amz-meta-z"), header("x-amz-meta-a")]).toEqual(["hello", "9", undefined]);
  });

  test("refuses a delete marker", async () => {
    await s3.ask("PUT", "/versions/marked", { body: "x" });
    const marker = (await s3.ask("DELETE", "/versions/marked")).header("x-amz-version-id") ?? "";
    const from = (source: string): Asked => ({ headers: { "x-amz-copy-source": source } });
    expect(await s3.outcome("PUT", "/logs/m", from("versions/marked"))).toEqual([404, "NoSuchKey"]);
    expect(await s3.outcome("PUT", "/logs/m", from(`versions/marked?versionId=${marker}`))).toEqual([
      400,
      "InvalidRequest",
    ]);
  });
});
