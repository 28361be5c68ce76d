import { assert, Failure } from "../../core/index.ts";
import type { LogEvent, LogRange, LogStore, NewLogEvent, StreamStats } from "../log-events.ts";
import type { LogDatabase, StreamPart } from "./database.ts";
import { addPart, GroupState } from "./group-state.ts";
import { mergeSources } from "./merge.ts";
import type { LogStoreNeeds, LogStoreOptions, LogWriteStep } from "./open-log-store.ts";
import { eventIdOf, FIRST, LAST, type Position, positionOf, TIMESTAMP_MAX } from "./position.ts";
import { writeSegments } from "./sealer.ts";
import type { StoredEvent } from "./segment.ts";
import { SegmentSource, TailSource, type Wanted } from "./sources.ts";

/** So many bytes commit together; what else waits is next. */
const COMMIT_BYTES_MAX = 8 * 1024 * 1024;
/** Tails may grow to so many times their bound while sealing fails; then nothing more is taken. */
const TAIL_OVERFLOW = 4;
const AGE_CHECK_MS = 30_000;

interface Append {
  readonly arn: string;
  readonly stream: string;
  readonly events: readonly NewLogEvent[];
  readonly ingested: number;
  readonly bytes: number;
  readonly resolve: (events: readonly LogEvent[]) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Log events in an SQLite file, the tail, and in segments in the object store.
 *
 * Appends that come together commit together. A read takes its events from wherever they are; when they are moved while
 * it is under way it goes on from where it was.
 */
export class DirectoryLogStore implements LogStore {
  readonly #needs: LogStoreNeeds;
  readonly #options: LogStoreOptions;
  readonly #database: LogDatabase;
  #groups = new Map<string, GroupState>();
  #nextSequence = 1;
  /** Of all groups, as of the last commit. */
  #tailBytes = 0;
  #waiting: Append[] = [];
  #commit: NodeJS.Immediate | undefined;
  #sealing: Promise<void> = Promise.resolve();
  readonly #sealed = new Set<GroupState>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(needs: LogStoreNeeds, options: LogStoreOptions, database: LogDatabase) {
    this.#needs = needs;
    this.#options = options;
    this.#database = database;
    this.#readState();
    this.#timer = setInterval(() => this.#sealWhatIsOld(), AGE_CHECK_MS).unref();
  }

