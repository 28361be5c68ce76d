import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { assert, Failure, reason } from "../core/index.ts";
import type { JournalRecord } from "./journal.ts";
import type { PendingLog, PendingLogNeeds, PendingLogOptions, PendingRecord } from "./pending-log.ts";
import { PendingLogFile, syncDirectory } from "./pending-log-file.ts";
import { encodeGroup, recordFrameBytes } from "./pending-log-frames.ts";
import { FrameReader, loadPendingLog, type LoadedLog, pendingLogName, type Place } from "./pending-log-reader.ts";

const DEFAULTS = { bytesMax: 1024 ** 3, fileBytes: 64 * 1024 ** 2 };
/** What one write takes, unless its first record alone is larger. */
const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/** Done marks that are in memory only, at most; and how long, milliseconds. PendingLog tells what rests on this. */
const MARKS_MAX = 1024;
const MARKS_MS = 100;
/** While the disk refuses, somebody looks this often whether it still does. */
const PROBE_MS = 1000;
/** Full files whose few pending records are moved, so that one slow record does not hold the space of many. */
const OLD_FILES_MAX = 3;
const LIVE_SHARE_MIN = 1 / 4;

/**
 * Opens the log in `directory`, made when absent. What a power cut left unfinished is ignored: nobody was told that it was
 * kept. Damage elsewhere costs what lies there and nothing else; it is told in `damages`, and the file is kept.
 * A disk that refuses now does not keep it from opening: `problem` tells.
 * @throws {Failure} when a file cannot be read.
 */
