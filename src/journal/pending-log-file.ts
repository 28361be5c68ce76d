import { close, constants, fdatasync, open, read, write } from "node:fs";
import { open as openHandle, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../core/index.ts";
import { encodeHeader, HEADER_BYTES, type Previous } from "./pending-log-frames.ts";

// Callbacks, not handles: this is the path of every call that waits for the disk.
const openAsync = promisify(open);
const closeAsync = promisify(close);
const syncAsync = promisify(fdatasync);
const writeAsync = promisify(write);
const readAsync = promisify(read);

/**
 * Space is reserved by writing zeros, at most this much at a time: a sync that need not also record that the file has
 * grown takes half the time.
 */
const RESERVED_BYTES_MAX = 1024 * 1024;
const ZEROS = Buffer.alloc(RESERVED_BYTES_MAX);

/** One file of the pending log: written until it is full, then only read until nothing in it is pending. */
export class PendingLogFile {
  readonly path: string;
  /** Ascending from file to file. */
  readonly number: number;
  /** Where the next group goes. */
  size: number;
  /** Records in it that are pending, and the bytes of their frames. */
  readonly live = { records: 0, bytes: 0 };
  /** Something acknowledged in it cannot be read: it is kept for whoever looks into that. */
  damaged = false;
  readonly #writer: Writer | undefined;
  #reserved = 0;
  #reserving: Promise<void> | undefined;

  constructor(path: string, number: number, size: number, writer?: Writer) {
    this.path = path;
    this.number = number;
    this.size = size;
    this.#writer = writer;
  }

  /**
   * Makes a file and its name durable; `bytes` is what it will hold.
   * @throws {Failure} when the disk refuses; there is no such file then.
   */
  static async create(path: string, number: number, previous: Previous, bytes: number): Promise<PendingLogFile> {
    let file: PendingLogFile | undefined;
    try {
      const writer = await openAsync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      file = new PendingLogFile(path, number, 0, {
        descriptor: writer,
        stepBytes: Math.min(RESERVED_BYTES_MAX, bytes),
      });
      await file.write(encodeHeader(previous));
      await syncDirectory(dirname(path));
      return file;
    } catch (cause) {
      await file?.endWriting();
      // What cannot be removed either holds nothing: the next start removes it.
      if (file !== undefined) await unlink(path).catch(() => undefined);
      throw new Failure(`create ${path}`, cause);
    }
  }

  get isEmpty(): boolean {
    return this.size <= HEADER_BYTES;
  }

  /** Resolves once `bytes` would survive a power cut at the end of the file. To be called one after the other. */
  async write(bytes: Buffer): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) throw new Failure(`write ${this.path}: it is not open for writing`);
    // Zeros that arrive late would erase what was written.
    if (this.size + bytes.length > this.#reserved) await this.#reserving;
    await writeFully(writer.descriptor, bytes, this.size);
    await syncAsync(writer.descriptor);
    this.size += bytes.length;
    this.#reserved = Math.max(this.#reserved, this.size);
    if (this.#reserved - this.size < writer.stepBytes / 2) this.#reserving ??= this.#reserveAhead(writer);
  }

  /** After that the file is only read. */
  async endWriting(): Promise<void> {
    await this.#reserving;
    // Everything that anybody was told of is synced already: closing has nothing to add to that.
    if (this.#writer !== undefined) await closeAsync(this.#writer.descriptor).catch(() => undefined);
  }

  /** Durably; a damaged file gets another name instead. Harmless when it was done in part before. */
  async remove(): Promise<void> {
    const name = this.damaged ? `${this.path}.damaged` : undefined;
    await (name === undefined ? unlink(this.path) : rename(this.path, name)).catch((cause: unknown) => {
      if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    });
    await syncDirectory(dirname(this.path));
  }

  async #reserveAhead(writer: Writer): Promise<void> {
    try {
      await this.#reserve(writer);
    } catch {
      // A full disk: whoever writes records there will be told. Until then nothing is lost but speed.
    } finally {
      this.#reserving = undefined;
    }
  }

  async #reserve({ descriptor, stepBytes }: Writer): Promise<void> {
    await writeFully(descriptor, ZEROS.subarray(0, stepBytes), this.#reserved);
    await syncAsync(descriptor);
    this.#reserved += stepBytes;
  }
}

interface Writer {
  readonly descriptor: number;
  readonly stepBytes: number;
}

/** Reads `length` bytes at `offset`, fewer at the end of the file. */
export async function readAt(descriptor: number, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await readAsync(descriptor, bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Makes the names inside a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await openHandle(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeFully(descriptor: number, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await writeAsync(descriptor, bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
