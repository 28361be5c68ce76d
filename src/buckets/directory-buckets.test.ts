import { globSync } from "node:fs";
import { Refusal } from "../core/index.ts";
import { beforeEach, describe, expect, test } from "vitest";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { openTestBuckets, OWNER, put, read, TestClock, temporaryDirectory } from "./testing.ts";

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

/** Code and status of what was refused. */
async function refused(work: Promise<unknown>): Promise<readonly [code: string, status: number, message: string]> {
  const thrown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(thrown instanceof Refusal)) throw new Error("nothing was refused", { cause: thrown });
  return [thrown.code, thrown.status, thrown.message];
}

function objectFiles(): readonly string[] {
  return globSync("*/objects/**", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .toSorted();
}

describe("putObject()", () => {
  test("makes an object that is read back, also after the directory was opened anew", async () => {
    const version = await put(buckets, "logs", "a/b.txt", "hello", { headers: { "content-type": "text/plain" } });
    expect(version).toMatchObject({
      key: "a/b.txt",
      versionId: "null",
      isLatest: true,
      size: 5,
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      headers: { "content-type": "text/plain" },
      lastModified: clock.nowMs,
    });
    await buckets.close();
    buckets = await openTestBuckets({ directory, clock });
    expect(await buckets.version("logs", "a/b.txt")).toEqual(version);
    expect((await read(buckets, "logs", "a/b.txt")).toString()).toBe("hello");
    expect((await read(buckets, "logs", "a/b.txt", undefined, [1, 3])).toString()).toBe("ell");
  });

  test("replaces an object without versions, and its file", async () => {
    await put(buckets, "logs", "a", "one");
    const opened = await buckets.open("logs", "a");
    await put(buckets, "logs", "a", "two");
    expect((await read(buckets, "logs", "a")).toString()).toBe("two");
    await buckets.close();
    expect(objectFiles()).toHaveLength(1);
    expect(Buffer.concat(await Array.fromAsync(opened.stream() as AsyncIterable<Uint8Array>)).toString()).toBe("one");
    buckets = await openTestBuckets({ directory, clock });
  });

  test("keeps versions apart", async () => {
    await put(buckets, "logs", "a", "zero");
    await buckets.setVersioning("logs", "Enabled");
    const one = await put(buckets, "logs", "a", "one");
    const two = await put(buckets, "logs", "a", "two");
    expect((await read(buckets, "logs", "a")).toString()).toBe("two");
    expect((await read(buckets, "logs", "a", one.versionId)).toString()).toBe("one");
    expect((await read(buckets, "logs", "a", "null")).toString()).toBe("zero");
    const { versions } = await buckets.listVersions("logs", { prefix: "", keyMarker: "", limit: 10 });
    expect(versions.map(({ versionId, isLatest }) => [versionId, isLatest])).toEqual([
      [two.versionId, true],
      [one.versionId, false],
      ["null", false],
    ]);
  });

  test("encrypts", async () => {
    const text = "secret ".repeat(50_000);
    await put(buckets, "logs", "a", text, { encryption: { algorithm: "aws:kms", keyId: "alias/trail" } });
    expect((await read(buckets, "logs", "a")).toString()).toBe(text);
    expect((await read(buckets, "logs", "a", undefined, [65_530, 131_080])).toString()).toBe(
      text.slice(65_530, 131_081),
    );
    expect(
      await refused(put(buckets, "logs", "b", text, { encryption: { algorithm: "aws:kms", keyId: "x" } })),
    ).toEqual(["KMS.NotFoundException", 400, "Key 'x' does not exist"]);
  });
});

describe("list()", () => {
  test("folds common prefixes", async () => {
    for (const key of ["a", "b/1", "b/2", "b/c/3", "c"]) await put(buckets, "logs", key, "");
    const page = await buckets.list("logs", { prefix: "", delimiter: "/", startAfter: "", limit: 2 });
    expect(page.objects.map(({ key }) => key)).toEqual(["a"]);
    expect(page.commonPrefixes).toEqual(["b/"]);
    expect(page.next).toBe("b/");
    const rest = await buckets.list("logs", { prefix: "", delimiter: "/", startAfter: "b/", limit: 2 });
    expect(rest).toMatchObject({ objects: [{ key: "c" }], commonPrefixes: [] });
    expect(rest.next).toBeUndefined();
  });
});

describe("deleteObject()", () => {
  test("makes a marker where there are versions", async () => {
    await buckets.setVersioning("logs", "Enabled");
    const one = await put(buckets, "logs", "a", "one");
    const { versionId, deleteMarker } = await buckets.deleteObject("logs", "a", {});
    expect(deleteMarker).toBe(true);
    expect(await refused(buckets.version("logs", "a"))).toEqual([
      "NoSuchKey",
      404,
      "The specified key does not exist.",
    ]);
    expect(await buckets.deleteObject("logs", "a", { versionId: versionId ?? "" })).toEqual({
      versionId,
      deleteMarker: true,
    });
    expect((await buckets.version("logs", "a")).versionId).toBe(one.versionId);
  });
});

describe("completeUpload()", () => {
  test("joins the parts", async () => {
    const { uploadId } = await buckets.createUpload("logs", "big", { request: {} });
    const big = Buffer.alloc(5 * 1024 ** 2, 1);
    async function* one(): AsyncGenerator<Uint8Array> {
      yield big;
    }
    async function* two(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("end");
    }
    const p1 = await buckets.uploadPart("logs", "big", uploadId, 1, one(), {});
    const p2 = await buckets.uploadPart("logs", "big", uploadId, 2, two(), {});
    const v = await buckets.completeUpload("logs", "big", uploadId, [p1, p2], {});
    expect(v.size).toBe(big.length + 3);
    expect(v.etag).toMatch(/-2"$/);
    expect((await read(buckets, "logs", "big")).equals(Buffer.concat([big, Buffer.from("end")]))).toBe(true);
  });
});
