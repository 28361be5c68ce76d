import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChecksumAlgorithm, ObjectChecksum, Upload, UploadedPart } from "./buckets.ts";
import { beginChecksum, compositeChecksum } from "./checksums.ts";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { bodyOf, openTestBuckets, OWNER, read, refused, TestClock, temporaryDirectory } from "./testing.ts";

/** As small as a part may be that is not the last one. */
const FIRST = Buffer.alloc(5 * 1024 ** 2, "first");
const LAST = Buffer.from("last");
const WHOLE = Buffer.concat([FIRST, LAST]);

const clock = new TestClock();
let directory: string;
let buckets: DirectoryBuckets;

beforeAll(async () => {
  directory = await temporaryDirectory();
  buckets = await openTestBuckets({ directory, clock });
  await buckets.create("logs", OWNER);
});
afterAll(async () => await buckets.close());

type Options = Omit<Upload, "uploadId" | "key" | "initiatedAt">;

async function begin(key: string, options: Partial<Options> = {}): Promise<string> {
  return (await buckets.createUpload("logs", key, { request: {}, ...options })).uploadId;
}

async function twoParts(key: string, uploadId: string): Promise<readonly UploadedPart[]> {
  // In no order: the numbers count.
  const last = await buckets.uploadPart("logs", key, uploadId, 7, bodyOf(LAST), {});
  return [await buckets.uploadPart("logs", key, uploadId, 3, bodyOf(FIRST), {}), last];
}

