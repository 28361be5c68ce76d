import { appendFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../../core/index.ts";
import { StateFile } from "../state-file.ts";
import { FileFollower } from "./follow-file.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "follow-"));
});
afterEach(() => rm(directory, { recursive: true }));

const scenes: Scene[] = [];
afterEach(async () => {
  for (const { follower } of scenes.splice(0)) await follower.close();
});

/** A follower with what it needs, and what it brought. */
class Scene {
  readonly lines: (string | undefined)[] = [];
  readonly warnings: string[] = [];
  readonly path: string;
  elapsed = 0;
  failing = false;
  follower: FileFollower;

  constructor(name = "audit.log") {
    this.path = join(directory, name);
    this.follower = this.open();
    scenes.push(this);
  }

  open(): FileFollower {
    return new FileFollower({
      path: this.path,
      state: new StateFile(join(directory, "state", "place.json")),
      clock: { now: () => 0, elapsed: () => this.elapsed },
      warn: (_, message) => this.warnings.push(message),
      deliver: async (lines) => {
        if (this.failing) throw new Failure("append");
        this.lines.push(...lines.map(({ text }) => text));
      },
    });
  }

  /** As after the end of the process, which may have been sudden. */
  async restart(): Promise<void> {
    await this.follower.close();
    this.follower = this.open();
  }

  async poll(): Promise<void> {
    await this.follower.poll();
  }

  /** Until nobody writes into a renamed file any more. */
  async settle(): Promise<void> {
    await this.poll();
    this.elapsed += 60_000;
    await this.poll();
  }
}

describe("FileFollower", () => {
  test("waits for a file that is not there yet, and reads it from its beginning", async () => {
    const scene = new Scene();
    await scene.poll();
    await writeFile(scene.path, "a\nb\n");
    await scene.poll();
    expect(scene.lines).toEqual(["a", "b"]);
  });

  test("leaves a line alone until it is ended", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\nhal");
    await scene.poll();
    expect(scene.lines).toEqual(["a"]);
    await appendFile(scene.path, "f\n");
    await scene.poll();
    expect(scene.lines).toEqual(["a", "half"]);
  });

  test("goes on where it was after a restart, also inside a line", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\nhal");
    await scene.poll();
    await scene.restart();
    await appendFile(scene.path, "f\nb\n");
    await scene.poll();
    expect(scene.lines).toEqual(["a", "half", "b"]);
  });

  test("brings lines again that could not be recorded", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\n");
    scene.failing = true;
    await expect(scene.poll()).rejects.toThrow(Failure);
    scene.failing = false;
    await scene.poll();
    expect(scene.lines).toEqual(["a"]);
  });

  test("reads a renamed file to its end, also what is written into it late, then the new one", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\n");
    await scene.poll();
    await rename(scene.path, `${scene.path}.1`);
    await writeFile(scene.path, "c\n");
    await scene.poll();
    await appendFile(`${scene.path}.1`, "b\nnever ended");
    await scene.settle();
    expect(scene.lines).toEqual(["a", "b", "never ended", "c"]);
    expect(scene.warnings).toEqual([]);
  });

  test("finds a file that was rotated several times while nobody followed", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\nb");
    await scene.poll();
    await scene.follower.close();
    await appendFile(scene.path, "\n");
    await rename(scene.path, `${scene.path}.2`);
    await writeFile(`${scene.path}.1`, "c\n");
    await writeFile(scene.path, "d\n");
    await writeFile(`${scene.path}.notes`, "not a log\n");
    await scene.restart();
    for (let poll = 0; poll < 4; poll++) await scene.settle();
    expect(scene.lines).toEqual(["a", "b", "c", "d"]);
    expect(scene.warnings).toEqual([]);
  });

  test("says so when a file is gone that was not read to its end", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\n");
    await scene.poll();
    await scene.follower.close();
    await writeFile(`${scene.path}.new`, "c\n");
    await rename(`${scene.path}.new`, scene.path);
    await scene.restart();
    await scene.poll();
    expect(scene.lines).toEqual(["a", "c"]);
    expect(scene.warnings).toHaveLength(1);
  });

  test.each([
    ["shorter than before", "c\n"],
    ["longer than before", "cccc\ndddd\neeee\n"],
  ])("starts anew in a file that was cut and is %s", async (_, content) => {
    const scene = new Scene();
    await writeFile(scene.path, "a\nb\n");
    await scene.poll();
    await truncate(scene.path, 0);
    await appendFile(scene.path, content);
    await scene.poll();
    expect(scene.lines).toEqual(["a", "b", ...content.trim().split("\n")]);
  });

  test("passes over a line that is too long, and says that it did", async () => {
    const scene = new Scene();
    await writeFile(scene.path, `a\n${"x".repeat(3_000_000)}\nb\n`);
    await scene.poll();
    expect(scene.lines).toEqual(["a", undefined, "b"]);
  });

  test("keeps the place only once what is before it was delivered", async () => {
    const scene = new Scene();
    await writeFile(scene.path, "a\nb\nc");
    await scene.poll();
    const place = JSON.parse(await readFile(join(directory, "state", "place.json"), "utf8")) as { offset: number };
    expect(place.offset).toBe(4);
  });

  test("delivers every ended line, in order, whatever happens to file and follower", async () => {
    const step = fc.oneof(
      fc.constant("poll" as const),
      fc.constant("rotate" as const),
      fc.constant("restart" as const),
      fc.constant("fail" as const),
      fc.constant("later" as const),
      fc.constantFrom("", "x", "xy\u00e9").map((text) => ({ text })),
      fc.constant("newline" as const),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        run += 1;
        const scene = new Scene(`run${run}.log`);
        await rm(join(directory, "state"), { recursive: true, force: true });
        let written = "";
        let rotations = 0;
        const append = async (text: string) => {
          written += text;
          await appendFile(scene.path, text);
        };
        await append("");
        await scene.poll();
        for (const one of steps) {
          if (typeof one === "object") await append(one.text);
          else if (one === "newline") await append(`${written.length}\n`);
          else if (one === "rotate") {
            await append("\n");
            for (let number = rotations; number > 0; number--) {
              await rename(`${scene.path}.${number}`, `${scene.path}.${number + 1}`);
            }
            await rename(scene.path, `${scene.path}.1`);
            rotations += 1;
            await append(`new ${rotations}\n`);
          } else if (one === "restart") await scene.restart();
          else if (one === "later") scene.elapsed += 20_000;
          else {
            scene.failing = one === "fail";
            await scene.poll().catch(() => undefined);
          }
        }
        scene.failing = false;
        for (let round = 0; round <= rotations; round++) await scene.settle();
        await scene.follower.close();
        expect(scene.lines).toEqual(written.split("\n").slice(0, -1));
        expect(scene.warnings).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
