import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Kysely } from "kysely";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRandom } from "../core/index.ts";
import type { AuditRecord } from "../record/index.ts";
import { openTables } from "../store/index.ts";
import { type FileCheckOptions, FileSweep } from "./file-check.ts";
import type { FoundObject, KnownFile } from "./file-findings.ts";
import { type IntegritySchema, integrityMigrations } from "./schema.ts";
import { DigestRig, HOUR_MS, keySource, type Loss, TestClock } from "./testing.ts";

const OPTIONS: FileCheckOptions = {
  intervalMs: 60_000,
  recentMs: HOUR_MS,
  recentFilesMax: 100,
  wholeBytesMax: 64 * 1024,
};

type Lying = FoundObject & { readonly bytes: Uint8Array };

/** Log files in a bucket of versions, and the check of them. */
class CheckRig {
  readonly tables: Kysely<IntegritySchema>;
  readonly clock: TestClock = new TestClock();
  readonly files: Omit<KnownFile, "kind">[] = [];
  /** The latest version comes last. */
  readonly objects: Map<string, Lying[]> = new Map();
  readonly reported: AuditRecord[] = [];
  readonly heads: string[] = [];
  /** Keys of files that the bucket has and cannot read. */
  readonly unreadable: Set<string> = new Set();
  broken = false;
  /** What the next reports come to. */
  losses: Loss[] = [];
  readonly #options: Partial<FileCheckOptions>;
  sweep: FileSweep;

  constructor(tables: Kysely<IntegritySchema>, options: Partial<FileCheckOptions>) {
    this.tables = tables;
    this.#options = options;
    this.sweep = this.openAgain();
  }