export async function openPendingLog(needs: PendingLogNeeds, options: PendingLogOptions = {}): Promise<PendingLog> {
  const directory = resolve(needs.directory);
  try {
    if ((await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined)
      await syncDirectory(dirname(directory));
    const { bytesMax, fileBytes } = { ...DEFAULTS, ...options };
    const bounds = { bytesMax, fileBytes: Math.min(fileBytes, bytesMax / 8) };
    return await FilePendingLog.open({ ...needs, directory }, bounds);
  } catch (cause) {
    throw new Failure(`open pending log in ${directory}`, cause);
  }
}

interface Waiting {
  readonly record: JournalRecord;
  readonly sinceMs: number;
  readonly frameBytes: number;
  /** Of a record that is moved: the place that it has. */
  readonly from?: Place;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
}

class FilePendingLog implements PendingLog {
  readonly damages: Failure[];
  readonly #needs: PendingLogNeeds;
  readonly #bounds: Required<PendingLogOptions>;
  /** In the order of their places, so that reading them all reads every file once, from front to end. */
  readonly #places: Map<string, Place>;
  /** Oldest first. They go in this order only: a done mark lies in a later file than its record. */
  readonly #files: PendingLogFile[];
  #current: PendingLogFile | undefined;
  #nextNumber: number;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  /** Done, and not on the disk yet. */
  #marks: string[] = [];
  #marksTimer: NodeJS.Timeout | undefined;
  #marksAreDue = false;
  #writing: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #moving: Promise<void> | undefined;
  #problem: string | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  static async open(needs: PendingLogNeeds, bounds: Required<PendingLogOptions>): Promise<FilePendingLog> {
    const loaded = await loadPendingLog(needs.directory);
    const log = new FilePendingLog(needs, bounds, loaded);
    for (const failure of loaded.damages) needs.log.error({ err: failure }, "records that waited are lost");
    await log.#startFile().catch((cause: unknown) => log.#fail(cause, []));
    return log;
  }

  private constructor(needs: PendingLogNeeds, bounds: Required<PendingLogOptions>, loaded: LoadedLog) {
    this.#needs = needs;
    this.#bounds = bounds;
    this.#files = [...loaded.files];
    this.#places = new Map(loaded.places);
    this.damages = [...loaded.damages];
    this.#nextNumber = (loaded.files.at(-1)?.number ?? 0) + 1;
  }

  get pending(): number {
    return this.#places.size;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { size }) => sum + size, 0);
  }

  get full(): boolean {
    return this.bytes + this.#queuedBytes >= this.#bounds.bytesMax;
  }

  get oldestMs(): number | undefined {
    for (const { sinceMs } of this.#places.values()) return sinceMs;
    return undefined;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  put(record: JournalRecord): Promise<void> {
    const refusal = this.#refusal(record);
    if (refusal !== undefined) return Promise.reject(new Failure(`put ${record.eventID}: ${refusal}`));
    return this.#enqueue(record, this.#needs.clock.now());
  }

  done(eventID: string): void {
    const place = this.#places.get(eventID);
    if (place === undefined || this.#closed !== undefined) return;
    this.#forget(eventID, place);
    this.#marks.push(eventID);
    if (this.#marks.length >= MARKS_MAX) this.#writeMarks();
    else this.#marksTimer ??= setTimeout(() => this.#writeMarks(), MARKS_MS).unref();
  }

  has(eventID: string): boolean {
    return this.#places.has(eventID);
  }

  async *left(): AsyncGenerator<PendingRecord> {
    const reader = new FrameReader();
    let count = this.#places.size;
    try {
      for (const [eventID, place] of this.#places) {
        if (count-- === 0) return;
        const bytes = await this.#read(reader, eventID, place);
        if (bytes !== undefined) yield { eventID, bytes, sinceMs: place.sinceMs };
      }
    } finally {
      reader.close();
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    clearTimeout(this.#probeTimer);
    this.#writeMarks();
    while (this.#writing !== undefined) await this.#writing;
    await this.#moving;
    await this.#sweeping;
    await this.#current?.endWriting();
    this.#current = undefined;
    clearTimeout(this.#marksTimer);
  }

  #refusal(record: JournalRecord): string | undefined {
    const idBytes = Buffer.byteLength(record.eventID);
    assert(idBytes > 0 && idBytes <= 255, "an eventID has 1 to 255 bytes");
    if (this.#closed !== undefined) return "the pending log is closed";
    if (this.#problem !== undefined) return this.#problem;
    return this.full ? `${this.#bounds.bytesMax} bytes wait already` : undefined;
  }

  #enqueue(record: JournalRecord, sinceMs: number, from?: Place): Promise<void> {
    const frameBytes = recordFrameBytes(record);
    this.#queuedBytes += frameBytes;
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, sinceMs, frameBytes, resolve, reject, ...(from === undefined ? {} : { from }) });
      this.#writeSoon();
    });
  }

  /** The record's bytes, unless it is done or moved meanwhile, or lost. */
  async #read(reader: FrameReader, eventID: string, place: Place): Promise<Uint8Array | undefined> {
    const isStillThere = (): boolean => this.#places.get(eventID) === place;
    if (!isStillThere()) return undefined;
    try {
      const { bytes } = await reader.read(place);
      return isStillThere() ? bytes : undefined;
    } catch (cause) {
      if (!isStillThere()) return undefined;
      const failure = cause instanceof Failure ? cause : new Failure(`read ${place.file.path}`, cause);
      this.damages.push(failure);
      this.#needs.log.error({ err: failure, eventID }, "a record that waited is lost");
      place.file.damaged = true;
      this.#forget(eventID, place);
      return undefined;
    }
  }

  #remember(eventID: string, place: Place): void {
    const known = this.#places.get(eventID);
    if (known !== undefined) this.#forget(eventID, known);
    this.#places.set(eventID, place);
    place.file.live.records += 1;
    place.file.live.bytes += place.length;
  }

  #forget(eventID: string, { file, length }: Place): void {
    this.#places.delete(eventID);
    file.live.records -= 1;
    file.live.bytes -= length;
    if (file.live.records === 0 && file !== this.#current) this.#sweep();
  }

  #writeMarks(): void {
    clearTimeout(this.#marksTimer);
    this.#marksTimer = undefined;
    this.#marksAreDue = this.#marks.length > 0;
    this.#writeSoon();
  }

  /** After the events that are being handled now: what they put still joins the group. */
  #writeSoon(): void {
    if (this.#writing !== undefined || this.#problem !== undefined) return;
    if (this.#queue.length === 0 && !this.#marksAreDue) return;
    this.#writing = new Promise((resolve) => {
      setImmediate(() => {
        void this.#writeGroup().finally(() => {
          this.#writing = undefined;
          resolve();
          this.#writeSoon();
        });
      });
    });
  }

  /** Never rejects. One group at a time: what comes while it is written becomes the next. */
  async #writeGroup(): Promise<void> {
    const taken = this.#takeGroup();
    const marks = this.#marks;
    this.#marks = [];
    this.#marksAreDue = false;
    try {
      const file = await this.#fileFor(taken.reduce((sum, { frameBytes }) => sum + frameBytes, 0));
      // What was done while it waited to be moved needs no new place.
      const records = taken.filter(({ record, from }) => !from || this.#places.get(record.eventID) === from);
      const { bytes, places } = encodeGroup(file.size, records, marks);
      await file.write(bytes);
      for (const [index, { record, sinceMs, from }] of records.entries()) {
        if (from !== undefined && this.#places.get(record.eventID) !== from) continue;
        const { offset = 0, length = 0 } = places[index] ?? {};
        this.#remember(record.eventID, { file, offset, length, sinceMs });
      }
      for (const { resolve } of taken) resolve();
    } catch (cause) {
      this.#marks = [...marks, ...this.#marks];
      await this.#fail(cause, taken);
    }
  }

  #takeGroup(): readonly Waiting[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ frameBytes }, index) => (bytes += frameBytes) > GROUP_BYTES_MAX && index > 0);
    const taken = this.#queue.splice(0, end === -1 ? this.#queue.length : end);
    for (const { frameBytes } of taken) this.#queuedBytes -= frameBytes;
    return taken;
  }

  async #fileFor(groupBytes: number): Promise<PendingLogFile> {
    const current = this.#current;
    if (current?.isEmpty === true) return current;
    if (current !== undefined && current.size + groupBytes <= this.#bounds.fileBytes) return current;
    const next = await this.#startFile();
    this.#move();
    return next;
  }

  async #startFile(): Promise<PendingLogFile> {
    const number = this.#nextNumber++;
    const path = join(this.#needs.directory, pendingLogName(number));
    const previous = this.#files.at(-1) ?? { number: 0, size: 0 };
    const next = await PendingLogFile.create(path, number, previous, this.#bounds.fileBytes);
    const last = this.#current;
    this.#files.push(next);
    this.#current = next;
    await last?.endWriting();
    this.#sweep();
    return next;
  }

  /** A file that a write failed in is never written to again: what lies behind its end is unknown. */
  async #fail(cause: unknown, taken: readonly Waiting[]): Promise<void> {
    this.#problem = reason(cause);
    this.#needs.log.error({ err: cause }, "records that wait cannot be kept from now on");
    const waiting = [...taken, ...this.#queue.splice(0)];
    this.#queuedBytes = 0;
    for (const { record, reject } of waiting) reject(new Failure(`put ${record.eventID}`, cause));
    const failed = this.#current;
    this.#current = undefined;
    await failed?.endWriting();
    this.#sweep();
    this.#probeLater();
  }

  #probeLater(): void {
    if (this.#closed !== undefined) return;
    this.#probeTimer = setTimeout(() => void (this.#writing ??= this.#probe()), PROBE_MS).unref();
  }

  /** Never rejects. */
  async #probe(): Promise<void> {
    try {
      await this.#startFile();
      this.#problem = undefined;
      this.#marksAreDue = this.#marks.length > 0;
      this.#needs.log.info({ pending: this.pending }, "records that wait can be kept again");
    } catch (cause) {
      this.#problem = reason(cause);
      this.#probeLater();
    } finally {
      this.#writing = undefined;
    }
    this.#writeSoon();
  }

  /** Removes files that nothing is pending in; what fails is tried again with the next. */
  #sweep(): void {
    this.#sweeping ??= this.#sweepAll().finally(() => (this.#sweeping = undefined));
  }

  async #sweepAll(): Promise<void> {
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      if (file === this.#current || file.live.records > 0) return;
      try {
        // In order: one that came back after a power cut would lack the done marks of those that did not.
        await file.remove();
      } catch (cause) {
        this.#needs.log.error({ err: cause }, "a file without pending records could not be removed yet");
        return;
      }
      this.#files.shift();
    }
  }

  /** Moves the last pending records of the oldest file to the newest when old files hold little else than done ones. */
  #move(): void {
    const old = this.#files.filter((file) => file !== this.#current);
    const size = old.reduce((sum, file) => sum + file.size, 0);
    const live = old.reduce((sum, file) => sum + file.live.bytes, 0);
    const oldest = old[0];
    if (oldest === undefined || old.length < OLD_FILES_MAX || live > size * LIVE_SHARE_MIN) return;
    this.#moving ??= this.#moveAll(oldest).finally(() => (this.#moving = undefined));
  }

  async #moveAll(file: PendingLogFile): Promise<void> {
    const reader = new FrameReader();
    try {
      const moved: Promise<void>[] = [];
      for (const [eventID, place] of [...this.#places].filter(([, each]) => each.file === file)) {
        const bytes = await this.#read(reader, eventID, place);
        if (bytes !== undefined && this.#problem === undefined && this.#closed === undefined)
          moved.push(this.#enqueue({ eventID, bytes }, place.sinceMs, place));
      }
      // A disk that refuses leaves them where they are.
      await Promise.allSettled(moved);
    } finally {
      reader.close();
    }
  }
}
