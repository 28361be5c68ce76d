import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { Failure } from "../core/index.ts";
import { lockDirectory } from "./lock-directory.ts";
import { temporaryDirectory } from "./testing.ts";

const MODULE = fileURLToPath(new URL("./lock-directory.ts", import.meta.url));
let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(() => rm(directory, { recursive: true }));

/** A program that locks the directory and then does `then`. */
function program(then: string): readonly string[] {
  const source = `import { lockDirectory } from ${JSON.stringify(MODULE)};
    lockDirectory(${JSON.stringify(directory)}); ${then}`;
  return ["--input-type=module", "--disable-warning=ExperimentalWarning", "--eval", source];
}

test("lockDirectory() refuses a directory that this process holds already, and names it", () => {
  const unlock = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(Failure);
  expect(() => lockDirectory(directory)).toThrow(`directory ${directory} is in use by another process`);
  unlock();
  lockDirectory(directory)();
});

test("lockDirectory() refuses a directory that another process holds, until that is killed", async () => {
  const holder = spawn(process.execPath, program("console.log('held'); setInterval(() => {}, 1000)"));
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  expect(() => lockDirectory(directory)).toThrow(`directory ${directory} is in use by another process`);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  lockDirectory(directory)();
});

test("lockDirectory() holds on even when nobody keeps what it answered", async () => {
  const holder = spawn(process.execPath, ["--expose-gc", ...program("gc(); console.log('held'); setInterval(gc, 10)")]);
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  expect(() => lockDirectory(directory)).toThrow(`directory ${directory} is in use by another process`);
  holder.kill("SIGKILL");
  await once(holder, "exit");
});

test("lockDirectory() keeps another process out", () => {
  const unlock = lockDirectory(directory);
  expect(() => execFileSync(process.execPath, program(""), { stdio: "pipe" })).toThrow("in use by another process");
  unlock();
  execFileSync(process.execPath, program(""));
});

test("lockDirectory() makes the directory, and tells when it cannot", () => {
  lockDirectory(`${directory}/deep/down`)();
  expect(() => lockDirectory("/dev/null/x")).toThrow("lock directory /dev/null/x");
});
