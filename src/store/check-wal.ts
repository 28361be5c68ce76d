import { existsSync, readFileSync } from "node:fs";
import { Failure } from "../core/index.ts";

/** The page size that every database of ours is made with. */
export const SQLITE_PAGE_BYTES = 4096;

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES: number = FRAME_HEADER_BYTES + SQLITE_PAGE_BYTES;
/** The magic number's last bit tells the byte order of the checksums. */
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

/**
 * Looks for damage in the write-ahead log that SQLite would pass over: it takes the first frame that does not match its
 * checksum for the end. At the very end that is right: a power cut tears the last commit, which nobody was told of. But
 * every commit is synced before the next one is begun, so a bad frame with a later commit behind it was good once, and
 * ending there would lose acknowledged records without a word.
 *
 * A log that is cut short, or whose last commit is damaged, cannot be told from a torn one.
 * @see https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 * @throws {Failure} naming the file and the place.
 */
export function checkWal(path: string): void {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length < HEADER_BYTES) return;
  const wal = new WriteAheadLog(bytes);
  let bad = 0;
  while (wal.headerIsGood && bad < wal.frameCount && wal.isGood(bad)) bad++;
  let commit = bad;
  while (commit < wal.frameCount && !(wal.isOfThisLog(commit) && wal.isCommit(commit))) commit++;
  for (let later = commit + 1; later < wal.frameCount; later++) {
    if (!wal.isGood(later)) continue;
    const place = wal.headerIsGood ? `at byte ${HEADER_BYTES + bad * FRAME_BYTES}` : "in its header";
    throw new Failure(`${path} is damaged ${place}, and later commits follow`);
  }
}

class WriteAheadLog {
  readonly frameCount: number;
  readonly headerIsGood: boolean;
  readonly #bytes: Buffer;
  readonly #bigEndian: boolean;

  constructor(bytes: Buffer) {
    const magic = bytes.readUInt32BE(0);
    this.#bytes = bytes;
    this.#bigEndian = magic === MAGIC_BIG_ENDIAN;
    this.frameCount = Math.floor((bytes.length - HEADER_BYTES) / FRAME_BYTES);
    const knowsMagic = magic === MAGIC_LITTLE_ENDIAN || magic === MAGIC_BIG_ENDIAN;
    this.headerIsGood = knowsMagic && this.#matches([0, 0], [[0, 24]], 24);
  }

  /** False for what an earlier use of the file left behind: the log's salt changes each time it begins anew. */
  isOfThisLog(frame: number): boolean {
    const logSalt = this.headerIsGood ? 16 : HEADER_BYTES + 8;
    const salt = HEADER_BYTES + frame * FRAME_BYTES + 8;
    return this.#bytes.compare(this.#bytes, logSalt, logSalt + 8, salt, salt + 8) === 0;
  }

  /** The last frame of a commit holds the size of the database. */
  isCommit(frame: number): boolean {
    return this.#bytes.readUInt32BE(HEADER_BYTES + frame * FRAME_BYTES + 4) > 0;
  }

  /** Each checksum goes on from the one before, as it stands in the file. */
  isGood(frame: number): boolean {
    const start = HEADER_BYTES + frame * FRAME_BYTES;
    const before = frame === 0 ? 24 : start - FRAME_BYTES + 16;
    const seed = [this.#bytes.readUInt32BE(before), this.#bytes.readUInt32BE(before + 4)] as const;
    const spans = [
      [start, start + 8],
      [start + FRAME_HEADER_BYTES, start + FRAME_BYTES],
    ] as const;
    return this.isOfThisLog(frame) && this.#matches(seed, spans, start + 16);
  }

  /** Whether the checksum over these spans of bytes stands at `stored`. */
  #matches(
    seed: readonly [number, number],
    spans: readonly (readonly [from: number, to: number])[],
    stored: number,
  ): boolean {
    const bytes = this.#bytes;
    let [first, second] = seed;
    for (const [from, to] of spans) {
      for (let at = from; at < to; at += 8) {
        first = (first + (this.#bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + second) >>> 0;
        second = (second + (this.#bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + first) >>> 0;
      }
    }
    return first === bytes.readUInt32BE(stored) && second === bytes.readUInt32BE(stored + 4);
  }
}
