import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NOW, TestS3 } from "../s3.fixture.ts";

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

const MD5 = { hello: "XUFAKrxLKna5cZ2REBfFkg==" };
const CRC32 = { hello: "NhCmhg==" };
const LATER = new Date(NOW + 86_400_000).toISOString();

describe("PutObject", () => {
  test("keeps content, headers, metadata and tags", async () => {
    const put = await s3.ask("PUT", "/logs/all", {
      body: ["hel", "lo"],
      headers: {
        "content-type": "text/plain",
        "content-encoding": "gzip",
        "cache-control": "no-cache",
        "content-disposition": 'attachment; filename="a"',
        "content-language": "de",
        expires: "Thu, 01 Jan 2099 00:00:00 GMT",
        "x-amz-meta-Colour": "r\u00f6t",
        "x-amz-tagging": "a=b&c=d",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-acl": "bucket-owner-full-control",
        "content-md5": MD5.hello,
      },
    });
    expect([put.status, put.header("etag"), put.body.length]).toEqual([200, '"5d41402abc4b2a76b9719d911017c592"', 0]);
    expect(put.header("x-amz-version-id")).toBeUndefined();
    expect(put.header("x-amz-server-side-encryption")).toBeUndefined();
    const got = await s3.ask("GET", "/logs/all");
    expect(got.body.toString()).toBe("hello");
    const { date: _, "x-amz-id-2": __, "x-amz-request-id": ___, ...headers } = got.headers;
    expect(Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values?.[0]]))).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "no-cache",
      "content-disposition": 'attachment; filename="a"',
      "content-encoding": "gzip",
      "content-language": "de",
      "content-length": "5",
      "content-type": "text/plain",
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      expires: "Thu, 01 Jan 2099 00:00:00 GMT",
      "last-modified": new Date(NOW).toUTCString(),
      "x-amz-meta-colour": "r\u00f6t",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-tagging-count": "2",
    });
    const { "content-length": length, ...head } = (await s3.ask("HEAD", "/logs/all")).headers;
    expect(length).toEqual(["5"]);
    expect(Object.keys(head)).toEqual(Object.keys(got.headers).filter((name) => name !== "content-length"));
  });

  test.each(["?x-amz-meta-from=query&X-Amz-Signature=abc", ""])(
    "keeps metadata of a presigned query %j",
    async (query) => {
      await s3.ask("PUT", `/logs/presigned${query}`, { body: "x", headers: { "x-amz-meta-own": "1" } });
      const { header } = await s3.ask("HEAD", "/logs/presigned");
      expect([header("x-amz-meta-from"), header("x-amz-meta-own")]).toEqual([query === "" ? undefined : "query", "1"]);
    },
  );

  const framed = `3\r\nhel\r\n2\r\nlo\r\n0\r\n`;
  const framing = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "5",
    "content-encoding": "aws-chunked",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };

  test.each(["whole", "in pieces"])("undoes the framing of a body that comes %s", async (how) => {
    const text = `${framed}x-amz-checksum-crc32:${CRC32.hello}\r\n\r\n`;
    const body = how === "whole" ? text : text.match(/.{1,4}/gs);
    const put = await s3.ask("PUT", "/logs/framed", {
      body: body ?? "",
      headers: { ...framing, "content-encoding": "aws-chunked,gzip" },
    });
    expect([put.status, put.header("x-amz-checksum-crc32"), put.header("x-amz-checksum-type")]).toEqual([
      200,
      CRC32.hello,
      "FULL_OBJECT",
    ]);
    const got = await s3.ask("GET", "/logs/framed", { headers: { "x-amz-checksum-mode": "ENABLED" } });
    expect([got.body.toString(), got.header("content-encoding"), got.header("x-amz-checksum-crc32")]).toEqual([
      "hello",
      "gzip",
      CRC32.hello,
    ]);
    expect((await s3.ask("GET", "/logs/framed")).header("x-amz-checksum-crc32")).toBeUndefined();
  });

  test.each<[what: string, body: string, headers: Record<string, string>, outcome: readonly [number, string]]>([
    ["another MD5", "hallo", { "content-md5": MD5.hello }, [400, "BadDigest"]],
    ["an MD5 that is none", "hello", { "content-md5": "x" }, [400, "InvalidDigest"]],
    ["another checksum", "hallo", { "x-amz-checksum-crc32": CRC32.hello }, [400, "BadDigest"]],
    ["a checksum that is none", "hello", { "x-amz-checksum-crc32": "x" }, [400, "InvalidRequest"]],
    [
      "two checksums",
      "hello",
      { "x-amz-checksum-crc32": CRC32.hello, "x-amz-checksum-sha1": "x" },
      [400, "InvalidRequest"],
    ],
    ["a checksum we cannot make", "hello", { "x-amz-checksum-sha512": "x" }, [501, "NotImplemented"]],
    [
      "another algorithm than was said",
      "hello",
      { "x-amz-checksum-crc32": CRC32.hello, "x-amz-sdk-checksum-algorithm": "SHA1" },
      [400, "InvalidRequest"],
    ],
    ["another checksum behind the body", `${framed}x-amz-checksum-crc32:AAAAAA==\r\n\r\n`, framing, [400, "BadDigest"]],
    ["no checksum behind the body", `${framed}\r\n`, framing, [400, "MalformedTrailerError"]],
    ["a body that ends early", "3\r\nhel\r\n", framing, [400, "IncompleteBody"]],
    [
      "another length than was announced",
      `${framed}x-amz-checksum-crc32:${CRC32.hello}\r\n\r\n`,
      { ...framing, "x-amz-decoded-content-length": "6" },
      [400, "IncompleteBody"],
    ],
    [
      "a framed body of unknown length",
      framed,
      { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
      [411, "MissingContentLength"],
    ],
    ["too much metadata", "x", { "x-amz-meta-a": "b".repeat(2048) }, [400, "MetadataTooLarge"]],
    ["tags that are none", "x", { "x-amz-tagging": "a=b&a=c" }, [400, "InvalidArgument"]],
    ["an archive", "x", { "x-amz-storage-class": "DEEP_ARCHIVE" }, [400, "InvalidStorageClass"]],
    ["somebody else's list", "x", { "x-amz-acl": "public-read" }, [400, "AccessControlListNotSupported"]],
    ["an encryption that is none", "x", { "x-amz-server-side-encryption": "rot13" }, [400, "InvalidArgument"]],
    ["a key of no encryption", "x", { "x-amz-server-side-encryption-aws-kms-key-id": "k" }, [400, "InvalidArgument"]],
    ["a lock without its date", "x", { "x-amz-object-lock-mode": "COMPLIANCE" }, [400, "InvalidArgument"]],
    ["an ETag that is not to be", "x", { "if-none-match": '"abc"' }, [501, "NotImplemented"]],
    [
      "a lock in a bucket that has none",
      "x",
      { "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": LATER },
      [400, "InvalidRequest"],
    ],
  ])("refuses %s", async (_, body, headers, refused) => {
    expect(await s3.outcome("PUT", "/logs/refused", { body, headers })).toEqual(refused);
    expect(await s3.outcome("HEAD", "/logs/refused")).toEqual([404, ""]);
  });

  test("puts only if", async () => {
    const ifNone = { "if-none-match": "*" };
    expect(await s3.outcome("PUT", "/logs/if", { body: "1", headers: ifNone })).toEqual([200, ""]);
    expect(await s3.outcome("PUT", "/logs/if", { body: "2", headers: ifNone })).toEqual([412, "PreconditionFailed"]);
    const etag = (await s3.ask("HEAD", "/logs/if")).header("etag") ?? "";
    expect(await s3.outcome("PUT", "/logs/if", { body: "3", headers: { "if-match": etag } })).toEqual([200, ""]);
    expect(await s3.outcome("PUT", "/logs/if", { body: "4", headers: { "if-match": etag } })).toEqual([
      412,
      "PreconditionFailed",
    ]);
  });

  test("says of encryption what is so", async () => {
    const context = Buffer.from('{"trail":"t"}').toString("base64");
    const headers = {
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/trail",
      "x-amz-server-side-encryption-context": context,
    };
    const put = await s3.ask("PUT", "/logs/secret", { body: "secret", headers });
    const got = await s3.ask("GET", "/logs/secret");
    for (const { header } of [put, got]) {
      expect(header("x-amz-server-side-encryption")).toBe("aws:kms");
      expect(header("x-amz-server-side-encryption-aws-kms-key-id")).toBe("alias/trail");
    }
    expect(got.body.toString()).toBe("secret");
    const bad = { ...headers, "x-amz-server-side-encryption-context": "e30=x" };
    expect(
      await s3.outcome("PUT", "/logs/secret", {
        body: "x",
        headers: { ...bad, "x-amz-server-side-encryption-context": "W10=" },
      }),
    ).toEqual([400, "InvalidArgument"]);
  });

  test("takes keys of every kind", async () => {
    for (const key of ["a b+c", "ü/&<>", "..%2F.", "//", "%25"]) {
      expect(await s3.outcome("PUT", `/versions/${encodeURI(key).replaceAll("%25", "%")}`, { body: key })).toEqual([
        200,
        "",
      ]);
    }
    const listed = await s3.ask("GET", "/versions?encoding-type=url");
    expect(listed.text("Contents/Key").split(" ").toSorted()).toEqual(
      ["%25", "../.", "//", "a+b%2Bc", "%C3%BC/%26%3C%3E"].toSorted(),
    );
  });
});
