import { closeSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../core/index.ts";
import { PendingLogFile, readAt } from "./pending-log-file.ts";
import { type FileContents, type Frame, frameAt, type Gap, readFrames } from "./pending-log-frames.ts";

/** Where the frame of a pending record lies. */
export interface Place {
  readonly file: PendingLogFile;
  readonly offset: number;
  readonly length: number;
  /** When the record was put, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** What earlier runs left. */
export interface LoadedLog {
  /** Oldest first. */
  readonly files: readonly PendingLogFile[];
  /** By eventID, in the order of their places. */
  readonly places: ReadonlyMap<string, Place>;
  readonly damages: readonly Failure[];
}

const NAME = /^pending-(\d{12})\.log$/;
/** Read ahead, because the next record is usually wanted too. */
const READ_BYTES = 256 * 1024;

export function pendingLogName(number: number): string {
  return `pending-${String(number).padStart(12, "0")}.log`;
}

/** @throws {Failure} when a file cannot be read at all; damage inside is answered. */
export async function loadPendingLog(directory: string): Promise<LoadedLog> {
  const files: PendingLogFile[] = [];
  const places = new Map<string, Place>();
  const damages: Failure[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const number = NAME.exec(name)?.[1];
    if (number === undefined) continue;
    const path = join(directory, name);
    const found = await readFramesOf(path);
    const before = files.at(-1);
    const file = new PendingLogFile(path, Number(number), found.end);
    files.push(file);
    for (const frame of found.frames) replay(file, frame, places);
    const tell = (damagedFile: PendingLogFile, { offset, length }: Gap): void => {
      damages.push(damage(damagedFile.path, offset, length));
      damagedFile.damaged = true;
    };
    for (const gap of found.damages) tell(file, gap);
    const { previous } = found;
    if (before !== undefined && previous?.number === before.number && previous.size > before.size)
      tell(before, { offset: before.size, length: previous.size - before.size });
  }
  for (const { file, length } of places.values()) {
    file.live.records += 1;
    file.live.bytes += length;
  }
  return { files, places, damages };
}

async function readFramesOf(path: string): Promise<FileContents> {
  try {
    return readFrames(await readFile(path));
  } catch (cause) {
    throw new Failure(`read ${path}`, cause);
  }
}

function replay(file: PendingLogFile, frame: Frame, places: Map<string, Place>): void {
  const { offset, length, sinceMs } = frame;
  for (const eventID of frame.eventIDs) {
    // Deleted first: a record that was moved takes the place in the order that it moved to.
    places.delete(eventID);
    if (frame.kind === "record") places.set(eventID, { file, offset, length, sinceMs });
  }
}

/** Reads frames, best in the order of their places. */
export class FrameReader {
  #open: { readonly file: PendingLogFile; readonly descriptor: number } | undefined;
  #window: { readonly bytes: Buffer; readonly offset: number } = { bytes: Buffer.alloc(0), offset: 0 };

  /** @throws {Failure} naming file and offset when the frame is not as it was written. */
  async read({ file, offset, length }: Place): Promise<Frame> {
    if (this.#open?.file !== file) this.#openFile(file);
    const descriptor = this.#open?.descriptor ?? -1;
    const { bytes, offset: from } = this.#window;
    if (offset < from || offset + length > from + bytes.length) {
      const wanted = Math.max(length, Math.min(READ_BYTES, file.size - offset));
      this.#window = { bytes: await readAt(descriptor, offset, wanted), offset };
    }
    const frame = frameAt(this.#window.bytes, offset - this.#window.offset, this.#window.offset);
    if (frame === undefined) throw damage(file.path, offset, length);
    return frame;
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }

  #openFile(file: PendingLogFile): void {
    this.close();
    this.#window = { bytes: Buffer.alloc(0), offset: 0 };
    try {
      this.#open = { file, descriptor: openSync(file.path, "r") };
    } catch (cause) {
      throw new Failure(`read ${file.path}`, cause);
    }
  }
}

function damage(path: string, offset: number, length: number): Failure {
  return new Failure(`pending log ${path} is damaged: ${length} bytes at offset ${offset}`);
}
