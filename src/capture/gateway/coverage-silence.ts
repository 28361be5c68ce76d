import { type Clock, Failure, isoSeconds, type Random } from "../../core/index.ts";
import { type AuditRecord, serviceEventRecord } from "../../record/index.ts";
import type { State } from "../state-file.ts";

/** Calls come through a route of the gateway, or as entries of another server's log. */
export type CaptureKind = "route" | "source";

export interface SilenceNeeds {
  readonly clock: Clock;
  readonly random: Random;
  /** Where what is usual outlives the process. */
  readonly state: State;
  /** Resolves once the records are durable. @throws {Failure} when they cannot be; they are tried again. */
  readonly record: (records: readonly AuditRecord[]) => Promise<void>;
  /** Account and Region of the records. */
  readonly account: string;
  readonly region: string;
}

/** What is usual for one route or source, and whether it is silent against it. */
export interface Habit {
  /** Milliseconds since 1970. */
  readonly lastSeenMs: number;
  /** Silence is told when it is longer; undefined before there is a habit. */
  readonly habitMs: number | undefined;
  readonly silent: boolean;
}

/** Fewer calls make no habit. */
const CALLS_MIN = 50;
/** A pause shorter than this is none. */
const HABIT_MS_MIN = 10 * 60_000;
/** How much longer than the longest pause of the last days a silence is. */
const LONGEST_TIMES = 8;
const DAYS = 7;
const DAY_MS = 86_400_000;

interface Heard {
  calls: number;
  lastSeenMs: number;
  /** By the clock's `elapsed()`: the last call of this run, or its start. */
  lastElapsed: number;
  /** Nothing was heard in this run yet: how long it was quiet before, nobody knows. */
  fresh: boolean;
  /** The longest pause that ended on a day, by the day's number since 1970, of the last days. */
  readonly pauses: Map<number, number>;
  silent: boolean;
}

/**
 * Notices when a route or a source is quieter than it ever is: silent for longer than ten minutes and eight times the
 * longest pause of the last seven days, once there were fifty calls. Then `SourceSilent` is recorded, once a silence, and
 * `SourceHeardAgain` when it ends.
 *
 * The time that OpenTrail itself did not run is nobody's silence.
 */
export class SilenceWatch {
  readonly #needs: SilenceNeeds;
  readonly #heard: Map<string, Heard>;
  #waiting: AuditRecord[] = [];
  #changed = false;

  private constructor(needs: SilenceNeeds, heard: Map<string, Heard>) {
    this.#needs = needs;
    this.#heard = heard;
  }

  /** @throws {Failure} when the state cannot be read. */
  static async open(needs: SilenceNeeds): Promise<SilenceWatch> {
    return new SilenceWatch(needs, parseState(await needs.state.load(), needs.clock.elapsed()));
  }

  /** A call came. */
  heard(kind: CaptureKind, name: string): void {
    const { clock } = this.#needs;
    const [now, elapsed] = [clock.now(), clock.elapsed()];
    const key = `${kind}/${name}`;
    let one = this.#heard.get(key);
    if (one === undefined) {
      one = { calls: 0, lastSeenMs: now, lastElapsed: elapsed, fresh: true, pauses: new Map(), silent: false };
      this.#heard.set(key, one);
    }
    const pause = elapsed - one.lastElapsed;
    if (one.silent) {
      one.silent = false;
      this.#tell("SourceHeardAgain", kind, name, { lastSeen: isoSeconds(one.lastSeenMs) });
    }
    if (!one.fresh) {
      const day = Math.floor(now / DAY_MS);
      if (pause > (one.pauses.get(day) ?? -1)) one.pauses.set(day, pause);
    }
    one.calls += 1;
    one.lastSeenMs = now;
    one.lastElapsed = elapsed;
    one.fresh = false;
    this.#changed = true;
  }

  /** To be called every minute or so. @throws {Failure} when what it has to tell or to keep is refused; call it again. */
  async check(): Promise<void> {
    const { clock, state, record } = this.#needs;
    for (const [key, one] of this.#heard) {
      this.#forget(one);
      const habitMs = habitOf(one);
      if (habitMs === undefined || one.silent || clock.elapsed() - one.lastElapsed <= habitMs) continue;
      one.silent = true;
      this.#changed = true;
      const [kind, name] = parseKey(key);
      this.#tell("SourceSilent", kind, name, {
        lastSeen: isoSeconds(one.lastSeenMs),
        habitSeconds: Math.round(habitMs / 1000),
      });
    }
    const telling = this.#waiting;
    if (telling.length > 0) {
      this.#waiting = [];
      try {
        await record(telling);
      } catch (cause) {
        this.#waiting = [...telling, ...this.#waiting].slice(0, WAITING_MAX);
        throw new Failure("record that a source is silent, or is not", cause);
      }
    }
    if (!this.#changed) return;
    this.#changed = false;
    try {
      await state.save(Object.fromEntries([...this.#heard].map(([key, one]) => [key, savedOf(one)])));
    } catch (thrown) {
      this.#changed = true;
      throw thrown;
    }
  }

  /** Undefined when nothing was ever heard. */
  habit(kind: CaptureKind, name: string): Habit | undefined {
    const one = this.#heard.get(`${kind}/${name}`);
    return one === undefined ? undefined : { lastSeenMs: one.lastSeenMs, habitMs: habitOf(one), silent: one.silent };
  }

  #forget({ pauses }: Heard): void {
    const oldest = Math.floor(this.#needs.clock.now() / DAY_MS) - DAYS;
    for (const day of pauses.keys()) if (day <= oldest) pauses.delete(day);
  }

  #tell(eventName: string, kind: CaptureKind, name: string, details: Readonly<Record<string, unknown>>): void {
    const { clock, random, account, region } = this.#needs;
    this.#waiting.push(
      serviceEventRecord({
        eventName,
        eventID: random.uuid(),
        timeMs: clock.now(),
        account,
        region,
        details: { [kind]: name, ...details },
      }),
    );
  }
}

/** As long as nothing can be recorded, sources may come and go: the first are told. */
const WAITING_MAX = 1000;

/** Undefined before there is one: too few calls, or none that followed another. */
function habitOf({ calls, pauses }: Heard): number | undefined {
  if (calls < CALLS_MIN) return undefined;
  const longest = Math.max(0, ...pauses.values());
  return Math.max(HABIT_MS_MIN, LONGEST_TIMES * longest);
}

function savedOf({ calls, lastSeenMs, pauses, silent }: Heard): object {
  return { calls, lastSeenMs, pauses: [...pauses], silent };
}

function parseKey(key: string): readonly [CaptureKind, string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash) === "route" ? "route" : "source", key.slice(slash + 1)];
}

/** What cannot be a state is none: a habit is learned anew. */
function parseState(value: unknown, elapsed: number): Map<string, Heard> {
  const heard = new Map<string, Heard>();
  if (typeof value !== "object" || value === null) return heard;
  for (const [key, one] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    if (typeof one !== "object" || one === null) continue;
    const { calls, lastSeenMs, pauses, silent } = one as Readonly<Record<string, unknown>>;
    if (typeof calls !== "number" || typeof lastSeenMs !== "number" || !Array.isArray(pauses)) continue;
    const pairs = (pauses as readonly unknown[]).filter(isPair);
    const known = { calls, lastSeenMs, pauses: new Map(pairs), silent: silent === true };
    heard.set(key, { ...known, lastElapsed: elapsed, fresh: true });
  }
  return heard;
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
}
