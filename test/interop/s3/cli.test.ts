import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { CLIENTS, whySkipped } from "../clients.ts";

const BIG_BYTES = 20_000_003;

/** Bytes that are no two alike, and always the same. */
function bytes(count: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, index) =>
    createHash("sha256").update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, count);
}

describe.each(CLIENTS.filter(({ command }) => command !== undefined))(
  "aws s3 of $name",
  ({ missing, command = "" }) => {
    describe.skipIf(missing !== undefined)(`at our buckets${whySkipped(missing)}`, () => {
      let server: TestServer;
      let folder: string;

      beforeAll(async () => {
        server = await startServer({ environment: { OPENTRAIL_BUCKETS_IMMUTABLE: "false" } });
        folder = mkdtempSync(join(tmpdir(), "opentrail-cli-"));
        writeFileSync(join(folder, "big"), bytes(BIG_BYTES));
        mkdirSync(join(folder, "menus"));
        for (const name of ["tea", "coffee", "cake & co"]) writeFileSync(join(folder, "menus", name), name);
        await aws("s3", "mb", "s3://shop");
      });

      afterAll(async () => {
        await server.stop();
        rmSync(folder, { recursive: true });
      });

      /** What the command prints; it must go well. */
      async function aws(...args: readonly string[]): Promise<string> {
        const { code, output, errors } = await attempt(...args);
        if (code !== 0) throw new Error(`aws ${args.join(" ")} ended with ${code}: ${errors}${server.log()}`);
        return output;
      }

      async function attempt(
        ...args: readonly string[]
      ): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
        const environment = { ...server.environment, LC_ALL: "C.UTF-8" };
        const child = spawn(command, ["--endpoint-url", server.endpoint, ...args], { cwd: folder, env: environment });
        let output = "";
        let errors = "";
        child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
        child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
        const [code] = (await once(child, "close")) as [number | null];
        return { code, output, errors };
      }

      test("uploads and downloads what is large, in parts", async () => {
        await aws("s3", "cp", "--no-progress", "big", "s3://shop/big");
        const head = JSON.parse(await aws("s3api", "head-object", "--bucket", "shop", "--key", "big")) as {
          ETag: string;
        };
        expect(head.ETag).toMatch(/-3"$/);
        await aws("s3", "cp", "--no-progress", "s3://shop/big", "back");
        expect(readFileSync(join(folder, "back")).equals(bytes(BIG_BYTES))).toBe(true);
        await aws("s3", "cp", "--no-progress", "s3://shop/big", "s3://shop/copy");
        await aws("s3api", "get-object", "--bucket", "shop", "--key", "copy", "--range", "bytes=20000000-", "end");
        expect(readFileSync(join(folder, "end")).equals(bytes(BIG_BYTES).subarray(20_000_000))).toBe(true);
      });

      test("synchronizes folders both ways, and only what has changed", async () => {
        await aws("s3", "sync", "--no-progress", "menus", "s3://shop/menus");
        expect(await aws("s3", "sync", "--no-progress", "menus", "s3://shop/menus")).toBe("");
        await aws("s3", "sync", "--no-progress", "s3://shop/menus", "copies");
        expect(readdirSync(join(folder, "copies")).toSorted()).toEqual(["cake & co", "coffee", "tea"]);
        const listed = await aws("s3", "ls", "s3://shop/menus/");
        expect(listed.split("\n").map((line) => line.slice(31))).toEqual(["cake & co", "coffee", "tea", ""]);
        expect(await aws("s3", "ls", "s3://shop")).toContain("PRE menus/");
      });

      test("presigns what anybody may fetch", async () => {
        await aws("s3", "cp", "--no-progress", "menus/tea", "s3://shop/a b/tea");
        const url = (await aws("s3", "presign", "s3://shop/a b/tea")).trim();
        const response = await fetch(url);
        expect([response.status, await response.text()]).toEqual([200, "tea"]);
        const forged = await fetch(url.replace("tea", "coffee"));
        expect(forged.status).toBe(403);
      });

      test("moves, removes, and tells what is not there", async () => {
        await aws("s3", "mv", "--no-progress", "s3://shop/copy", "s3://shop/moved");
        const missingKey = await attempt("s3", "cp", "s3://shop/copy", "-");
        expect([missingKey.code, missingKey.errors]).toEqual([1, expect.stringContaining("(404)")]);
        const kept = await attempt("s3", "rb", "s3://shop");
        expect([kept.code, kept.errors]).toEqual([1, expect.stringContaining("BucketNotEmpty")]);
        await aws("s3", "rm", "--quiet", "--recursive", "s3://shop");
        await aws("s3", "rb", "s3://shop");
        const gone = await attempt("s3", "ls", "s3://shop");
        expect(gone.errors).toContain("NoSuchBucket");
      });
    });
  },
);
