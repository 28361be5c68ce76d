import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure, isoSeconds, type Random, reason } from "../core/index.ts";
import type { Journal, JournalRecord } from "../journal/index.ts";
import { type AuditRecord, type EncodedRecord, encodeRecord, serviceEventRecord } from "../record/index.ts";
import { type DirectoryObjectStore, TablesFailure } from "../store/index.ts";
import type { ControlSchema } from "./control-schema.ts";
import { Outbox } from "./outbox.ts";

/** What changes something, inside the transaction that also takes the records of the change. */
type Change<Answer> = (
  tables: Kysely<ControlSchema>,
) => Promise<{ readonly answer: Answer; readonly records: readonly AuditRecord[] }>;

/** The change was made, and its record is durable beside it; but the journal, where it belongs, did not take it yet. */
export class RecordWaits extends Failure {
  constructor(cause: unknown) {
    super("append the record of a change that was made", cause);
    this.name = "RecordWaits";
  }
}

interface RecorderNeeds {
  readonly journal: Journal;
  /** Where values too large for a record are kept, by hash. */
  readonly objects: DirectoryObjectStore;
  readonly tables: Kysely<ControlSchema>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Account and Region of the records that OpenTrail writes about itself. */
  readonly account: string;
  readonly region: string;
}

/** How often rows of delivered records leave the outbox, and waiting ones are tried again. */
const SWEEP_MS = 1_000;

/** Brings the records of calls into the journal, and counts inside the log what could not be brought. */
export class Recorder {
  readonly #needs: RecorderNeeds;
  readonly #outbox: Outbox;
  readonly #timer: NodeJS.Timeout;
  /** By route; calls of OpenTrail's own services have none. */
  #lost: ReadonlyMap<string | undefined, Lost> = new Map();
  #sweeping: Promise<void> = Promise.resolve();
  /** The outbox may hold records that the journal has not seen: an earlier run's, or one that the journal refused. */
  #waiting = true;
  #tablesProblem: string | undefined;

  constructor(needs: RecorderNeeds) {
    this.#needs = needs;
    this.#outbox = new Outbox(needs.tables);
    this.#timer = setInterval(() => this.#sweepLater(), SWEEP_MS);
    this.#timer.unref();
  }

  /** How many calls were answered without a record and are not yet counted in the log. */
  get lost(): number {
    return this.#lost.values().reduce((sum, { calls }) => sum + calls, 0);
  }

  /** Why the tables did not take the last change; undefined once they take one again. */
  get tablesProblem(): string | undefined {
    return this.#tablesProblem;
  }

  /** Resolves once the records of one call would survive a power cut. @throws {Failure} when they cannot be kept. */
  async record(records: readonly AuditRecord[]): Promise<void> {
    const encoded = records.map(encodeRecord);
    await this.keep(encoded);
    await this.append(encoded);
  }

  /** Resolves once records that were encoded before would survive a power cut. @throws {Failure} when they would not. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    await this.#needs.journal.append(records);
    await this.#tellLost();
  }

  /** As `record`, for a call that is answered even when its record cannot be kept; the loss is counted. */
  async recordOrCount(records: readonly AuditRecord[]): Promise<void> {
    try {
      await this.record(records);
    } catch (thrown) {
      this.countLost({ calls: 1, why: reason(thrown) });
    }
  }

