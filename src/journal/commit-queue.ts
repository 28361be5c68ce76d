import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { assert, type Clock, Failure, type Random, siblingModule } from "../core/index.ts";
import type { JournalEntry, JournalHealth, JournalRecord } from "./journal.ts";
import { JournalFull } from "./journal.ts";
import type {
  CommitAnswer,
  CommitRefused,
  CommitRequest,
  Committed,
  CommitWorkerData,
  NotOpened,
  Opened,
  SealedRange,
} from "./messages.ts";
import { packedBytes, packRecords } from "./packed-records.ts";
import { stretchOf } from "./range-rules.ts";

/** What may wait or be on its way at once, and so also what one append may hold. */
const QUEUE_RECORDS_MAX = 65_536;
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** What one commit group takes, unless its first append alone is larger. */
const GROUP_RECORDS_MAX = 16_384;
const GROUP_BYTES_MAX = 8 * 1024 * 1024;
/** After the disk refused, appends are refused at once for this long, so that they do not hammer it. */
const PAUSE_MS = 500;
/** While the disk refuses, somebody looks this often whether it still does. */
const PROBE_MS = 1000;
const SALT_BYTES = 32;

interface Waiting {
  readonly resolve: (sequences: readonly number[]) => void;
  readonly reject: (failure: Failure) => void;
}

interface WaitingAppend extends Waiting {
  readonly records: readonly JournalRecord[];
  readonly idsBytes: number;
  readonly recordsBytes: number;
  readonly sinceMs: number;
}

interface WaitingCursor {
  readonly sequence: number;
  readonly waiting: readonly Waiting[];
}

interface WaitingSeal extends Waiting {
  readonly range: SealedRange;
}

interface Group {
  readonly appends: readonly WaitingAppend[];
  readonly recordCount: number;
  readonly recordsBytes: number;
  readonly cursors: ReadonlyMap<string, WaitingCursor>;
  readonly seal: WaitingSeal | undefined;
  /** Stretches below this have their salt once the group is committed. */
  readonly saltedEnd: number;
}

export interface CommitQueueNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly onCommit?: ((latencyMs: number, records: number) => void) | undefined;
  /** Everything that became durable, in order, and where ranges end that it filled. */
  readonly onEntries: (entries: readonly JournalEntry[], ends: readonly number[]) => void;
}

/** Collects what is to be written into groups, hands them to the commit thread, and answers who waits. */
export class CommitQueue {
  readonly counts = { appendedRecords: 0, appendedBytes: 0, duplicateRecords: 0, batches: 0, commits: 0 };
  /** Waiting and in flight. */
  readonly queued = { records: 0, bytes: 0 };
  head: number;
  readonly #needs: CommitQueueNeeds;
  readonly #worker: Worker;
  readonly #stretchRecords: number;
  #saltedEnd: number;
  #appends: WaitingAppend[] = [];
  #cursors = new Map<string, WaitingCursor>();
  #seals: WaitingSeal[] = [];
  #probe = false;
  /** One group at a time: what comes while it is written becomes the next, and the slower the disk the larger that is. */
  #inFlight: Group | undefined;
  #flushing = false;
  #problem: { readonly message: string; readonly forGood: boolean; readonly untilMs: number } | undefined;
  #probing: NodeJS.Timeout | undefined;
  #closing = false;
  #idle: (() => void) | undefined;

