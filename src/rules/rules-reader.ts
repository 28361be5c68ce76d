import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { Kysely } from "kysely";
import { type Clock, reason } from "../core/index.ts";
import type { NewDelivery } from "../deliveries/index.ts";
import { type Journal, type JournalEntry, parseRecord } from "../journal/index.ts";
import type { AuditRecord } from "../record/index.ts";
import { busAt } from "./bus-arn.ts";
import type { Archives, Dispatcher } from "./dispatch.ts";
import { EVENT_BYTES_MAX, recordedEvent } from "./envelope.ts";
import type { RulesTables } from "./events.ts";
import type { BusEvent } from "./rule.ts";
import type { RuleSet } from "./rule-set.ts";

export interface RulesLog {
  warn(details: object, message: string): void;
}

export interface ReaderNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "subscribe">;
  readonly tables: Kysely<RulesTables>;
  readonly clock: Clock;
  readonly rules: RuleSet;
  readonly dispatcher: Dispatcher;
  readonly archives?: Archives | undefined;
  readonly log: RulesLog;
  /** How many deliveries caused each other up to the recorded call; 0 when none did. */
  readonly hopsOf: (record: AuditRecord) => number;
  /** Deliveries were committed. */
  readonly onDeliveries: () => void;
}

/** Records that are read at a time. */
const READ_RECORDS = 256;
/** Others have their turn when so much was parsed: some milliseconds. */
const TURN_BYTES = 128 * 1024;
/** Deliveries that are written in one transaction, unless one event alone has more. */
const COMMIT_DELIVERIES = 1000;
/** How late the stored place is at most where nothing is to be delivered. */
const PLACE_MS = 1000;
const RETRY_MS_MAX = 5000;

/** What was found in a part of the journal and is not written yet. */
interface Found {
  readonly deliveries: NewDelivery[];
  readonly archived: (readonly [busArn: string, event: BusEvent])[];
}

/**
 * Reads the journal from the stored place on and sends what is recorded to the rules. What a record causes is written
 * together with the new place, so that each record goes to the rules once, whatever crashes.
 */
export class RulesReader {
  readonly #needs: ReaderNeeds;
  readonly #stop = new AbortController();
  #wake = Promise.withResolvers<void>();
  /** Everything below went to the rules. */
  #position = 0;
  /** The same, as the tables say. */
  #place = 0;
  #placedAt = -Infinity;
  #problem: string | undefined;
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;
  /** Records that could be no event: malformed, or too large. */
  skipped = 0;

  constructor(needs: ReaderNeeds) {
    this.#needs = needs;
  }

  get position(): number {
    return this.#position;
  }

  /** A first start begins with what is recorded from then on. @throws {Failure} when the tables cannot be read. */
  async start(): Promise<void> {
    const { journal, tables } = this.#needs;
    const row = await tables.selectFrom("rules_place").select("sequence").executeTakeFirst();
    this.#place = Math.min(row?.sequence ?? journal.head, journal.head);
    this.#position = this.#place;
    if (row === undefined) await tables.insertInto("rules_place").values({ id: 1, sequence: this.#place }).execute();
    this.#unsubscribe = journal.subscribe(() => this.#wake.resolve());
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    let retryMs = 100;
    while (!this.#stop.signal.aborted) {
      try {
        this.#wake = Promise.withResolvers();
        if (!(await this.#step())) await this.#rest();
        retryMs = 100;
        this.#problem = undefined;
      } catch (thrown) {
        if (this.#problem !== reason(thrown)) this.#needs.log.warn({ err: thrown }, "rules read the journal again");
        this.#problem = reason(thrown);
        await pause(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
    // What was read for nothing need not be read again; if the tables refuse, it is.
    await this.#keepPlace().catch((thrown: unknown) =>
      this.#needs.log.warn({ err: thrown }, "keep the place of rules"),
    );
  }

  /** Sends some records to the rules; false once there are no more. */
  async #step(): Promise<boolean> {
    const { journal, rules, archives } = this.#needs;
    // In this order: a rule that the set does not know yet was made after everything below `head` was recorded.
    const { head } = journal;
    await rules.freshen(this.#needs.tables);
    if (this.#position < head && !rules.matchesAny && archives === undefined) this.#position = head;
    if (this.#position < head) await this.#send(await journal.read(this.#position, READ_RECORDS));
    if (this.#needs.clock.elapsed() - this.#placedAt >= PLACE_MS) await this.#keepPlace();
    return this.#position < journal.head;
  }

  async #send(entries: readonly JournalEntry[]): Promise<void> {
    let found: Found = { deliveries: [], archived: [] };
    let bytes = 0;
    for (const entry of entries) {
      this.#match(entry, found);
      if (found.deliveries.length >= COMMIT_DELIVERIES) {
        await this.#commit(found, entry.sequence + 1);
        found = { deliveries: [], archived: [] };
      }
      bytes += entry.bytes.length;
      if (bytes < TURN_BYTES) continue;
      bytes = 0;
      await nextTurn();
    }
    const end = (entries.at(-1)?.sequence ?? this.#position - 1) + 1;
    if (found.deliveries.length > 0 || found.archived.length > 0) await this.#commit(found, end);
    else this.#position = end;
    await nextTurn();
  }

  #match(entry: JournalEntry, { deliveries, archived }: Found): void {
    const { rules, dispatcher, archives, hopsOf } = this.#needs;
    const record = entry.bytes.length > EVENT_BYTES_MAX ? undefined : parseRecord(entry.bytes);
    const event = record && recordedEvent(record, entry, hopsOf(record));
    if (event === undefined) {
      this.skipped += 1;
      return;
    }
    const busArn = busAt(event.envelope).arn;
    deliveries.push(...dispatcher.deliveriesOf(rules.match(busArn, event), event));
    if (archives?.wants(busArn, event) === true) archived.push([busArn, event]);
  }

  async #commit({ deliveries, archived }: Found, end: number): Promise<void> {
    const { tables, dispatcher, archives, clock } = this.#needs;
    await tables.transaction().execute(async (transaction) => {
      await dispatcher.write(transaction, deliveries);
      for (const [busArn, event] of archived) await archives?.archive(transaction, busArn, event);
      await transaction.updateTable("rules_place").set({ sequence: end }).execute();
    });
    this.#position = end;
    this.#place = end;
    this.#placedAt = clock.elapsed();
    if (deliveries.length > 0) this.#needs.onDeliveries();
  }

  async #keepPlace(): Promise<void> {
    if (this.#position === this.#place) return;
    await this.#needs.tables.updateTable("rules_place").set({ sequence: this.#position }).execute();
    this.#place = this.#position;
    this.#placedAt = this.#needs.clock.elapsed();
  }

  async #rest(): Promise<void> {
    const waiting = new AbortController();
    const tick = pause(PLACE_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([this.#wake.promise, tick]);
    waiting.abort();
  }
}
