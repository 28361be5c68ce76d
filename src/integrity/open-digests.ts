import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { type Clock, Failure, reason } from "../core/index.ts";
import type { ChainTimes } from "./chain.ts";
import { fileDelivered, trailChanged } from "./chain-changes.ts";
import { DigestKeys, type KeyBox, type KeyPair, makeKeyPair } from "./digest-keys.ts";
import { DigestPlanner } from "./digest-planner.ts";
import { DigestSender, type Retry } from "./digest-sender.ts";
import type {
  ChainName,
  DeliveredFile,
  DigestedTrail,
  Digests,
  DigestStatus,
  PublicKey,
  PutDigest,
} from "./digests.ts";
import type { IntegritySchema } from "./schema.ts";

export interface DigestsNeeds {
  readonly tables: Kysely<IntegritySchema>;
  readonly box: KeyBox;
  readonly put: PutDigest;
  /** Whether a log file of the chain is decided, or to be decided, and not delivered: its last digest waits for it. */
  readonly pending: (chain: ChainName) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
  /** RSA-2048, for tests that make theirs once. */
  readonly makeKeyPair?: () => Promise<KeyPair>;
}

export interface DigestsOptions {
  /** Length of a digest's window: whole seconds. */
  readonly intervalMs: number;
  readonly keyLifetimeMs: number;
  /** How long before a key's end the next one takes over. */
  readonly keyOverlapMs: number;
  readonly retry: Retry;
}

/** Opens the digests and goes on with what the last process left. @throws {Failure} when the tables cannot be read. */
export async function openDigests(needs: DigestsNeeds, options: DigestsOptions): Promise<Digests> {
  const maker = new DigestMaker(needs, options);
  await maker.tick();
  maker.start(Math.min(1000, options.intervalMs / 4));
  return maker;
}

/** How long after its end a window is closed. */
const GRACE_MS_MAX = 1000;

/** `Digests`; time passes for it in `tick`. */
export class DigestMaker implements Digests {
  readonly #needs: DigestsNeeds;
  readonly #times: ChainTimes;
  readonly #keys: DigestKeys;
  readonly #planner: DigestPlanner;
  readonly #sender: DigestSender;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<boolean> | undefined;
  #problem: string | undefined;
  #closed = false;

  constructor(needs: DigestsNeeds, options: DigestsOptions) {
    const { intervalMs, retry } = options;
    if (intervalMs < 1000 || intervalMs % 1000 !== 0) throw new Failure(`digests every ${intervalMs} ms`);
    this.#needs = needs;
    this.#times = { intervalMs, graceMs: Math.min(GRACE_MS_MAX, intervalMs / 4) };
    this.#keys = new DigestKeys({ makeKeyPair, ...needs }, options);
    this.#sender = new DigestSender(needs, retry);
    const decided = this.#sender.decided.bind(this.#sender);
    this.#planner = new DigestPlanner({ ...needs, keys: this.#keys, decided }, this.#times);
  }

  trailChanged(
    transaction: Kysely<IntegritySchema>,
    trail: DigestedTrail,
    accounts: readonly string[],
    now: number,
  ): Promise<void> {
    return trailChanged(transaction, trail, accounts, now, this.#times);
  }

  fileDelivered(transaction: Kysely<IntegritySchema>, chain: ChainName, file: DeliveredFile): Promise<void> {
    return fileDelivered(transaction, chain, file, this.#times);
  }

  publicKeys(region: string, from: number, to: number): Promise<readonly PublicKey[]> {
    return this.#keys.list(region, from, to);
  }

  async status(trailId: string, region: string): Promise<DigestStatus> {
    const digests = this.#needs.tables
      .selectFrom("digests")
      .where("trail_id", "=", trailId)
      .where("region", "=", region);
    const { latest } = await digests.select(({ fn }) => fn.max("delivered_at").as("latest")).executeTakeFirstOrThrow();
    const failed = await digests
      .select("error")
      .where("delivered_at", "is", null)
      .where("error", "is not", null)
      .limit(1)
      .executeTakeFirst();
    const latestError = failed?.error ?? (latest === null ? undefined : "");
    return {
      ...(latest !== null && { latestDeliveryMs: latest }),
      ...(latestError !== undefined && { latestError }),
    };
  }

  /** Decides what is due and starts what is to go out; answers whether there is more to decide at once. */
  async tick(): Promise<boolean> {
    const more = await this.#planner.decide();
    await this.#sender.sweep();
    return more;
  }

  /** Resolves once no put is under way. */
  idle(): Promise<void> {
    return this.#sender.idle();
  }

  start(everyMs: number): void {
    const next = (delayMs: number): void => {
      if (!this.#closed) this.#timer = setTimeout(run, delayMs).unref();
    };
    const run = (): void => {
      this.#ticking = this.#tickSafely();
      void this.#ticking.then((more) => next(more ? 0 : everyMs));
    };
    next(everyMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#ticking;
    await this.#sender.close();
    await this.#keys.close();
  }

  async #tickSafely(): Promise<boolean> {
    try {
      const more = await this.tick();
      this.#problem = undefined;
      return more;
    } catch (err) {
      if (this.#problem !== reason(err)) this.#needs.log.error({ err }, "digests do not go on");
      this.#problem = reason(err);
      return false;
    }
  }
}
