import { join } from "node:path";
import { type Clock, Failure, reason } from "../../core/index.ts";
import {
  type JournalHealth,
  type JournalLog,
  type JournalRecord,
  openPendingLog,
  type PendingLog,
} from "../../journal/index.ts";
import { type AuditRecord, type EncodedRecord, encodeRecord } from "../../record/index.ts";
import type { AuditMode, CallAudit } from "./audit-mode.ts";
import { BestEffortQueue } from "./audit-queue.ts";
import type { CallRecorder } from "./audit-recorder.ts";

export interface CallAuditNeeds {
  /** Intents and spool lie below. */
  readonly directory: string;
  readonly recorder: CallRecorder;
  readonly journalHealth: () => JournalHealth;
  readonly clock: Clock;
  readonly log: JournalLog;
}

export interface CallAuditOptions {
  /** What waits in the spool at most; 1 GiB unless told. */
  readonly spoolBytesMax?: number;
  /** What the journal refused is tried again this much later; 1,000 ms unless told. */
  readonly retryMs?: number;
}

/** What waits to be journalled. */
export interface AuditState {
  readonly spool: {
    readonly records: number;
    readonly bytes: number;
    /** Age of the oldest, milliseconds; 0 without any. */
    readonly ageMs: number;
    /** Why the spool takes nothing. */
    readonly problem?: string;
  };
  /** Mutating calls of `required` routes that are under way, and those whose outcome is not told yet. */
  readonly intents: { readonly records: number; readonly bytes: number; readonly problem?: string };
  /** Records of `best-effort` routes. */
  readonly queue: { readonly records: number; readonly bytes: number };
}

export interface OpenCallAudit extends CallAudit {
  /**
   * Journals what an earlier run left: spooled records, and intents whose outcome nobody knows. To be awaited before the
   * first call is taken. What the journal refuses now is tried again later.
   */
  recover(): Promise<void>;
  state(): AuditState;
  /** To be called when no call is under way: what still can be journalled is, the rest stays for the next start. */
  close(): Promise<void>;
}

const DEFAULTS = { spoolBytesMax: 1024 ** 3, retryMs: 1000 };
const BATCH_RECORDS_MAX = 1000;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** @throws {Failure} when intents or spool cannot be opened. */
export async function openCallAudit(needs: CallAuditNeeds, options: CallAuditOptions = {}): Promise<OpenCallAudit> {
  const { spoolBytesMax, retryMs } = { ...DEFAULTS, ...options };
  const { directory, clock, log } = needs;
  const intents = await openPendingLog({ directory: join(directory, "intents"), clock, log });
  try {
    const spoolNeeds = { directory: join(directory, "spool"), clock, log };
    const spool = await openPendingLog(spoolNeeds, { bytesMax: spoolBytesMax });
    return new PendingCallAudit(needs, { intents, spool, retryMs });
  } catch (cause) {
    await intents.close();
    throw cause;
  }
}

class PendingCallAudit implements OpenCallAudit {
  readonly #needs: CallAuditNeeds;
  /** Of `required` routes: what is told of a mutating call that never got its outcome. */
  readonly #intents: PendingLog;
  /** Records that are durable and wait for the journal, in order. */
  readonly #spool: PendingLog;
  readonly #queue: BestEffortQueue;
  readonly #retryMs: number;
  /** The calls under way that have an intent. */
  readonly #begun = new Set<string>();
  /** There may be intents of calls that are not under way any more: an earlier run's, or those of which no more is known. */
  #orphans = true;
  #catchingUp: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #refused = false;
  readonly #countedDamages = new Set<Failure>();
  #closed = false;

  constructor(
    needs: CallAuditNeeds,
    parts: { readonly intents: PendingLog; readonly spool: PendingLog; readonly retryMs: number },
  ) {
    this.#needs = needs;
    this.#intents = parts.intents;
    this.#spool = parts.spool;
    this.#retryMs = parts.retryMs;
    this.#queue = new BestEffortQueue(needs.recorder, parts.retryMs);
  }

