import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Failure } from "../../core/index.ts";
import { checkWal, SQLITE_PAGE_BYTES } from "../../store/index.ts";
import type { Position } from "./position.ts";
import type { BlockEntry, StoredEvent } from "./segment.ts";

/**
 * The tables of loggroups.db. Events come first into `events`, the tail; many of a group then move into an object that
 * `segments` names. Numbers of groups and streams are never given twice: what a segment holds of a stream that was
 * deleted belongs to nobody.
 */
const SCHEMA = `
  create table settings (name text primary key, value integer not null) strict, without rowid;
  create table groups (group_id integer primary key autoincrement, arn text not null unique) strict;
  create table streams (
    stream_id integer primary key autoincrement, group_id integer not null, name text not null,
    unique (group_id, name)) strict;
  create table events (
    sequence integer primary key, group_id integer not null, stream_id integer not null, timestamp integer not null,
    ingested integer not null, message text not null) strict;
  create index events_by_time on events (group_id, timestamp);
  create table segments (
    segment_id integer primary key, group_id integer not null, object text not null, first_ms integer not null,
    last_ms integer not null, blocks text not null) strict;
  create index segments_of_group on segments (group_id, first_ms);
  create table segment_streams (
    segment_id integer not null, stream_id integer not null, bytes integer not null, first_ms integer not null,
    last_ms integer not null, ingested integer not null, primary key (segment_id, stream_id)) strict, without rowid;
  create index segments_of_stream on segment_streams (stream_id);
  insert into settings values ('sequence', 1);
`;

/** What a stream has in one place. */
export interface StreamPart {
  readonly stream: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly ingested: number;
}

/** An event's own bytes besides its message, as CloudWatch Logs counts. */
export const EVENT_OVERHEAD_BYTES = 26;

/** A fetch from the tail ends at so many events or bytes. */
const FETCH = { events: 1_000, bytes: 1024 * 1024 };

