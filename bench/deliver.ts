import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { gunzipSync, gzip } from "node:zlib";
import { assert, systemClock, systemRandom } from "../src/core/index.ts";
import { type Journal, openJournal } from "../src/journal/index.ts";
import { DirectoryObjectStore, openTables } from "../src/store/index.ts";
import {
  DEFAULT_SELECTORS,
  startDelivery,
  type Trail,
  trailsMigrations,
  type TrailsSchema,
  wantsForTrail,
} from "../src/trails/index.ts";
import { SYNTHETIC_ACCOUNT, SYNTHETIC_REGION, SyntheticRecords } from "./synthetic-records.ts";

/**
 * How fast log files come out of the journal, beside gzip alone on the same bytes: read, parsed, decided, hashed, packed,
 * written and told to be delivered, against `gzip` on the command line and zlib in this process.
 *
 *     node bench/deliver.ts [--records 200000] [--directory DIR] [--json]
 *
 * What is delivered is checked: every record once, byte by byte, in files that are not larger than they may be.
 */
const { values: flags } = parseArgs({
  options: {
    records: { type: "string", default: "200000" },
    directory: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
  },
});
const RECORDS = Number(flags.records);
const FILE_BYTES_MAX = 50_000_000;

const TRAIL: Trail = {
  id: "trail",
  name: "measured",
  arn: `arn:aws:cloudtrail:${SYNTHETIC_REGION}:${SYNTHETIC_ACCOUNT}:trail/measured`,
  account: SYNTHETIC_ACCOUNT,
  homeRegion: SYNTHETIC_REGION,
  createdAt: 0,
  settings: {
    bucket: "log-files",
    includeGlobalServiceEvents: true,
    multiRegion: true,
    organization: false,
    validation: true,
    recursiveLogging: true,
  },
  selectors: DEFAULT_SELECTORS,
  insightSelectors: [],
  logging: true,
};

interface Result {
  readonly what: string;
  readonly seconds: number;
  /** Of processor, on all cores. */
  readonly cpuSeconds: number;
  readonly recordsPerSecond: number;
  readonly packedBytes: number;
  readonly files: number;
}

const directory = await mkdtemp(join(flags.directory, "opentrail-deliver-"));
try {
  const { journal, digest, bytes } = await fillJournal();
  const delivered = await deliver(journal);
  await journal.close();
  checkRecords(delivered.paths, digest);
  const whole = join(directory, "whole.json");
  await writeFile(whole, await wholeOf(delivered.paths));
  const results = [delivered.result, await gzipCommand(whole), await zlibAlone(whole)];
  process.stdout.write(flags.json ? `${JSON.stringify(results, undefined, 2)}\n` : table(results, bytes));
} finally {
  await rm(directory, { recursive: true });
}

/** `digest` is over all records, one after the other. */
async function fillJournal(): Promise<{ journal: Journal; digest: string; bytes: number }> {
  const journal = await openJournal({
    directory: join(directory, "journal"),
    objects: new DirectoryObjectStore(join(directory, "objects")),
    clock: systemClock,
    random: systemRandom,
    log: {
      info: () => undefined,
      error: (facts, message) => process.stderr.write(`${message}: ${String(facts["err"])}\n`),
    },
  });
  const records = new SyntheticRecords({ seed: 1, startMs: Date.parse("2026-11-20T12:00:00Z"), perSecond: 1000 });
  const hash = createHash("sha256");
  let bytes = 0;
  while (journal.head < RECORDS) {
    const batch = Array.from({ length: Math.min(1000, RECORDS - journal.head) }, () => records.next());
    for (const record of batch) hash.update(record.bytes);
    bytes += batch.reduce((sum, record) => sum + record.bytes.length, 0);
    await journal.append(batch);
  }
  // Sealing goes on in a thread of its own, and would be measured too.
  while (journal.segments.length < Math.floor(RECORDS / 65_536)) await sleep(50);
  return { journal, digest: hash.digest("hex"), bytes };
}

