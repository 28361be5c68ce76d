import { symlinkSync, unlinkSync } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rmdir,
  stat,
  symlink,
  unlink,
} from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { Failure } from "../core/index.ts";
import { faultable, type StrikeFault } from "./faults.ts";

/** Files in the making, and marks of files that may be garbage. No bucket's name begins with a dot. */
const UNFINISHED = ".unfinished";
/** Bytes that are collected before they go to the disk; of all files together, however many clients send how slowly. */
const WRITE_BYTES = 1_048_576;
const WAITING_BYTES_MAX = 64 * WRITE_BYTES;
/** Folders that are remembered to be durable. */
const FOLDERS_MAX = 10_000;

export interface Leftovers {
  readonly unfinished: readonly string[];
  readonly marked: readonly { readonly file: string; readonly mark: Mark }[];
}

/** A mark that a file may be garbage: whether it is, the rows say. Undone by `unmark` once they have been asked. */
export type Mark = string;

/**
 * Files below one directory, by paths relative to it (`objectFile`). A file has its name only when it is whole and
 * durable.
 *
 * Files and rows cannot change in one step, so a mark goes before: `UNFINISHED/<n>.of`, a symbolic link to the file's
 * path. Whoever opens the directory after a crash asks the rows about each marked file, and about no others. Marks are
 * not synchronised one by one: should a power cut lose one, then a file is left over that no row knows, which costs
 * space and nothing else.
 */
export class Files {
  readonly directory: string;
  readonly strike: StrikeFault;
  /** Called before a file is unlinked that will not be. */
  readonly #makeMutable: (path: string) => Promise<void>;
  readonly #durableFolders = new Set<string>();
  /** Folders are made and removed one after the other, so that who finds one there knows that its name is durable. */
  #folderWork: Promise<unknown> = Promise.resolve();
  #count = 0;
  #waitingBytes = 0;

  private constructor(directory: string, strike: StrikeFault, makeMutable: (path: string) => Promise<void>) {
    this.directory = resolve(directory);
    this.strike = strike;
    this.#makeMutable = makeMutable;
  }

  /** @throws {Failure} when the directory cannot be made. */
  static async open(
    directory: string,
    strike: StrikeFault,
    makeMutable: (path: string) => Promise<void>,
  ): Promise<Files> {
    const files = new Files(directory, strike, makeMutable);
    try {
      await mkdir(join(files.directory, UNFINISHED), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new Failure(`make the folder of buckets ${directory}`, cause);
    }
    return files;
  }

  async begin(): Promise<UnfinishedFile> {
    const path = this.#unfinishedPath(String(++this.#count));
    return new UnfinishedFile(this, path, await open(path, "w", 0o600));
  }

  /** Bytes of unfinished files that are in memory: `more` come, or, when negative, go. True when there is no room for them. */
  hold(more: number): boolean {
    this.#waitingBytes += more;
    return this.#waitingBytes > WAITING_BYTES_MAX;
  }

  /** Gives a whole file its name and makes it durable; marked until the rows know it. */
  async name(unfinished: string, file: string): Promise<Mark> {
    const path = this.path(file);
    const mark = this.#unfinishedPath(`${++this.#count}.of`);
    await symlink(file, mark);
    try {
      await faultable(this.strike, "name", async () => await this.#rename(unfinished, path));
      await faultable(this.strike, "folder sync", async () => await syncFolder(dirname(path)));
    } catch (cause) {
      // A file that cannot be removed now keeps its mark, and goes when the directory is opened again.
      await Promise.allSettled([this.remove(file).then(() => unlink(mark))]);
      throw cause;
    }
    return mark;
  }

  /**
   * Marks a file that the rows are about to forget. In no time: it happens inside a transaction. Undefined when the disk
   * has no room for a mark: that must not keep anybody from making room.
   */
  mark(file: string): Mark | undefined {
    const mark = this.#unfinishedPath(`${++this.#count}.of`);
    try {
      symlinkSync(file, mark);
      return mark;
    } catch {
      return undefined;
    }
  }

  /** Never fails: a mark that stays only asks the rows once more, when the directory is opened again. */
  unmark(mark: Mark): void {
    try {
      unlinkSync(mark);
    } catch {
      return;
    }
  }

  /** The file goes, and folders that are empty then. A file that is not there is no failure. */
  async remove(file: string): Promise<void> {
    const path = this.path(file);
    try {
      await unlink(path);
    } catch (cause) {
      if (codeOf(cause) === "EPERM" || codeOf(cause) === "EACCES") {
        await this.#makeMutable(path);
        await unlink(path);
      } else ignoreAbsent(cause);
    }
    await this.#removeEmptyFolders(dirname(path));
  }

  /** The empty folders at `folder` and below go; whatever somebody else put there stays. */
  async removeFolder(folder: string): Promise<void> {
    await this.#folderTask(async () => {
      this.#durableFolders.clear();
      await removeEmpty(this.path(folder));
    });
  }

  /** @throws what the system says (`ENOENT`). */
  async read(file: string): Promise<FileHandle> {
    return await open(this.path(file), "r");
  }