  openAgain(): FileSweep {
    this.sweep = new FileSweep(
      {
        tables: this.tables,
        logFiles: async (afterId, limit) => this.files.filter(({ id }) => id > afterId).slice(0, limit),
        head: async (_, key, versionId) => {
          if (this.broken) throw new Error("no answer");
          this.heads.push(key);
          const versions = this.objects.get(key) ?? [];
          return versionId === undefined ? versions.at(-1) : versions.find((one) => one.versionId === versionId);
        },
        get: async (_, key) => {
          if (this.unreadable.has(key)) throw Object.assign(new Error("decrypt"), { code: "Damaged" });
          const found = this.objects.get(key)?.at(-1);
          if (found === undefined) throw new Error("NoSuchKey");
          return found;
        },
        report: async (records) => {
          const loss = this.losses.shift();
          if (loss === "not written") throw new Error("the journal refuses");
          this.reported.push(...records);
          if (loss !== undefined) throw new Error("the journal's answer was lost");
        },
        clock: this.clock,
        random: systemRandom,
        log: pino({ level: "silent" }),
      },
      { ...OPTIONS, ...this.#options },
    );
    return this.sweep;
  }

  deliver(text = "log"): Omit<KnownFile, "kind"> {
    const id = this.files.length + 1;
    const key = `file-${id}`;
    const { etag, size, versionId = "" } = this.put(key, text);
    const file = {
      id,
      trailArn: "arn:aws:cloudtrail:us-east-1:123456789012:trail/t",
      account: "123456789012",
      region: "eu-west-3",
      bucket: "logs",
      key,
      sha256: createHash("sha256").update(text).digest("hex"),
      size,
      etag,
      versionId,
      deliveredAt: this.clock.now(),
    };
    this.files.push(file);
    return file;
  }

  put(key: string, text: string): Lying {
    return this.putBytes(key, gzipSync(text));
  }

  putBytes(key: string, bytes: Uint8Array): Lying {
    const versions = this.objects.get(key) ?? [];
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    const lying = { bytes, size: bytes.length, etag, versionId: `v${versions.length}`, metadata: {} };
    this.objects.set(key, [...versions, lying]);
    return lying;
  }

  /** As who can write to the disk below the bucket: nothing but the bytes is another. */
  damage(key: string, text: string): void {
    const versions = this.objects.get(key) ?? [];
    const latest = versions.pop();
    if (latest !== undefined) versions.push({ ...latest, bytes: gzipSync(text) });
  }

  /** Names of what was reported, once the rounds are over. */
  async after(rounds: number): Promise<readonly string[]> {
    for (let round = 0; round < rounds; round += 1) await this.sweep.round().catch(() => undefined);
    return this.reported.map(({ eventName }) => eventName);
  }
}

let tables: Kysely<IntegritySchema>;
beforeEach(async () => {
  tables = await openTables<IntegritySchema>(":memory:", integrityMigrations);
});
afterEach(async () => {
  await tables.destroy();
});

const open = (options: Partial<FileCheckOptions> = {}): CheckRig => new CheckRig(tables, options);

describe("the check of delivered files", () => {
  test("finds nothing wrong with files that lie as they were delivered", async () => {
    const rig = open();
    for (let file = 0; file < 5; file += 1) rig.deliver();
    expect(await rig.after(3)).toEqual([]);
    expect(rig.heads.length).toBeGreaterThanOrEqual(15);
  });

  test("reports a deleted file once, and again when it was there in between", async () => {
    const rig = open();
    const { key } = rig.deliver();
    const versions = rig.objects.get(key) ?? [];
    rig.objects.delete(key);
    expect(await rig.after(2)).toEqual(["LogFileDeleted"]);
    rig.openAgain();
    expect(await rig.after(2)).toEqual(["LogFileDeleted"]);
    rig.objects.set(key, versions);
    expect(await rig.after(2)).toEqual(["LogFileDeleted"]);
    rig.objects.delete(key);
    expect(await rig.after(2)).toEqual(["LogFileDeleted", "LogFileDeleted"]);
  });

  test("tells what was delivered and what was found", async () => {
    const rig = open();
    const { key, sha256, etag, size } = rig.deliver();
    const other = rig.put(key, "something else");
    await rig.after(1);
    expect(rig.reported).toEqual([
      expect.objectContaining({
        eventSource: "opentrail.amazonaws.com",
        eventName: "LogFileReplaced",
        eventType: "AwsServiceEvent",
        awsRegion: "eu-west-3",
        recipientAccountId: "123456789012",
        serviceEventDetails: {
          bucket: "logs",
          key,
          trailArn: "arn:aws:cloudtrail:us-east-1:123456789012:trail/t",
          expected: { size, etag, versionId: "v0", sha256 },
          found: {
            size: other.size,
            etag: other.etag,
            versionId: "v1",
            sha256: createHash("sha256").update("something else").digest("hex"),
          },
          deliveredVersionKept: true,
        },
      }),
    ]);
  });

  test("reports a replaced file again when it is replaced again", async () => {
    const rig = open();
    const { key } = rig.deliver();
    rig.put(key, "one");
    expect(await rig.after(2)).toHaveLength(1);
    rig.put(key, "two");
    expect(await rig.after(2)).toHaveLength(2);
    rig.objects.delete(key);
    expect(await rig.after(2)).toEqual(["LogFileReplaced", "LogFileReplaced", "LogFileDeleted"]);
  });

  test("takes the same content under a newer version for what it is", async () => {
    const rig = open();
    const { key } = rig.deliver("log");
    rig.putBytes(key, gzipSync("log", { level: 1 }));
    expect(await rig.after(2)).toEqual([]);
  });

  test.each<[string, Uint8Array]>([
    ["no gzip", Buffer.from("no gzip")],
    ["nothing", new Uint8Array()],
    ["cut", gzipSync("log").subarray(0, 15)],
  ])("reports a file that is %s", async (_, bytes) => {
    const rig = open();
    rig.putBytes(rig.deliver().key, bytes);
    await rig.after(1);
    expect(rig.reported[0]?.serviceEventDetails).toMatchObject({ found: { sha256: "unreadable" } });
  });

  test("reports a file that its bucket cannot read once, and goes on with the others", async () => {
    const rig = open();
    const [{ key }, other] = [rig.deliver(), rig.deliver()];
    rig.unreadable.add(key);
    rig.damage(other.key, "other");
    expect(await rig.after(3)).toEqual(["LogFileReplaced", "LogFileReplaced"]);
    expect(rig.reported.map(({ serviceEventDetails }) => serviceEventDetails)).toMatchObject([
      { key, found: { sha256: "unreadable" } },
      { key: other.key },
    ]);
  });

  test("reads every file whole in turn, and finds what no property tells; also after a restart", async () => {
    const rig = open();
    const keys = Array.from({ length: 4 }, () => rig.deliver().key);
    rig.damage(keys[2] ?? "", "other");
    rig.clock.pass(2 * HOUR_MS);
    expect(await rig.after(2)).toEqual([]);
    rig.openAgain();
    expect(await rig.after(1)).toEqual(["LogFileReplaced"]);
    expect(await rig.after(12)).toEqual(["LogFileReplaced"]);
    rig.damage(keys[2] ?? "", "log");
    await rig.after(6);
    rig.damage(keys[2] ?? "", "other");
    expect(await rig.after(6)).toHaveLength(2);
  });

  test("looks at all recent files in turn when they are more than a round may ask for, and at old ones no more", async () => {
    const rig = open({ recentFilesMax: 3, wholeBytesMax: 0 });
    const old = Array.from({ length: 4 }, () => rig.deliver().key);
    rig.clock.pass(2 * HOUR_MS);
    const recent = Array.from({ length: 7 }, () => rig.deliver().key);
    await rig.after(4);
    expect(new Set(rig.heads)).toEqual(new Set(recent));
    expect(rig.heads.filter((key) => old.includes(key))).toEqual([]);
    expect(rig.heads.length).toBeLessThanOrEqual(12);
  });

  test("takes a bucket that cannot be reached for no finding", async () => {
    const rig = open();
    rig.objects.delete(rig.deliver().key);
    rig.broken = true;
    expect(await rig.after(2)).toEqual([]);
    rig.broken = false;
    expect(await rig.after(1)).toEqual(["LogFileDeleted"]);
  });

  test.each<Loss>(["not written", "written, reply lost"])(
    "reports the same record when a report was %s",
    async (loss) => {
      const rig = open();
      rig.objects.delete(rig.deliver().key);
      rig.losses = [loss, loss];
      await rig.after(2);
      rig.openAgain();
      await rig.after(3);
      expect(new Set(rig.reported.map(({ eventID }) => eventID)).size).toBe(1);
      expect(rig.reported).toHaveLength(loss === "not written" ? 1 : 3);
    },
  );

  test("asks nothing any more once it is closed", async () => {
    const rig = open({ intervalMs: 1 });
    rig.deliver();
    rig.sweep.start();
    while (rig.heads.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await rig.sweep.close();
    const asked = rig.heads.length;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rig.heads).toHaveLength(asked);
  });
});

describe("the check of digest files", () => {
  const keys = keySource(1);

  test.each<[string, (rig: DigestRig, place: string) => void, string]>([
    ["that was deleted", (rig, place) => rig.buckets.objects.delete(place), "DigestFileDeleted"],
    [
      "with another signature",
      (rig, place) => {
        const object = rig.buckets.objects.get(place);
        if (object !== undefined) rig.buckets.objects.set(place, { ...object, metadata: { signature: "00" } });
      },
      "DigestFileReplaced",
    ],
    [
      "with other content",
      (rig, place) => {
        const object = rig.buckets.objects.get(place);
        if (object !== undefined) rig.buckets.objects.set(place, { ...object, bytes: gzipSync("{}") });
      },
      "DigestFileReplaced",
    ],
  ])("finds one %s", async (_, change, eventName) => {
    const rig = await DigestRig.open(keys());
    await rig.change();
    await rig.passAndSettle(2 * HOUR_MS + 1000);
    const reported: AuditRecord[] = [];
    const object = (bucket: string, key: string): Lying | undefined => {
      const found = rig.buckets.objects.get(`${bucket}/${key}`);
      return (
        found && {
          ...found,
          size: found.bytes.length,
          etag: `"${createHash("md5").update(found.bytes).digest("hex")}"`,
        }
      );
    };
    const sweep = new FileSweep(
      {
        tables: rig.tables,
        logFiles: async () => [],
        head: async (bucket, key) => object(bucket, key),
        get: async (bucket, key) => object(bucket, key) as Lying,
        report: async (records) => void reported.push(...records),
        clock: rig.clock,
        random: systemRandom,
        log: pino({ level: "silent" }),
      },
      OPTIONS,
    );
    await sweep.round();
    expect(reported).toEqual([]);
    change(rig, rig.buckets.order[0] ?? "");
    await sweep.round();
    await sweep.round();
    expect(reported.map((record) => record.eventName)).toEqual([eventName]);
    await rig.close();
  });
});