async function deliver(journal: Journal): Promise<{ result: Result; paths: readonly string[] }> {
  const tables = await openTables<TrailsSchema>(join(directory, "tables.db"), trailsMigrations);
  const state = { trail_id: TRAIL.id, trail: JSON.stringify(TRAIL), planned: 0, deleted: 0 };
  await tables.insertInto("trail_states").values(state).execute();
  const paths: string[] = [];
  let packedBytes = 0;
  const stop = startWatch();
  const delivery = await startDelivery(
    {
      journal,
      tables,
      clock: systemClock,
      random: systemRandom,
      log: {
        info: () => undefined,
        warn: (facts, message) => process.stderr.write(`${message}: ${String(facts["err"])}\n`),
      },
      put: async ({ bytes }) => {
        const path = join(directory, `${paths.length}.json.gz`);
        await writeDurably(path, bytes);
        paths.push(path);
        packedBytes += bytes.length;
        return { etag: '""' };
      },
      putManifest: async () => undefined,
      find: async () => undefined,
      listener: { trailChanged: async () => undefined, fileDelivered: async () => undefined },
      wantsForTrail,
    },
    {
      intervalMs: 1000,
      fileBytesMax: FILE_BYTES_MAX,
      heldBytesMax: 128 * 1024 ** 2,
      retry: { firstMs: 100, maxMs: 1000 },
    },
  );
  const shard = { trailId: TRAIL.id, account: SYNTHETIC_ACCOUNT, region: SYNTHETIC_REGION };
  while (delivery.stats().lagRecords > 0 || (await delivery.pending(shard))) await sleep(5);
  const result = stop("journal to delivered files", packedBytes, paths.length);
  await delivery.close();
  await tables.destroy();
  return { result, paths };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Every record once, byte by byte, in the order of the journal. */
function checkRecords(paths: readonly string[], digest: string): void {
  const hash = createHash("sha256");
  let count = 0;
  for (const path of paths) {
    const contents = gunzipSync(readFileSync(path));
    assert(contents.length <= FILE_BYTES_MAX, `${path} is not larger than it may be`);
    const { Records } = JSON.parse(contents.toString()) as { Records: readonly unknown[] };
    for (const record of Records) hash.update(JSON.stringify(record));
    count += Records.length;
  }
  assert(count === RECORDS, `${RECORDS} records are delivered: ${count}`);
  assert(hash.digest("hex") === digest, "the records are those that were journalled");
}

async function wholeOf(paths: readonly string[]): Promise<Uint8Array> {
  return Buffer.concat(await Promise.all(paths.map(async (path) => gunzipSync(await readFile(path)))));
}

async function gzipCommand(path: string): Promise<Result> {
  const stop = startWatch();
  // The shell tells what processor time its children took.
  const script = `gzip -6 -c "${path}" > "${path}.gz"; times`;
  const { status, stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  assert(status === 0, "gzip is installed");
  const [user = 0, system = 0] = [
    ...stdout
      .trim()
      .split("\n")
      .at(-1)!
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
  return { ...stop("gzip -6, the command", (await stat(`${path}.gz`)).size, 1), cpuSeconds: user + system };
}

async function zlibAlone(path: string): Promise<Result> {
  const bytes = await readFile(path);
  const stop = startWatch();
  const packed = await promisify(gzip)(bytes, { level: 6, chunkSize: 256 * 1024 });
  return stop("zlib level 6, one thread", packed.length, 1);
}

function startWatch(): (what: string, packedBytes: number, files: number) => Result {
  const started = performance.now();
  const cpu = process.cpuUsage();
  return (what, packedBytes, files) => {
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      what,
      seconds,
      cpuSeconds: (user + system) / 1e6,
      recordsPerSecond: RECORDS / seconds,
      packedBytes,
      files,
    };
  };
}

function table(results: readonly Result[], bytes: number): string {
  const first = results[0] as Result;
  const lines = results.map(({ what, seconds, cpuSeconds, recordsPerSecond, packedBytes, files }) =>
    [
      what.padEnd(28),
      `${seconds.toFixed(2)} s`.padStart(9),
      `${cpuSeconds.toFixed(2)} s of processor`.padStart(24),
      `${Math.round(recordsPerSecond)} records/s`.padStart(18),
      `${(packedBytes / RECORDS).toFixed(0)} bytes/record`.padStart(18),
      `${files} files`.padStart(9),
      `${(first.recordsPerSecond / recordsPerSecond).toFixed(2)} times`.padStart(12),
    ].join(""),
  );
  const size = (bytes / RECORDS).toFixed(0);
  const [cpu] = cpus();
  return `${RECORDS} records of ${size} bytes, ${cpus().length} × ${cpu?.model ?? ""}; all of them delivered once\n${lines.join("\n")}\n`;
}
