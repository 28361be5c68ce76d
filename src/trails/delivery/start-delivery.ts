import type { Kysely } from "kysely";
import { type Clock, type Random, reason } from "../../core/index.ts";
import type { Journal } from "../../journal/index.ts";
import type { Delivery, DeliveryListener, PutLogFile, Shard } from "../delivery.ts";
import type { TrailsSchema } from "../schema.ts";
import type { Trail, Wants } from "../trail.ts";
import { Backoff, pause, type RetryOptions } from "./backoff.ts";
import type { FindObject } from "./find-object.ts";
import { Manifests, type PutManifest } from "./manifests.ts";
import { Packer } from "./packer.ts";
import { Planner, type PlannerNeeds, type PlannerOptions } from "./planner.ts";
import { type DeliveryLog, Senders } from "./senders.ts";

export interface DeliveryNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "subscribe">;
  readonly tables: Kysely<TrailsSchema>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: DeliveryLog;
  readonly put: PutLogFile;
  readonly putManifest: PutManifest;
  /** What lies under a key: asked before something is put that may lie there already. */
  readonly find: FindObject;
  readonly listener: DeliveryListener;
  readonly organization?: { readonly id: string };
  readonly wantsForTrail: (trail: Trail) => Wants;
}

export interface DeliveryOptions extends PlannerOptions {
  readonly retry: RetryOptions;
}

/** How long it waits at most before it looks at the clock again, which may have been set meanwhile. */
const TICK_MS = 1000;

/** Records come in groups a few milliseconds apart; nobody waits for a file by the millisecond, and many cost less at once. */
const GATHER_MS = 25;

const MINUTE_MS = 60_000;

/**
 * Starts to deliver: from the place in the journal that the tables name, and the files that wait. What goes wrong later is
 * told to `log` and tried again.
 * @throws {Failure} when the tables cannot be read.
 */
export async function startDelivery(needs: DeliveryNeeds, options: DeliveryOptions): Promise<Delivery> {
  const delivery = new RunningDelivery(needs, options);
  await delivery.start();
  return delivery;
}

class RunningDelivery implements Delivery {
  readonly #needs: DeliveryNeeds;
  readonly #options: DeliveryOptions;
  readonly #senders: Senders;
  readonly #manifests: Manifests;
  readonly #stop = new AbortController();
  /** Undefined after a failure, until another one could be opened. */
  #planner: Planner | undefined;
  #position = 0;
  #problem: string | undefined;
  #wake = Promise.withResolvers<void>();
  #swept = -Infinity;
  #running: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(needs: DeliveryNeeds, options: DeliveryOptions) {
    this.#needs = needs;
    this.#options = options;
    const packer = new Packer(needs.journal, options.heldBytesMax);
    this.#senders = new Senders({ ...needs, packer }, options.retry);
    this.#manifests = new Manifests(needs);
  }

  async start(): Promise<void> {
    await this.#open();
    this.#unsubscribe = this.#needs.journal.subscribe(() => {
      if (this.#planner?.logs) this.#wake.resolve();
    });
    this.#running = this.#run();
  }

  trailsChanged(): void {
    this.#wake.resolve();
  }

  async pending(shard: Shard): Promise<boolean> {
    // In this order: a batch is held until its file is in the table.
    if (this.#planner === undefined || this.#planner.holds(shard)) return true;
    const waiting = this.#needs.tables
      .selectFrom("log_files")
      .select("file_id")
      .where("state", "=", "pending")
      .where("trail_id", "=", shard.trailId)
      .where("account_id", "=", shard.account)
      .where("region", "=", shard.region);
    return (await waiting.limit(1).executeTakeFirst()) !== undefined;
  }

  stats(): { readonly lagRecords: number; readonly pendingFiles: number; readonly deliveredFiles: number } {
    this.#position = this.#planner?.position ?? this.#position;
    const { pendingFiles, deliveredFiles } = this.#senders;
    return { lagRecords: this.#needs.journal.head - this.#position, pendingFiles, deliveredFiles };
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    this.#wake.resolve();
    await this.#senders.close();
    await this.#running;
    await this.#manifests.close();
  }

  async #open(): Promise<Planner> {
    const onDecided: PlannerNeeds["onDecided"] = (file, contents) => this.#senders.send(file, contents);
    const planner = await Planner.open({ ...this.#needs, onDecided }, this.#options);
    // Files of a decision that got no answer are among them.
    await this.#senders.resume();
    this.#planner = planner;
    return planner;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(this.#options.retry, this.#needs.random);
    while (!this.#stop.signal.aborted) {
      try {
        await this.#turn(this.#planner ?? (await this.#open()));
        backoff.reset();
        this.#problem = undefined;
      } catch (thrown) {
        this.#planner = undefined;
        if (this.#problem !== reason(thrown)) this.#needs.log.warn({ err: thrown }, "the delivery begins anew");
        this.#problem = reason(thrown);
        await backoff.wait(this.#stop.signal);
      }
    }
  }

  async #turn(planner: Planner): Promise<void> {
    this.#wake = Promise.withResolvers();
    await this.#sweepManifests();
    if (await planner.step()) return;
    const waitMs = Math.min(planner.slotEndsInMs, TICK_MS);
    const waiting = new AbortController();
    await Promise.race([this.#wake.promise, pause(waitMs, waiting.signal)]);
    waiting.abort();
    if (!this.#stop.signal.aborted) await pause(Math.min(GATHER_MS, planner.slotEndsInMs), this.#stop.signal);
  }

  /** Every minute; only once in an hour is there much to do. */
  async #sweepManifests(): Promise<void> {
    const now = this.#needs.clock.elapsed();
    if (now - this.#swept < MINUTE_MS) return;
    this.#swept = now;
    await this.#manifests.sweep();
  }
}
