import { closeSync, type Dirent, fstatSync, openSync, readSync, read as readWithCallback } from "node:fs";
import { link, mkdir, open, readdir, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../core/index.ts";

/** Bytes of a whole key in UTF-8, as in S3. */
const KEY_BYTES_MAX = 1024;
/** Bytes of one part between slashes: what common file systems take as a name. */
const PART_BYTES_MAX = 255;
/** Descriptors that stay open for reading; the least recently used is closed first. */
const DESCRIPTORS_MAX = 512;
/** Unfinished writes live here; no key can begin with a dot, so nothing else does. */
const UNFINISHED = ".unfinished";

const KEY_RULES: readonly (readonly [broken: (key: string) => boolean, message: string])[] = [
  [(key) => key === "", "is empty"],
  [(key) => Buffer.byteLength(key) > KEY_BYTES_MAX, `has more than ${KEY_BYTES_MAX} bytes`],
  [(key) => !key.isWellFormed(), "is not well-formed Unicode"],
  [(key) => /[\0\\]/.test(key), "holds a NUL or a backslash"],
  [(key) => key.split("/").includes(""), "has an empty part"],
  [(key) => key.split("/").some((part) => part.startsWith(".")), "has a part that begins with a dot"],
  [(key) => key.split("/").some((part) => Buffer.byteLength(part) > PART_BYTES_MAX), "has a part of over 255 bytes"],
];

/**
 * Immutable objects as files below one directory: the key is the path.
 *
 * An object is there whole or not at all, and durable once `put` resolves. Names are never given to other bytes. One
 * process owns the directory (`lockDirectory`); several threads of it may each have their own store over it.
 */
export class DirectoryObjectStore {
  readonly directory: string;
  /** Insertion order is order of use: the first one is the least recently used. */
  readonly #readers = new Map<string, Reader>();
  #unfinished = 0;

  constructor(directory: string) {
    this.directory = resolve(directory);
  }

  /**
   * Puts `bytes` under `key`; resolves once the object would survive a power cut. Putting the same bytes again is
   * harmless, so a writer that crashed simply writes again.
   * @throws {Failure} when the key is taken by other bytes, is not a good key, or the disk refuses.
   */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    try {
      await makeDirectories(this.directory, dirname(path));
      const unfinished = await this.#writeUnfinished(bytes);
      // A link, not a rename: of two writers exactly one gives the name, the other learns that it is taken.
      const taken = await giveName(unfinished, path);
      if (taken && !(await holds(path, bytes))) throw new Error("the key is taken by other bytes");
      await syncDirectory(dirname(path));
    } catch (cause) {
      throw new Failure(`put object ${key} (${bytes.length} bytes)`, cause);
    }
  }

  /**
   * Exactly the `length` bytes from `offset` on, by default all that follow.
   * @throws {Failure} when there is no such object or it ends before; a short answer is never given.
   */
  async read(key: string, offset = 0, length?: number): Promise<Uint8Array> {
    const path = this.#path(key);
    try {
      const reader = this.#reader(path);
      reader.users += 1;
      try {
        return await readFully(reader.descriptor, offset, length);
      } finally {
        reader.users -= 1;
        if (reader.retired && reader.users === 0) closeSync(reader.descriptor);
      }
    } catch (cause) {
      throw readFailure(key, offset, length, cause);
    }
  }

  /**
   * `read` without a thread in between: the caller waits, a few microseconds when the system holds the pages in memory.
   * @throws {Failure} as `read` does.
   */
  readSync(key: string, offset: number, length: number): Uint8Array {
    const path = this.#path(key);
    try {
      const bytes = new Uint8Array(length);
      const { descriptor } = this.#reader(path);
      for (let done = 0; done < length; ) {
        const got = readSync(descriptor, bytes, done, length - done, offset + done);
        if (got === 0) throw endsEarly(length - done);
        done += got;
      }
      return bytes;
    } catch (cause) {
      throw readFailure(key, offset, length, cause);
    }
  }

  /** @throws {Failure} when there is no such object. */
  async size(key: string): Promise<number> {
    const path = this.#path(key);
    try {
      return (await stat(path)).size;
    } catch (cause) {
      throw new Failure(`size of object ${key}`, cause);
    }
  }

  /** Every key that begins with `prefix`, sorted by code units. A prefix may end inside a name. */
  async list(prefix = ""): Promise<readonly string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    if (folder !== "") this.#path(folder.slice(0, -1));
    const keys: string[] = [];
    const walk = async (below: string): Promise<void> => {
      for (const entry of await entries(join(this.directory, below))) {
        const key = below + entry.name;
        if (entry.name.startsWith(".")) continue;
        if (entry.isFile() && key.startsWith(prefix)) keys.push(key);
        if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)))
          await walk(`${key}/`);
      }
    };
    try {
      await walk(folder);
    } catch (cause) {
      throw new Failure(`list objects ${prefix}`, cause);
    }
    return keys.sort();
  }

  /** Deletes durably; an absent object is fine. */
  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    try {
      this.#retire(path);
      await rm(path, { force: true });
      await syncDirectory(dirname(path)).catch(ignoreAbsent);
    } catch (cause) {
      throw new Failure(`delete object ${key}`, cause);
    }
  }

  /** Removes what a crash left half-written. Call once, at start, before anything is put. */
  async removeUnfinished(): Promise<void> {
    await rm(join(this.directory, UNFINISHED), { recursive: true, force: true });
  }

  /** Closes the descriptors, each once the reads in flight on it have finished. The store stays usable. */
  close(): void {
    for (const path of this.#readers.keys()) this.#retire(path);
  }

  #path(key: string): string {
    for (const [broken, message] of KEY_RULES) {
      if (broken(key)) throw new Failure(`object key ${JSON.stringify(key.slice(0, 100))} ${message}`);
    }
    return join(this.directory, key);
  }

  async #writeUnfinished(bytes: Uint8Array): Promise<string> {
    const folder = join(this.directory, UNFINISHED);
    await mkdir(folder, { recursive: true });
    for (;;) {
      const path = join(folder, String(this.#unfinished++));
      // Exclusive: another thread's store may count from zero too.
      const file = await open(path, "wx").catch((cause: unknown) => void isTaken(cause));
      if (file === undefined) continue;
      try {
        await file.writeFile(bytes);
        await file.sync();
        return path;
      } catch (cause) {
        await rm(path, { force: true });
        throw cause;
      } finally {
        await file.close();
      }
    }
  }

  #reader(path: string): Reader {
    const reader = this.#readers.get(path) ?? { descriptor: openSync(path, "r"), users: 0, retired: false };
    this.#readers.delete(path);
    this.#readers.set(path, reader);
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size <= DESCRIPTORS_MAX) break;
      this.#retire(oldest);
    }
    return reader;
  }

  /** Forgets the descriptor; it is closed at once, or by its last user. */
  #retire(path: string): void {
    const reader = this.#readers.get(path);
    if (reader === undefined) return;
    this.#readers.delete(path);
    reader.retired = true;
    if (reader.users === 0) closeSync(reader.descriptor);
  }
}