  /** A path for a file that is made to try something. */
  probe(): string {
    return this.#unfinishedPath(`probe-${++this.#count}`);
  }

  /** Undefined when it is not there. */
  async size(file: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(file))).size;
    } catch (cause) {
      ignoreAbsent(cause);
      return undefined;
    }
  }

  /** What a crash left: unfinished files, and marked ones, whose fate the rows decide. */
  async leftovers(): Promise<Leftovers> {
    const entries = await readdir(join(this.directory, UNFINISHED), { withFileTypes: true });
    const marks = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => this.#unfinishedPath(name));
    return {
      unfinished: entries.filter((entry) => entry.isFile()).map(({ name }) => `${UNFINISHED}/${name}`),
      marked: await Promise.all(marks.map(async (mark) => ({ mark, file: await readlink(mark) }))),
    };
  }

  /** @throws {Failure} when it would lie elsewhere than below the directory. */
  path(file: string): string {
    const path = join(this.directory, file);
    if (!path.startsWith(this.directory + sep)) throw new Failure(`use file ${file}: it is outside ${this.directory}`);
    return path;
  }

  async #rename(unfinished: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#makeFolder(dirname(path));
      try {
        await rename(unfinished, path);
        return;
      } catch (cause) {
        // The folder was empty and somebody who removed its last file removed it too.
        if (codeOf(cause) !== "ENOENT" || attempt === 10) throw cause;
        this.#durableFolders.delete(dirname(path));
      }
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#durableFolders.has(folder)) return;
    await this.#folderTask(async () => {
      const first = await mkdir(folder, { recursive: true, mode: 0o700 });
      if (first !== undefined) {
        for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
      }
      if (this.#durableFolders.size >= FOLDERS_MAX) this.#durableFolders.clear();
      this.#durableFolders.add(folder);
    });
  }

  /** Up to the bucket's own folder `objects` or `uploads`, which stays. */
  async #removeEmptyFolders(folder: string): Promise<void> {
    const stays = this.directory.split(sep).length + 2;
    if (folder.split(sep).length <= stays) return;
    await this.#folderTask(async () => {
      for (let empty = folder; empty.split(sep).length > stays; empty = dirname(empty)) {
        this.#durableFolders.delete(empty);
        try {
          await rmdir(empty);
        } catch (cause) {
          ignoreNotEmpty(cause);
          return;
        }
      }
    });
  }

  async #folderTask(work: () => Promise<void>): Promise<void> {
    const turn = this.#folderWork.then(work);
    // Who asked for the work hears of its failure; the next one in the line does not.
    this.#folderWork = turn.catch(() => undefined);
    await turn;
  }

  #unfinishedPath(name: string): string {
    return join(this.directory, UNFINISHED, name);
  }
}

/** A file that nobody sees yet. Pieces that were handed in must not be changed afterwards. */
export class UnfinishedFile {
  readonly #files: Files;
  readonly #path: string;
  readonly #handle: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(files: Files, path: string, handle: FileHandle) {
    this.#files = files;
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    const isFull = this.#files.hold(bytes.length);
    if (isFull || this.#waitingBytes >= WRITE_BYTES) await this.#flush();
  }

  /** Durable, under its name. */
  async finish(file: string): Promise<Mark> {
    await this.#flush();
    await faultable(this.#files.strike, "content sync", async () => await this.#handle.sync());
    await this.#handle.close();
    return await this.#files.name(this.#path, file);
  }

  /** Never fails: what cannot be removed now is removed when the directory is opened again. */
  async discard(): Promise<void> {
    this.#files.hold(-this.#waitingBytes);
    this.#waitingBytes = 0;
    this.#waiting = [];
    await Promise.allSettled([this.#handle.close(), unlink(this.#path)]);
  }

  async #flush(): Promise<void> {
    const pieces = this.#waiting;
    this.#waiting = [];
    const bytes = this.#waitingBytes;
    this.#waitingBytes = 0;
    if (bytes === 0) return;
    try {
      await faultable(this.#files.strike, "content", async () => await writeAll(this.#handle, pieces, bytes));
    } finally {
      this.#files.hold(-bytes);
    }
  }
}

async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  if (pieces.length <= PIECES_MAX) {
    const { bytesWritten } = await handle.writev(pieces);
    if (bytesWritten === bytes) return;
    await handle.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
    return;
  }
  await handle.writeFile(Buffer.concat(pieces));
}

/** How many pieces the system takes in one call (IOV_MAX). */
const PIECES_MAX = 1024;

/** Makes the names inside a folder durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeEmpty(path: string): Promise<void> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeEmpty(join(path, entry.name));
    }
    await rmdir(path);
  } catch (cause) {
    ignoreNotEmpty(cause);
  }
}

function ignoreNotEmpty(thrown: unknown): void {
  const code = codeOf(thrown);
  if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw thrown;
}

function ignoreAbsent(thrown: unknown): void {
  if (!isAbsent(thrown)) throw thrown;
}

export function isAbsent(thrown: unknown): boolean {
  return codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR";
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
