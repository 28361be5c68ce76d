import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { assert, Failure, reason } from "../core/index.ts";
import { checkWal } from "../store/index.ts";
import { Faults, type WriteStep } from "./faults.ts";
import { DEDUPLICATION_WINDOW } from "./journal.ts";
import { LeafHasher } from "./leaf-hasher.ts";
import type { CommitAnswer, CommitRequest, CommitWorkerData, Opened, SealedRange } from "./messages.ts";
import { type PackedRecords, unpackRecords } from "./packed-records.ts";
import { type RangeCutter, type RangeRules, rangeSalt, stretchOf } from "./range-rules.ts";
import { recoverTail } from "./recover-tail.ts";
import type { RecentIds } from "./recent-ids.ts";
import { needsReopening, passes } from "./sqlite-errors.ts";
import { openForWriting } from "./tail-database.ts";
import { checksumOf, LEAF_BYTES, ROW_COLUMNS, storeRow } from "./tail-row.ts";

/** A checkpoint is due once this much was written since the last one. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
const INSERT = `insert into groups (${ROW_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)`;
/** What one step of sweeping frees at most, so that a commit that sweeps is not felt. */
const SWEEP_BYTES = 1024 * 1024;
const SWEEP_ROWS = 128;
const NO_RECORDS: PackedRecords = {
  count: 0,
  lengths: Buffer.alloc(0),
  ids: Buffer.alloc(0),
  records: Buffer.alloc(0),
};

/**
 * The only writer of tail.db: gives sequences, computes leaves, commits. It runs on the commit thread and knows nothing
 * of threads.
 */
export class Committer {
  readonly opened: Opened;
  readonly #data: CommitWorkerData;
  readonly #faults: Faults;
  readonly #recentIds: RecentIds;
  readonly #rules: RangeRules;
  /** By where the stretch begins. */
  readonly #salts: Map<number, Uint8Array>;
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  #head: number;
  /** At the head. */
  #cutter: RangeCutter;
  #sealedEnd: number;
  #swept: boolean;
  #hasher: { readonly range: number; readonly leaves: LeafHasher } | undefined;
  #uncheckpointedBytes = 0;
  /** Why nothing is written any more: after a failed sync the disk may hold anything, and trying again would hide it. */
  #closedBy: string | undefined;
  #reopen = false;

  /** @throws {Failure} when the tail cannot be opened or is damaged. */
  constructor(data: CommitWorkerData) {
    this.#data = data;
    this.#faults = new Faults(data.faults);
    this.#database = this.#open();
    const { head, rules, cutter, ends, catalogue, cursors, salts, recentIds, swept } = this.#recover();
    this.#rules = rules;
    this.#cutter = cutter;
    this.#recentIds = recentIds;
    this.#salts = salts;
    this.#head = head;
    this.#sealedEnd = catalogue.reduce((_, { first, count }) => first + count, 0);
    this.#swept = swept;
    this.opened = { kind: "opened", head, rules, ends, catalogue, cursors, salted: [...salts.keys()] };
  }