interface Reader {
  readonly descriptor: number;
  users: number;
  retired: boolean;
}

const readSome = promisify(readWithCallback);

async function readFully(descriptor: number, offset: number, length?: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length ?? Math.max(0, fstatSync(descriptor).size - offset));
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await readSome(descriptor, bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) throw endsEarly(bytes.length - done);
    done += bytesRead;
  }
  return bytes;
}

function endsEarly(missingBytes: number): Error {
  return new Error(`the object ends ${missingBytes} bytes early`);
}

function readFailure(key: string, offset: number, length: number | undefined, cause: unknown): Failure {
  return new Failure(`read object ${key} (${length ?? "all"} bytes from ${offset})`, cause);
}

/** Gives the unfinished file its name; answers true when the name is taken. */
async function giveName(unfinished: string, path: string): Promise<boolean> {
  try {
    await link(unfinished, path);
    return false;
  } catch (cause) {
    return isTaken(cause);
  } finally {
    await unlink(unfinished);
  }
}

async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size !== bytes.length) return false;
    return Buffer.compare(await file.readFile(), bytes) === 0;
  } finally {
    await file.close();
  }
}

/** Makes the folders down to `path` and makes their names durable, from `root` on. */
async function makeDirectories(root: string, path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  if (made === undefined) return;
  for (let folder = path; folder.length >= root.length && folder.startsWith(root); folder = dirname(folder)) {
    await syncDirectory(folder);
  }
  await syncDirectory(dirname(root));
}

/** Makes the names inside a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function entries(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    ignoreAbsent(cause);
    return [];
  }
}

function isTaken(thrown: unknown): true {
  if (codeOf(thrown) !== "EEXIST") throw thrown;
  return true;
}

function isAbsent(thrown: unknown): boolean {
  return codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR";
}

function ignoreAbsent(thrown: unknown): void {
  if (!isAbsent(thrown)) throw thrown;
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
