import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Outcome, writeOutcomes } from "./ledger.ts";
import type { DeliveriesSchema } from "./schema.ts";

/** What ends within this time is written as one: each write waits for the disk. */
const GATHER_MS = 20;
const BATCH_MAX = 500;
/** How long to wait when the tables refuse. */
const REFUSED_MS = 500;

/** Writes how attempts ended, many at once; what the tables refuse is kept until they take it. */
export class OutcomeWriter {
  readonly #tables: Kysely<DeliveriesSchema>;
  readonly #log: Logger;
  readonly #written: (outcome: Outcome) => void;
  #waiting: Outcome[] = [];
  #writing: Promise<void> | undefined;
  #refused = false;
  #closing = false;

  /** `written` is called for each outcome once the tables have it. */
  constructor(tables: Kysely<DeliveriesSchema>, log: Logger, written: (outcome: Outcome) => void) {
    this.#tables = tables;
    this.#log = log;
    this.#written = written;
  }

  /** How many are not written yet. */
  get backlog(): number {
    return this.#waiting.length;
  }

  add(outcome: Outcome): void {
    this.#waiting.push(outcome);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves once everything is written, or the tables refused it one more time. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#writing;
    if (this.#waiting.length > 0) await this.#writeBatch();
  }

  async #writeAll(): Promise<void> {
    await sleep(GATHER_MS);
    while (this.#waiting.length > 0) {
      const took = await this.#writeBatch();
      if (!took && this.#closing) break;
      await sleep(took ? GATHER_MS : REFUSED_MS);
    }
    this.#writing = undefined;
  }

  async #writeBatch(): Promise<boolean> {
    const batch = this.#waiting.slice(0, BATCH_MAX);
    try {
      await writeOutcomes(this.#tables, batch);
    } catch (err) {
      if (!this.#refused) this.#log.error({ err }, "how deliveries ended cannot be written: they may be made again");
      this.#refused = true;
      return false;
    }
    if (this.#refused) this.#log.info("how deliveries ended is written again");
    this.#refused = false;
    this.#waiting = this.#waiting.slice(batch.length);
    for (const outcome of batch) this.#written(outcome);
    return true;
  }
}
