import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isFailure } from "./finding.ts";
import { openFolder } from "./folder-buckets.ts";
import { FolderSource } from "./folder-source.ts";
import { exportedKeys } from "./public-keys.ts";
import { BUCKET, HOUR_MS, KEY, SignedBucket, START_MS } from "./signed-bucket.fixture.ts";
import { verify } from "./verify.ts";

const MAKE_PIPE = "mkfifo";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-folder-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(path: string, content: Uint8Array | string = ""): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), content);
}

function source(): FolderSource {
  return new FolderSource({ bucket: BUCKET, directory, leftOut: "" }, () => undefined);
}

describe("FolderSource", () => {
  test("list() gives what S3 would, in its order, for every prefix and start", async () => {
    const names = ["a", "a-b", "a-b/c", "a/b", "a/b-c", "a0", "b/a/c", "b/a-c", "é/x", "z"];
    const keys = names.flatMap((name) => [`x/${name}/1`, `x/${name}.2`]);
    for (const key of keys) write(key);
    const text = fc.constantFrom("", "x", "x/", "x/a", "x/a/", "x/a-", "x/a/b", "x/b/a", "x/é", "x/z/1", "y", "x/a0");
    await fc.assert(
      fc.asyncProperty(text, text, async (prefix, after) => {
        const listed = await Array.fromAsync(source().list(prefix, after), ({ key }) => key);
        const bytes = (key: string): Buffer => Buffer.from(key);
        const expected = keys
          .filter((key) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
          .toSorted((one, other) => Buffer.compare(bytes(one), bytes(other)));
        expect(listed).toEqual(expected);
      }),
    );
  });

  test.each([
    "../secret",
    "a/../../secret",
    "/etc/hostname",
    "./a",
    "a//b",
    "a\\b",
    "a\0b",
    "",
    "a/",
    "link",
    "linked/secret",
    "pipe",
    "a",
  ])("get() finds nothing under the key %j", async (key) => {
    const inner = join(directory, "inner");
    write("secret", "secret");
    write("inner/a/b", "b");
    symlinkSync(join(directory, "secret"), join(inner, "link"));
    symlinkSync(directory, join(inner, "linked"));
    execFileSync(MAKE_PIPE, [join(inner, "pipe")]);
    const folder = new FolderSource({ bucket: BUCKET, directory: inner, leftOut: "" }, () => undefined);
    expect(await folder.get(key)).toBeUndefined();
    expect(await folder.get("a/b")).toBeDefined();
  });
});

/** Files as a plain copy leaves them: without metadata but what stands beside. */
function writeBucket(bucket: SignedBucket, below: string, beside: readonly string[] = []): void {
  for (const [key, { bytes, metadata }] of bucket.objects) {
    write(`${below}${key}`, bytes);
    if (beside.includes(key)) write(`${below}${key}.metadata.json`, JSON.stringify({ Metadata: metadata }));
  }
}

async function kindsOf(folder: string, options?: Parameters<typeof openFolder>[1]): Promise<readonly string[]> {
  const needs = {
    sources: await openFolder(folder, options),
    publicKeys: exportedKeys([KEY]),
    now: START_MS + 3 * HOUR_MS,
    threads: 0,
  };
  const all = await Array.fromAsync(verify(needs, { scope: { toMs: needs.now }, deep: false }));
  return all.map((finding) => {
    const verdict = "verdict" in finding && typeof finding.verdict === "string" ? finding.verdict : "";
    return `${finding.kind} ${isFailure(finding) ? "fails" : verdict}`.trim();
  });
}

const SOUND = ["chain", "digest valid", "log valid", "log valid", "digest valid", "log valid", "log valid"];

describe("openFolder()", () => {
  const bucket = SignedBucket.ofHours(2);
  const newest = bucket.digestKeys.slice(-1);

  test.each([
    ["a copy of a bucket", ""],
    ["a copy in a folder that is named like the bucket", `${BUCKET}/`],
    ["a copy somewhere below", "backups/2026/"],
  ])("reads %s", async (_, below) => {
    writeBucket(bucket, below, newest);
    expect(await kindsOf(directory)).toEqual(SOUND);
  });

  test("takes all but the newest digest's signature from the one after it", async () => {
    writeBucket(bucket, "");
    const unsigned = SOUND.map((line, index) => (index < 4 ? line.replace("valid", "unsigned") : line));
    expect(await kindsOf(directory)).toEqual(unsigned);
  });

  test("reads metadata from one file for all, in which an object without any has none", async () => {
    writeBucket(bucket, "");
    const list = bucket.digestKeys.map((key) => ({ key, metadata: bucket.object(key).metadata }));
    write("objects.json", JSON.stringify(list));
    expect(await kindsOf(directory)).toEqual(SOUND);
    write("objects.json", JSON.stringify(list.slice(0, 1)));
    expect((await kindsOf(directory))[1]).toBe("digest fails");
  });

  test("takes a copy that claims to be of another bucket for moved", async () => {
    writeBucket(bucket, "", newest);
    expect((await kindsOf(directory, { bucket: "another" })).slice(1, 3)).toEqual(["digest fails", "digest fails"]);
  });

  test("finds a digest in the place of another", async () => {
    writeBucket(bucket, "", newest);
    renameSync(join(directory, bucket.digestKeys[0] ?? ""), join(directory, bucket.digestKeys[1] ?? ""));
    expect(await kindsOf(directory)).toContain("digest fails");
  });

  test("never reads what hostile digests name outside of the folder", async () => {
    const hostile = SignedBucket.ofHours(1);
    const file = {
      s3Bucket: BUCKET,
      hashValue: "00",
      hashAlgorithm: "SHA-256",
      newestEventTime: null,
      oldestEventTime: null,
    };
    const logFiles = ["../outside.gz", "/etc/passwd", "a/../../outside.gz"].map((s3Object) => ({ ...file, s3Object }));
    hostile.digest(START_MS + HOUR_MS, [], { logFiles });
    write("outside.gz", "outside");
    writeBucket(hostile, "inner/", hostile.digestKeys);
    const kinds = await kindsOf(join(directory, "inner"));
    expect(kinds.filter((kind) => kind === "log fails")).toHaveLength(3);
  });

  test.each(["{", "{}", '[{"metadata":{}}]'])("refuses an objects.json that is %s", async (text) => {
    writeBucket(bucket, "");
    write("objects.json", text);
    await expect(openFolder(directory)).rejects.toThrow("objects.json");
  });
});
