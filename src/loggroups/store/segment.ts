import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { Failure } from "../../core/index.ts";
import type { Position } from "./position.ts";

/** One event as it is stored: its stream by number. */
export interface StoredEvent extends Position {
  readonly stream: number;
  /** Milliseconds since 1970. */
  readonly ingested: number;
  readonly message: string;
}

/** Where a block lies in its segment, and what it can hold. Plain data: the catalogue keeps it as JSON. */
export interface BlockEntry {
  readonly offset: number;
  readonly length: number;
  /** Bytes when unpacked. */
  readonly unpacked: number;
  readonly first: Position;
  readonly last: Position;
  /** Absent when there are too many to be worth a list. */
  readonly streams?: readonly number[];
}

/** Unpacked bytes of a block, roughly: what a read unpacks at the least. */
const BLOCK_BYTES = 256 * 1024;
/** A block ends where nothing happened for so long: late events must not make it reach over what came long after. */
const GAP_MS = 3_600_000;
const LISTED_STREAMS_MAX = 64;
const LEVEL = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };

const compress = promisify<Uint8Array, object, Buffer>(zstdCompress);
const decompress = promisify<Uint8Array, object, Buffer>(zstdDecompress);

/** By column, so that what is alike stands together. */
type Columns = readonly [
  timestamps: readonly number[],
  sequences: readonly number[],
  streams: readonly number[],
  ingested: readonly number[],
  messages: readonly string[],
];

/** Makes a segment of events that come in order: blocks one after the other, each a zstd frame with a checksum. */
export class SegmentBuilder {
  readonly #blocks: Uint8Array[] = [];
  readonly #entries: BlockEntry[] = [];
  #open: StoredEvent[] = [];
  #openBytes = 0;
  #offset = 0;

  /** Packed bytes so far. */
  get bytes(): number {
    return this.#offset;
  }

  async add(event: StoredEvent): Promise<void> {
    const last = this.#open.at(-1);
    if (last !== undefined && (this.#openBytes >= BLOCK_BYTES || event.timestamp - last.timestamp > GAP_MS)) {
      await this.#endBlock();
    }
    this.#open.push(event);
    this.#openBytes += event.message.length + 32;
  }

  async finish(): Promise<{ readonly bytes: Uint8Array; readonly blocks: readonly BlockEntry[] }> {
    await this.#endBlock();
    return { bytes: Buffer.concat(this.#blocks), blocks: this.#entries };
  }

  async #endBlock(): Promise<void> {
    const [first, last] = [this.#open[0], this.#open.at(-1)];
    if (first === undefined || last === undefined) return;
    const streams = [...new Set(this.#open.map(({ stream }) => stream))];
    const columns: Columns = [
      this.#open.map(({ timestamp }) => timestamp),
      this.#open.map(({ sequence }) => sequence),
      this.#open.map(({ stream }) => stream),
      this.#open.map(({ ingested }) => ingested),
      this.#open.map(({ message }) => message),
    ];
    this.#open = [];
    this.#openBytes = 0;
    const raw = Buffer.from(JSON.stringify(columns));
    const packed = await compress(raw, { params: LEVEL });
    this.#entries.push({
      offset: this.#offset,
      length: packed.length,
      unpacked: raw.length,
      first: { timestamp: first.timestamp, sequence: first.sequence },
      last: { timestamp: last.timestamp, sequence: last.sequence },
      ...(streams.length > LISTED_STREAMS_MAX ? {} : { streams }),
    });
    this.#blocks.push(packed);
    this.#offset += packed.length;
  }
}

/** @throws {Failure} when the block is damaged. */
export async function readBlock(packed: Uint8Array, { unpacked }: BlockEntry): Promise<readonly StoredEvent[]> {
  try {
    const raw = await decompress(packed, { maxOutputLength: unpacked });
    if (raw.length !== unpacked) throw new Error(`${raw.length} bytes instead of ${unpacked}`);
    const [timestamps, sequences, streams, ingested, messages] = JSON.parse(raw.toString()) as Columns;
    return messages.map((message, index) => ({
      timestamp: timestamps[index] as number,
      sequence: sequences[index] as number,
      stream: streams[index] as number,
      ingested: ingested[index] as number,
      message,
    }));
  } catch (cause) {
    throw new Failure("unpack a block of log events", cause);
  }
}
