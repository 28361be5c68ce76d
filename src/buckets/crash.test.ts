import { fork } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Told } from "./crash.fixture.ts";
import { openTestBuckets, read, temporaryDirectory } from "./testing.ts";

const WRITER = fileURLToPath(new URL("./crash.fixture.ts", import.meta.url));

/** By key, what may be found: what was acknowledged last, and what was being done when the writer died. */
type Allowed = Map<string, readonly (string | undefined)[]>;

/** Lets a writer write until it has acknowledged `acknowledgements` changes, and kills it. */
async function killedWriter(directory: string, acknowledgements: number, allowed: Allowed): Promise<void> {
  const writer = fork(WRITER, [directory], { stdio: "inherit", execArgv: ["--disable-warning=ExperimentalWarning"] });
  let left = acknowledgements;
  writer.on("message", ({ key, text, acknowledged }: Told) => {
    const before = allowed.get(key) ?? [undefined];
    allowed.set(key, acknowledged ? [text] : [...before, text]);
    if (acknowledged && --left === 0) writer.kill("SIGKILL");
  });
  await once(writer, "close");
}

async function found(directory: string): Promise<ReadonlyMap<string, string>> {
  const buckets = await openTestBuckets({ directory });
  const { objects } = await buckets.list("logs", { prefix: "", startAfter: "", limit: 1000 });
  const texts = await Promise.all(objects.map(async ({ key }) => (await read(buckets, "logs", key)).toString()));
  await buckets.close();
  return new Map(objects.map(({ key }, index) => [key, texts[index] ?? ""]));
}

describe("a process that is killed while it writes", () => {
  test("leaves every object as it was acknowledged or as it was about to be, and no file besides", async () => {
    const directory = await temporaryDirectory();
    const allowed: Allowed = new Map();
    for (const acknowledgements of [7, 40, 101]) {
      await killedWriter(directory, acknowledgements, allowed);
      const objects = await found(directory);
      for (const [key, texts] of allowed) {
        expect(texts).toContain(objects.get(key));
        allowed.set(key, [objects.get(key)]);
      }
      expect([...objects.keys()].filter((key) => !allowed.has(key))).toEqual([]);
      const files = globSync("{.unfinished,logs}/**", { cwd: directory, withFileTypes: true });
      expect(files.filter((entry) => !entry.isDirectory())).toHaveLength(objects.size);
    }
    expect(allowed.size).toBe(12);
  }, 60_000);
});
