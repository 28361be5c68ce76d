/**
 * Objects of 1 kB, 1 MB and 1 GB put into and got from OpenTrail's own buckets over its S3 API, signed, beside the file
 * system alone: the same bytes written to a file and synced, its folder synced, and read again, in the same process that
 * generates the load and on the same cores. With the memory that the server took for the largest object.
 *
 * Known answer: what is got is what was put, byte for byte by its SHA-256; a listing shows exactly the objects put.
 *
 *     node bench/buckets.ts [--small 2000] [--medium 100] [--megabytes 1024] [--connections 16] [--json]
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { startServer, type TestServer } from "../test/server.ts";
import { forgetPeak, peakMiB } from "./gateway-servers.ts";

const { values } = parseArgs({
  options: {
    small: { type: "string", default: "2000" },
    medium: { type: "string", default: "100" },
    megabytes: { type: "string", default: "1024" },
    connections: { type: "string", default: "16" },
    json: { type: "boolean", default: false },
  },
});

const BUCKET = "bench";
const CHUNK = Buffer.alloc(1024 * 1024, "OpenTrail ");

interface Row {
  readonly what: string;
  readonly size: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly peakMiB?: number;
}

/** Somewhere that bytes can be put and got. */
interface Place {
  readonly name: string;
  put(key: string, size: number): Promise<void>;
  /** Resolves with the hash of what was read. */
  get(key: string): Promise<string>;
}

function* pieces(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= CHUNK.length) yield left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
}

function hashOf(size: number): string {
  const hash = createHash("sha256");
  for (const piece of pieces(size)) hash.update(piece);
  return hash.digest("hex");
}

function fileSystem(directory: string): Place {
  return {
    name: "file system",
    put: async (key, size) => {
      await using file = await open(join(directory, key), "w");
      for (const piece of pieces(size)) await file.write(piece);
      await file.sync();
      await using folder = await open(directory, "r");
      await folder.sync();
    },
    get: async (key) => {
      await using file = await open(join(directory, key), "r");
      const hash = createHash("sha256");
      for await (const piece of file.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false })) {
        hash.update(piece as Buffer);
      }
      return hash.digest("hex");
    },
  };
}

function buckets({ endpoint, root }: TestServer, connections: number): Place & { readonly client: S3Client } {
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: root,
    forcePathStyle: true,
    // What is measured is the server; a checksum of the client's would be most of its time.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: connections }) },
  });
  return {
    name: "OpenTrail",
    client,
    put: async (Key, size) => {
      const Body = size <= CHUNK.length ? CHUNK.subarray(0, size) : Readable.from(pieces(size));
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ContentLength: size }));
    },
    get: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      const hash = createHash("sha256");
      for await (const piece of Body as Readable) hash.update(piece as Buffer);
      return hash.digest("hex");
    },
  };
}

async function measure(
  what: string,
  size: number,
  count: number,
  connections: number,
  work: (index: number) => Promise<void>,
): Promise<Row> {
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(connections, count) }, async () => {
      for (let index = next++; index < count; index = next++) {
        const begun = performance.now();
        await work(index);
        times.push(performance.now() - begun);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  return {
    what,
    size: sizeText(size),
    connections: Math.min(connections, count),
    perSecond: rounded(count / seconds),
    megabytesPerSecond: rounded((count * size) / seconds / 1e6),
    p50Ms: rounded(times[Math.floor(times.length / 2)] ?? 0),
  };
}

function sizeText(size: number): string {
  if (size >= 1e9) return `${rounded(size / 2 ** 30)} GiB`;
  return size >= 1e6 ? `${rounded(size / 2 ** 20)} MiB` : `${size} B`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function expectEqual(what: string, found: unknown, known: unknown): void {
  if (found !== known) throw new Error(`${what}: ${String(found)} instead of ${String(known)}`);
}

async function run(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const server = await startServer({ flags: ["--buckets-immutable", "false", "--log-level", "error"] });
  const directory = mkdtempSync(join(tmpdir(), "opentrail-bench-buckets-"));
  const connections = Number(values.connections);
  const sizes: readonly (readonly [size: number, count: number, connections: readonly number[]])[] = [
    [1_000, Number(values.small), [1, connections]],
    [1024 * 1024, Number(values.medium), [1, connections]],
    [Number(values.megabytes) * 1024 * 1024, 1, [1]],
  ];
  try {
    const ours = buckets(server, connections);
    await ours.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    mkdirSync(directory, { recursive: true });
    for (let warm = 0; warm < 200; warm++) await ours.put("warm", 1_000).then(() => ours.get("warm"));
    let objects = 1;
    for (const [size, count, widths] of sizes) {
      const known = hashOf(size);
      for (const width of widths) {
        for (const place of [fileSystem(directory), ours]) {
          const key = (index: number): string => `o-${size}-${width}-${index}`;
          const pid = place === ours ? server.process.pid : undefined;
          const peakOf = async (row: Row): Promise<Row> =>
            pid === undefined ? row : { ...row, peakMiB: peakMiB(pid) };
          if (pid !== undefined) forgetPeak(pid);
          rows.push(
            await peakOf(
              await measure(`${place.name}: put`, size, count, width, (index) => place.put(key(index), size)),
            ),
          );
          if (pid !== undefined) forgetPeak(pid);
          rows.push(
            await peakOf(
              await measure(`${place.name}: get`, size, count, width, async (index) =>
                expectEqual(`${place.name} ${key(index)}`, await place.get(key(index)), known),
              ),
            ),
          );
        }
        objects += count;
      }
    }
    expectEqual("objects listed", await countObjects(ours.client), objects);
    return rows;
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function countObjects(client: S3Client): Promise<number> {
  let count = 0;
  for (let token: string | undefined; ; ) {
    const input = { Bucket: BUCKET, ...(token === undefined ? {} : { ContinuationToken: token }) };
    const page = await client.send(new ListObjectsV2Command(input));
    count += page.Contents?.length ?? 0;
    token = page.NextContinuationToken;
    if (token === undefined) return count;
  }
}

const rows = await run();
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
