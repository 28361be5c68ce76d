import { globSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Failure } from "../core/index.ts";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { type StrikeFault, WRITE_STEPS, type WriteStep } from "./faults.ts";
import { openTestBuckets, OWNER, put, read, temporaryDirectory } from "./testing.ts";

/** Fails one step once it is armed, the first time that it comes by. */
class OneFault {
  armed = false;
  readonly #at: WriteStep;
  readonly #loss: string;

  constructor(at: WriteStep, loss: string) {
    this.#at = at;
    this.#loss = loss;
  }

  readonly strike: StrikeFault = (step, loss) => {
    if (!this.armed || step !== this.#at || loss !== this.#loss) return;
    this.armed = false;
    throw Object.assign(new Error(`${step} ${loss}`), { code: "EIO" });
  };
}

/** All files but the tables': objects, parts, unfinished ones, marks. */
function files(directory: string): readonly string[] {
  return globSync("{.unfinished,*/objects,*/uploads}/**", { cwd: directory, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath.slice(directory.length + 1)}/${entry.name}`)
    .toSorted();
}

/** As after a crash: what the first one would have done in the background is not waited for. */
async function reopened(directory: string): Promise<DirectoryBuckets> {
  return await openTestBuckets({ directory });
}

describe.each(["not written", "written, reply lost"] as const)("a write that is %s", (loss) => {
  describe.each(WRITE_STEPS)("at the %s", (step) => {
    /** Only the last step of all decides, and only when it was made. */
    const happened = step === "row" && loss === "written, reply lost";

    test("putObject() leaves the old object or the new one, and no file that nobody knows", async () => {
      const directory = await temporaryDirectory();
      const fault = new OneFault(step, loss);
      const buckets = await openTestBuckets({ directory, strike: fault.strike });
      await buckets.create("logs", OWNER);
      await put(buckets, "logs", "a/b", "old");
      fault.armed = true;
      await expect(put(buckets, "logs", "a/b", "new")).rejects.toThrow(Failure);
      expect(fault.armed).toBe(false);
      const expected = happened ? "new" : "old";
      expect((await read(buckets, "logs", "a/b")).toString()).toBe(expected);

      const again = await reopened(directory);
      expect((await read(again, "logs", "a/b")).toString()).toBe(expected);
      expect(files(directory)).toEqual([expect.stringMatching(/^logs\/objects\/a\/b~null-/)]);
      await again.close();

      await put(buckets, "logs", "a/b", "newer");
      expect((await read(buckets, "logs", "a/b")).toString()).toBe("newer");
      await buckets.close();
      expect(files(directory)).toEqual([expect.stringMatching(/^logs\/objects\/a\/b~null-/)]);
    });

    test("completeUpload() leaves the upload or the object", async () => {
      const directory = await temporaryDirectory();
      const fault = new OneFault(step, loss);
      const buckets = await openTestBuckets({ directory, strike: fault.strike });
      await buckets.create("logs", OWNER);
      const { uploadId } = await buckets.createUpload("logs", "k", { request: {} });
      const part = await buckets.uploadPart("logs", "k", uploadId, 1, piece("bytes"), {});
      fault.armed = true;
      await expect(buckets.completeUpload("logs", "k", uploadId, [part], {})).rejects.toThrow(Failure);
      await buckets.close();

      const again = await reopened(directory);
      if (!happened) await again.completeUpload("logs", "k", uploadId, [part], {});
      expect((await read(again, "logs", "k")).toString()).toBe("bytes");
      await expect(again.upload("logs", "k", uploadId)).rejects.toMatchObject({ code: "NoSuchUpload" });
      await again.close();
      expect(files(directory)).toEqual([expect.stringMatching(/^logs\/objects\/k~null-/)]);
    });
  });

  test("a later commit decides what becomes of the file", async () => {
    const directory = await temporaryDirectory();
    const fault = new OneFault("row", loss);
    const buckets = await openTestBuckets({ directory, strike: fault.strike });
    await buckets.create("logs", OWNER);
    fault.armed = true;
    await expect(put(buckets, "logs", "a", "text")).rejects.toThrow(Failure);
    await put(buckets, "logs", "b", "text");
    await buckets.close();
    const objects = loss === "not written" ? ["b"] : ["a", "b"];
    expect(files(directory).map((file) => file.replace(/~.*/, ""))).toEqual(
      objects.map((key) => `logs/objects/${key}`),
    );
    const again = await reopened(directory);
    const found = await Promise.all(objects.map(async (key) => (await read(again, "logs", key)).toString()));
    expect(found).toEqual(objects.map(() => "text"));
    await again.close();
  });

  test("deleteObject() leaves the object or nothing", async () => {
    const directory = await temporaryDirectory();
    const fault = new OneFault("row", loss);
    const buckets = await openTestBuckets({ directory, strike: fault.strike });
    await buckets.create("logs", OWNER);
    await put(buckets, "logs", "a", "old");
    fault.armed = true;
    await expect(buckets.deleteObject("logs", "a", {})).rejects.toThrow(Failure);
    await buckets.close();
    const again = await reopened(directory);
    expect(files(directory)).toHaveLength(loss === "not written" ? 1 : 0);
    expect((await again.list("logs", { prefix: "", startAfter: "", limit: 1 })).objects).toHaveLength(
      loss === "not written" ? 1 : 0,
    );
    await again.close();
  });

  test("create() is done by doing it again", async () => {
    const directory = await temporaryDirectory();
    const fault = new OneFault("row", loss);
    const buckets = await openTestBuckets({ directory, strike: fault.strike });
    fault.armed = true;
    await expect(buckets.create("logs", { ...OWNER, region: "us-east-1" })).rejects.toThrow(Failure);
    expect(buckets.has("logs")).toBe(loss !== "not written");
    await buckets.create("logs", { ...OWNER, region: "us-east-1" });
    expect(buckets.get("logs").account).toBe(OWNER.account);
    await buckets.close();
  });
});

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
