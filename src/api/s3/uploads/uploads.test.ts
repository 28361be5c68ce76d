import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Heard, TestS3 } from "../s3.fixture.ts";

const PART_BYTES = 5 * 1024 * 1024;

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
});

afterAll(async () => {
  await s3.close();
});

async function begin(key: string, headers: Record<string, string> = {}): Promise<string> {
  return (await s3.ask("POST", `/logs/${key}?uploads`, { headers })).text("UploadId");
}

async function part(key: string, id: string, number: number, body: Uint8Array | string): Promise<Heard> {
  return await s3.ask("PUT", `/logs/${key}?partNumber=${number}&uploadId=${id}`, { body });
}

function completion(parts: readonly (readonly [number: number, etag: string, more?: string])[]): string {
  const items = parts.map(
    ([number, etag, more = ""]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`,
  );
  return `<CompleteMultipartUpload>${items.join("")}</CompleteMultipartUpload>`;
}

function crc32Of(bytes: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString("base64");
}

const etagOf = (heard: Heard): string => heard.header("etag") ?? "";

describe("a multipart upload", () => {
  test("becomes an object of its parts", async () => {
    const begun = await s3.ask("POST", "/logs/whole?uploads", {
      headers: { "content-type": "text/plain", "x-amz-meta-a": "1", "x-amz-checksum-algorithm": "CRC32" },
    });
    expect([begun.xml().name, begun.text("Bucket"), begun.text("Key")]).toEqual([
      "InitiateMultipartUploadResult",
      "logs",
      "whole",
    ]);
    expect([begun.header("x-amz-checksum-algorithm"), begun.header("x-amz-checksum-type")]).toEqual([
      "CRC32",
      "COMPOSITE",
    ]);
    const id = begun.text("UploadId");
    const first = await part("whole", id, 1, Buffer.alloc(PART_BYTES, "a"));
    const last = await part("whole", id, 3, "tail");
    expect(first.header("x-amz-checksum-crc32")).toBe(crc32Of(Buffer.alloc(PART_BYTES, "a")));
    const listed = await s3.ask("GET", `/logs/whole?uploadId=${id}&max-parts=1`);
    expect(
      ["Part/PartNumber", "Part/Size", "IsTruncated", "NextPartNumberMarker", "Part/ChecksumCRC32"].map(listed.text),
    ).toEqual(["1", String(PART_BYTES), "true", "1", first.header("x-amz-checksum-crc32")]);
    const body = completion([
      [1, etagOf(first), `<ChecksumCRC32>${first.header("x-amz-checksum-crc32")}</ChecksumCRC32>`],
      [3, etagOf(last).replaceAll('"', "")],
    ]);
    const done = await s3.ask("POST", `/logs/whole?uploadId=${id}`, {
      body,
      headers: { "x-amz-mp-object-size": String(PART_BYTES + 4) },
    });
    expect([done.xml().name, done.text("Location"), done.text("ChecksumType")]).toEqual([
      "CompleteMultipartUploadResult",
      "http://s3.example.org/logs/whole",
      "COMPOSITE",
    ]);
    expect(done.text("ETag")).toMatch(/^"[0-9a-f]{32}-2"$/);

    const { header } = await s3.ask("HEAD", "/logs/whole");
    expect([header("content-type"), header("x-amz-meta-a"), header("content-length")]).toEqual([
      "text/plain",
      "1",
      String(PART_BYTES + 4),
    ]);
    const second = await s3.ask("GET", "/logs/whole?partNumber=2");
    expect([second.status, second.body.toString(), second.header("x-amz-mp-parts-count")]).toEqual([206, "tail", "2"]);
    const attributes = await s3.ask("GET", "/logs/whole?attributes", {
      headers: { "x-amz-object-attributes": "ObjectParts", "x-amz-max-parts": "1" },
    });
    expect(["ObjectParts/PartsCount", "ObjectParts/Part/Size", "ObjectParts/IsTruncated"].map(attributes.text)).toEqual(
      ["2", String(PART_BYTES), "true"],
    );
    expect(await s3.outcome("GET", `/logs/whole?uploadId=${id}`)).toEqual([404, "NoSuchUpload"]);
  });

  test("has the checksum of the whole that it is told to have", async () => {
    const id = await begin("full", { "x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT" });
    const body = completion([[1, etagOf(await part("full", id, 1, "hello"))]]);
    const complete = async (value: string): Promise<readonly [number, string]> =>
      await s3.outcome("POST", `/logs/full?uploadId=${id}`, { body, headers: { "x-amz-checksum-crc32": value } });
    expect(await complete("AAAAAA==")).toEqual([400, "BadDigest"]);
    expect(await complete(crc32Of(Buffer.from("hello")))).toEqual([200, ""]);
  });

  test("is made of parts of objects", async () => {
    await s3.ask("PUT", "/logs/source", { body: "0123456789" });
    const id = await begin("copied");
    const copy = async (headers: Record<string, string>): Promise<Heard> =>
      await s3.ask("PUT", `/logs/copied?partNumber=1&uploadId=${id}`, {
        headers: { "x-amz-copy-source": "logs/source", ...headers },
      });
    const copied = await copy({ "x-amz-copy-source-range": "bytes=2-4" });
    expect([copied.status, copied.xml().name]).toEqual([200, "CopyPartResult"]);
    await s3.ask("POST", `/logs/copied?uploadId=${id}`, { body: completion([[1, copied.text("ETag")]]) });
    expect((await s3.ask("GET", "/logs/copied")).body.toString()).toBe("234");
  });

  test.each([
    ["bytes=2-", "InvalidArgument"],
    ["bytes=4-2", "InvalidArgument"],
    ["bytes=0-10", "InvalidRequest"],
  ])("refuses the range %s of an object of ten bytes", async (range, code) => {
    await s3.ask("PUT", "/logs/source", { body: "0123456789" });
    const id = await begin("ranges");
    const headers = { "x-amz-copy-source": "logs/source", "x-amz-copy-source-range": range };
    expect(await s3.outcome("PUT", `/logs/ranges?partNumber=1&uploadId=${id}`, { headers })).toEqual([400, code]);
  });

  test("is refused what does not fit together", async () => {
    const id = await begin("bad", { "x-amz-checksum-algorithm": "CRC32" });
    const small = await part("bad", id, 1, "small");
    const other = await part("bad", id, 2, "other");
    const complete = async (body: string, headers: Record<string, string> = {}): Promise<readonly [number, string]> =>
      await s3.outcome("POST", `/logs/bad?uploadId=${id}`, { body, headers });
    const both = completion([
      [1, etagOf(small)],
      [2, etagOf(other)],
    ]);
    expect(await complete(both)).toEqual([400, "EntityTooSmall"]);
    expect(
      await complete(
        completion([
          [2, etagOf(other)],
          [1, etagOf(small)],
        ]),
      ),
    ).toEqual([400, "InvalidPartOrder"]);
    expect(await complete(completion([[1, etagOf(other)]]))).toEqual([400, "InvalidPart"]);
    expect(await complete(completion([[3, etagOf(other)]]))).toEqual([400, "InvalidPart"]);
    expect(await complete(completion([]))).toEqual([400, "MalformedXML"]);
    expect(await complete("<CompleteMultipartUpload><Part/></CompleteMultipartUpload>")).toEqual([400, "MalformedXML"]);
    const one = completion([[1, etagOf(small)]]);
    expect(await complete(one, { "x-amz-mp-object-size": "6" })).toEqual([400, "InvalidRequest"]);
    expect(await complete(one, { "x-amz-checksum-type": "FULL_OBJECT" })).toEqual([400, "InvalidRequest"]);
    expect(await complete(one, { "x-amz-checksum-sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=" })).toEqual([
      400,
      "InvalidRequest",
    ]);
    expect(await complete(completion([[1, etagOf(small), "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>"]]))).toEqual([
      400,
      "InvalidPart",
    ]);
    expect(await complete(one, { "if-none-match": "*" })).toEqual([200, ""]);
    expect((await s3.ask("GET", "/logs/bad")).body.toString()).toBe("small");
  });

  test.each([
    ["part 0", "partNumber=0", "InvalidArgument"],
    ["part 10,001", "partNumber=10001", "InvalidArgument"],
  ])("has no %s", async (_, query, code) => {
    const id = await begin("numbers");
    expect(await s3.outcome("PUT", `/logs/numbers?${query}&uploadId=${id}`, { body: "x" })).toEqual([400, code]);
  });

  test.each<[headers: Record<string, string>, refused: readonly [number, string]]>([
    [{ "x-amz-checksum-type": "COMPOSITE" }, [400, "InvalidRequest"]],
    [{ "x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE" }, [400, "InvalidRequest"]],
    [{ "x-amz-checksum-algorithm": "MD4" }, [501, "NotImplemented"]],
  ])("is not begun with %o", async (headers, refused) => {
    expect(await s3.outcome("POST", "/logs/begun?uploads", { headers })).toEqual(refused);
  });

  test("is over when it is aborted", async () => {
    const id = await begin("aborted");
    await part("aborted", id, 1, "x");
    expect(await s3.outcome("DELETE", `/logs/aborted?uploadId=${id}`)).toEqual([204, ""]);
    expect(await s3.outcome("DELETE", `/logs/aborted?uploadId=${id}`)).toEqual([404, "NoSuchUpload"]);
    expect(await s3.outcome("PUT", `/logs/aborted?partNumber=1&uploadId=${id}`, { body: "x" })).toEqual([
      404,
      "NoSuchUpload",
    ]);
  });
});

describe("ListMultipartUploads", () => {
  beforeAll(async () => {
    await s3.ask("PUT", "/uploads");
    for (const key of ["a", "a", "b/1", "b/2", "c"]) await s3.ask("POST", `/uploads/${key}?uploads`);
  });

  test("gives those under way, page by page", async () => {
    const seen: string[] = [];
    for (let query = "&max-uploads=2"; ; ) {
      const page = await s3.ask("GET", `/uploads?uploads${query}`);
      seen.push(...page.text("Upload/Key").split(" "));
      if (page.text("IsTruncated") === "false") break;
      query = `&max-uploads=2&key-marker=${page.text("NextKeyMarker")}&upload-id-marker=${page.text("NextUploadIdMarker")}`;
    }
    expect(seen).toEqual(["a", "a", "b/1", "b/2", "c"]);
  });

  test("folds what lies behind a delimiter", async () => {
    const all = await s3.ask("GET", "/uploads?uploads&delimiter=/");
    expect([all.text("Upload/Key"), all.text("CommonPrefixes/Prefix")]).toEqual(["a a c", "b/"]);
    const first = await s3.ask("GET", "/uploads?uploads&delimiter=/&max-uploads=3");
    expect([first.text("CommonPrefixes/Prefix"), first.text("IsTruncated"), first.text("NextKeyMarker")]).toEqual([
      "b/",
      "true",
      "b/",
    ]);
    const rest = await s3.ask("GET", "/uploads?uploads&delimiter=/&key-marker=b/");
    expect([rest.text("Upload/Key"), rest.text("CommonPrefixes/Prefix")]).toEqual(["c", ""]);
    const inside = await s3.ask("GET", "/uploads?uploads&delimiter=/&prefix=b/");
    expect(inside.text("Upload/Key")).toBe("b/1 b/2");
  });
});
