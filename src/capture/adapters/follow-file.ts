import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Clock, Failure } from "../../core/index.ts";
import type { State } from "../state-file.ts";
import { type DeliverLines, deliverPieces, readPieces } from "./read-lines.ts";
import { isObject } from "./values.ts";

export interface FollowNeeds {
  readonly path: string;
  readonly deliver: DeliverLines;
  /** Where the place in the file is kept. */
  readonly state: State;
  readonly clock: Clock;
  /** Tells of what an operator should know: a file that was rotated away before it was read to its end. */
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Where reading goes on: which file, how far, and how it began, for numbers of files are used again. */
interface Place {
  readonly device: number;
  readonly inode: number;
  readonly offset: number;
  readonly head: { readonly bytes: number; readonly sha256: string };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
  offset: number;
  head: Place["head"];
}

/** So long after a file was renamed may its writer still write into it. */
const LINGER_MS = 10_000;
const HEAD_BYTES = 256;
/** What log rotation appends to a name: `.1`, `-20260801`, `.2026-08-01`. */
const ROTATED = /^[.-]\d[\d-]*$/;

/**
 * Reads a file that grows, from its beginning on, through rotation (renamed and made anew) and truncation. Every line is
 * delivered at least once: the place is kept after its lines are durable. A last line without its end waits for it.
 */
export class FileFollower {
  readonly #needs: FollowNeeds;
  #file: OpenFile | undefined;
  /** When the path was first seen to be another file, by the clock's `elapsed()`. */
  #renamedAt: number | undefined;

  constructor(needs: FollowNeeds) {
    this.#needs = needs;
  }

  /**
   * Delivers what is there to be read now. Not to be called while an earlier call is under way.
   * @throws {Failure} when the file cannot be read, the lines not recorded, or the place not kept; the next call goes on
   * from the place that was kept last.
   */
  async poll(): Promise<void> {
    try {
      while (await this.#pollFile()) {
        // A file that is done with is followed by the one that took its place.
      }
    } catch (thrown) {
      await this.close();
      throw thrown instanceof Failure ? thrown : new Failure(`follow ${this.#needs.path}`, thrown);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#renamedAt = undefined;
    await file?.handle.close();
  }

  /** Whether another file is to be read at once. */
  async #pollFile(): Promise<boolean> {
    this.#file ??= await this.#find();
    const file = this.#file;
    if (file === undefined) return false;
    // Cut in place, perhaps to grow since beyond what was read of it.
    if (!(await beginsLike(file.handle, file))) await this.#moveTo(file, 0);
    await this.#drain(file, false);
    const now = await fileNumbers(this.#needs.path);
    if (now === undefined || sameFile(now, file)) {
      this.#renamedAt = undefined;
      return false;
    }
    this.#renamedAt ??= this.#needs.clock.elapsed();
    if (this.#needs.clock.elapsed() - this.#renamedAt < LINGER_MS) return false;
    // Nobody will end its last line any more.
    await this.#drain(file, true);
    const next = await this.#successor(file);
    await this.close();
    if (next === undefined) return false;
    this.#file = next;
    await this.#moveTo(next, 0);
    return true;
  }

  async #drain(file: OpenFile, last: boolean): Promise<void> {
    const onDelivered = (bytes: number): Promise<void> => this.#moveTo(file, file.offset + bytes);
    await deliverPieces(readPieces(file.handle, file.offset), this.#needs.deliver, { onDelivered, last });
  }

  async #moveTo(file: OpenFile, offset: number): Promise<void> {
    file.offset = offset;
    file.head = await headOf(file.handle, Math.min(offset, HEAD_BYTES));
    const { device, inode, head } = file;
    await this.#needs.state.save({ device, inode, offset, head } satisfies Place);
  }

  /** The file that the kept place is in, wherever it was renamed to, or the one at the path. */
  async #find(): Promise<OpenFile | undefined> {
    const { path, state, warn } = this.#needs;
    const place = parsePlace(await state.load());
    for (const candidate of place === undefined ? [] : await this.#rotation()) {
      if (place === undefined || !sameFile(candidate, place)) continue;
      const file = await openAt(candidate.path, place);
      if (file !== undefined && (await beginsLike(file.handle, place))) return file;
      await file?.handle.close();
    }
    const file = await openAt(path, START);
    if (file === undefined) return undefined;
    if (place !== undefined && !sameFile(file, place)) {
      warn({ path, unreadFrom: place.offset }, "a log was rotated away before it was read to its end");
    }
    this.#file = file;
    // Kept before anything is read: it may be renamed at once.
    await this.#moveTo(file, 0);
    return file;
  }

