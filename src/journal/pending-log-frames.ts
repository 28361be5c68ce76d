import { crc32 } from "node:zlib";
import type { JournalRecord } from "./journal.ts";

/**
 * A file of the pending log: a header, which tells where the file before ends; then frames; then the zeros of space that
 * is reserved ahead.
 *
 * A frame holds one record, or the eventIDs of records that are done. All frames that were written at once, a group,
 * tell where the group begins: groups are written one after the other, so a frame of a later group proves that
 * everything before that group was acknowledged.
 */
export interface Frame {
  readonly kind: "record" | "done";
  readonly offset: number;
  readonly length: number;
  /** Where the group begins. */
  readonly group: number;
  /** When the record was put, milliseconds since 1970; 0 in a frame of done marks. */
  readonly sinceMs: number;
  /** One of a record; any number of done marks. */
  readonly eventIDs: readonly string[];
  /** The record's; none in a frame of done marks. */
  readonly bytes: Uint8Array;
}

/** Bytes of a file that hold nothing readable. */
export interface Gap {
  readonly offset: number;
  readonly length: number;
}

/** What is readable in a file. */
export interface FileContents {
  readonly frames: readonly Frame[];
  /** Where the last frame ends. */
  readonly end: number;
  /**
   * The gaps that something acknowledged lay in. What is unreadable in the last group is none, for a power cut leaves a
   * group that nobody was told of like that.
   */
  readonly damages: readonly Gap[];
  /** Undefined when the header is unreadable. */
  readonly previous: Previous | undefined;
}

const MAGIC = Buffer.from("opentrail pending log 1\n");
const MAGIC_OF_ANY_VERSION = MAGIC.subarray(0, MAGIC.length - 2);
/** Magic, number and end of the file before, CRC-32 of all that. */
export const HEADER_BYTES: number = MAGIC.length + 12;

/** The file before another one: its number (0 for none), and where it ended. */
export interface Previous {
  readonly number: number;
  readonly size: number;
}

/** Sync word, CRC-32 of all that follows, bytes of the payload, offset of the frame, of its group, since, kind. */
const HEAD_BYTES = 4 + 4 + 4 + 4 + 4 + 8 + 1;
/** Lets the next frame be found behind damage. It is no UTF-8, so no JSON holds it. */
const SYNC_WORD = Buffer.from([0xf5, 0x4f, 0x54, 0xff]);
const RECORD = 1;
const DONE = 2;

export function encodeHeader({ number, size }: Previous): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(number, MAGIC.length);
  header.writeUInt32LE(size, MAGIC.length + 4);
  header.writeUInt32LE(crc32(header.subarray(0, MAGIC.length + 8)), MAGIC.length + 8);
  return header;
}

/** Bytes of a record's frame. */
export function recordFrameBytes({ eventID, bytes }: JournalRecord): number {
  return HEAD_BYTES + 1 + Buffer.byteLength(eventID) + bytes.length;
}

/** A group for offset `group` of the file: the records, and after them what is done; and where each record's frame lies. */
export function encodeGroup(
  group: number,
  records: readonly { readonly record: JournalRecord; readonly sinceMs: number }[],
  done: readonly string[],
): { readonly bytes: Buffer; readonly places: readonly Gap[] } {
  const lengths = records.map(({ record }) => recordFrameBytes(record));
  const doneBytes = done.length === 0 ? 0 : HEAD_BYTES + packedLength(done);
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, doneBytes));
  let at = 0;
  const places = records.map(({ record, sinceMs }, index) => {
    const length = lengths[index] as number;
    const frame = bytes.subarray(at, at + length);
    frame.set(record.bytes, packIds(frame, [record.eventID]));
    closeFrame(frame, { offset: group + at, group, sinceMs, kind: RECORD });
    at += length;
    return { offset: group + at - length, length };
  });
  if (doneBytes > 0) {
    const frame = bytes.subarray(at);
    packIds(frame, done);
    closeFrame(frame, { offset: group + at, group, sinceMs: 0, kind: DONE });
  }
  return { bytes, places };
}

