import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../core/index.ts";
import { DirectoryObjectStore } from "./directory-object-store.ts";

let directory: string;
let store: DirectoryObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "opentrail-objects-"));
  store = new DirectoryObjectStore(join(directory, "objects"));
});

afterEach(async () => {
  store.close();
  await rm(directory, { recursive: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("put()", () => {
  test("put() makes an object that read() and size() answer", async () => {
    await store.put("segments/a.seg", bytes("hello"));
    expect(await store.read("segments/a.seg")).toEqual(bytes("hello"));
    expect(await store.size("segments/a.seg")).toBe(5);
  });

  test("put() of the same bytes again is harmless", async () => {
    await store.put("a", bytes("same"));
    await store.put("a", bytes("same"));
    expect(await store.list()).toEqual(["a"]);
  });

  test.each(["other", "longer than before", ""])("put() refuses to give a taken name to %j", async (text) => {
    await store.put("a", bytes("first"));
    await expect(store.put("a", bytes(text))).rejects.toThrow("put object a");
    await expect(store.put("a", bytes(text))).rejects.toThrow(Failure);
    expect(await store.read("a")).toEqual(bytes("first"));
  });

  test("put() racing for one name lets exactly one of ten win", async () => {
    const racers = Array.from({ length: 10 }, (_, index) => store.put("a", bytes(`racer ${index}`)));
    const outcomes = await Promise.allSettled(racers);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
  });

  test("put() by two stores over one directory does not mix their unfinished files", async () => {
    const second = new DirectoryObjectStore(store.directory);
    const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, "0")}`);
    await Promise.all(keys.map((key, index) => (index % 2 === 0 ? store : second).put(key, bytes(key))));
    for (const key of keys) expect(await second.read(key)).toEqual(bytes(key));
    second.close();
  });

  test("put() leaves nothing unfinished behind", async () => {
    await store.put("a", bytes("x"));
    await expect(store.put("a", bytes("y"))).rejects.toThrow(Failure);
    await writeFile(join(store.directory, ".unfinished", "99"), "half");
    expect(await store.list()).toEqual(["a"]);
    await store.removeUnfinished();
    await store.put("b", bytes("z"));
    expect(await store.list()).toEqual(["a", "b"]);
  });
});

describe("keys", () => {
  test.each([
    ["an empty key", ""],
    ["the parent", "../a"],
    ["the parent inside", "a/../../b"],
    ["an absolute path", "/etc/passwd"],
    ["a trailing slash", "a/"],
    ["an empty part", "a//b"],
    ["a hidden name", ".unfinished/0"],
    ["a NUL", "a\0b"],
    ["a backslash", "a\\..\\b"],
    ["half a surrogate pair", "a\ud800"],
    ["1,025 bytes", "a/".repeat(512) + "b"],
    ["a part of 256 bytes", "a".repeat(256)],
  ])("put(), read(), size() and delete() refuse %s", async (_, key) => {
    await expect(store.put(key, bytes("x"))).rejects.toThrow(Failure);
    await expect(store.read(key)).rejects.toThrow(Failure);
    await expect(store.size(key)).rejects.toThrow(Failure);
    await expect(store.delete(key)).rejects.toThrow(Failure);
  });

  test("put() takes keys of every allowed kind", async () => {
    const key = "AWSLogs/123456789012/CloudTrail/eu-west-3/dt=2026-11-20/söme file (1).json.gz";
    await store.put(key, bytes("x"));
    expect(await store.list("AWSLogs/")).toEqual([key]);
  });
});

describe("read()", () => {
  test.each([
    [0, 3, "012"],
    [7, 3, "789"],
    [4, 0, ""],
    [10, undefined, ""],
    [8, undefined, "89"],
  ])("read() from %i, %j bytes", async (offset, length, expected) => {
    await store.put("digits", bytes("0123456789"));
    expect(await store.read("digits", offset, length)).toEqual(bytes(expected));
    expect(store.readSync("digits", offset, expected.length)).toEqual(bytes(expected));
  });

  test("read() past the end fails instead of answering less", async () => {
    await store.put("digits", bytes("0123456789"));
    await expect(store.read("digits", 8, 3)).rejects.toThrow("ends 1 bytes early");
    expect(() => store.readSync("digits", 8, 3)).toThrow("ends 1 bytes early");
  });

  test("read() sees that an object was cut after it was opened", async () => {
    await store.put("digits", bytes("0123456789"));
    await store.read("digits");
    await truncate(join(store.directory, "digits"), 4);
    await expect(store.read("digits", 0, 10)).rejects.toThrow("ends 6 bytes early");
  });

  test("read() of an absent object fails, and works once it is there", async () => {
    await expect(store.read("later")).rejects.toThrow(Failure);
    await store.put("later", bytes("now"));
    expect(await store.read("later")).toEqual(bytes("now"));
  });

  test("read() of more objects than descriptors stay open for", async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `k/${index}`);
    for (const key of keys) await store.put(key, bytes(key));
    const answers = await Promise.all([...keys, ...keys].map((key) => store.read(key)));
    expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual([...keys, ...keys]);
  });

  test("read() racing with delete() answers the object or fails", async () => {
    await store.put("a", bytes("x".repeat(10_000)));
    const outcomes = await Promise.allSettled([store.read("a"), store.delete("a"), store.read("a")]);
    const answers = outcomes.map((outcome) =>
      outcome.status === "fulfilled" ? (outcome.value?.length ?? 0) : outcome.reason,
    );
    for (const answer of [answers[0], answers[2]]) {
      expect(answer === 10_000 || answer instanceof Failure).toBe(true);
    }
    await expect(store.size("a")).rejects.toThrow("ENOENT");
  });
});

describe("list()", () => {
  test("list() answers sorted keys that begin with the prefix, and nothing else", async () => {
    for (const key of ["b/2", "b/10", "b/1/x", "a", "bc", "c/b/1"]) await store.put(key, bytes(key));
    await symlink(join(directory, "elsewhere"), join(store.directory, "b", "link"));
    expect(await store.list()).toEqual(["a", "b/1/x", "b/10", "b/2", "bc", "c/b/1"]);
    expect(await store.list("b/")).toEqual(["b/1/x", "b/10", "b/2"]);
    expect(await store.list("b/1")).toEqual(["b/1/x", "b/10"]);
    expect(await store.list("b")).toEqual(["b/1/x", "b/10", "b/2", "bc"]);
    expect(await store.list("nothing/here")).toEqual([]);
  });

  test("list() refuses to leave the directory", async () => {
    await expect(store.list("../")).rejects.toThrow(Failure);
  });
});

test("delete() removes an object, and is content with none", async () => {
  await store.put("a", bytes("x"));
  await store.read("a");
  await store.delete("a");
  await store.delete("a");
  await store.delete("never/was");
  await expect(store.size("a")).rejects.toThrow("ENOENT");
  await store.put("a", bytes("other"));
  expect(await store.read("a")).toEqual(bytes("other"));
});
