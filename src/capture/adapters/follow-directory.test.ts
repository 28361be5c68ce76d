import { appendFile, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StateFile } from "../state-file.ts";
import { DirectoryFollower } from "./follow-directory.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "follow-"));
  await mkdir(join(root, "logs"));
});
afterEach(() => rm(root, { recursive: true }));

const NOW = Date.parse("2026-08-01T12:00:00Z");

class Scene {
  readonly lines: (string | undefined)[] = [];
  readonly broken: string[] = [];
  failing = false;
  follower: DirectoryFollower = this.open();

  open(): DirectoryFollower {
    return new DirectoryFollower({
      path: join(root, "logs"),
      state: new StateFile(join(root, "place.json")),
      clock: { now: () => NOW, elapsed: () => 0 },
      broken: (path) => this.broken.push(path),
      deliver: async (lines) => {
        if (this.failing) throw new Error("no");
        this.lines.push(...lines.map(({ text }) => text));
      },
    });
  }
}

async function put(name: string, content: string | Uint8Array, ageMs = 3_600_000): Promise<void> {
  const path = join(root, "logs", name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  await utimes(path, (NOW - ageMs) / 1000, (NOW - ageMs) / 1000);
}

describe("DirectoryFollower", () => {
  test("reads all files below once, in the order of their names, packed ones too", async () => {
    const scene = new Scene();
    await put("2026/08/02", "c\n");
    await put("2026/08/01.gz", gzipSync("a\nb"));
    await put(".hidden", "x\n");
    await scene.follower.poll();
    await scene.follower.poll();
    scene.follower = scene.open();
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a", "b", "c"]);
  });

  test("reads on in a file that grew, and waits with a line that is not ended until the file is whole", async () => {
    const scene = new Scene();
    await put("log", "a\nhal", 1000);
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a"]);
    await appendFile(join(root, "logs", "log"), "f\nlast");
    await utimes(join(root, "logs", "log"), NOW / 1000 - 61, NOW / 1000 - 61);
    await scene.follower.poll();
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a", "half", "last"]);
  });

  test("waits with a packed file until it is whole", async () => {
    const scene = new Scene();
    await put("log.gz", gzipSync("a\n"), 1000);
    await scene.follower.poll();
    expect(scene.lines).toEqual([]);
  });

  test("leaves a file alone that cannot be unpacked, and says so, once", async () => {
    const scene = new Scene();
    await put("1.gz", gzipSync(`${"a\n".repeat(10)}`).subarray(0, 20));
    await put("2.gz", "no archive");
    await put("3", "b\n");
    await scene.follower.poll();
    await scene.follower.poll();
    expect(scene.broken.map((path) => path.slice(-4))).toEqual(["1.gz", "2.gz"]);
    expect(scene.lines.at(-1)).toBe("b");
  });

  test("brings a file's lines again when they could not be recorded", async () => {
    const scene = new Scene();
    await put("log", "a\nb\n");
    scene.failing = true;
    await expect(scene.follower.poll()).rejects.toThrow("follow");
    scene.failing = false;
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a", "b"]);
  });

  test("forgets files that are gone", async () => {
    const scene = new Scene();
    await put("log", "a\n");
    await scene.follower.poll();
    await rm(join(root, "logs", "log"));
    await scene.follower.poll();
    await put("log", "b\n");
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a", "b"]);
    expect(await new StateFile(join(root, "place.json")).load()).toHaveProperty("log.done", true);
  });

  test("fails while the directory cannot be read, and goes on after", async () => {
    const scene = new Scene();
    await rm(join(root, "logs"), { recursive: true });
    await expect(scene.follower.poll()).rejects.toThrow("follow");
    await put("log", "a\n");
    await scene.follower.poll();
    expect(scene.lines).toEqual(["a"]);
  });
});