function packedLength(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + 1 + Buffer.byteLength(id), 0);
}

/** Answers where they end. */
function packIds(frame: Buffer, ids: readonly string[]): number {
  let at = HEAD_BYTES;
  for (const id of ids) {
    const length = frame.write(id, at + 1);
    frame[at] = length;
    at += 1 + length;
  }
  return at;
}

function closeFrame(
  frame: Buffer,
  head: { readonly offset: number; readonly group: number; readonly sinceMs: number; readonly kind: number },
): void {
  SYNC_WORD.copy(frame);
  frame.writeUInt32LE(frame.length - HEAD_BYTES, 8);
  frame.writeUInt32LE(head.offset, 12);
  frame.writeUInt32LE(head.group, 16);
  frame.writeDoubleLE(head.sinceMs, 20);
  frame[28] = head.kind;
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
}

/** The frame at `at` in `bytes`, which lie at `base` in the file; undefined when there is none that is whole. */
export function frameAt(bytes: Buffer, at: number, base = 0): Frame | undefined {
  if (at + HEAD_BYTES > bytes.length || bytes.compare(SYNC_WORD, 0, 4, at, at + 4) !== 0) return undefined;
  const length = HEAD_BYTES + bytes.readUInt32LE(at + 8);
  if (at + length > bytes.length || bytes.readUInt32LE(at + 12) !== base + at) return undefined;
  const frame = bytes.subarray(at, at + length);
  if (crc32(frame.subarray(8)) !== frame.readUInt32LE(4)) return undefined;
  const kind = frame[28] === RECORD ? "record" : "done";
  const { ids, end } = unpackIds(frame, kind === "record" ? 1 : Infinity);
  return {
    kind,
    offset: base + at,
    length,
    group: frame.readUInt32LE(16),
    sinceMs: frame.readDoubleLE(20),
    eventIDs: ids,
    bytes: frame.subarray(end),
  };
}

function unpackIds(frame: Buffer, count: number): { ids: readonly string[]; end: number } {
  const ids: string[] = [];
  let at = HEAD_BYTES;
  while (at < frame.length && ids.length < count) {
    const end = at + 1 + (frame[at] as number);
    ids.push(frame.toString("utf8", at + 1, end));
    at = end;
  }
  return { ids, end: at };
}

/** @throws {Error} when the file is of another version. */
export function readFrames(file: Buffer): FileContents {
  const previous = decodeHeader(file);
  const frames: Frame[] = [];
  const gaps: Gap[] = [];
  let end = HEADER_BYTES;
  for (let frame = nextFrame(file, end); frame !== undefined; frame = nextFrame(file, end)) {
    if (frame.offset > end) gaps.push({ offset: end, length: frame.offset - end });
    frames.push(frame);
    end = frame.offset + frame.length;
  }
  const lastGroup = frames.at(-1)?.group ?? 0;
  return { frames, end, damages: gaps.filter(({ offset }) => offset < lastGroup), previous };
}

function decodeHeader(file: Buffer): Previous | undefined {
  const magic = file.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC) && magic.subarray(0, MAGIC_OF_ANY_VERSION.length).equals(MAGIC_OF_ANY_VERSION))
    throw new Error("it is a pending log of another version, or its first line is damaged");
  if (file.length < HEADER_BYTES) return undefined;
  const isWhole = crc32(file.subarray(0, MAGIC.length + 8)) === file.readUInt32LE(MAGIC.length + 8);
  return isWhole ? { number: file.readUInt32LE(MAGIC.length), size: file.readUInt32LE(MAGIC.length + 4) } : undefined;
}

function nextFrame(file: Buffer, from: number): Frame | undefined {
  for (let at = from; at !== -1; at = file.indexOf(SYNC_WORD, at + 1)) {
    const frame = frameAt(file, at);
    if (frame !== undefined) return frame;
  }
  return undefined;
}
