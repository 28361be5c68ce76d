import { setImmediate as breathe } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Clock } from "../core/index.ts";
import type { Delivery } from "./delivery.ts";
import { Lane } from "./lane.ts";
import {
  addedAfter,
  type Loaded,
  lanesAfter,
  loadDeliveries,
  newestId,
  nextOfLane,
  type Waiting,
  waitingOf,
} from "./ledger.ts";
import type { Redriven } from "./ledger-keeping.ts";
import type { DeliveriesSchema } from "./schema.ts";
import { type Slot, Slots } from "./slots.ts";

export interface DispatcherNeeds {
  readonly tables: Kysely<DeliveriesSchema>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes the attempt of a lane; answers whether its endpoint took it. Never rejects. */
  readonly run: (lane: string, delivery: Delivery) => Promise<boolean>;
  /** Whether nothing new should begin for now. */
  readonly busy: () => boolean;
  /** So many more wait. */
  readonly onAdded: (count: number) => void;
}

export interface DispatcherOptions {
  /** Attempts at once in a lane. */
  readonly perLane: (lane: string) => number;
  /** Attempts at once in all that began less than `YOUNG_MS` ago. */
  readonly inAll: number;
  readonly pollMs: number;
}

/** An attempt that takes longer is one that hangs. */
const YOUNG_MS = 1_000;
/** Attempts that hang, and the bodies that they and the others hold. */
const HANGING_MAX = 2_048;
const YOUNG_BYTES_MAX = 64 * 1024 * 1024;
const HANGING_BYTES_MAX = 128 * 1024 * 1024;
/** Rows that are read at once, without their contents. */
const PAGE_ROWS = 256;
/** Deliveries that are loaded at once, with a round of turns more. */
const LOAD_ROWS = 64;
/** Lanes of each standing that get a turn in one round. */
const TURNS = 32;
/** The time between two looks at lanes that wait for their time. */
const LOOK_MS_MIN = 20;

/** Lanes whose endpoint answered soon the last time, and took it; that are unknown, or refused; that let us wait. */
const STANDINGS = ["proven", "unknown", "slow"] as const;
type Standing = (typeof STANDINGS)[number];

/** What was taken from a lane and is about to start. */
interface Taken {
  readonly lane: Lane;
  readonly waiting: Waiting;
  readonly slot: Slot;
}

/**
 * Decides whose turn it is. Knows every lane that has something to do, and of each what is due first; the rest waits in the
 * table. Lanes take turns; one that hangs uses up its own slots only.
 */
export class Dispatcher {
  readonly #needs: DispatcherNeeds;
  readonly #options: DispatcherOptions;
  readonly #slots: Slots;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that could start something now, in the order of their turns. */
  readonly #ready = new Map<Standing, Set<Lane>>(STANDINGS.map((standing) => [standing, new Set()]));
  readonly #poll: NodeJS.Timeout;
  readonly #running = new Set<Promise<void>>();
  #newest = 0;
  #round = 0;
  #redriven: Redriven[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #pumping: Promise<void> | undefined;
  #again = false;
  #added = false;
  #closed = false;
  #refused = false;