  async begin(mode: AuditMode, call: { readonly mutates: boolean; readonly intent: () => AuditRecord }): Promise<void> {
    switch (mode) {
      case "required":
        this.#refuseUnlessWritable();
        if (call.mutates) await this.#putIntent(call.intent());
        return;
      case "spool": {
        const { problem } = stateOf(this.#spool);
        if (problem !== undefined) throw new Failure("begin a call whose record is spooled", new Error(problem));
        return;
      }
      case "best-effort":
        return;
    }
  }

  async finish(mode: AuditMode, route: string, record: AuditRecord): Promise<void> {
    const encoded = encodeRecord(record);
    switch (mode) {
      case "required":
        return await this.#finishRequired(route, encoded);
      case "spool":
        return await this.#finishSpooled(route, encoded);
      case "best-effort":
        this.#queue.add(route, encoded);
        return;
    }
  }

  async recover(): Promise<void> {
    await this.#catchUpSoon();
  }

  state(): AuditState {
    const { oldestMs } = this.#spool;
    const ageMs = oldestMs === undefined ? 0 : Math.max(0, this.#needs.clock.now() - oldestMs);
    return {
      spool: { ...stateOf(this.#spool), ageMs },
      intents: stateOf(this.#intents),
      queue: { records: this.#queue.records, bytes: this.#queue.bytes },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#queue.close();
    await this.#catchingUp;
    await this.#catchUp();
    await this.#spool.close();
    await this.#intents.close();
  }

  #refuseUnlessWritable(): void {
    const { writable, problem } = this.#needs.journalHealth();
    if (!writable) throw new Failure("begin a call whose record is required", new Error(problem));
  }

  async #putIntent(intent: AuditRecord): Promise<void> {
    const encoded = encodeRecord(intent);
    // Before it is in the log: whoever tells of intents must not take it for one that was left.
    this.#begun.add(encoded.eventID);
    try {
      if (encoded.oversize.length > 0) await this.#needs.recorder.keep([encoded]);
      await this.#intents.put(encoded);
    } catch (cause) {
      this.#begun.delete(encoded.eventID);
      throw new Failure("keep the intent of a call", cause);
    }
  }

  async #finishRequired(route: string, encoded: EncodedRecord): Promise<void> {
    const { recorder } = this.#needs;
    let kept = false;
    try {
      if (encoded.oversize.length > 0) await recorder.keep([encoded]);
      kept = true;
      await recorder.append([encoded]);
      this.#settle(encoded.eventID);
    } catch (cause) {
      await this.#tellLater(route, encoded, kept, cause);
      throw new Failure("record a call", cause);
    }
  }

  /** The call was made: what the journal refuses waits in the spool, or else its intent tells of it, or else it is counted. */
  async #tellLater(route: string, encoded: EncodedRecord, kept: boolean, cause: unknown): Promise<void> {
    const spooled =
      kept &&
      (await this.#spool.put(encoded).then(
        () => true,
        () => false,
      ));
    if (spooled) this.#settle(encoded.eventID);
    else if (this.#begun.delete(encoded.eventID)) this.#orphans = true;
    else this.#needs.recorder.countLost({ route, calls: 1, why: reason(cause) });
    void this.#catchUpSoon();
  }

  #settle(eventID: string): void {
    if (this.#begun.delete(eventID)) this.#intents.done(eventID);
  }

  async #finishSpooled(route: string, encoded: EncodedRecord): Promise<void> {
    try {
      if (encoded.oversize.length > 0) await this.#needs.recorder.keep([encoded]);
      await this.#spool.put(encoded);
    } catch (cause) {
      this.#needs.recorder.countLost({ route, calls: 1, why: reason(cause) });
      throw new Failure("spool the record of a call", cause);
    }
    void this.#catchUpSoon();
  }

  /** Resolves when nothing waits any more, or the journal refuses. */
  async #catchUpSoon(): Promise<void> {
    if (this.#closed || this.#retry !== undefined) return;
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined;
      // What was put at the very end saw somebody at work.
      if (this.#spool.pending > 0 || this.#orphans) void this.#catchUpSoon();
    });
    await this.#catchingUp;
  }

  /**
   * Never rejects. Intents first: those that the journal has must not be told after more records than it remembers, and
   * the spool may hold that many. Where both know of a call, the spool knows more.
   */
  async #catchUp(): Promise<void> {
    const orphans = this.#orphans;
    try {
      this.#orphans = false;
      const isOrphan = (eventID: string): boolean => !this.#begun.has(eventID) && !this.#spool.has(eventID);
      if (orphans) await this.#append(this.#intents, isOrphan);
      await this.#append(this.#spool, () => true);
      this.#countDamages();
      if (this.#refused) this.#needs.log.info({}, "records of calls that waited are in the journal");
      this.#refused = false;
    } catch (cause) {
      this.#orphans ||= orphans;
      if (!this.#refused) this.#needs.log.error({ err: cause }, "records of calls wait until the journal takes them");
      this.#refused = true;
      if (!this.#closed) this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#catchUpSoon();
    }, this.#retryMs).unref();
  }

  async #append(log: PendingLog, isWanted: (eventID: string) => boolean): Promise<void> {
    for (;;) {
      const batch = await takeBatch(log, isWanted);
      if (batch.length === 0) return;
      await this.#needs.recorder.append(batch);
      for (const { eventID } of batch) this.#told(eventID);
    }
  }

  #countDamages(): void {
    for (const failure of [...this.#spool.damages, ...this.#intents.damages]) {
      if (this.#countedDamages.has(failure)) continue;
      this.#countedDamages.add(failure);
      const why = `${failure.message}; how many records lay there is not known`;
      this.#needs.recorder.countLost({ calls: 1, why });
    }
  }

  #told(eventID: string): void {
    this.#spool.done(eventID);
    if (!this.#begun.has(eventID)) this.#intents.done(eventID);
  }
}

async function takeBatch(log: PendingLog, isWanted: (eventID: string) => boolean): Promise<readonly JournalRecord[]> {
  const batch: JournalRecord[] = [];
  let bytes = 0;
  for await (const record of log.left()) {
    if (!isWanted(record.eventID)) continue;
    batch.push(record);
    bytes += record.bytes.length;
    if (batch.length === BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX) break;
  }
  return batch;
}

function stateOf({
  pending,
  bytes,
  full,
  problem = full ? "it is full" : undefined,
}: PendingLog): AuditState["intents"] {
  return { records: pending, bytes, ...(problem === undefined ? {} : { problem }) };
}