  /** What was written after this file: several rotations may have passed. */
  async #successor(done: OpenFile): Promise<OpenFile | undefined> {
    const { mtimeMs } = await done.handle.stat();
    const all = await this.#rotation();
    const suffix = all.find((one) => sameFile(one, done))?.suffix ?? "";
    const after = all.filter((one) => !sameFile(one, done) && byAge(one, { mtimeMs, suffix }) > 0).sort(byAge);
    return await openAt(after[0]?.path ?? this.#needs.path, START);
  }

  /** The path and what rotation made of it before, those packed since left out. */
  async #rotation(): Promise<readonly RotatedFile[]> {
    const { path } = this.#needs;
    const [directory, name] = [dirname(path), basename(path)];
    const names = (await readdir(directory)).filter(
      (one) => one === name || (one.startsWith(name) && ROTATED.test(one.slice(name.length))),
    );
    const found = await Promise.all(
      names.map(async (one) => {
        const numbers = await fileNumbers(join(directory, one));
        const suffix = one.slice(name.length);
        return numbers === undefined ? [] : [{ ...numbers, path: join(directory, one), suffix }];
      }),
    );
    return found.flat();
  }
}

interface FileNumbers {
  readonly device: number;
  readonly inode: number;
  readonly mtimeMs: number;
}

interface RotatedFile extends FileNumbers {
  readonly path: string;
  /** What rotation appended to the name; nothing is the newest. */
  readonly suffix: string;
}

/** Oldest first. Files of one age are ordered as rotation names them: by date, or by a number that counts up. */
function byAge(one: Pick<RotatedFile, "mtimeMs" | "suffix">, other: typeof one): number {
  return one.mtimeMs - other.mtimeMs || generation(other.suffix) - generation(one.suffix);
}

/** 0 is the newest; dates are large numbers that grow the other way. */
function generation(suffix: string): number {
  const number = Number(suffix.replace(/\D/g, ""));
  return number < 10_000 ? number : 1e20 - number;
}

async function fileNumbers(path: string): Promise<FileNumbers | undefined> {
  try {
    const { dev, ino, mtimeMs } = await stat(path);
    return { device: dev, inode: ino, mtimeMs };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

const START: Pick<Place, "offset" | "head"> = {
  offset: 0,
  head: { bytes: 0, sha256: createHash("sha256").digest("hex") },
};

async function openAt(path: string, { offset, head }: typeof START): Promise<OpenFile | undefined> {
  try {
    const handle = await open(path, "r");
    const { dev, ino } = await handle.stat();
    return { handle, device: dev, inode: ino, offset, head };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

type Numbers = Pick<FileNumbers, "device" | "inode">;

function sameFile(one: Numbers, other: Numbers): boolean {
  return one.inode === other.inode && one.device === other.device;
}

async function headOf(handle: FileHandle, bytes: number): Promise<Place["head"]> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
  return { bytes, sha256: createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex") };
}

async function beginsLike(handle: FileHandle, { head, offset }: typeof START): Promise<boolean> {
  const { size } = await handle.stat();
  return size >= offset && (await headOf(handle, head.bytes)).sha256 === head.sha256;
}

function parsePlace(value: unknown): Place | undefined {
  if (!isObject(value) || !isObject(value["head"])) return undefined;
  const { device, inode, offset } = value;
  const { bytes, sha256 } = value["head"];
  if (![device, inode, offset, bytes].every((one) => Number.isSafeInteger(one) && Number(one) >= 0)) return undefined;
  if (Number(bytes) > HEAD_BYTES || typeof sha256 !== "string") return undefined;
  const head = { bytes: Number(bytes), sha256 };
  return { device: Number(device), inode: Number(inode), offset: Number(offset), head };
}