async function checksum(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Promise<string> {
  const running = beginChecksum(algorithm);
  running.update(bytes);
  return Buffer.from(await running.digest()).toString("base64");
}

function md5(...pieces: readonly Uint8Array[]): Buffer {
  return createHash("md5").update(Buffer.concat(pieces)).digest();
}

describe("completeUpload()", () => {
  test("makes one object of the parts, with what the upload said", async () => {
    const request = { headers: { "content-type": "text/plain" }, metadata: { a: "1" }, tags: { t: "2" } };
    const uploadId = await begin("a/b", { request });
    const parts = await twoParts("a/b", uploadId);
    const version = await buckets.completeUpload("logs", "a/b", uploadId, parts, {});
    expect(version).toMatchObject({
      ...request,
      size: WHOLE.length,
      etag: `"${md5(md5(FIRST), md5(LAST)).toString("hex")}-2"`,
      parts: [FIRST.length, LAST.length],
    });
    expect((await read(buckets, "logs", "a/b")).equals(WHOLE)).toBe(true);
    expect(await refused(buckets.upload("logs", "a/b", uploadId))).toBe("NoSuchUpload 404");
  });

  test("encrypts parts and object", async () => {
    const encryption = { algorithm: "aws:kms", keyId: "alias/trail" } as const;
    const uploadId = await begin("secret", { request: { encryption } });
    const parts = await twoParts("secret", uploadId);
    const version = await buckets.completeUpload("logs", "secret", uploadId, parts, {});
    expect(version).toMatchObject({ encryption, size: WHOLE.length });
    expect((await read(buckets, "logs", "secret")).equals(WHOLE)).toBe(true);
  });

  test.each([
    ["CRC32", undefined, "COMPOSITE"],
    ["CRC32C", "FULL_OBJECT", "FULL_OBJECT"],
    ["CRC64NVME", undefined, "FULL_OBJECT"],
    ["SHA256", "COMPOSITE", "COMPOSITE"],
  ] as const)("has the checksum %s of type %s", async (checksumAlgorithm, said, type) => {
    const uploadId = await begin("sum", { checksumAlgorithm, ...(said === undefined ? {} : { checksumType: said }) });
    const parts = await twoParts("sum", uploadId);
    const values = await Promise.all([FIRST, LAST].map((bytes) => checksum(checksumAlgorithm, bytes)));
    expect(parts.map((part) => part.checksum?.value)).toEqual(values);
    const value = {
      COMPOSITE: await compositeChecksum(checksumAlgorithm, values),
      FULL_OBJECT: await checksum(checksumAlgorithm, WHOLE),
    }[type];
    const wrong = { algorithm: checksumAlgorithm, value: () => values[0] };
    expect(await refused(buckets.completeUpload("logs", "sum", uploadId, parts, { checksum: wrong }))).toBe(
      "BadDigest 400",
    );
    const right = { algorithm: checksumAlgorithm, value: () => value };
    const version = await buckets.completeUpload("logs", "sum", uploadId, parts, { checksum: right });
    expect(version.checksum).toEqual<ObjectChecksum>({ algorithm: checksumAlgorithm, type, value });
  });

  test("refuses parts that are missing, changed, in disorder or too small", async () => {
    const uploadId = await begin("parts");
    const [first, last] = await twoParts("parts", uploadId);
    if (first === undefined || last === undefined) throw new Error("no parts");
    const second = await buckets.uploadPart("logs", "parts", uploadId, 9, bodyOf("x"), {});
    const complete = async (...parts: { readonly partNumber: number; readonly etag: string }[]): Promise<string> =>
      await refused(buckets.completeUpload("logs", "parts", uploadId, parts, {}));
    expect(await complete(first, { ...last, partNumber: 8 })).toBe("InvalidPart 400");
    expect(await complete(first, { ...last, etag: first.etag })).toBe("InvalidPart 400");
    expect(await complete(last, first)).toBe("InvalidPartOrder 400");
    expect(await complete(first, first)).toBe("InvalidPartOrder 400");
    expect(await complete(first, last, second)).toBe("EntityTooSmall 400");
    // ETags may come without quotes; parts that are not named go.
    const etag = first.etag.slice(1, -1);
    await buckets.completeUpload("logs", "parts", uploadId, [{ ...first, etag }], {});
    expect((await buckets.version("logs", "parts")).parts).toEqual([FIRST.length]);
  });

  test("judges conditions", async () => {
    const uploadId = await begin("a/b");
    const part = await buckets.uploadPart("logs", "a/b", uploadId, 1, bodyOf("x"), {});
    const onlyIf = { ifNoneMatch: "*" } as const;
    expect(await refused(buckets.completeUpload("logs", "a/b", uploadId, [part], { onlyIf }))).toBe(
      "PreconditionFailed 412",
    );
    await buckets.abortUpload("logs", "a/b", uploadId);
  });

  test("is done once, however many ask at once", async () => {
    const uploadId = await begin("race");
    const part = await buckets.uploadPart("logs", "race", uploadId, 1, bodyOf("x"), {});
    const results = await Promise.all(
      [1, 2, 3].map(async () => await refused(buckets.completeUpload("logs", "race", uploadId, [part], {}))),
    );
    expect(results.toSorted()).toContain("nothing was refused");
    expect(results.filter((result) => result === "nothing was refused")).toHaveLength(1);
    expect((await read(buckets, "logs", "race")).toString()).toBe("x");
  });
});

describe("uploadPart()", () => {
  test("replaces a part of the same number", async () => {
    const uploadId = await begin("again");
    await buckets.uploadPart("logs", "again", uploadId, 1, bodyOf("one"), {});
    const part = await buckets.uploadPart("logs", "again", uploadId, 1, bodyOf("two"), {});
    expect((await buckets.parts("logs", "again", uploadId, 0, 10)).parts).toEqual([part]);
    await buckets.completeUpload("logs", "again", uploadId, [part], {});
    expect((await read(buckets, "logs", "again")).toString()).toBe("two");
  });

  test.each([
    ["another upload", "x", 1, {}, "NoSuchUpload 404"],
    ["part 0", undefined, 0, {}, "InvalidArgument 400"],
    ["part 10,001", undefined, 10_001, {}, "InvalidArgument 400"],
    ["another algorithm than the upload's", undefined, 1, { checksum: { algorithm: "SHA1" } }, "InvalidRequest 400"],
    ["another MD5", undefined, 1, { contentMd5: "CY9rzUYh03PK3k6DJie09g==" }, "BadDigest 400"],
  ] as const)("refuses %s", async (_, other, partNumber, request, expected) => {
    const uploadId = await begin("refused", { checksumAlgorithm: "CRC32" });
    const asked = buckets.uploadPart("logs", "refused", other ?? uploadId, partNumber, bodyOf("text"), request);
    expect(await refused(asked)).toBe(expected);
    expect(await refused(buckets.uploadPart("logs", "other key", uploadId, 1, bodyOf("text"), {}))).toBe(
      "NoSuchUpload 404",
    );
    await buckets.abortUpload("logs", "refused", uploadId);
  });
});

describe("createUpload()", () => {
  test("refuses a checksum that cannot be said of parts", async () => {
    const request = { request: {}, checksumAlgorithm: "SHA256", checksumType: "FULL_OBJECT" } as const;
    expect(await refused(buckets.createUpload("logs", "a", request))).toBe("InvalidRequest 400");
  });
});

describe("uploads()", () => {
  test("lists by key and time, page by page, until they are aborted", async () => {
    const made: string[] = [];
    for (const key of ["l/b", "l/a", "l/b", "l/c", "m"]) {
      clock.nowMs += 1;
      made.push(`${key} ${await begin(key)}`);
    }
    const found: string[] = [];
    for (let from = { keyMarker: "", uploadIdMarker: "" }, more = true; more; ) {
      const page = await buckets.uploads("logs", { prefix: "l/", ...from, limit: 1 });
      found.push(...page.uploads.map(({ key, uploadId }) => `${key} ${uploadId}`));
      const last = page.uploads.at(-1);
      from = { keyMarker: last?.key ?? "", uploadIdMarker: last?.uploadId ?? "" };
      more = page.more;
    }
    const [b1, a, b2, c] = made;
    expect(found).toEqual([a, b1, b2, c]);
    const afterKey = await buckets.uploads("logs", { prefix: "", keyMarker: "l/b", uploadIdMarker: "", limit: 10 });
    expect(afterKey.uploads.map(({ key }) => key)).toEqual(["l/c", "m"]);

    for (const entry of made) {
      const [key = "", uploadId = ""] = entry.split(" ");
      await buckets.uploadPart("logs", key, uploadId, 1, bodyOf("text"), {});
      await buckets.abortUpload("logs", key, uploadId);
      expect(await refused(buckets.abortUpload("logs", key, uploadId))).toBe("NoSuchUpload 404");
    }
    const none = await buckets.uploads("logs", { prefix: "", keyMarker: "", uploadIdMarker: "", limit: 10 });
    expect(none).toEqual({ uploads: [], more: false });
  });

  test("leave no file behind", async () => {
    await buckets.close();
    expect(globSync("logs/uploads/*", { cwd: directory })).toEqual([]);
    expect(globSync(".unfinished/*", { cwd: directory })).toEqual([]);
    buckets = await openTestBuckets({ directory, clock });
  });
});
