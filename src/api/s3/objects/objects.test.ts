import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Asked, type Heard, NOW, TestS3 } from "../s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
  await s3.ask("PUT", "/versions");
  await s3.ask("PUT", "/versions?versioning", {
    body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  });
  await s3.ask("PUT", "/locked", { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
});

afterAll(async () => {
  await s3.close();
});

async function outcome(method: string, target: string, asked: Asked = {}): Promise<readonly [number, string]> {
  return told(await s3.ask(method, target, asked));
}

function told(heard: Heard): readonly [number, string] {
  return [heard.status, heard.status < 300 || heard.body.length === 0 ? "" : heard.text("Code")];
}

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
    expect(await outcome("PUT", "/logs/refused", { body, headers })).toEqual(refused);
    expect(await outcome("HEAD", "/logs/refused")).toEqual([404, ""]);
  });

  test("puts only if", async () => {
    const ifNone = { "if-none-match": "*" };
    expect(await outcome("PUT", "/logs/if", { body: "1", headers: ifNone })).toEqual([200, ""]);
    expect(await outcome("PUT", "/logs/if", { body: "2", headers: ifNone })).toEqual([412, "PreconditionFailed"]);
    const etag = (await s3.ask("HEAD", "/logs/if")).header("etag") ?? "";
    expect(await outcome("PUT", "/logs/if", { body: "3", headers: { "if-match": etag } })).toEqual([200, ""]);
    expect(await outcome("PUT", "/logs/if", { body: "4", headers: { "if-match": etag } })).toEqual([
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
      await outcome("PUT", "/logs/secret", {
        body: "x",
        headers: { ...bad, "x-amz-server-side-encryption-context": "W10=" },
      }),
    ).toEqual([400, "InvalidArgument"]);
  });

  test("takes keys of every kind", async () => {
    for (const key of ["a b+c", "ü/&<>", "..%2F.", "//", "%25"]) {
      expect(await outcome("PUT", `/versions/${encodeURI(key).replaceAll("%25", "%")}`, { body: key })).toEqual([
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
    expect(told(got)).toEqual([416, "InvalidRange"]);
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
    expect([...told(got), got.text("Condition")]).toEqual([412, "PreconditionFailed", "If-Match"]);
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

describe("versions", () => {
  test("are put, read, and deleted for good, or behind a marker", async () => {
    const first = (await s3.ask("PUT", "/versions/v", { body: "1" })).header("x-amz-version-id") ?? "";
    const second = (await s3.ask("PUT", "/versions/v", { body: "2" })).header("x-amz-version-id") ?? "";
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("2");
    const old = await s3.ask("GET", `/versions/v?versionId=${first}`);
    expect([old.body.toString(), old.header("x-amz-version-id")]).toEqual(["1", first]);

    const deleted = await s3.ask("DELETE", "/versions/v");
    expect([deleted.status, deleted.header("x-amz-delete-marker")]).toEqual([204, "true"]);
    const marker = deleted.header("x-amz-version-id") ?? "";
    const gone = await s3.ask("GET", "/versions/v");
    expect([...told(gone), gone.header("x-amz-delete-marker"), gone.header("x-amz-version-id")]).toEqual([
      404,
      "NoSuchKey",
      "true",
      marker,
    ]);
    const byId = await s3.ask("HEAD", `/versions/v?versionId=${marker}`);
    expect([byId.status, byId.header("x-amz-delete-marker")]).toEqual([405, "true"]);
    expect(await outcome("GET", "/versions/v?versionId=nonsense")).toEqual([404, "NoSuchVersion"]);

    const removed = await s3.ask("DELETE", `/versions/v?versionId=${marker}`);
    expect([removed.header("x-amz-delete-marker"), removed.header("x-amz-version-id")]).toEqual(["true", marker]);
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("2");
    const last = await s3.ask("DELETE", `/versions/v?versionId=${second}`);
    expect([last.header("x-amz-delete-marker"), last.header("x-amz-version-id")]).toEqual([undefined, second]);
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("1");
  });

  test("are listed with markers, page by page", async () => {
    for (const body of ["1", "2"]) await s3.ask("PUT", "/versions/list/a", { body });
    await s3.ask("DELETE", "/versions/list/a");
    await s3.ask("PUT", "/versions/list/b/c", { body: "3" });
    const all = await s3.ask("GET", "/versions?versions&prefix=list/&delimiter=/");
    expect([all.text("Version/Key"), all.text("DeleteMarker/Key"), all.text("CommonPrefixes/Prefix")]).toEqual([
      "list/a list/a",
      "list/a",
      "list/b/",
    ]);
    expect([all.text("Version/IsLatest"), all.text("DeleteMarker/IsLatest")]).toEqual(["false false", "true"]);
    const seen: string[] = [];
    for (let query = "&max-keys=1"; ; ) {
      const page = await s3.ask("GET", `/versions?versions&prefix=list/${query}`);
      seen.push(page.text("Version/VersionId") + page.text("DeleteMarker/VersionId"));
      if (page.text("IsTruncated") === "false") break;
      query = `&max-keys=1&key-marker=${page.text("NextKeyMarker")}&version-id-marker=${page.text("NextVersionIdMarker")}`;
    }
    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
    expect(await outcome("GET", "/versions?versions&version-id-marker=x")).toEqual([400, "InvalidArgument"]);
  });
});

describe("DeleteObjects", () => {
  const deletion = (inside: string): string => `<Delete>${inside}</Delete>`;
  const object = (key: string, version = ""): string =>
    `<Object><Key>${key}</Key>${version === "" ? "" : `<VersionId>${version}</VersionId>`}</Object>`;

  test("tells of each key what became of it", async () => {
    await s3.ask("PUT", "/locked/free", { body: "x" });
    const headers = { "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": LATER };
    const kept = (await s3.ask("PUT", "/locked/kept", { body: "x", headers })).header("x-amz-version-id") ?? "";
    const heard = await s3.ask("POST", "/locked?delete", {
      body: deletion(object("free") + object("kept", kept) + object("nothing", "nonsense")),
    });
    expect([heard.text("Deleted/Key"), heard.text("Deleted/DeleteMarker")]).toEqual(["free nothing", "true"]);
    expect([heard.text("Error/Key"), heard.text("Error/VersionId"), heard.text("Error/Code")]).toEqual([
      "kept",
      kept,
      "AccessDenied",
    ]);
    const quiet = await s3.ask("POST", "/locked?delete", {
      body: deletion(`<Quiet>true</Quiet>${object("free")}${object("kept", kept)}`),
    });
    expect([quiet.text("Deleted/Key"), quiet.text("Error/Key")]).toEqual(["", "kept"]);
  });

  test.each([
    ["no keys", 0],
    ["1,001 keys", 1001],
  ])("refuses %s", async (_, count) => {
    const body = deletion(object("k").repeat(count));
    expect(await outcome("POST", "/logs?delete", { body })).toEqual([400, "MalformedXML"]);
  });
});

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
      await outcome("PUT", "/logs/copy", { headers: { "x-amz-copy-source": "/logs/source", ...headers } }),
    ).toEqual(refused);
  });

  test("copies an object to itself only to change it", async () => {
    const itself = { "x-amz-copy-source": "logs/source" };
    expect(await outcome("PUT", "/logs/source", { headers: itself })).toEqual([400, "InvalidRequest"]);
    const change = { ...itself, "x-amz-metadata-directive": "REPLACE", "x-amz-meta-z": "9" };
    expect(await outcome("PUT", "/logs/source", { headers: change })).toEqual([200, ""]);
    const { body, header } = await s3.ask("GET", "/logs/source");
    expect([body.toString(), header("x-amz-meta-z"), header("x-amz-meta-a")]).toEqual(["hello", "9", undefined]);
  });

  test("refuses a delete marker", async () => {
    await s3.ask("PUT", "/versions/marked", { body: "x" });
    const marker = (await s3.ask("DELETE", "/versions/marked")).header("x-amz-version-id") ?? "";
    const from = (source: string): Asked => ({ headers: { "x-amz-copy-source": source } });
    expect(await outcome("PUT", "/logs/m", from("versions/marked"))).toEqual([404, "NoSuchKey"]);
    expect(await outcome("PUT", "/logs/m", from(`versions/marked?versionId=${marker}`))).toEqual([
      400,
      "InvalidRequest",
    ]);
  });
});

describe("listings", () => {
  beforeAll(async () => {
    await s3.ask("PUT", "/listed");
    for (const key of ["a", "b/1", "b/2", "c%26d", "e"]) await s3.ask("PUT", `/listed/${key}`, { body: key });
  });

  test("ListObjectsV2 gives pages behind tokens", async () => {
    const first = await s3.ask("GET", "/listed?list-type=2&delimiter=/&max-keys=2");
    expect([first.xml().name, first.text("Contents/Key"), first.text("CommonPrefixes/Prefix")]).toEqual([
      "ListBucketResult",
      "a",
      "b/",
    ]);
    expect(["KeyCount", "MaxKeys", "IsTruncated", "Name", "Delimiter"].map(first.text)).toEqual([
      "2",
      "2",
      "true",
      "listed",
      "/",
    ]);
    expect(first.text("Contents/Owner/ID")).toBe("");
    const token = encodeURIComponent(first.text("NextContinuationToken"));
    const second = await s3.ask(
      "GET",
      `/listed?list-type=2&delimiter=/&fetch-owner=true&continuation-token=${token}&start-after=x`,
    );
    expect([second.text("Contents/Key"), second.text("IsTruncated")]).toEqual(["c&d e", "false"]);
    expect(second.text("Contents/Owner/ID")).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
    const after = await s3.ask("GET", "/listed?list-type=2&start-after=b/1&prefix=b/");
    expect([after.text("Contents/Key"), after.text("StartAfter"), after.text("Prefix")]).toEqual(["b/2", "b/1", "b/"]);
  });

  test("ListObjects gives pages behind markers", async () => {
    const first = await s3.ask("GET", "/listed?max-keys=2&encoding-type=url");
    expect([first.text("Contents/Key"), first.text("IsTruncated"), first.text("NextMarker")]).toEqual([
      "a b/1",
      "true",
      "",
    ]);
    const second = await s3.ask("GET", "/listed?marker=b/1&encoding-type=url");
    expect([second.text("Contents/Key"), second.text("Marker")]).toEqual(["b/2 c%26d e", "b/1"]);
    expect(second.text("Contents/Owner/ID")).not.toBe("");
    const folded = await s3.ask("GET", "/listed?delimiter=/&max-keys=2");
    expect(folded.text("NextMarker")).toBe("b/");
  });

  test.each([
    ["list-type=2&max-keys=0", 200, "0"],
    ["list-type=2&max-keys=5000", 200, "1000"],
    ["list-type=2&max-keys=-1", 400, ""],
    ["list-type=2&continuation-token=x", 400, ""],
    ["encoding-type=base64", 400, ""],
    ["optional-object-attributes", 501, ""],
  ])("?%s", async (query, status, max) => {
    const heard = await s3.ask("GET", `/listed?${query}`);
    expect([heard.status, heard.status === 200 ? heard.text("MaxKeys") : ""]).toEqual([status, max]);
  });
});

describe("Object Lock", () => {
  const lock = { "x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": LATER };
  const retention = (mode: string, until: string): string =>
    `<Retention><Mode>${mode}</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`;
  const bypass = { "x-amz-bypass-governance-retention": "true" };

  test("holds a version against its deletion, and against bypassing", async () => {
    const put = await s3.ask("PUT", "/locked/a", {
      body: "x",
      headers: { ...lock, "x-amz-object-lock-legal-hold": "ON" },
    });
    const target = `/locked/a?versionId=${put.header("x-amz-version-id")}`;
    const { header } = await s3.ask("HEAD", target);
    expect(["mode", "retain-until-date", "legal-hold"].map((name) => header(`x-amz-object-lock-${name}`))).toEqual([
      "GOVERNANCE",
      LATER.replace(".000Z", "Z"),
      "ON",
    ]);
    const hold = (status: string): Asked => ({ body: `<LegalHold><Status>${status}</Status></LegalHold>` });
    expect(await outcome("DELETE", target, { headers: bypass })).toEqual([403, "AccessDenied"]);
    expect(await outcome("PUT", `${target}&legal-hold`, hold("OFF"))).toEqual([200, ""]);
    expect((await s3.ask("GET", `${target}&legal-hold`)).text("Status")).toBe("OFF");
    expect(await outcome("DELETE", target)).toEqual([403, "AccessDenied"]);
    expect(await outcome("DELETE", target, { headers: bypass })).toEqual([204, ""]);
  });

  test("keeps retentions, which may only grow", async () => {
    await s3.ask("PUT", "/locked/b", { body: "x" });
    const target = "/locked/b?retention";
    expect(await outcome("GET", target)).toEqual([404, "NoSuchObjectLockConfiguration"]);
    expect(await outcome("GET", "/locked/b?legal-hold")).toEqual([404, "NoSuchObjectLockConfiguration"]);
    expect(await outcome("PUT", target, { body: retention("COMPLIANCE", LATER) })).toEqual([200, ""]);
    const heard = await s3.ask("GET", target);
    expect([heard.xml().name, heard.text("Mode")]).toEqual(["Retention", "COMPLIANCE"]);
    const sooner = new Date(NOW + 3_600_000).toISOString();
    const past = new Date(NOW - 3_600_000).toISOString();
    expect(await outcome("PUT", target, { body: retention("COMPLIANCE", sooner), headers: bypass })).toEqual([
      403,
      "AccessDenied",
    ]);
    expect(await outcome("PUT", target, { body: retention("COMPLIANCE", past) })).toEqual([400, "InvalidArgument"]);
    expect(await outcome("PUT", target, { body: "<Retention><Mode>COMPLIANCE</Mode></Retention>" })).toEqual([
      400,
      "MalformedXML",
    ]);
  });

  test.each(["GET", "PUT"])("is told to be missing where it is: %s", async (method) => {
    await s3.ask("PUT", "/logs/unlocked", { body: "x" });
    for (const [what, body] of [
      ["retention", retention("COMPLIANCE", LATER)],
      ["legal-hold", "<LegalHold><Status>ON</Status></LegalHold>"],
    ] as const) {
      const asked = method === "PUT" ? { body } : {};
      expect(await outcome(method, `/logs/unlocked?${what}`, asked)).toEqual([400, "InvalidRequest"]);
    }
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
    expect(await outcome("GET", "/logs/attributes?attributes", asked("Colour"))).toEqual([400, "InvalidArgument"]);
  });

  test("its list is its bucket's owner's", async () => {
    expect((await s3.ask("GET", "/logs/attributes?acl")).text("AccessControlList/Grant/Permission")).toBe(
      "FULL_CONTROL",
    );
    expect(await outcome("GET", "/logs/nothing?acl")).toEqual([404, "NoSuchKey"]);
    expect(await outcome("PUT", "/logs/attributes?acl", { headers: { "x-amz-acl": "public-read" } })).toEqual([
      400,
      "AccessControlListNotSupported",
    ]);
  });
});
