import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { assert, Failure } from "../core/index.ts";
import { openFrames, plainSize } from "./sealed-frames.ts";

const READ_BYTES = 262_144;

/** An open file with an object in it. */
export interface OpenContent {
  /** As the file has them, whatever was said when it was written. */
  readonly size: number;
  /** Bytes from `start` up to and including `end`. Once: the file is closed when the stream is. */
  stream(start: number, end: number): Readable;
  /** When it is not streamed. */
  close(): void;
}

/** `key` when the file is encrypted. Takes the handle. */
export async function openContent(handle: FileHandle, key: Uint8Array | undefined, what: string): Promise<OpenContent> {
  const { size: fileBytes } = await handle.stat();
  const size = key === undefined ? fileBytes : plainSize(fileBytes);
  let streamed = false;
  const close = (): void => {
    // Nothing was written: there is nothing that closing could lose.
    handle.close().catch(() => undefined);
  };
  return {
    size,
    close: () => {
      if (!streamed) close();
    },
    stream: (start, end) => {
      assert(!streamed, "an open object is streamed once");
      streamed = true;
      if (key === undefined && size > 0 && start <= end) {
        return handle.createReadStream({ start, end: Math.min(end, size - 1), highWaterMark: READ_BYTES });
      }
      const bytes = key === undefined ? nothing() : opened(handle, key, fileBytes, start, end, what);
      return Readable.from(bytes, { objectMode: false, highWaterMark: READ_BYTES }).once("close", close);
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* opened(
  handle: FileHandle,
  key: Uint8Array,
  fileBytes: number,
  start: number,
  end: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* openFrames(key, fileBytes, (offset, length) => readFully(handle, offset, length), start, end);
  } catch (cause) {
    const isOfDisk = cause instanceof Error && "syscall" in cause;
    throw new (isOfDisk ? Failure : DamagedContent)(`decrypt ${what}`, cause);
  }
}

/** What lies on the disk is not what was put there. */
export class DamagedContent extends Failure {}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`the file ends ${length - done} bytes early`);
    done += bytesRead;
  }
  return bytes;
}
