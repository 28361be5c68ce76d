import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, Refusal, systemRandom } from "../core/index.ts";
import type { ObjectVersion, PutObjectRequest } from "./buckets.ts";
import {
  type DirectoryBuckets,
  type DirectoryBucketsNeeds,
  type DirectoryBucketsOptions,
  openDirectoryBuckets,
} from "./directory-buckets.ts";

export const OWNER = { account: "123456789012", region: "eu-west-1" } as const;

/** Stands still until it is moved. */
export class TestClock implements Clock {
  nowMs: number = Date.UTC(2026, 11, 10, 12);

  now(): number {
    return this.nowMs;
  }

  elapsed(): number {
    return this.nowMs;
  }
}

export async function temporaryDirectory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "opentrail-buckets-"));
}

/** With one key of SSE-KMS, `alias/trail`. */
export async function openTestBuckets(
  needs: Partial<DirectoryBucketsNeeds> & Pick<DirectoryBucketsNeeds, "directory">,
  options: Partial<DirectoryBucketsOptions> = {},
): Promise<DirectoryBuckets> {
  return await openDirectoryBuckets(
    {
      clock: new TestClock(),
      random: systemRandom,
      log: { warn: () => undefined },
      masterKey: new Uint8Array(32).fill(7),
      keys: ["alias/trail"],
      ...needs,
    },
    { immutable: false, ...options },
  );
}

export async function put(
  buckets: DirectoryBuckets,
  bucket: string,
  key: string,
  content: string | Uint8Array,
  request: PutObjectRequest = {},
): Promise<ObjectVersion> {
  return await buckets.putObject(bucket, key, bodyOf(content), request);
}

/** In pieces of `pieceBytes`. */
export async function* bodyOf(content: string | Uint8Array, pieceBytes = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export async function read(
  buckets: DirectoryBuckets,
  bucket: string,
  key: string,
  versionId?: string,
  range: readonly [start?: number, end?: number] = [],
): Promise<Buffer> {
  const object = await buckets.open(bucket, key, versionId);
  const pieces: Uint8Array[] = [];
  for await (const piece of object.stream(...range) as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** `<code> <status>` of what was refused. */
export async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (cause) {
    if (cause instanceof Refusal) return `${cause.code} ${cause.status}`;
    throw cause;
  }
  return "nothing was refused";
}