  append(arn: string, stream: string, events: readonly NewLogEvent[], ingested: number): Promise<readonly LogEvent[]> {
    if (events.length === 0) return Promise.resolve([]);
    const isTimely = events.every(({ timestamp }) => timestamp >= 0 && timestamp <= TIMESTAMP_MAX);
    assert(isTimely, "times of log events can be told in their ids");
    if (this.#closed) return Promise.reject(new Failure("the log groups are closed"));
    if (this.#tailBytes > this.#options.tailBytesMax * TAIL_OVERFLOW) {
      return Promise.reject(new Failure("the log groups hold too much that could not be sealed"));
    }
    const bytes = events.reduce((sum, { message }) => sum + message.length, 0);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ arn, stream, events, ingested, bytes, resolve, reject });
      this.#commit ??= setImmediate(() => this.#commitSome());
    });
  }

  async *read(range: LogRange): AsyncGenerator<readonly LogEvent[]> {
    let after = range.after && positionOf(range.after.eventId);
    for (;;) {
      const state = this.#groups.get(range.group);
      if (state === undefined) return;
      const { generation } = state;
      const isStale = (): boolean => this.#groups.get(range.group) !== state || state.generation !== generation;
      const wanted = wantedOf(range, state, after);
      if (wanted === undefined) return;
      try {
        for await (const page of mergeSources(this.#sources(state, wanted, isStale), wanted.descending)) {
          yield page.flatMap((event) => this.#told(event, state));
          after = page.at(-1);
        }
        return;
      } catch (thrown) {
        // The events have moved: they are found again from where this read is.
        if (!isStale() || this.#closed) throw thrown;
      }
    }
  }

  async find(group: string, eventId: string): Promise<LogEvent | undefined> {
    const position = positionOf(eventId);
    if (position === undefined) return undefined;
    const { timestamp, sequence } = position;
    const after = { timestamp, eventId: eventIdOf({ timestamp, sequence: Math.max(FIRST, sequence - 1) }) };
    for await (const [event] of this.read({ group, from: timestamp, to: timestamp + 1, after })) {
      return event?.eventId === eventId ? event : undefined;
    }
    return undefined;
  }

  async stats(group: string): Promise<ReadonlyMap<string, StreamStats>> {
    const state = this.#groups.get(group);
    if (state === undefined) return new Map();
    const parts = new Map<number, StreamPart>();
    for (const part of [...this.#database.segmentParts(state.group), ...state.tail]) {
      parts.set(part.stream, addPart(parts.get(part.stream), part));
    }
    const told = [...parts.values()].flatMap((part) => {
      const name = state.nameOf(part.stream);
      const { bytes: storedBytes, firstMs: firstTimestamp, lastMs: lastTimestamp, ingested: lastIngestionTime } = part;
      return name === undefined
        ? []
        : [[name, { storedBytes, firstTimestamp, lastTimestamp, lastIngestionTime }] as const];
    });
    return new Map(told);
  }

  held(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#groups].map(([arn, { streams }]) => [arn, [...streams.keys()]]));
  }

  async expire(group: string, before: number): Promise<void> {
    const state = this.#groups.get(group);
    if (state === undefined) return;
    const objects = this.#write("catalogue", () => this.#database.removeBefore(state.group, before));
    state.generation += 1;
    state.recount(this.#database);
    await this.#deleteObjects(objects);
  }

  /** What is gone is gone for every reader once this returns, before the promise resolves. */
  async remove(group: string, stream?: string): Promise<void> {
    const state = this.#groups.get(group);
    if (state === undefined) return;
    const objects = stream === undefined ? this.#removeGroup(state) : this.#removeStream(state, stream);
    await this.#deleteObjects(objects);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    clearImmediate(this.#commit);
    while (this.#waiting.length > 0) this.#commitSome();
    await this.#sealing;
    this.#database.close();
  }

  /** Resolves when the segments that are being made are there, and the tails that are due have become some. */
  async sealed(): Promise<void> {
    this.#sealWhatIsOld();
    await this.#sealing;
  }

  #commitSome(): void {
    this.#commit = undefined;
    let bytes = 0;
    const count = this.#waiting.findIndex((each) => (bytes += each.bytes) >= COMMIT_BYTES_MAX) + 1;
    const group = this.#waiting.splice(0, count === 0 ? this.#waiting.length : count);
    if (this.#waiting.length > 0) this.#commit = setImmediate(() => this.#commitSome());
    try {
      const answers = this.#write("events", () => {
        const stored = group.map((append) => this.#store(append));
        this.#database.setNextSequence(this.#nextSequence);
        return stored;
      });
      group.forEach(({ resolve }, index) => resolve(answers[index] ?? []));
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
      return;
    }
    this.#sealWhatIsLarge(group);
  }

  /** Inside the transaction. The state in memory runs ahead; when the commit fails it is read again. */
  #store({ arn, stream, events, ingested }: Append): readonly LogEvent[] {
    const state = this.#groups.get(arn) ?? this.#addGroup(arn);
    let id = state.streams.get(stream);
    if (id === undefined) {
      id = this.#database.addStream(state.group, stream);
      state.addStream(id, stream);
    }
    const stored = events.map(({ timestamp, message }, index) => ({
      timestamp,
      sequence: this.#nextSequence + index,
      stream: id,
      ingested,
      // Half a character cannot be stored; what comes back from a segment shall be what came from the tail.
      message: message.toWellFormed(),
    }));
    for (const event of stored) {
      this.#database.addEvent(state.group, event);
      state.add(event);
    }
    this.#nextSequence += events.length;
    return stored.flatMap((event) => this.#told(event, state));
  }

  #addGroup(arn: string): GroupState {
    const state = new GroupState(this.#database.addGroup(arn), arn);
    this.#groups.set(arn, state);
    return state;
  }

  #told(event: StoredEvent, state: GroupState): readonly LogEvent[] {
    const stream = state.nameOf(event.stream);
    if (stream === undefined) return [];
    const { timestamp, ingested: ingestionTime, message } = event;
    return [{ stream, timestamp, ingestionTime, message, eventId: eventIdOf(event) }];
  }

  #sources(state: GroupState, wanted: Wanted, isStale: () => boolean): readonly (SegmentSource | TailSource)[] {
    const { low, high, descending, streams } = wanted;
    const rows = this.#database.segments(state.group, low.timestamp, high.timestamp, streams);
    const segments = rows.map(
      (row) =>
        new SegmentSource(
          { ...row, read: (offset, length) => this.#needs.objects.read(row.object, offset, length) },
          wanted,
        ),
    );
    const tail = new TailSource(wanted, (from, to) => {
      if (isStale()) throw new Failure("the tail of the log group has moved");
      return this.#database.fetch(state.group, { low: from, high: to, descending, streams });
    });
    return [...segments, tail];
  }

  #sealWhatIsLarge(group: readonly Append[]): void {
    for (const arn of new Set(group.map((append) => append.arn))) {
      const state = this.#groups.get(arn);
      if (state !== undefined && state.tailBytes >= this.#options.sealBytes) this.#seal(state);
    }
    this.#tailBytes = [...this.#groups.values()].reduce((sum, { tailBytes }) => sum + tailBytes, 0);
    if (this.#tailBytes <= this.#options.tailBytesMax) return;
    const [largest] = [...this.#groups.values()].toSorted((one, other) => other.tailBytes - one.tailBytes);
    if (largest !== undefined) this.#seal(largest);
  }

  #sealWhatIsOld(): void {
    const due = this.#needs.clock.now() - this.#options.sealAgeMs;
    for (const state of this.#groups.values()) {
      if (state.tailSince !== undefined && state.tailSince <= due) this.#seal(state);
    }
  }

  /** One after the other; a group that waits for it already is not sealed twice. */
  #seal(state: GroupState): void {
    if (this.#sealed.has(state) || this.#closed) return;
    this.#sealed.add(state);
    this.#sealing = this.#sealing
      .then(() => this.#sealNow(state))
      // Nothing is lost: the events stay in the tail, and the next try comes with the next events or the next check.
      .catch((err: unknown) => this.#needs.log.error({ err, group: state.arn }, "log events could not be sealed yet"))
      .finally(() => this.#sealed.delete(state));
  }

  async #sealNow(state: GroupState): Promise<void> {
    const below = this.#nextSequence;
    let isSealed = false;
    state.beginSealing();
    try {
      const segments = await writeSegments(this.#needs, this.#database, state, below, this.#options.sealBytes);
      if (segments === undefined) return;
      this.#write("catalogue", () => {
        for (const { object, blocks, parts } of segments) this.#database.addSegment(state.group, object, blocks, parts);
        this.#database.removeSealed(state.group, below);
      });
      isSealed = true;
      state.generation += 1;
    } finally {
      state.endSealing(isSealed);
    }
  }

  #removeGroup(state: GroupState): readonly string[] {
    const objects = this.#write("catalogue", () => this.#database.removeGroup(state.group));
    this.#groups.delete(state.arn);
    state.generation += 1;
    return objects;
  }

  #removeStream(state: GroupState, name: string): readonly string[] {
    const stream = state.streams.get(name);
    if (stream === undefined) return [];
    const objects = this.#write("catalogue", () => this.#database.removeStream(state.group, stream));
    state.removeStream(stream, name);
    state.generation += 1;
    state.recount(this.#database);
    return objects;
  }

  /** An object that stays is removed at the next start: no segment names it. */
  async #deleteObjects(objects: readonly string[]): Promise<void> {
    for (const object of objects) {
      await this.#needs.objects.delete(object).catch((err: unknown) => {
        this.#needs.log.warn({ err, object }, "a segment of log events could not be deleted yet");
      });
    }
  }

  /** After a failed commit nobody knows whether it happened: what is in memory is read again. */
  #write<Result>(step: LogWriteStep, work: () => Result): Result {
    try {
      const result = this.#database.transaction(() => {
        this.#needs.fault?.(step, "not written");
        return work();
      });
      this.#needs.fault?.(step, "written, reply lost");
      return result;
    } catch (thrown) {
      this.#readState();
      throw thrown;
    }
  }

  #readState(): void {
    for (const state of this.#groups.values()) state.generation += 1;
    this.#groups = new Map();
    this.#nextSequence = this.#database.nextSequence();
    for (const { group, arn } of this.#database.groups()) {
      const state = new GroupState(group, arn);
      for (const { stream, name } of this.#database.streams(group)) state.addStream(stream, name);
      state.recount(this.#database);
      this.#groups.set(arn, state);
    }
  }
}

/** What a range asks for, from behind `after` on; undefined when that is nothing. */
function wantedOf(range: LogRange, state: GroupState, after: Position | undefined): Wanted | undefined {
  const { descending = false } = range;
  let low = { timestamp: Math.max(0, Math.ceil(range.from)), sequence: FIRST };
  let high = { timestamp: Math.min(TIMESTAMP_MAX, Math.ceil(range.to) - 1), sequence: LAST };
  if (after !== undefined && !descending && isBeyond(after, low))
    low = { timestamp: after.timestamp, sequence: after.sequence + 1 };
  if (after !== undefined && descending && isBeyond(high, after))
    high = { timestamp: after.timestamp, sequence: after.sequence - 1 };
  if (isBeyond(low, high)) return undefined;
  const streams = streamsOf(range, state);
  if (streams?.size === 0) return undefined;
  const lives = (stream: number): boolean => state.nameOf(stream) !== undefined;
  return streams === undefined ? { low, high, descending, lives } : { low, high, descending, lives, streams };
}

function isBeyond(one: Position, other: Position): boolean {
  return one.timestamp > other.timestamp || (one.timestamp === other.timestamp && one.sequence >= other.sequence);
}

function streamsOf({ streams, streamPrefix }: LogRange, state: GroupState): ReadonlySet<number> | undefined {
  if (streams === undefined && streamPrefix === undefined) return undefined;
  const asked = streams === undefined ? [...state.streams.keys()] : streams;
  const names = streamPrefix === undefined ? asked : asked.filter((name) => name.startsWith(streamPrefix));
  return new Set(names.flatMap((name) => state.streams.get(name) ?? []));
}