/** The one connection to loggroups.db: every method is one step that is done when it returns. */
export class LogDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws {Failure} when the file cannot be opened or is damaged. */
  constructor(path: string) {
    this.#path = path;
    try {
      checkWal(`${path}-wal`);
      this.#database = new DatabaseSync(path, { timeout: 5000 });
      this.#database.exec(`PRAGMA page_size=${SQLITE_PAGE_BYTES}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL`);
      const [found] = Object.values(this.#database.prepare("PRAGMA quick_check(1)").get() ?? {});
      if (found !== "ok") throw new Error(`the file is damaged: ${String(found)}`);
      const isNew = this.#database.prepare("select 1 from sqlite_schema where name = 'settings'").get() === undefined;
      if (isNew) this.#database.exec(`begin; ${SCHEMA}; commit`);
    } catch (cause) {
      throw new Failure(`open the log groups in ${path}`, cause);
    }
  }

  /** Durable when it returns, undone when it throws, unless the disk lost its answer. */
  transaction<Result>(work: () => Result): Result {
    try {
      this.#database.exec("begin immediate");
      const result = work();
      this.#database.exec("commit");
      return result;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw cause instanceof Failure ? cause : new Failure(`write log events in ${this.#path}`, cause);
    }
  }

  nextSequence(): number {
    return Number(this.#one("select value from settings where name = 'sequence'")["value"]);
  }

  setNextSequence(sequence: number): void {
    this.#run("update settings set value = ? where name = 'sequence'", sequence);
  }

  groups(): readonly { readonly group: number; readonly arn: string }[] {
    return this.#all("select group_id, arn from groups").map((row) => ({
      group: row["group_id"] as number,
      arn: row["arn"] as string,
    }));
  }

  streams(group: number): readonly { readonly stream: number; readonly name: string }[] {
    return this.#all("select stream_id, name from streams where group_id = ?", group).map((row) => ({
      stream: row["stream_id"] as number,
      name: row["name"] as string,
    }));
  }

  addGroup(arn: string): number {
    return Number(this.#run("insert into groups (arn) values (?)", arn).lastInsertRowid);
  }

  addStream(group: number, name: string): number {
    return Number(this.#run("insert into streams (group_id, name) values (?, ?)", group, name).lastInsertRowid);
  }

  addEvent(group: number, { sequence, stream, timestamp, ingested, message }: StoredEvent): void {
    this.#run("insert into events values (?, ?, ?, ?, ?, ?)", sequence, group, stream, timestamp, ingested, message);
  }

  /** What the tail holds of each stream of a group. */
  tailParts(group: number): readonly StreamPart[] {
    return this.#parts(
      `select stream_id, sum(octet_length(message) + ${EVENT_OVERHEAD_BYTES}) as bytes, min(timestamp) as first_ms,
        max(timestamp) as last_ms, max(ingested) as ingested from events where group_id = ? group by stream_id`,
      group,
    );
  }

  segmentParts(group: number): readonly StreamPart[] {
    return this.#parts(
      `select stream_id, sum(bytes) as bytes, min(parts.first_ms) as first_ms, max(parts.last_ms) as last_ms,
        max(ingested) as ingested from segment_streams parts join segments using (segment_id)
        where group_id = ? group by stream_id`,
      group,
    );
  }

  /** Some of the tail's events of a group between two positions, both included, in the order that is asked for. */
  fetch(
    group: number,
    {
      low,
      high,
      descending,
      streams,
      below,
    }: {
      readonly low: Position;
      readonly high: Position;
      readonly descending: boolean;
      readonly streams?: ReadonlySet<number> | undefined;
      /** Only those of a lower sequence. */
      readonly below?: number;
    },
  ): readonly StoredEvent[] {
    const direction = descending ? "desc" : "asc";
    const [mine, asked] = streams === undefined ? ["", []] : [OF_STREAMS, [JSON.stringify([...streams])]];
    const rows = this.#statement(
      `select * from events where group_id = ? and timestamp between ? and ?
        and (timestamp, sequence) >= (?, ?) and (timestamp, sequence) <= (?, ?) and sequence < ? ${mine}
        order by timestamp ${direction}, sequence ${direction} limit ${FETCH.events}`,
    ).iterate(
      group,
      low.timestamp,
      high.timestamp,
      low.timestamp,
      low.sequence,
      high.timestamp,
      high.sequence,
      below ?? Number.MAX_SAFE_INTEGER,
      ...asked,
    );
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const row of rows) {
      const message = row["message"] as string;
      events.push({
        sequence: row["sequence"] as number,
        stream: row["stream_id"] as number,
        timestamp: row["timestamp"] as number,
        ingested: row["ingested"] as number,
        message,
      });
      bytes += message.length;
      if (bytes >= FETCH.bytes) break;
    }
    return events;
  }

  /** Segments of a group that reach into a time, and hold one of the streams when these are given. */
  segments(group: number, fromMs: number, toMs: number, streams?: ReadonlySet<number>): readonly SegmentRow[] {
    const [mine, asked] =
      streams === undefined
        ? ["", []]
        : [
            `and exists (select 1 from segment_streams parts where parts.segment_id = segments.segment_id ${OF_STREAMS})`,
            [JSON.stringify([...streams])],
          ];
    return this.#all(
      `select object, first_ms, last_ms, blocks from segments
        where group_id = ? and first_ms <= ? and last_ms >= ? ${mine}`,
      group,
      toMs,
      fromMs,
      ...asked,
    ).map((row) => ({
      object: row["object"] as string,
      firstMs: row["first_ms"] as number,
      lastMs: row["last_ms"] as number,
      // Most of a long range's segments wait long for their turn, and a read may be left before.
      blocks: () => JSON.parse(row["blocks"] as string) as readonly BlockEntry[],
    }));
  }

  /** Every object that a segment lies in. */
  objects(): ReadonlySet<string> {
    return new Set(this.#all("select object from segments").map((row) => row["object"] as string));
  }

  addSegment(group: number, object: string, blocks: readonly BlockEntry[], parts: readonly StreamPart[]): void {
    const { lastInsertRowid } = this.#run(
      "insert into segments (group_id, object, first_ms, last_ms, blocks) values (?, ?, ?, ?, ?)",
      group,
      object,
      blocks[0]?.first.timestamp ?? 0,
      blocks.at(-1)?.last.timestamp ?? 0,
      JSON.stringify(blocks),
    );
    for (const { stream, bytes, firstMs, lastMs, ingested } of parts) {
      const insert = "insert into segment_streams values (?, ?, ?, ?, ?, ?)";
      this.#run(insert, Number(lastInsertRowid), stream, bytes, firstMs, lastMs, ingested);
    }
  }

  /** Takes what is sealed out of the tail. */
  removeSealed(group: number, below: number): void {
    this.#run("delete from events where group_id = ? and sequence < ?", group, below);
  }

  /** Answers the objects of the segments that are gone with it. */
  removeBefore(group: number, beforeMs: number): readonly string[] {
    this.#run("delete from events where group_id = ? and timestamp < ?", group, beforeMs);
    return this.#removeSegments("group_id = ? and last_ms < ?", group, beforeMs);
  }

  removeStream(group: number, stream: number): readonly string[] {
    this.#run("delete from streams where stream_id = ?", stream);
    this.#run("delete from events where group_id = ? and stream_id = ?", group, stream);
    const held = this.#all("select segment_id from segment_streams where stream_id = ?", stream);
    this.#run("delete from segment_streams where stream_id = ?", stream);
    // A segment goes once none of its streams is left.
    const isBare = "not exists (select 1 from segment_streams parts where parts.segment_id = segments.segment_id)";
    return held.flatMap((row) => this.#removeSegments(`segment_id = ? and ${isBare}`, row["segment_id"] as number));
  }

  removeGroup(group: number): readonly string[] {
    this.#run("delete from groups where group_id = ?", group);
    this.#run("delete from streams where group_id = ?", group);
    this.#run("delete from events where group_id = ?", group);
    return this.#removeSegments("group_id = ?", group);
  }

  close(): void {
    this.#database.close();
  }

  #removeSegments(where: string, ...values: readonly number[]): readonly string[] {
    const gone = this.#all(`select segment_id, object from segments where ${where}`, ...values);
    for (const { segment_id: segment } of gone) {
      this.#run("delete from segments where segment_id = ?", segment as number);
      this.#run("delete from segment_streams where segment_id = ?", segment as number);
    }
    return gone.map((row) => row["object"] as string);
  }

  #parts(sql: string, group: number): readonly StreamPart[] {
    return this.#all(sql, group).map((row) => ({
      stream: row["stream_id"] as number,
      bytes: row["bytes"] as number,
      firstMs: row["first_ms"] as number,
      lastMs: row["last_ms"] as number,
      ingested: row["ingested"] as number,
    }));
  }

  /** The texts are few: none of them grows with what is asked. */
  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): ReturnType<StatementSync["run"]> {
    return this.#statement(sql).run(...values);
  }

  #all(sql: string, ...values: readonly SQLInputValue[]): ReturnType<StatementSync["all"]> {
    return this.#statement(sql).all(...values);
  }

  #one(sql: string): Readonly<Record<string, unknown>> {
    return this.#statement(sql).get() ?? {};
  }
}

const OF_STREAMS = "and stream_id in (select value from json_each(?))";

export interface SegmentRow {
  readonly object: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly blocks: () => readonly BlockEntry[];
}
