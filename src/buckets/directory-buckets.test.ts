import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../core/index.ts";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { Files } from "./files.ts";
import { bodyOf, openTestBuckets, OWNER, put, read, refused, TestClock, temporaryDirectory } from "./testing.ts";

const DAY = 86_400_000;

let directory: string;
let clock: TestClock;
let buckets: DirectoryBuckets;

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new TestClock();
  buckets = await openTestBuckets({ directory, clock });
  await buckets.create("logs", OWNER);
  return async () => await buckets.close();
});

async function reopen(): Promise<void> {
  await buckets.close();
  buckets = await openTestBuckets({ directory, clock });
}

/** Paths of objects' files; those that nobody needs any more have gone. */
async function objectFiles(): Promise<readonly string[]> {
  await reopen();
  return globSync("*/objects/**", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function onlyFile(): Promise<string> {
  const [path, ...others] = await objectFiles();
  if (path === undefined || others.length > 0) throw new Error(`not one file: ${others.length}`);
  return path;
}

async function versionsOf(bucket: string): Promise<readonly (readonly [id: string, marker: boolean])[]> {
  const { versions } = await buckets.listVersions(bucket, { prefix: "", keyMarker: "", limit: 100 });
  return versions.map(({ versionId, deleteMarker }) => [versionId, deleteMarker]);
}

describe("create()", () => {
  test("makes a bucket that is there after the directory was opened anew", async () => {
    const bucket = await buckets.create("locked", { ...OWNER, objectLock: true });
    expect(bucket).toEqual({
      name: "locked",
      ...OWNER,
      createdAt: clock.nowMs,
      versioning: "Enabled",
      objectLock: true,
    });
    await buckets.setDefaultRetention("locked", { mode: "GOVERNANCE", period: { days: 1 } });
    await buckets.setDocument("locked", "policy", "{}");
    await buckets.setEncryption("locked", { algorithm: "AES256" });
    await reopen();
    expect(buckets.get("locked")).toEqual({
      ...bucket,
      defaultRetention: { mode: "GOVERNANCE", period: { days: 1 } },
      encryption: { algorithm: "AES256" },
    });
    expect(buckets.document("locked", "policy")).toBe("{}");
    expect(buckets.document("locked", "cors")).toBeUndefined();
    expect(buckets.all(OWNER.account).map(({ name }) => name)).toEqual(["locked", "logs"]);
    expect(buckets.all("999999999999")).toEqual([]);
  });

  test.each([
    ["one's own elsewhere", { ...OWNER }, "BucketAlreadyOwnedByYou 409"],
    ["somebody else's", { ...OWNER, account: "999999999999" }, "BucketAlreadyExists 409"],
  ])("refuses the name of %s", async (_, owner, expected) => {
    expect(await refused(buckets.create("logs", owner))).toBe(expected);
  });

  test("answers with one's own bucket in us-east-1", async () => {
    const owner = { account: OWNER.account, region: "us-east-1" };
    const bucket = await buckets.create("east", owner);
    clock.nowMs += 1000;
    expect(await buckets.create("east", owner)).toEqual(bucket);
  });

  test("makes a bucket called like the tables", async () => {
    await buckets.create("buckets.db", OWNER);
    await put(buckets, "buckets.db", "a", "text");
    await reopen();
    expect((await read(buckets, "buckets.db", "a")).toString()).toBe("text");
  });
});

describe("delete()", () => {
  test("refuses while there is a version, be it a delete marker", async () => {
    expect(await refused(buckets.delete("nothing"))).toBe("NoSuchBucket 404");
    await buckets.setVersioning("logs", "Enabled");
    const { versionId = "" } = await buckets.deleteObject("logs", "a", {});
    expect(await refused(buckets.delete("logs"))).toBe("BucketNotEmpty 409");
    await buckets.deleteObject("logs", "a", { versionId });
    await buckets.setDocument("logs", "policy", "{}");
    await buckets.delete("logs");
    expect(buckets.has("logs")).toBe(false);
    await buckets.create("logs", OWNER);
    expect(buckets.document("logs", "policy")).toBeUndefined();
  });

  test("takes uploads along, and leaves what somebody else put into the folder", async () => {
    const { uploadId } = await buckets.createUpload("logs", "a", { request: {} });
    await buckets.uploadPart("logs", "a", uploadId, 1, bodyOf("text"), {});
    await mkdir(join(directory, "logs/objects"), { recursive: true });
    await writeFile(join(directory, "logs/objects/mine"), "");
    await buckets.delete("logs");
    const left = globSync("logs/**", { cwd: directory, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(left.map(({ name }) => name)).toEqual(["mine"]);
  });
});

describe("setVersioning()", () => {
  test("does not suspend under Object Lock", async () => {
    await buckets.create("locked", { ...OWNER, objectLock: true });
    expect(await refused(buckets.setVersioning("locked", "Suspended"))).toBe("InvalidBucketState 409");
    await buckets.setVersioning("locked", "Enabled");
    expect(buckets.get("locked").versioning).toBe("Enabled");
  });
});

describe("setDefaultRetention()", () => {
  test("enables Object Lock where there are versions, for ever", async () => {
    expect(await refused(buckets.setDefaultRetention("logs", undefined))).toBe("InvalidBucketState 409");
    await buckets.setVersioning("logs", "Enabled");
    await buckets.setDefaultRetention("logs", { mode: "COMPLIANCE", period: { years: 1 } });
    await buckets.setDefaultRetention("logs", undefined);
    expect(buckets.get("logs").objectLock).toBe(true);
    expect(buckets.get("logs").defaultRetention).toBeUndefined();
  });
});

describe("putObject()", () => {
  test("makes an object that is read back, also after the directory was opened anew", async () => {
    const request = {
      headers: { "content-type": "text/plain" },
      metadata: { colour: "red" },
      tags: { team: "a" },
      storageClass: "STANDARD_IA",
    };
    const version = await put(buckets, "logs", "a/b.txt", "hello", request);
    expect(version).toEqual({
      key: "a/b.txt",
      versionId: "null",
      isLatest: true,
      deleteMarker: false,
      size: 5,
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      lastModified: clock.nowMs,
      lock: {},
      ...request,
    });
    await reopen();
    expect(await buckets.version("logs", "a/b.txt")).toEqual(version);
    expect((await read(buckets, "logs", "a/b.txt")).toString()).toBe("hello");
    expect((await read(buckets, "logs", "a/b.txt", undefined, [1, 3])).toString()).toBe("ell");
    expect((await read(buckets, "logs", "a/b.txt", undefined, [3])).toString()).toBe("lo");
  });

  test("leaves a file that a person knows and can read with tools", async () => {
    await put(buckets, "logs", "AWSLogs/1/x.json.gz", gzipSync("records"));
    const path = await onlyFile();
    expect(path).toMatch(/\/logs\/objects\/AWSLogs\/1\/x\.json\.gz~null-[0-9A-Za-z]{12}$/);
    expect(gunzipSync(readFileSync(path)).toString()).toBe("records");
  });

  test("replaces an object without versions; who reads the old one goes on", async () => {
    const old = Buffer.alloc(2_000_000, "old");
    await put(buckets, "logs", "a", old);
    const opened = await buckets.open("logs", "a");
    await put(buckets, "logs", "a", "new");
    expect(await objectFiles()).toHaveLength(1);
    expect((await read(buckets, "logs", "a")).toString()).toBe("new");
    const found = Buffer.concat(await Array.fromAsync(opened.stream() as AsyncIterable<Uint8Array>));
    expect(found.equals(old)).toBe(true);
  });

  test("replaces what has no version under suspended versioning, and nothing else", async () => {
    await put(buckets, "logs", "a", "zero");
    await buckets.setVersioning("logs", "Enabled");
    const { versionId } = await put(buckets, "logs", "a", "one");
    await buckets.setVersioning("logs", "Suspended");
    await put(buckets, "logs", "a", "two");
    expect(await versionsOf("logs")).toEqual([
      ["null", false],
      [versionId, false],
    ]);
    expect(await buckets.deleteObject("logs", "a", {})).toEqual({ versionId: "null", deleteMarker: true });
    expect(await versionsOf("logs")).toEqual([
      ["null", true],
      [versionId, false],
    ]);
    expect(await objectFiles()).toHaveLength(1);
  });

  test.each([
    ["another MD5", { contentMd5: "CY9rzUYh03PK3k6DJie09g==" }, "BadDigest 400"],
    ["what is no MD5", { contentMd5: "CY9rzUYh" }, "InvalidDigest 400"],
    ["another size", { size: 4 }, "IncompleteBody 400"],
    ["too large a size", { size: 5 * 1024 ** 3 + 1 }, "EntityTooLarge 400"],
    ["another checksum", { checksum: { algorithm: "CRC32", value: (): string => "AAAAAA==" } }, "BadDigest 400"],
    ["what is no checksum", { checksum: { algorithm: "CRC32", value: (): string => "AAAA" } }, "InvalidRequest 400"],
    ["a lock without Object Lock", { lock: { legalHold: true } }, "InvalidRequest 400"],
    ["an unknown key", { encryption: { algorithm: "aws:kms", keyId: "x" } }, "KMS.NotFoundException 400"],
    ["an ETag of nothing", { onlyIf: { ifMatch: "*" } }, "NoSuchKey 404"],
  ] as const)("refuses %s and leaves nothing", async (_, request, expected) => {
    expect(await refused(put(buckets, "logs", "a", "hello", request))).toBe(expected);
    expect(await objectFiles()).toEqual([]);
    expect(await versionsOf("logs")).toEqual([]);
  });

  test("computes the checksum that is asked for, and compares what came late", async () => {
    let trailer: string | undefined;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("123456789");
      trailer = "y/Q5Jg==";
    };
    const checksum = { algorithm: "CRC32" as const, value: () => trailer };
    const version = await buckets.putObject("logs", "a", body(), { checksum });
    expect(version.checksum).toEqual({ algorithm: "CRC32", value: "y/Q5Jg==", type: "FULL_OBJECT" });
  });

  test("throws on what the body throws, and leaves nothing", async () => {
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2_000_000);
      throw new Error("the client went away");
    };
    await expect(buckets.putObject("logs", "a", body(), {})).rejects.toThrow("the client went away");
    expect(await objectFiles()).toEqual([]);
  });

  test("judges conditions when it takes the object's place", async () => {
    const none = { onlyIf: { ifNoneMatch: "*" } } as const;
    const { etag } = await put(buckets, "logs", "a", "one", none);
    expect(await refused(put(buckets, "logs", "a", "two", none))).toBe("PreconditionFailed 412");
    expect(await refused(put(buckets, "logs", "a", "two", { onlyIf: { ifMatch: '"x"' } }))).toBe(
      "PreconditionFailed 412",
    );
    await put(buckets, "logs", "a", "two", { onlyIf: { ifMatch: etag } });

    const results = await Promise.allSettled(["1", "2", "3", "4"].map((text) => put(buckets, "logs", "b", text, none)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await objectFiles()).toHaveLength(2);
  });

  test("gives each of many at once its own version", async () => {
    await buckets.setVersioning("logs", "Enabled");
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const versions = await Promise.all(texts.map((text) => put(buckets, "logs", "a/b", text)));
    const found = await Promise.all(versions.map(({ versionId }) => read(buckets, "logs", "a/b", versionId)));
    expect(found.map(String)).toEqual(texts);
    expect((await versionsOf("logs")).filter(([, marker]) => !marker)).toHaveLength(20);
  });

  test("encrypts with the bucket's encryption, so that the file says nothing", async () => {
    const text = "secret ".repeat(30_000);
    const context = { trail: "t" };
    await buckets.setEncryption("logs", { algorithm: "aws:kms", keyId: "alias/trail", context });
    const version = await put(buckets, "logs", "a", text);
    expect(version.encryption).toEqual({ algorithm: "aws:kms", keyId: "alias/trail", context });
    expect(readFileSync(await onlyFile()).includes("secret")).toBe(false);
    expect((await read(buckets, "logs", "a")).toString()).toBe(text);
    expect((await read(buckets, "logs", "a", undefined, [65_530, 131_080])).toString()).toBe(
      text.slice(65_530, 131_081),
    );
    expect((await buckets.version("logs", "a")).size).toBe(text.length);
    await put(buckets, "logs", "empty", "", { encryption: { algorithm: "AES256" } });
    expect(await read(buckets, "logs", "empty")).toHaveLength(0);
  });

  test("needs the bucket", async () => {
    expect(await refused(put(buckets, "nothing", "a", ""))).toBe("NoSuchBucket 404");
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("text");
      await buckets.delete("logs");
    };
    expect(await refused(buckets.putObject("logs", "a", body(), {}))).toBe("NoSuchBucket 404");
  });
});

describe("open()", () => {
  test("serves bytes that somebody changed as they are, with their size", async () => {
    await put(buckets, "logs", "a", "hello");
    await writeFile(await onlyFile(), "hello, changed");
    const opened = await buckets.open("logs", "a");
    opened.close();
    expect(opened.version).toMatchObject({ size: 14, etag: '"5d41402abc4b2a76b9719d911017c592"' });
    expect((await buckets.version("logs", "a")).size).toBe(14);
    expect((await read(buckets, "logs", "a")).toString()).toBe("hello, changed");
    await writeFile(await onlyFile(), "");
    expect(await read(buckets, "logs", "a")).toHaveLength(0);
  });

  test("names the file that is gone; the version is still known", async () => {
    await put(buckets, "logs", "a", "hello");
    const path = await onlyFile();
    await rm(path);
    await expect(buckets.open("logs", "a")).rejects.toThrow(Failure);
    await expect(buckets.open("logs", "a")).rejects.toThrow(path);
    expect((await buckets.version("logs", "a")).size).toBe(5);
    await buckets.deleteObject("logs", "a", {});
    expect(await refused(buckets.open("logs", "a"))).toBe("NoSuchKey 404");
  });

  test("does not pass encrypted bytes that somebody changed", async () => {
    await put(buckets, "logs", "a", "hello", { encryption: { algorithm: "AES256" } });
    const path = await onlyFile();
    await writeFile(path, readFileSync(path).fill(0, 20, 21));
    await expect(read(buckets, "logs", "a")).rejects.toThrow("decrypt logs/a");
  });
});

describe("at once", () => {
  test("an object is replaced between its row and its file: the reader gets the new one", async () => {
    await put(buckets, "logs", "a", "old");
    const old = await onlyFile();
    const readFile = vi.spyOn(Files.prototype, "read").mockImplementationOnce(async function (this: Files, file) {
      await put(buckets, "logs", "a", "new");
      await vi.waitFor(() => expect(existsSync(old)).toBe(false));
      return await this.read(file);
    });
    expect((await read(buckets, "logs", "a")).toString()).toBe("new");
    expect(readFile.mock.calls.length).toBeGreaterThan(1);
    readFile.mockRestore();
  });

  test("a folder is emptied and filled", async () => {
    const lanes = [1, 2, 3, 4, 5, 6].map(async (lane) => {
      for (let round = 0; round < 8; round++) {
        await put(buckets, "logs", `deep/folder/${lane}`, "text");
        await buckets.deleteObject("logs", `deep/folder/${lane}`, {});
      }
    });
    await Promise.all(lanes);
    expect(await objectFiles()).toEqual([]);
  });
});

describe("version()", () => {
  test("tells a missing key, a missing version and a delete marker apart", async () => {
    await buckets.setVersioning("logs", "Enabled");
    expect(await refused(buckets.version("logs", "a"))).toBe("NoSuchKey 404");
    expect(await refused(buckets.version("logs", "a", "x"))).toBe("NoSuchVersion 404");
    const { versionId: one } = await put(buckets, "logs", "a", "one");
    const { versionId = "" } = await buckets.deleteObject("logs", "a", {});
    await expect(buckets.version("logs", "a")).rejects.toMatchObject({
      code: "NoSuchKey",
      details: { Key: "a", deleteMarker: true, versionId },
    });
    await expect(buckets.version("logs", "a", versionId)).rejects.toMatchObject({
      code: "MethodNotAllowed",
      status: 405,
      details: { deleteMarker: true, versionId },
    });
    expect((await buckets.version("logs", "a", one)).isLatest).toBe(false);
    expect(await buckets.deleteObject("logs", "a", { versionId })).toEqual({ versionId, deleteMarker: true });
    expect((await buckets.version("logs", "a")).versionId).toBe(one);
  });
});

describe("deleteObject()", () => {
  test("removes the file and the folders that are empty then", async () => {
    await put(buckets, "logs", "a/b/c", "text");
    await put(buckets, "logs", "a/d", "text");
    await buckets.deleteObject("logs", "a/b/c", {});
    await reopen();
    const names = globSync("logs/objects/**", { cwd: directory }).map((path) => path.replace(/~.*/, ""));
    expect(names.toSorted()).toEqual(["logs/objects", "logs/objects/a", "logs/objects/a/d"]);
  });

  test("asks for the ETag, when one is named", async () => {
    const { etag } = await put(buckets, "logs", "a", "one");
    expect(await refused(buckets.deleteObject("logs", "a", { ifMatch: '"x"' }))).toBe("PreconditionFailed 412");
    expect(await buckets.deleteObject("logs", "a", { ifMatch: etag })).toEqual({ deleteMarker: false });
    expect(await refused(buckets.deleteObject("logs", "a", { ifMatch: etag }))).toBe("NoSuchKey 404");
    expect(await buckets.deleteObject("logs", "a", {})).toEqual({ deleteMarker: false });
  });
});

describe("Object Lock", () => {
  const options = { ...OWNER, objectLock: true };

  test("protects what was put under the bucket's default until it has run out", async () => {
    await buckets.create("locked", options);
    await buckets.setDefaultRetention("locked", { mode: "COMPLIANCE", period: { days: 2 } });
    const { versionId, lock } = await put(buckets, "locked", "a", "text");
    expect(lock).toEqual({ retention: { mode: "COMPLIANCE", until: clock.nowMs + 2 * DAY } });
    // What is there already keeps its own.
    await buckets.setDefaultRetention("locked", undefined);

    const removal = { versionId, bypassGovernance: true };
    expect(await refused(buckets.deleteObject("locked", "a", removal))).toBe("AccessDenied 403");
    expect(await buckets.deleteObject("locked", "a", {})).toMatchObject({ deleteMarker: true });
    await put(buckets, "locked", "a", "other");
    expect((await read(buckets, "locked", "a", versionId)).toString()).toBe("text");
    clock.nowMs += 2 * DAY;
    expect(await buckets.deleteObject("locked", "a", removal)).toEqual({ versionId, deleteMarker: false });
  });

  test("takes retention and legal hold of versions, not of delete markers", async () => {
    await buckets.create("locked", options);
    const { versionId } = await put(buckets, "locked", "a", "text");
    const retention = { mode: "GOVERNANCE", until: clock.nowMs + DAY } as const;
    expect((await buckets.setRetention("locked", "a", undefined, retention, {})).lock).toEqual({ retention });
    expect((await buckets.setLegalHold("locked", "a", versionId, true)).lock).toEqual({ retention, legalHold: true });
    expect(await refused(buckets.deleteObject("locked", "a", { versionId, bypassGovernance: true }))).toBe(
      "AccessDenied 403",
    );
    expect((await buckets.setLegalHold("locked", "a", undefined, false)).lock).toEqual({ retention, legalHold: false });
    expect(await refused(buckets.setRetention("locked", "a", undefined, undefined, {}))).toBe("AccessDenied 403");
    const { lock } = await buckets.setRetention("locked", "a", undefined, undefined, { bypassGovernance: true });
    expect(lock).toEqual({ legalHold: false });
    await buckets.deleteObject("locked", "a", {});
    expect(await refused(buckets.setLegalHold("locked", "a", undefined, true))).toBe("MethodNotAllowed 405");
    expect(await refused(buckets.setLegalHold("logs", "a", undefined, true))).toBe("InvalidRequest 400");
    expect(await refused(buckets.deleteObject("logs", "a", { bypassGovernance: false }))).toBe("InvalidArgument 400");
  });
});

describe("setTags()", () => {
  test("changes the tags of one version and nothing else", async () => {
    await buckets.setVersioning("logs", "Enabled");
    const one = await put(buckets, "logs", "a", "one", { tags: { a: "1" } });
    const two = await put(buckets, "logs", "a", "two");
    expect(await buckets.setTags("logs", "a", undefined, { b: "2" })).toEqual({ ...two, tags: { b: "2" } });
    expect(await buckets.version("logs", "a", one.versionId)).toEqual({ ...one, isLatest: false });
    expect(await refused(buckets.setTags("logs", "b", undefined, {}))).toBe("NoSuchKey 404");
  });
});
