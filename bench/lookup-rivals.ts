import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import { type AuditRecord, lookupEntry } from "../src/record/index.ts";
import type { SyntheticRecord } from "./synthetic-records.ts";

/** The obvious thing: one SQLite table of records and one of attributes, indexed by name, value and time. */
export class SqliteRival {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #insertEvent: ReturnType<DatabaseSync["prepare"]>;
  readonly #insertAttribute: ReturnType<DatabaseSync["prepare"]>;
  #spentMs = 0;

  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -262144;
      create table events (sequence integer primary key, time integer not null, record blob not null);
      create index events_by_time on events (time desc, sequence desc);
      create table attributes (name text not null, value text not null, time integer not null, sequence integer not null,
        primary key (name, value, time desc, sequence desc)) without rowid;
      begin`);
    this.#insertEvent = this.#database.prepare("insert into events values (?, ?, ?)");
    this.#insertAttribute = this.#database.prepare("insert or ignore into attributes values (?, ?, ?, ?)");
  }

  add(sequence: number, { record, timeMs, bytes }: SyntheticRecord): void {
    const attributes = lookupEntry(record)?.attributes ?? [];
    const started = performance.now();
    this.#insertEvent.run(sequence, timeMs, bytes);
    for (const [name, value] of attributes) this.#insertAttribute.run(name, value, timeMs, sequence);
    if (sequence % 10_000 === 9999) this.#database.exec("commit; begin");
    this.#spentMs += performance.now() - started;
  }

  /** Seconds spent in SQLite. */
  finish(): number {
    this.#database.exec("commit; pragma wal_checkpoint(truncate)");
    return this.#spentMs / 1000;
  }

  get fileBytes(): number {
    return statSync(this.#path).size;
  }

  /** Milliseconds for the first page of fifty, records parsed as an answer would need. */
  firstPageMs(name: string | undefined, value: string): number {
    const started = performance.now();
    const rows =
      name === undefined
        ? this.#database.prepare("select record from events order by time desc, sequence desc limit 50").all()
        : this.#database
            .prepare(
              `select record from attributes join events using (sequence) where name = ? and value = ?
               order by attributes.time desc, attributes.sequence desc limit 50`,
            )
            .all(name, value);
    for (const { record } of rows) JSON.parse(Buffer.from(record as Uint8Array).toString());
    return performance.now() - started;
  }

  close(): void {
    this.#database.close();
  }
}

/** `zcat | jq` without leaving the process: log files as AWS delivers them, unpacked and parsed for every question. */
export class ScanRival {
  readonly #files: Uint8Array[] = [];
  #records: Uint8Array[] = [];
  #count = 0;

  add({ bytes }: SyntheticRecord): void {
    this.#records.push(bytes);
    this.#count += 1;
    if (this.#records.length === 5000) {
      const body = this.#records.map((record) => Buffer.from(record).toString()).join(",");
      this.#files.push(gzipSync(`{"Records":[${body}]}`, { level: 6 }));
      this.#records = [];
    }
  }

  /** Milliseconds that one question takes per million events, measured on the sample. */
  msPerMillion(holds: (record: AuditRecord) => boolean): number {
    const started = performance.now();
    for (const file of this.#files) {
      const { Records } = JSON.parse(gunzipSync(file).toString()) as { Records: AuditRecord[] };
      Records.filter(holds);
    }
    return ((performance.now() - started) / (this.#count - this.#records.length)) * 1_000_000;
  }
}
