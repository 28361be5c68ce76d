import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure, isoSeconds, type Random, reason } from "../core/index.ts";
import type { Journal } from "../journal/index.ts";
import { type AuditRecord, type EncodedRecord, encodeRecord } from "../record/index.ts";
import type { DirectoryObjectStore } from "../store/index.ts";
import type { ControlSchema } from "./control-schema.ts";
import { Outbox } from "./outbox.ts";

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
  #lost: { count: number; firstMs: number; lastMs: number; why: string } | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  /** A change is committed whose record the journal refused: its row in the outbox is tried again. */
  #waiting = false;

  constructor(needs: RecorderNeeds) {
    this.#needs = needs;
    this.#outbox = new Outbox(needs.tables);
    this.#timer = setInterval(() => this.#sweepLater(), SWEEP_MS);
    this.#timer.unref();
  }

  /** How many calls were answered without a record and are not yet counted in the log. */
  get lost(): number {
    return this.#lost?.count ?? 0;
  }

  /** Resolves once the records of one call would survive a power cut. @throws {Failure} when they cannot be kept. */
  async record(records: readonly AuditRecord[]): Promise<void> {
    const encoded = records.map(encodeRecord);
    await this.#keep(encoded);
    await this.#needs.journal.append(encoded);
    if (this.#lost !== undefined) await this.#countLost();
  }

  /** As `record`, for a call that is answered even when its record cannot be kept; the loss is counted. */
  async recordOrCount(records: readonly AuditRecord[]): Promise<void> {
    try {
      await this.record(records);
    } catch (thrown) {
      const now = this.#needs.clock.now();
      this.#lost ??= { count: 0, firstMs: now, lastMs: now, why: reason(thrown) };
      this.#lost.count += 1;
      this.#lost.lastMs = now;
    }
  }

  /** Puts the records into the transaction of the change they tell of. The answer says what is to be done after the commit. */
  async recordWith(transaction: Kysely<ControlSchema>, records: readonly AuditRecord[]): Promise<() => Promise<void>> {
    const encoded = records.map(encodeRecord);
    await this.#keep(encoded);
    await this.#outbox.put(transaction, encoded);
    return async () => {
      try {
        await this.#needs.journal.append(encoded);
      } catch (thrown) {
        this.#waiting = true;
        throw thrown;
      }
      for (const { eventID } of encoded) this.#outbox.delivered(eventID);
      if (this.#lost !== undefined) await this.#countLost();
    };
  }

  /** Appends what an earlier run, or a full disk, left in the outbox. To be awaited before the first call is taken. */
  async recover(): Promise<number> {
    const waiting = await this.#outbox.waiting();
    if (waiting.length > 0) await this.#needs.journal.append(waiting);
    for (const { eventID } of waiting) this.#outbox.delivered(eventID);
    this.#waiting = false;
    await this.#outbox.sweep();
    return waiting.length;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
    await this.#sweep();
  }

  async #keep(records: readonly EncodedRecord[]): Promise<void> {
    for (const { sha256, bytes } of records.flatMap(({ oversize }) => oversize)) {
      try {
        await this.#needs.objects.put(`values/sha256/${sha256.slice(0, 2)}/${sha256}`, bytes);
      } catch (cause) {
        throw new Failure(`keep a value of ${bytes.length} bytes`, cause);
      }
    }
  }

  async #countLost(): Promise<void> {
    const lost = this.#lost;
    if (lost === undefined) return;
    this.#lost = undefined;
    const { clock, random, account, region, journal } = this.#needs;
    const record = encodeRecord({
      eventVersion: EVENT_VERSION,
      userIdentity: { accountId: account, invokedBy: "opentrail.amazonaws.com" },
      eventTime: isoSeconds(clock.now()),
      eventSource: "opentrail.amazonaws.com",
      eventName: "CallsNotRecorded",
      awsRegion: region,
      sourceIPAddress: "opentrail.amazonaws.com",
      userAgent: "opentrail.amazonaws.com",
      requestParameters: null,
      responseElements: null,
      eventID: random.uuid(),
      readOnly: false,
      eventType: "AwsServiceEvent",
      managementEvent: true,
      recipientAccountId: account,
      serviceEventDetails: {
        calls: lost.count,
        firstTime: isoSeconds(lost.firstMs),
        lastTime: isoSeconds(lost.lastMs),
        reason: lost.why,
      },
      eventCategory: "Management",
    });
    try {
      await journal.append([record]);
    } catch (thrown) {
      const during = this.#lost as typeof lost | undefined;
      this.#lost = { ...lost, count: lost.count + (during?.count ?? 0), lastMs: during?.lastMs ?? lost.lastMs };
      this.#needs.log.warn({ err: thrown }, "the count of unrecorded calls could not be recorded yet");
    }
  }

  #sweepLater(): void {
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
  }

  async #sweep(): Promise<void> {
    try {
      await (this.#waiting ? this.recover() : this.#outbox.sweep());
    } catch (thrown) {
      // The rows stay, and the journal knows their records: the next sweep tries again.
      this.#needs.log.warn({ err: thrown }, "delivered records could not be removed from the outbox yet");
    }
  }
}

/** The record format's version that OpenTrail writes. */
export const EVENT_VERSION = "1.11";
