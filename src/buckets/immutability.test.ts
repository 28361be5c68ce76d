import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { immutableSupported } from "./immutability.ts";
import { openTestBuckets, OWNER, put, TestClock, temporaryDirectory } from "./testing.ts";

const supported = await immutableSupported(join(await temporaryDirectory(), "probe"));

describe("a bucket whose locked files are made immutable", () => {
  let directory: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
  });

  test.skipIf(!supported)("protects them from everybody (needs a file system and rights for chattr +i)", async () => {
    const clock = new TestClock();
    const buckets = await openTestBuckets({ directory, clock }, { immutable: true });
    expect(await buckets.immutableSupported()).toBe(true);
    await buckets.create("logs", { ...OWNER, objectLock: true });
    const free = await put(buckets, "logs", "free", "text");
    const retention = { mode: "COMPLIANCE", until: clock.nowMs + 1000 } as const;
    const locked = await put(buckets, "logs", "locked", "text", { lock: { retention } });
    const held = await put(buckets, "logs", "held", "text");
    await buckets.setLegalHold("logs", "held", undefined, true);
    await buckets.close();
    expect(buckets.stats()).toEqual({ protectedFiles: 2, unprotectedFiles: 0 });

    const path = (key: string): string => globSync(join(directory, `logs/objects/${key}~*`))[0] ?? "";
    await writeFile(path("free"), "changed");
    await expect(writeFile(path("locked"), "changed")).rejects.toMatchObject({ code: "EPERM" });
    await expect(writeFile(path("held"), "changed")).rejects.toMatchObject({ code: "EPERM" });

    clock.nowMs += 1000;
    const again = await openTestBuckets({ directory, clock }, { immutable: true });
    await again.setLegalHold("logs", "held", undefined, false);
    for (const { key, versionId } of [free, locked, held]) await again.deleteObject("logs", key, { versionId });
    await again.delete("logs");
    await again.close();
    expect(globSync(join(directory, "logs/**"))).toEqual([]);
    expect(again.stats().unprotectedFiles).toBe(0);
  });

  test("tells once that it cannot be done, and counts", async () => {
    const told: string[] = [];
    const log = { warn: (_: object, message: string) => told.push(message) };
    const buckets = await openTestBuckets({ directory: await temporaryDirectory(), log }, { immutable: true });
    await buckets.create("logs", { ...OWNER, objectLock: true });
    const { PATH } = process.env;
    process.env["PATH"] = "/nowhere";
    try {
      for (const key of ["a", "b", "c"]) await put(buckets, "logs", key, "text", { lock: { legalHold: true } });
      expect(await buckets.immutableSupported()).toBe(false);
      await buckets.close();
    } finally {
      process.env["PATH"] = PATH;
    }
    expect(told).toEqual(["could not make the file of a locked version immutable"]);
    expect(buckets.stats()).toEqual({ protectedFiles: 0, unprotectedFiles: 3 });
  });
});
