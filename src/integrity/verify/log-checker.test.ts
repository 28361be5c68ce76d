import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HASH_ALGORITHM, sha256Hex } from "../digest-file.ts";
import type { LogClaim } from "./check-log.ts";
import { LogChecker } from "./log-checker.ts";
import type { Content } from "./log-source.ts";
import { problem } from "./problems.ts";

let checker: LogChecker;
let directory: string;
beforeEach(() => {
  checker = new LogChecker(2);
  directory = mkdtempSync(join(tmpdir(), "opentrail-checker-"));
});
afterEach(async () => {
  await checker.close();
  rmSync(directory, { recursive: true, force: true });
});

function file(number: number): { readonly bytes: Buffer; readonly claim: LogClaim } {
  // Large enough that threads are worth it after a few.
  const content = Buffer.concat([Buffer.from(`${number}`), randomBytes(100_000)]);
  return { bytes: gzipSync(content), claim: { hashValue: sha256Hex(content), hashAlgorithm: HASH_ALGORITHM } };
}

function onDisk(name: string, bytes: Uint8Array): Content {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return { kind: "path", path, size: bytes.length };
}

describe("LogChecker", () => {
  test.each(["bytes", "path"] as const)("answers each file its own verdict, in threads too (%s)", async (kind) => {
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const { bytes, claim } = file(number);
        const bad = number % 7 === 3;
        const content: Content = kind === "bytes" ? { kind, bytes } : onDisk(String(number), bytes);
        return await checker.check(async () => content, bad ? { ...claim, hashValue: "00" } : claim);
      }),
    );
    const expected = Array.from({ length: 40 }, (_, number) => (number % 7 === 3 ? "hash-differs" : undefined));
    expect(verdicts.map((found) => found?.code)).toEqual(expected);
  });

  test("opens no more files than threads have use for", async () => {
    let [open, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const { bytes, claim } = file(number);
        const opening = async (): Promise<Content> => {
          most = Math.max(most, ++open);
          return { kind: "bytes", bytes };
        };
        await checker.check(opening, claim);
        open--;
      }),
    );
    expect(most).toBeLessThanOrEqual(6);
  });

  test("passes on what opening a file found", async () => {
    const { claim } = file(0);
    expect(await checker.check(async () => problem("not-found"), claim)).toEqual(problem("not-found"));
  });

  test.each([0, 2])("fails when a file cannot be read, and goes on with others (%i threads)", async (threads) => {
    const own = new LogChecker(threads);
    const size = 1024 * 1024;
    const { bytes, claim } = file(0);
    const gone: Content = { kind: "path", path: join(directory, "gone"), size };
    await expect(own.check(async () => gone, claim)).rejects.toThrow("ENOENT");
    expect(await own.check(async () => onDisk("there", bytes), claim)).toBeUndefined();
    await own.close();
  });
});
