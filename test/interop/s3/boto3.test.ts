import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { BOTO3_MISSING, PYTHON, whySkipped } from "../clients.ts";

const STORY = fileURLToPath(new URL("boto3_story.py", import.meta.url));

interface Told {
  readonly location: string;
  readonly parts: unknown;
  readonly plain: unknown;
  readonly errors: unknown;
  readonly get: string;
  readonly put: string;
}

describe.skipIf(BOTO3_MISSING !== undefined)(`boto3 at our buckets${whySkipped(BOTO3_MISSING)}`, () => {
  let server: TestServer;
  let told: Told;

  beforeAll(async () => {
    server = await startServer({ environment: { OPENTRAIL_BUCKETS_IMMUTABLE: "false" } });
    const { status, stdout, stderr } = spawnSync(PYTHON, [STORY, server.endpoint], {
      encoding: "utf8",
      env: server.environment,
    });
    if (status !== 0) throw new Error(`the story ended with ${status}: ${stderr}${server.log()}`);
    told = JSON.parse(stdout) as Told;
  });

  afterAll(async () => {
    await server.stop();
  });

  test("transfers twenty megabytes in parts", () => {
    expect(told.parts).toEqual({ same: true, size: 20 * 1024 * 1024, parts: 4, checksum: "COMPOSITE" });
    expect(told.location).toBe("eu-west-3");
  });

  test("finds what it has put, with metadata and checksums", () => {
    expect(told.plain).toEqual(["CRC32", "SHA1", "SHA256"].map((algorithm) => ["hello", algorithm, true]));
  });

  test("reads S3's errors", () => {
    expect(told.errors).toEqual([
      ["NoSuchKey", 404],
      ["404", 404],
      ["NoSuchBucketPolicy", 404],
      ["NotImplemented", 501],
      ["NoSuchBucket", 404],
    ]);
  });

  test("presigns what anybody may fetch and put", async () => {
    const got = await fetch(told.get);
    expect([got.status, await got.text()]).toEqual([200, "hello"]);
    const put = await fetch(told.put, { method: "PUT", body: "by URL" });
    expect([put.status, put.headers.get("etag")]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{32}"$/)]);
    const other = await fetch(told.put, { method: "GET" });
    expect(other.status).toBe(403);
  });
});