  /** Answers once everything that was asked for is durable, or tells why it may not be. Never throws. */
  commit(request: CommitRequest): CommitAnswer {
    if (this.#closedBy !== undefined) return { kind: "refused", message: this.#closedBy, passes: false };
    try {
      if (this.#reopen) this.#reopenDatabase();
      this.#addSalts(request.salts);
      if (request.seal !== undefined) this.#seal(request.seal);
      return this.#append(request);
    } catch (cause) {
      return this.#refuse(cause);
    }
  }

  /** Frees some of the space of sealed records; answers whether more is left. */
  sweep(): boolean {
    if (this.#closedBy !== undefined || this.#reopen) return false;
    try {
      this.#transaction(undefined, () => this.#sweepSome());
      return !this.#swept;
    } catch (cause) {
      // Sweeping is done again by the next commit, which also tells the disk's trouble to somebody.
      this.#refuse(cause);
      return false;
    }
  }

  /** Moves the log into the file when enough has come together. Without a checkpoint the log only grows. */
  checkpointIfDue(): void {
    if (this.#uncheckpointedBytes < CHECKPOINT_BYTES || this.#closedBy !== undefined || this.#reopen) return;
    this.#uncheckpointedBytes = 0;
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (cause) {
      if (!passes(cause)) this.#refuse(cause);
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #open(): DatabaseSync {
    checkWal(`${this.#data.path}-wal`);
    try {
      return openForWriting(this.#data.path, this.#data.tailBytesMax);
    } catch (cause) {
      throw new Failure(`open journal tail ${this.#data.path}`, cause);
    }
  }

  #recover(): ReturnType<typeof recoverTail> {
    try {
      return recoverTail(this.#database, this.#data.path, this.#data);
    } catch (cause) {
      this.#database.close();
      throw cause;
    }
  }

  #reopenDatabase(): void {
    if (this.#database.isOpen) this.#database.close();
    this.#statements = new Map();
    this.#database = openForWriting(this.#data.path, this.#data.tailBytesMax);
    this.#reopen = false;
  }

  #refuse(cause: unknown): CommitAnswer {
    const message = reason(cause);
    const mayPass = passes(cause);
    if (!mayPass) this.#closedBy = message;
    if (needsReopening(cause)) this.#reopen = true;
    return { kind: "refused", message, passes: mayPass };
  }

  /** `step` names the write for the tests that make it fail. */
  #transaction(step: WriteStep | undefined, work: () => void): void {
    if (step !== undefined) this.#faults.strike(step, "not written");
    this.#run("begin immediate");
    try {
      work();
      this.#run("commit");
    } catch (cause) {
      if (this.#database.isTransaction) this.#run("rollback");
      throw cause;
    }
    if (step !== undefined) this.#faults.strike(step, "written, reply lost");
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Salts are durable before the first record of their stretch, in a commit of their own. */
  #addSalts(salts: CommitRequest["salts"]): void {
    const missing = salts.filter(([first]) => !this.#salts.has(first));
    if (missing.length === 0) return;
    this.#transaction("range salt", () => {
      for (const [first, salt] of missing) {
        this.#run("insert into range_salts values (?, ?, ?)", first, salt, checksumOf(first, salt));
      }
    });
    for (const [first, salt] of missing) this.#salts.set(first, salt);
  }

  #append({ records, cursors, probe }: CommitRequest): CommitAnswer {
    const packed = records === undefined ? NO_RECORDS : unpackRecords(records);
    const { runs, fresh, duplicates, cutter, ends } = this.#plan(packed);
    const first = this.#head;
    if (runs.length > 0 || cursors.length > 0 || probe === true) {
      this.#transaction(runs.length > 0 ? "records" : "cursor", () => {
        for (const run of runs) this.#insert(run, packed);
        for (const [name, sequence] of cursors) this.#setCursor(name, sequence);
        if (probe === true) this.#run("insert or replace into settings values ('probe', ?)", first);
        if (!this.#swept) this.#sweepSome();
      });
    }
    for (const [id, sequence] of fresh) this.#recentIds.add(id, sequence);
    this.#head = first + fresh.size;
    this.#cutter = cutter;
    this.#uncheckpointedBytes += PAGES_PER_COMMIT;
    return { kind: "committed", first, duplicates, ends };
  }

  /** Gives each new record its sequence, and cuts the records into runs that are new, adjacent and in one range. */
  #plan({ count, ids, lengths }: PackedRecords): {
    runs: readonly Run[];
    fresh: ReadonlyMap<string, number>;
    duplicates: readonly (readonly [number, number])[];
    /** As it stands after the new records, and where the ranges end that they fill. */
    cutter: RangeCutter;
    ends: readonly number[];
  } {
    const cutter = this.#cutter.copy();
    const ends: number[] = [];
    const runs: Run[] = [];
    const fresh = new Map<string, number>();
    const duplicates: (readonly [number, number])[] = [];
    let run: Run | undefined;
    let idAt = 0;
    let recordAt = 0;
    for (let index = 0; index < count; index++) {
      const idEnd = idAt + 1 + (ids[idAt] as number);
      const recordEnd = recordAt + lengths.readUInt32LE(index * 4);
      const id = ids.toString("latin1", idAt + 1, idEnd);
      const known = this.#recentIds.get(id) ?? fresh.get(id);
      if (known === undefined) {
        const sequence = this.#head + fresh.size;
        fresh.set(id, sequence);
        if (run === undefined) {
          run = { range: cutter.first, first: sequence, index, idAt, recordAt, count: 0, idEnd, recordEnd };
          runs.push(run);
        }
        run.count += 1;
        run.idEnd = idEnd;
        run.recordEnd = recordEnd;
        if (cutter.add(recordEnd - recordAt)) {
          ends.push(cutter.first);
          run = undefined;
        }
      } else {
        duplicates.push([index, known]);
        run = undefined;
      }
      idAt = idEnd;
      recordAt = recordEnd;
    }
    return { runs, fresh, duplicates, cutter, ends };
  }

  #insert(run: Run, packed: PackedRecords): void {
    const taken = {
      first: run.first,
      count: run.count,
      ids: packed.ids.subarray(run.idAt, run.idEnd),
      lengths: packed.lengths.subarray(run.index * 4, (run.index + run.count) * 4),
      records: packed.records.subarray(run.recordAt, run.recordEnd),
    };
    const row = storeRow({ ...taken, leaves: this.#leaves(run.range, taken) });
    const { first, count, crc, ids, leaves, lengths, zipped, records } = row;
    this.#run(INSERT, first, count, crc, ids, leaves, lengths, zipped, records);
    this.#uncheckpointedBytes += records.length + ids.length + leaves.length;
  }

  #leaves(range: number, { first, count, lengths, records }: PackedRecords & { readonly first: number }): Buffer {
    if (this.#hasher?.range !== range) this.#hasher = { range, leaves: this.#hasherOf(range) };
    const leaves = Buffer.allocUnsafe(count * LEAF_BYTES);
    let offset = 0;
    for (let index = 0; index < count; index++) {
      const end = offset + lengths.readUInt32LE(index * 4);
      this.#hasher.leaves.write(first + index, records.subarray(offset, end), leaves, index * LEAF_BYTES);
      offset = end;
    }
    return leaves;
  }

  #hasherOf(range: number): LeafHasher {
    const stretch = stretchOf(this.#rules, range);
    const salt = this.#salts.get(stretch);
    assert(salt !== undefined, "a stretch has its salt before its first record");
    return new LeafHasher(rangeSalt(salt, stretch, range));
  }

  #setCursor(name: string, sequence: number): void {
    this.#run("insert or replace into cursors values (?, ?, ?)", name, sequence, checksumOf(name, sequence));
  }

  /** The object is durable: from this commit on the range is read from there, and its rows are dead. */
  #seal(range: SealedRange): void {
    const { first, count, key, bytes, sha256, ids } = range;
    if (first < this.#sealedEnd) return;
    assert(first === this.#sealedEnd || this.#sealedEnd === 0, "ranges are sealed in order");
    const end = first + count;
    // The salt of a stretch is needed until the last of its ranges is sealed.
    const saltedFrom = stretchOf(this.#rules, end);
    this.#transaction("catalogue", () => {
      this.#run("insert into segments values (?, ?, ?, ?, ?)", first, count, key, bytes, sha256);
      this.#run("insert into sealed_ids values (?, ?, ?, ?)", first, count, checksumOf(first, count, ids), ids);
      this.#run("delete from sealed_ids where first + count <= ?", end - DEDUPLICATION_WINDOW);
      this.#run("delete from range_salts where first < ?", saltedFrom);
    });
    for (const stretch of this.#salts.keys()) if (stretch < saltedFrom) this.#salts.delete(stretch);
    this.#sealedEnd = end;
    this.#swept = false;
    this.#uncheckpointedBytes += ids.length;
  }

  /** Deletes the oldest dead rows, a bounded number of bytes; inside a transaction. */
  #sweepSome(): void {
    const dead = this.#prepare(
      `select first, length(records) as bytes from groups where first < ? order by first limit ${SWEEP_ROWS}`,
    ).all(this.#sealedEnd);
    let bytes = 0;
    let last = -1;
    for (const row of dead) {
      last = Number(row.first);
      bytes += Number(row.bytes);
      if (bytes >= SWEEP_BYTES) break;
    }
    if (dead.length > 0) this.#run("delete from groups where first <= ?", last);
    else this.#swept = true;
  }
}

/** Records of one packed batch that become one row. */
interface Run {
  /** Where its range begins. */
  readonly range: number;
  readonly first: number;
  /** Place of its first record in the batch, then where its eventIDs and records begin and end. */
  readonly index: number;
  readonly idAt: number;
  readonly recordAt: number;
  count: number;
  idEnd: number;
  recordEnd: number;
}

/** A commit writes whole pages: about two more than its records fill. */
const PAGES_PER_COMMIT = 8192;