  private constructor(needs: CommitQueueNeeds, worker: Worker, opened: Opened) {
    this.#needs = needs;
    this.#worker = worker;
    this.#stretchRecords = opened.rules.records;
    this.head = opened.head;
    this.#saltedEnd = stretchOf(opened.rules, opened.head);
    while (opened.salted.includes(this.#saltedEnd)) this.#saltedEnd += this.#stretchRecords;
    worker.on("message", (answer: CommitAnswer) => this.#answer(answer));
    worker.on("error", (cause) => this.#workerEnded(cause));
    worker.on("exit", (code) => this.#workerEnded(new Error(`exit code ${code}`)));
  }

  /** @throws {Failure} when the tail cannot be opened or is damaged. */
  static async open(needs: CommitQueueNeeds, data: CommitWorkerData): Promise<{ queue: CommitQueue; opened: Opened }> {
    const worker = new Worker(siblingModule(import.meta.url, "commit-worker"), { workerData: data });
    const [answer] = (await once(worker, "message")) as [Opened | NotOpened];
    if (answer.kind === "not opened") throw new Failure(answer.message);
    return { queue: new CommitQueue(needs, worker, answer), opened: answer };
  }

  get health(): JournalHealth {
    return this.#problem === undefined ? { writable: true } : { writable: false, problem: this.#problem.message };
  }

  append(records: readonly JournalRecord[]): Promise<readonly number[]> {
    const refusal = this.#refusal(`append ${records.length} records`);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { idsBytes, recordsBytes } = packedBytes(records);
    const { records: queuedRecords, bytes: queuedBytes } = this.queued;
    if (records.length > QUEUE_RECORDS_MAX || recordsBytes > QUEUE_BYTES_MAX) {
      const allowed = `${QUEUE_RECORDS_MAX} records and ${QUEUE_BYTES_MAX} bytes`;
      return Promise.reject(new Failure(`append ${records.length} records: more than ${allowed} at once`));
    }
    if (queuedRecords + records.length > QUEUE_RECORDS_MAX || queuedBytes + recordsBytes > QUEUE_BYTES_MAX) {
      return Promise.reject(new JournalFull(records.length, queuedRecords, queuedBytes));
    }
    this.queued.records += records.length;
    this.queued.bytes += recordsBytes;
    return new Promise((resolve, reject) => {
      const sinceMs = this.#needs.clock.elapsed();
      this.#appends.push({ records, idsBytes, recordsBytes, sinceMs, resolve, reject });
      this.#flushSoon();
    });
  }

  async advance(name: string, sequence: number): Promise<void> {
    const refusal = this.#refusal(`advance cursor ${name}`);
    if (refusal !== undefined) throw refusal;
    await new Promise<readonly number[]>((resolve, reject) => {
      const waiting = this.#cursors.get(name)?.waiting ?? [];
      this.#cursors.set(name, { sequence, waiting: [...waiting, { resolve, reject }] });
      this.#flushSoon();
    });
  }

  async seal(range: SealedRange): Promise<void> {
    const refusal = this.#refusal(`seal at sequence ${range.first}`);
    if (refusal !== undefined) throw refusal;
    await new Promise<readonly number[]>((resolve, reject) => {
      this.#seals.push({ range, resolve, reject });
      this.#flushSoon();
    });
  }

  /** What was asked for until now finishes; then the thread ends. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#probing);
    if (!this.#isIdle()) await new Promise<void>((resolve) => (this.#idle = resolve));
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    if (this.#worker.threadId === -1) return;
    this.#worker.postMessage("close");
    await ended;
  }

  #refusal(doing: string): Failure | undefined {
    if (this.#closing) return new Failure(`${doing}: the journal is closed`);
    const problem = this.#problem;
    if (problem === undefined) return undefined;
    const waits = problem.forGood || this.#needs.clock.elapsed() < problem.untilMs;
    return waits ? new Failure(doing, new Error(problem.message)) : undefined;
  }

  /** After the events that are being handled now: what they append still joins the group. */
  #flushSoon(): void {
    if (this.#flushing || this.#inFlight !== undefined) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#nothingWaits() || this.#inFlight !== undefined) return;
    const appends = this.#takeAppends();
    const cursors = this.#cursors;
    const seal = this.#seals.shift();
    const recordCount = sum(appends, ({ records }) => records.length);
    const recordsBytes = sum(appends, (append) => append.recordsBytes);
    const salts = this.#missingSalts(recordCount);
    const request: CommitRequest = {
      salts,
      cursors: [...cursors].map(([name, { sequence }]) => [name, sequence]),
      ...(seal === undefined ? {} : { seal: seal.range }),
      ...(this.#probe ? { probe: true } : {}),
      ...(recordCount === 0 ? {} : { records: packAppends(appends, recordCount, recordsBytes) }),
    };
    const saltedEnd = this.#saltedEnd + salts.length * this.#stretchRecords;
    this.#inFlight = { appends, recordCount, recordsBytes, cursors, seal, saltedEnd };
    this.#cursors = new Map();
    this.#probe = false;
    this.#worker.postMessage(request, request.records === undefined ? [] : [request.records]);
  }

  #takeAppends(): readonly WaitingAppend[] {
    let records = 0;
    let bytes = 0;
    const end = this.#appends.findIndex((append, index) => {
      records += append.records.length;
      bytes += append.recordsBytes;
      return index > 0 && (records > GROUP_RECORDS_MAX || bytes > GROUP_BYTES_MAX);
    });
    return this.#appends.splice(0, end === -1 ? this.#appends.length : end);
  }

  /** For every stretch that the records may reach, and the next, so that none waits for its salt. */
  #missingSalts(recordCount: number): CommitRequest["salts"] {
    const reach = this.head + recordCount + this.#stretchRecords;
    const salts: [number, Uint8Array][] = [];
    for (let first = this.#saltedEnd; first < reach; first += this.#stretchRecords) {
      salts.push([first, this.#needs.random.bytes(SALT_BYTES)]);
    }
    return salts;
  }

  #answer(answer: CommitAnswer): void {
    const group = this.#takeInFlight();
    assert(group !== undefined, "the commit thread answers each group once");
    if (answer.kind === "committed") this.#committed(group, answer);
    else this.#refused(group, answer);
    if (!this.#nothingWaits()) this.#flushSoon();
    if (this.#isIdle()) this.#idle?.();
  }

  #takeInFlight(): Group | undefined {
    const group = this.#inFlight;
    this.#inFlight = undefined;
    this.queued.records -= group?.recordCount ?? 0;
    this.queued.bytes -= group?.recordsBytes ?? 0;
    return group;
  }

  #committed(group: Group, answer: Committed): void {
    this.#problem = undefined;
    clearTimeout(this.#probing);
    this.#saltedEnd = Math.max(this.#saltedEnd, group.saltedEnd);
    this.head = answer.first + group.recordCount - answer.duplicates.length;
    const { sequences, entries } = numberRecords(group.appends, answer);
    this.counts.commits += 1;
    this.counts.batches += group.appends.length;
    this.counts.appendedRecords += entries.length;
    this.counts.appendedBytes += sum(entries, ({ bytes }) => bytes.length);
    this.counts.duplicateRecords += answer.duplicates.length;
    // Promises first: their continuations run later anyway, and a listener that throws must not keep an answer back.
    for (const [index, append] of group.appends.entries()) append.resolve(sequences[index] ?? []);
    for (const { waiting } of group.cursors.values()) for (const { resolve } of waiting) resolve([]);
    group.seal?.resolve([]);
    const oldest = group.appends[0];
    if (oldest !== undefined) this.#needs.onCommit?.(this.#needs.clock.elapsed() - oldest.sinceMs, group.recordCount);
    if (entries.length > 0) this.#needs.onEntries(entries, answer.ends);
  }

  #refused(group: Group, { message, passes }: CommitRefused): void {
    this.#fail(message, !passes);
    rejectGroup(group, message);
    // Those that wait behind it would fare no better; they are told now instead of one by one.
    this.#rejectWaiting(message);
  }

  #fail(message: string, forGood: boolean): void {
    // The first reason is the one that explains.
    if (this.#problem?.forGood === true) return;
    const full = forGood ? `${message}; restart to write again` : message;
    this.#problem = { message: full, forGood, untilMs: this.#needs.clock.elapsed() + PAUSE_MS };
    clearTimeout(this.#probing);
    if (forGood || this.#closing) return;
    this.#probing = setTimeout(() => {
      this.#probe = true;
      this.#flush();
    }, PROBE_MS).unref();
  }

  #rejectWaiting(message: string): void {
    for (const append of this.#appends) {
      this.queued.records -= append.records.length;
      this.queued.bytes -= append.recordsBytes;
    }
    const waiting = { appends: this.#appends, cursors: this.#cursors };
    this.#appends = [];
    this.#cursors = new Map();
    rejectGroup({ ...waiting, seal: undefined }, message);
    for (const seal of this.#seals.splice(0)) seal.reject(new Failure("seal", new Error(message)));
  }

  #workerEnded(cause: Error): void {
    if (this.#closing && this.#isIdle()) return;
    const message = `the commit thread ended: ${cause.message}`;
    this.#fail(message, true);
    const group = this.#takeInFlight();
    if (group !== undefined) rejectGroup(group, message);
    this.#rejectWaiting(message);
    this.#idle?.();
  }

  #nothingWaits(): boolean {
    return this.#appends.length === 0 && this.#cursors.size === 0 && this.#seals.length === 0 && !this.#probe;
  }

  #isIdle(): boolean {
    return this.#inFlight === undefined && this.#nothingWaits();
  }
}

/** Sequences per append, and the entries that are new. */
function numberRecords(
  appends: readonly WaitingAppend[],
  { first, duplicates }: Committed,
): { sequences: readonly (readonly number[])[]; entries: readonly JournalEntry[] } {
  const known = new Map(duplicates);
  const entries: JournalEntry[] = [];
  let index = 0;
  const sequences = appends.map(({ records }) =>
    records.map(({ bytes }) => {
      const duplicate = known.get(index++);
      if (duplicate !== undefined) return duplicate;
      const sequence = first + entries.length;
      entries.push({ sequence, bytes });
      return sequence;
    }),
  );
  return { sequences, entries };
}

function rejectGroup({ appends, cursors, seal }: Pick<Group, "appends" | "cursors" | "seal">, message: string): void {
  const cause = new Error(message);
  for (const { records, reject } of appends) reject(new Failure(`append ${records.length} records`, cause));
  for (const [name, { waiting }] of cursors) {
    for (const { reject } of waiting) reject(new Failure(`advance cursor ${name}`, cause));
  }
  seal?.reject(new Failure(`seal at sequence ${seal.range.first}`, cause));
}

function packAppends(appends: readonly WaitingAppend[], recordCount: number, recordsBytes: number): ArrayBuffer {
  const idsBytes = sum(appends, (append) => append.idsBytes);
  return packRecords(
    appends.map(({ records }) => records),
    recordCount,
    idsBytes,
    recordsBytes,
  );
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