  private constructor(needs: DispatcherNeeds, options: DispatcherOptions) {
    this.#needs = needs;
    this.#options = options;
    this.#slots = new Slots(
      { countMax: options.inAll, bytesMax: YOUNG_BYTES_MAX },
      { countMax: HANGING_MAX, bytesMax: HANGING_BYTES_MAX },
      () => this.#turn(),
    );
    this.#poll = setInterval(() => {
      this.#lookAtAll();
      this.wake();
    }, options.pollMs).unref();
  }

  /** Finds the lanes that have something to do from before. */
  static async start(needs: DispatcherNeeds, options: DispatcherOptions): Promise<Dispatcher> {
    const dispatcher = new Dispatcher(needs, options);
    await dispatcher.#findLanes();
    dispatcher.#lookAtAll();
    dispatcher.wake();
    return dispatcher;
  }

  get inFlight(): number {
    return this.#slots.count;
  }

  /** Something was added. */
  wake(): void {
    this.#added = true;
    this.#turn();
  }

  /** Something may start that could not before. */
  #turn(): void {
    this.#again = true;
    if (!this.#closed) this.#pumping ??= this.#pump();
  }

  /** These wait again, once the transaction that says so is committed. */
  redriven(redriven: readonly Redriven[]): void {
    this.#redriven.push(...redriven);
    this.#turn();
  }

  /** The table knows how an attempt ended; `next` is what the delivery waits for now. */
  settled(lane: string, id: number, next: Waiting | undefined): void {
    const own = this.#lanes.get(lane);
    own?.settled(id);
    if (next !== undefined) this.#admit(next);
    if (own !== undefined) this.#look(own);
    this.#turn();
  }

  /** Begins nothing more; resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    await this.#pumping;
    await Promise.all(this.#running);
  }

  async #findLanes(): Promise<void> {
    this.#newest = await newestId(this.#needs.tables);
    for (let after = ""; ; ) {
      const page = await lanesAfter(this.#needs.tables, after, PAGE_ROWS);
      for (const { lane, dueAt } of page) this.#lanes.set(lane, new Lane(lane, dueAt));
      if (page.length < PAGE_ROWS) return;
      after = page.at(-1)?.lane ?? "";
    }
  }

  async #pump(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        await this.#readNew();
        await this.#startSome();
        this.#refused = false;
      } catch (err) {
        // The next poll tries again.
        if (!this.#refused) this.#needs.log.error({ err }, "deliveries that are due cannot be read");
        this.#refused = true;
        this.#again = false;
      }
      await breathe();
    }
    this.#pumping = undefined;
  }

  async #readNew(): Promise<void> {
    if (this.#added) await this.#readAdded();
    const redriven = this.#redriven.slice(0, PAGE_ROWS);
    if (redriven.length > 0) await this.#readRedriven(redriven);
  }

  async #readAdded(): Promise<void> {
    this.#added = false;
    const added = await addedAfter(this.#needs.tables, this.#newest, PAGE_ROWS);
    for (const waiting of added) this.#admit(waiting);
    this.#newest = added.at(-1)?.id ?? this.#newest;
    this.#needs.onAdded(added.length);
    if (added.length === PAGE_ROWS) this.wake();
  }

  async #readRedriven(redriven: readonly Redriven[]): Promise<void> {
    const waiting = await waitingOf(
      this.#needs.tables,
      redriven.map(({ id }) => id),
    );
    this.#redriven = this.#redriven.slice(redriven.length);
    for (const each of waiting) this.#admit(each);
    const known = new Set(redriven.flatMap(({ id, waited }) => (waited ? [id] : [])));
    this.#needs.onAdded(waiting.filter(({ id }) => !known.has(id)).length);
    if (this.#redriven.length > 0) this.#again = true;
  }

  async #startSome(): Promise<void> {
    await this.#fillNext();
    const taken = this.#take();
    if (taken.length === 0) return;
    this.#again = true;
    let loaded: ReadonlyMap<number, Loaded>;
    try {
      loaded = await this.#load(taken.map(({ waiting }) => waiting.id));
    } catch (thrown) {
      for (const each of taken) this.#giveBack(each);
      throw thrown;
    }
    for (const each of taken) {
      const row = loaded.get(each.waiting.id);
      // What was redriven or removed meanwhile is no longer what was taken.
      const isSame = row?.lane === each.lane.key && row.delivery.dueAt === each.waiting.dueAt;
      if (isSame) this.#start(each, row.delivery);
      else this.#giveBack(each, "forget");
    }
  }

  /** The lanes whose turn is next get from the table what they need for it. */
  async #fillNext(): Promise<void> {
    for (const ready of this.#ready.values()) {
      for (const lane of [...ready].slice(0, TURNS)) {
        if (!lane.needsFill) continue;
        const asked = lane.fillRows;
        lane.fill(await nextOfLane(this.#needs.tables, lane.key, asked), asked);
        this.#look(lane);
      }
    }
  }

  /** What may start now, as long as there is room, and no more than is loaded at once. */
  #take(): readonly Taken[] {
    const taken: Taken[] = [];
    for (let before = -1; taken.length > before && taken.length < LOAD_ROWS; ) {
      before = taken.length;
      taken.push(...this.#takeOneOfEach());
    }
    return taken;
  }

  /** One delivery of each lane whose turn it is. */
  #takeOneOfEach(): readonly Taken[] {
    const taken: Taken[] = [];
    for (const standing of this.#order()) {
      const ready = this.#ready.get(standing) as Set<Lane>;
      for (const lane of [...ready].slice(0, TURNS)) {
        if (lane.needsFill) continue;
        if (this.#needs.busy() || !this.#slots.mayStart(lane, lane.nextSize)) break;
        // It comes again after all others, if it still could.
        ready.delete(lane);
        const waiting = lane.take(this.#needs.clock.now());
        if (waiting !== undefined) {
          taken.push({ lane, waiting, slot: this.#slots.start(lane.slow, waiting.size, YOUNG_MS) });
        }
        this.#look(lane);
      }
    }
    return taken;
  }

  /** Each standing is first in its turn: the proven and the unknown want the same slots. */
  #order(): readonly Standing[] {
    this.#round = (this.#round + 1) % STANDINGS.length;
    return [...STANDINGS.slice(this.#round), ...STANDINGS.slice(0, this.#round)];
  }

  async #load(ids: readonly number[]): Promise<ReadonlyMap<number, Loaded>> {
    const rows = await loadDeliveries(this.#needs.tables, ids);
    return new Map(rows.map((row) => [Number(row.delivery.id), row]));
  }

  #giveBack({ lane, waiting, slot }: Taken, then?: "forget"): void {
    slot.end();
    lane.running--;
    lane.settled(waiting.id);
    if (then === undefined) lane.admit(waiting);
    this.#look(lane);
  }

  #start({ lane, slot }: Taken, delivery: Delivery): void {
    const run = this.#needs.run(lane.key, delivery).then((took) => {
      lane.ended(took, slot.end());
      this.#look(lane);
      this.#running.delete(run);
      this.#turn();
    });
    this.#running.add(run);
  }

  #admit(waiting: Waiting): void {
    const lane = this.#lanes.get(waiting.lane) ?? new Lane(waiting.lane);
    this.#lanes.set(lane.key, lane);
    lane.admit(waiting);
    this.#look(lane);
  }

  /** Puts a lane where it belongs: among those that could start something, or those that wait for their time. */
  #look(lane: Lane): void {
    const { dueAt } = lane;
    const inMs = dueAt - this.#needs.clock.now();
    const standing = inMs <= 0 && lane.hasRoom(this.#options.perLane(lane.key)) ? standingOf(lane) : undefined;
    for (const [name, ready] of this.#ready) {
      if (name === standing) ready.add(lane);
      else ready.delete(lane);
    }
    if (lane.idle && lane.running === 0) this.#lanes.delete(lane.key);
    else if (inMs > 0 && inMs < this.#options.pollMs) this.#lookAfter(inMs);
  }

  #lookAtAll(): void {
    for (const lane of this.#lanes.values()) this.#look(lane);
  }

  #lookAfter(ms: number): void {
    const { clock } = this.#needs;
    const afterMs = Math.max(ms, LOOK_MS_MIN);
    const at = clock.elapsed() + afterMs;
    if (this.#closed || this.#timerAt <= at) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#lookAtAll();
      this.#turn();
    }, afterMs).unref();
  }
}

function standingOf(lane: Lane): Standing {
  if (lane.slow) return "slow";
  return lane.proven ? "proven" : "unknown";
}
