import type { Kysely } from "kysely";
import type { Clock } from "../core/index.ts";
import { type EventPattern, matchesPattern, parseEventPattern } from "../patterns/index.ts";
import { allArchives } from "./archives.ts";
import { dropExpired } from "./archive-retention.ts";
import type { ArchiveEvent, RulesTables } from "./events.ts";
import type { BusEvent } from "./rule.ts";
import type { RulesSchema } from "./schema.ts";
import { startTurns, type Turns, type TurnsLog } from "./turns.ts";

/** Archives at work: events come in, those whose time is over go. */
export interface RunningArchives {
  /** Whether any archive of the bus may want an event: true too as long as that is not known. */
  wants(busArn: string): boolean;
  /** An event with a sequence is kept as that alone: the journal has its record. */
  readonly archive: ArchiveEvent;
  /** Archives have changed, or will have once the transaction under way commits. */
  changed(): void;
  close(): Promise<void>;
}

export interface ArchivesNeeds {
  readonly tables: Kysely<RulesTables>;
  readonly clock: Clock;
  readonly log: TurnsLog;
}

const SWEEP_MS = 60_000;

export function startArchives(needs: ArchivesNeeds): RunningArchives {
  const sweeping = startTurns(() => dropExpired(needs), SWEEP_MS, needs.log, "dropping archived events");
  return new Archives(needs.clock, sweeping);
}

interface Wanting {
  readonly id: number;
  readonly pattern: EventPattern | undefined;
}

class Archives implements RunningArchives {
  readonly #clock: Clock;
  readonly #sweeping: Turns;
  /** By bus; undefined until it is read, which only an event's own transaction does: it then sees what is committed. */
  #byBus: ReadonlyMap<string, readonly Wanting[]> | undefined;

  constructor(clock: Clock, sweeping: Turns) {
    this.#clock = clock;
    this.#sweeping = sweeping;
  }

  wants(busArn: string): boolean {
    return this.#byBus?.has(busArn) ?? true;
  }

  readonly archive: ArchiveEvent = async (transaction, busArn, event) => {
    this.#byBus ??= await readArchives(transaction);
    const rows = (this.#byBus.get(busArn) ?? [])
      .filter(({ pattern }) => pattern === undefined || matchesPattern(pattern, event.envelope))
      .map(({ id }) => this.#rowOf(id, event));
    if (rows.length > 0) await transaction.insertInto("event_archived").values(rows).execute();
  };

  changed(): void {
    this.#byBus = undefined;
    this.#sweeping.wake();
  }

  close(): Promise<void> {
    return this.#sweeping.close();
  }

  #rowOf(archive_id: number, { envelope, text, sequence, readOnlyManagement }: BusEvent) {
    const time = Date.parse(envelope.time);
    return {
      archive_id,
      time_ms: Number.isFinite(time) ? time : this.#clock.now(),
      sequence: sequence ?? null,
      event: sequence === undefined ? text : null,
      read_only: readOnlyManagement ? 1 : 0,
      bytes: Buffer.byteLength(text),
    };
  }
}

async function readArchives(tables: Kysely<RulesSchema>): Promise<ReadonlyMap<string, readonly Wanting[]>> {
  const byBus = new Map<string, Wanting[]>();
  for (const { id, busArn, eventPattern } of await allArchives(tables)) {
    const wanting = { id, pattern: eventPattern === undefined ? undefined : parseEventPattern(eventPattern) };
    byBus.set(busArn, [...(byBus.get(busArn) ?? []), wanting]);
  }
  return byBus;
}
