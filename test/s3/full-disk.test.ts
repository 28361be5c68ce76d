import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FillableDisk, mountMemory, whyNoMount } from "../disks.ts";
import { type OwnS3, startOwnS3, type Told } from "../own-s3.ts";

const NO_MOUNT = whyNoMount();
const MB = 1024 ** 2;

describe.skipIf(NO_MOUNT !== undefined)(`a full disk${NO_MOUNT === undefined ? "" : ` (${NO_MOUNT})`}`, () => {
  let disk: FillableDisk;
  let s3: OwnS3;

  beforeAll(async () => {
    disk = mountMemory(24);
    s3 = await startOwnS3(disk.directory);
    await s3.ask("root", "PUT", "/logs");
    await s3.ask("root", "PUT", "/logs/before", { body: Buffer.alloc(MB) });
  });
  afterAll(async () => {
    await s3.close();
    disk.unmount();
  });

  async function put(key: string, bytes: number): Promise<Told> {
    return await s3.ask("root", "PUT", `/logs/${key}`, { body: Buffer.alloc(bytes) });
  }

  async function keys(): Promise<readonly string[]> {
    const { text } = await s3.ask("root", "GET", "/logs?list-type=2");
    return [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => key);
  }

  test("refuses what has no room, leaves no half of it, and takes what has", async () => {
    const { status, code } = await put("large", 40 * MB);
    expect([status, code]).toEqual([503, "ServiceUnavailable"]);
    expect(await keys()).toEqual(["before"]);
    expect(await readdir(join(s3.dataDirectory, "buckets", ".unfinished"))).toEqual([]);
    expect((await put("small", MB)).status).toBe(200);
    expect((await s3.ask("root", "GET", "/logs/before")).headers["content-length"]).toBe(String(MB));
  });

  test("gives room back when something is deleted, and goes on", async () => {
    disk.fill();
    expect((await put("more", MB)).status).toBe(503);
    disk.free();
    expect((await s3.ask("root", "DELETE", "/logs/small")).status).toBe(204);
    expect((await put("more", MB)).status).toBe(200);
    expect(await keys()).toEqual(["before", "more"]);
    expect(s3.audit.untold).toEqual([]);
  });
});
