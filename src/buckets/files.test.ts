import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { Files, type UnfinishedFile } from "./files.ts";
import { temporaryDirectory } from "./testing.ts";

const MB = 1024 ** 2;

test("Files hold no more in memory than they may, however many are written at once", async () => {
  const directory = await temporaryDirectory();
  const files = await Files.open(
    directory,
    () => undefined,
    async () => undefined,
  );
  const open: UnfinishedFile[] = [];
  for (let count = 0; count < 80; count++) open.push(await files.begin());
  const nearly = new Uint8Array(MB - 1);
  for (const file of open) await file.write(nearly);
  expect(files.hold(0)).toBe(false);
  await Promise.all(open.map((file) => file.discard()));
  // All of it was given back: what is left is room for as much again.
  expect(files.hold(64 * MB)).toBe(false);
  expect(files.hold(1)).toBe(true);
  await rm(directory, { recursive: true });
});
