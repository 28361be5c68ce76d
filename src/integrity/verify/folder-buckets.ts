import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../../core/index.ts";
import { parseDigestKey } from "../digest-key.ts";
import { FolderSource, type MetadataOf, parseMetadata, readSmallFile } from "./folder-source.ts";
import { readInflated } from "./load-digest.ts";
import type { LogSource, LogSources } from "./log-source.ts";
import { parseBody, readDigest } from "./read-digest.ts";

interface FolderOptions {
  /** The bucket's name, where the digest files' own word for it is not to be taken. */
  readonly bucket?: string;
  /** A JSON file with the objects' metadata; `objects.json` in or beside the folder when not given. */
  readonly metadataFile?: string;
}

/** How deep below the folder an `AWSLogs` may lie: bucket, and a prefix of a few parts. */
const DEPTH_MAX = 8;
/** Digest files that are asked where they come from; the first that says so in a manner that fits is believed. */
const ASKED_MAX = 20;

/**
 * A folder as buckets: a copy of one bucket, of a part of it, or several copies side by side. Which bucket it is, its
 * digest files say; a copy that claims to be another is found out by their signatures.
 * @throws {Failure} when it cannot be read.
 */
export async function openFolder(folder: string, options: FolderOptions = {}): Promise<LogSources> {
  const root = resolve(folder);
  const metadataOf = await readObjectsFile(root, options.metadataFile);
  const sources = new Map<string, LogSource>();
  const roots: { bucket: string; above: string }[] = [];
  for (const above of await findLogs(root)) {
    const place = await placeOf(root, above, options.bucket);
    const source = sources.get(place.bucket) ?? new FolderSource(place, metadataOf);
    sources.set(place.bucket, source);
    roots.push({ bucket: place.bucket, above: place.above });
  }
  return { roots, bucket: (name) => sources.get(name) };
}

/** What stands before each `AWSLogs` in the folder: empty, or path ending in `/`. */
async function findLogs(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const look = async (above: string, depth: number): Promise<void> => {
    const path = join(root, above);
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      throw new Failure(`read ${path}`, cause);
    });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    // A prefix may itself hold AWSLogs: where accounts or organizations lie in it, it is the real one.
    if (folders.includes("AWSLogs")) found.push(above);
    if (depth === DEPTH_MAX) return;
    for (const name of folders.toSorted()) if (name !== "AWSLogs") await look(`${above}${name}/`, depth + 1);
  };
  await look("", 0);
  return found;
}

interface Place {
  readonly bucket: string;
  readonly directory: string;
  readonly leftOut: string;
  /** What keys have before `AWSLogs/`. */
  readonly above: string;
}

async function placeOf(root: string, above: string, pinned: string | undefined): Promise<Place> {
  const plain = new FolderSource({ bucket: "", directory: root, leftOut: "" }, () => undefined);
  let asked = 0;
  for await (const { key } of plain.list(`${above}AWSLogs/`, "")) {
    if (parseDigestKey(key) === undefined) continue;
    if (++asked > ASKED_MAX) break;
    const said = await placeSaidBy(plain, key);
    const realAbove = said && aboveIn(said.digestS3Object, key.slice(above.length));
    if (said === undefined || realAbove === undefined) continue;
    const bucket = pinned ?? said.digestS3Bucket;
    // The folder's path ends in the prefix, or the prefix in the folder's path.
    if (above.endsWith(realAbove)) {
      return {
        bucket,
        directory: join(root, above.slice(0, above.length - realAbove.length)),
        leftOut: "",
        above: realAbove,
      };
    }
    if (realAbove.endsWith(above)) {
      return {
        bucket,
        directory: root,
        leftOut: realAbove.slice(0, realAbove.length - above.length),
        above: realAbove,
      };
    }
  }
  const directory = join(root, above);
  return { bucket: pinned ?? basename(directory), directory, leftOut: "", above: "" };
}

async function placeSaidBy(source: LogSource, key: string): ReturnType<typeof readSaid> {
  const found = await source.get(key);
  return found === undefined ? undefined : await readSaid(found.content);
}

async function readSaid(
  content: Parameters<typeof readInflated>[0],
): Promise<{ readonly digestS3Bucket: string; readonly digestS3Object: string } | undefined> {
  const bytes = await readInflated(content);
  const body = "code" in bytes ? undefined : parseBody(bytes);
  return body && readDigest(body);
}

/** What stands before `tail` in the key; undefined when it does not end in it. */
function aboveIn(key: string, tail: string): string | undefined {
  const above = key.endsWith(tail) ? key.slice(0, key.length - tail.length) : undefined;
  return above === "" || above?.endsWith("/") ? above : undefined;
}

const OBJECTS_BYTES_MAX = 256 * 1024 * 1024;

/** `[{ bucket?, key, metadata }]`; where there is such a file, what it does not name has no metadata. */
async function readObjectsFile(root: string, given: string | undefined): Promise<MetadataOf> {
  const beside = [join(root, "objects.json"), join(dirname(root), "objects.json")];
  for (const path of given === undefined ? beside : [given]) {
    const text = await readSmallFile(path, OBJECTS_BYTES_MAX);
    if (text !== undefined) return metadataIn(path, text);
    if (given !== undefined) throw new Failure(`read ${path}: there is no such file`);
  }
  return () => undefined;
}

function metadataIn(path: string, text: string): MetadataOf {
  const objects = new Map<string, Readonly<Record<string, string>>>();
  const list = parseJson(path, text);
  if (!Array.isArray(list)) throw new Failure(`read ${path}: it is no list of objects`);
  for (const entry of list as readonly unknown[]) {
    const { bucket, key, metadata } = (entry ?? {}) as { bucket?: unknown; key?: unknown; metadata?: unknown };
    if (typeof key !== "string") throw new Failure(`read ${path}: an object has no key`);
    objects.set(`${typeof bucket === "string" ? bucket : ""}/${key}`, parseMetadata(metadata) ?? {});
  }
  return (bucket, key) => objects.get(`${bucket}/${key}`) ?? objects.get(`/${key}`) ?? {};
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure(`read ${path}`, cause);
  }
}