  /** Calls were answered without a record. The log tells how many, per route, as soon as it takes records again. */
  countLost({ route, calls, why }: { readonly route?: string; readonly calls: number; readonly why: string }): void {
    const nowMs = this.#needs.clock.now();
    if (this.#lost.size === 0)
      this.#needs.log.error({ route, why }, "calls go unrecorded from now on; they are counted");
    this.#lost = withLost(this.#lost, [[route, { calls, firstMs: nowMs, lastMs: nowMs, why }]]);
  }

  /**
   * Makes a change and the records that tell of it durable as one, then brings the records into the journal.
   * @throws whatever `work` throws; nothing was changed.
   * @throws {Failure} when the tables refuse; nothing was changed.
   * @throws {RecordWaits} when the change was made and the journal refuses its records.
   */
  async commit<Answer>(work: Change<Answer>): Promise<Answer> {
    const { answer, encoded } = await this.#change(work);
    try {
      await this.#needs.journal.append(encoded);
    } catch (thrown) {
      this.#waiting = true;
      throw new RecordWaits(thrown);
    }
    for (const { eventID } of encoded) this.#outbox.delivered(eventID);
    await this.#tellLost();
    return answer;
  }

  /**
   * Appends what an earlier run left in the outbox. To be awaited before the first call is taken. A disk that refuses does
   * not keep the server from starting, for somebody may have to look up why: it is tried again every second.
   */
  async recover(): Promise<void> {
    await this.#sweep();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
    await this.#sweep();
    if (this.lost > 0)
      this.#needs.log.error({ calls: this.lost }, "calls were not recorded, nor could they be counted");
  }

  async #change<Answer>(work: Change<Answer>): Promise<{ answer: Answer; encoded: readonly EncodedRecord[] }> {
    try {
      const made = await this.#needs.tables.transaction().execute(async (tables) => {
        const { answer, records } = await work(tables);
        const encoded = records.map(encodeRecord);
        await this.keep(encoded);
        await this.#outbox.put(tables, encoded);
        return { answer, encoded };
      });
      this.#tablesProblem = undefined;
      return made;
    } catch (thrown) {
      if (thrown instanceof TablesFailure) this.#tablesProblem = thrown.message;
      throw thrown;
    }
  }

  /** Keeps the values that were too large for their records, by hash. @throws {Failure} when the disk refuses. */
  async keep(records: readonly EncodedRecord[]): Promise<void> {
    for (const { sha256, bytes } of records.flatMap(({ oversize }) => oversize)) {
      try {
        await this.#needs.objects.put(`values/sha256/${sha256.slice(0, 2)}/${sha256}`, bytes);
      } catch (cause) {
        throw new Failure(`keep a value of ${bytes.length} bytes`, cause);
      }
    }
  }

  async #tellLost(): Promise<void> {
    if (this.#lost.size === 0) return;
    const told = this.#lost;
    this.#lost = new Map();
    const calls = told.values().reduce((sum, lost) => sum + lost.calls, 0);
    try {
      await this.#needs.journal.append(
        told
          .entries()
          .map(([route, lost]) => this.#lossRecord(route, lost))
          .toArray(),
      );
      this.#needs.log.info({ calls }, "calls are recorded again; those that were not are counted in the log");
    } catch (thrown) {
      this.#lost = withLost(told, this.#lost);
      this.#needs.log.warn({ err: thrown }, "the count of unrecorded calls could not be recorded yet");
    }
  }

  #lossRecord(route: string | undefined, { calls, firstMs, lastMs, why }: Lost): EncodedRecord {
    const { clock, random, account, region } = this.#needs;
    const record = serviceEventRecord({
      eventName: "CallsNotRecorded",
      eventID: random.uuid(),
      timeMs: clock.now(),
      account,
      region,
      details: {
        ...(route === undefined ? {} : { route }),
        calls,
        firstTime: isoSeconds(firstMs),
        lastTime: isoSeconds(lastMs),
        reason: why,
      },
    });
    return encodeRecord(record);
  }

  #sweepLater(): void {
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
  }

  async #appendWaiting(): Promise<void> {
    const waiting = await this.#outbox.waiting();
    if (waiting.length > 0) await this.#needs.journal.append(waiting);
    for (const { eventID } of waiting) this.#outbox.delivered(eventID);
    this.#waiting = false;
  }

  async #sweep(): Promise<void> {
    if (!this.#needs.journal.health.writable) return;
    try {
      if (this.#waiting) await this.#appendWaiting();
      await this.#outbox.sweep();
      if (this.#tablesProblem !== undefined) await this.#outbox.probe();
      this.#tablesProblem = undefined;
    } catch (thrown) {
      // The rows stay, and the journal knows their records: the next sweep tries again. It is told once.
      if (this.#tablesProblem === undefined) this.#needs.log.warn({ err: thrown }, "the outbox could not be swept yet");
      if (thrown instanceof TablesFailure) this.#tablesProblem = thrown.message;
    }
    await this.#tellLost();
  }
}

/** Calls that went unrecorded and are not counted in the log yet. */
interface Lost {
  readonly calls: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of the first. */
  readonly why: string;
}

function withLost(
  lost: ReadonlyMap<string | undefined, Lost>,
  more: Iterable<readonly [string | undefined, Lost]>,
): ReadonlyMap<string | undefined, Lost> {
  const all = new Map(lost);
  for (const [route, { calls, firstMs, lastMs, why }] of more) {
    const known = all.get(route);
    all.set(route, {
      calls: calls + (known?.calls ?? 0),
      firstMs: known?.firstMs ?? firstMs,
      lastMs,
      why: known?.why ?? why,
    });
  }
  return all;
}
