import { constants } from "node:fs";
import { lstat, open, readdir, readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { Failure } from "../../core/index.ts";
import type { FoundFile, ListedFile, LogSource } from "./log-source.ts";

/** User metadata of copied objects: `undefined` for those whose nobody kept. */
export type MetadataOf = (bucket: string, key: string) => Readonly<Record<string, string>> | undefined;

interface FolderPlace {
  readonly bucket: string;
  readonly directory: string;
  /** What the keys begin with that the folder leaves out: it is a copy of a part of the bucket. Empty or ends in `/`. */
  readonly leftOut: string;
}

/** A plain copy of a bucket, as `aws s3 sync` makes it: a file per object. */
export class FolderSource implements LogSource {
  readonly bucket: string;
  readonly #directory: string;
  readonly #leftOut: string;
  readonly #metadataOf: MetadataOf;
  /** Directories of keys that were asked for, and whether they really lie in ours. */
  readonly #inside = new Map<string, Promise<boolean>>();

  constructor({ bucket, directory, leftOut }: FolderPlace, metadataOf: MetadataOf) {
    this.bucket = bucket;
    this.#directory = directory;
    this.#leftOut = leftOut;
    this.#metadataOf = metadataOf;
  }

  async *list(prefix: string, startAfter: string): AsyncGenerator<ListedFile> {
    const below = prefix.startsWith(this.#leftOut) ? prefix.slice(this.#leftOut.length) : undefined;
    if (below === undefined) return;
    const after = startAfter.startsWith(this.#leftOut) ? startAfter.slice(this.#leftOut.length) : "";
    const parent = below.slice(0, below.lastIndexOf("/") + 1);
    if (!isPlain(parent)) return;
    for await (const { key, size } of listFolder(this.#directory, parent, { prefix: below, after })) {
      yield { key: this.#leftOut + key, size };
    }
  }

  async get(key: string): Promise<FoundFile | undefined> {
    const file = key.startsWith(this.#leftOut) ? await this.#find(key.slice(this.#leftOut.length)) : undefined;
    if (file === undefined) return undefined;
    // Only digest files have any that matters.
    const beside = key.includes("/CloudTrail-Digest/") ? await metadataBeside(file.path) : undefined;
    return { content: { kind: "path", ...file }, metadata: this.#metadataOf(this.bucket, key) ?? beside };
  }

  /** The file of a key; undefined when there is none, or it leads out of the folder. */
  async #find(key: string): Promise<{ readonly path: string; readonly size: number } | undefined> {
    // A key may come from a hostile digest file: `../`, absolute paths and the like are no files of this folder.
    if (!isPlain(key) || key.endsWith("/") || key === "") return undefined;
    const slash = key.lastIndexOf("/");
    if (!(await this.#isInside(key.slice(0, slash + 1)))) return undefined;
    const path = join(this.#directory, key);
    const facts = await lstat(path).catch((cause: unknown) => absent(path, cause));
    // Links, devices and pipes are no copies of objects, and reading some of them has no end.
    return facts?.isFile() ? { path, size: facts.size } : undefined;
  }

  #isInside(folder: string): Promise<boolean> {
    const known = this.#inside.get(folder) ?? this.#resolvesInside(folder);
    this.#inside.set(folder, known);
    return known;
  }

  async #resolvesInside(folder: string): Promise<boolean> {
    const path = join(this.#directory, folder);
    const [root, real] = await Promise.all(
      [this.#directory, path].map((one) => realpath(one).catch((cause: unknown) => absent(one, cause))),
    );
    return root !== undefined && real !== undefined && (real === root || real.startsWith(root + sep));
  }
}

/** Keys that a file system takes for what they are: relative, without `.` and `..`, empty parts, backslashes, NUL. */
function isPlain(key: string): boolean {
  return !/^\/|(?:^|\/)\.{1,2}(?:\/|$)|\/\/|[\\\0]/.test(key);
}

/** @throws {Failure} unless there is simply nothing. */
function absent(path: string, cause: unknown): undefined {
  const { code } = cause as { readonly code?: unknown };
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
  throw new Failure(`read ${path}`, cause);
}

interface Wanted {
  readonly prefix: string;
  readonly after: string;
}

/** Walks a directory in the order of S3's keys, where `a-b` comes before `a/b`, skipping what cannot be wanted. */
async function* listFolder(root: string, folder: string, wanted: Wanted): AsyncGenerator<ListedFile> {
  const path = join(root, folder);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => absent(path, cause) ?? []);
  const keys = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => ({ key: `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`, entry }))
    .filter(({ key }) => mayHold(key, wanted))
    .map(({ key, entry }) => ({ key, entry, bytes: Buffer.from(key) }))
    .toSorted((one, other) => Buffer.compare(one.bytes, other.bytes));
  for (const { key, entry } of keys) {
    if (entry.isDirectory()) yield* listFolder(root, key, wanted);
    else if (compareKeys(key, wanted.after) > 0) {
      const facts = await lstat(join(root, key)).catch((cause: unknown) => absent(key, cause));
      if (facts !== undefined) yield { key, size: facts.size };
    }
  }
}

function mayHold(key: string, { prefix, after }: Wanted): boolean {
  if (!key.endsWith("/")) return key.startsWith(prefix) && compareKeys(key, after) > 0;
  const shared = Math.min(key.length, prefix.length);
  if (key.slice(0, shared) !== prefix.slice(0, shared)) return false;
  // The last key that a folder can hold comes before `after` when the folder does and is no part of it.
  return after.startsWith(key) || compareKeys(key, after) > 0;
}

function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Larger than any object's metadata. */
const METADATA_BYTES_MAX = 64 * 1024;

/** `<file>.metadata.json`: the user metadata itself, or all that `aws s3api head-object` prints. */
async function metadataBeside(path: string): Promise<Readonly<Record<string, string>> | undefined> {
  const text = await readSmallFile(`${path}.metadata.json`, METADATA_BYTES_MAX);
  try {
    return text === undefined ? undefined : parseMetadata(JSON.parse(text));
  } catch {
    // It tells nothing: as if it were not there.
    return undefined;
  }
}

/** The text of a plain file; undefined when there is none, or it is too large. @throws {Failure} */
export async function readSmallFile(path: string, bytesMax: number): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: unknown) => absent(path, cause),
  );
  if (file === undefined) return undefined;
  try {
    const facts = await file.stat();
    return facts.isFile() && facts.size <= bytesMax ? await readFile(file, "utf8") : undefined;
  } finally {
    await file.close();
  }
}

/** Texts by name, in lower case; undefined when it is nothing of the kind. */
export function parseMetadata(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const named = "Metadata" in value ? value.Metadata : value;
  if (typeof named !== "object" || named === null) return undefined;
  return Object.fromEntries(
    Object.entries(named)
      .filter((entry): entry is [string, string] => typeof entry[1] === "string")
      .map(([name, text]) => [name.toLowerCase(), text]),
  );
}
