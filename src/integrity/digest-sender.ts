import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { assert, type Clock, reason } from "../core/index.ts";
import type { ChainName, DigestedTrail, PutDigest } from "./digests.ts";
import type { DigestKind, IntegritySchema } from "./schema.ts";

/** What a digest is put with, beside its place and its bytes. */
export interface DigestPut {
  readonly trail: DigestedTrail;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Pauses between attempts: doubled from `firstMs` up to `maxMs`. */
export interface Retry {
  readonly firstMs: number;
  readonly maxMs: number;
}

interface SenderNeeds {
  readonly tables: Kysely<IntegritySchema>;
  readonly put: PutDigest;
  readonly clock: Clock;
  readonly log: Logger;
}

type DigestName = ChainName & { readonly kind: DigestKind; readonly number: number };

/**
 * Digests that go out one after the other: a chain's into one bucket. When a trail moves to another bucket, what the old one
 * does not take holds up nothing.
 */
interface Lane extends ChainName {
  readonly kind: DigestKind;
  readonly bucket: string;
}

/** A bucket that takes ten seconds a call holds up other chains of its trail only. */
const LANES_OF_TRAIL = 4;

/** Puts decided digests, those of a chain in order, and stores that they were delivered. */
export class DigestSender {
  readonly #needs: SenderNeeds;
  readonly #retry: Retry;
  /** Lanes on which a put is under way. */
  readonly #running = new Map<string, Lane>();
  readonly #unfinished = new Set<Promise<void>>();
  /** Lanes that failed: how often in a row, when they may try again (`Clock.elapsed`), and why. */
  readonly #failed = new Map<string, { readonly times: number; readonly notBefore: number; readonly why: string }>();
  /** Digests that were decided by this process and not yet tried. All others may lie in their bucket already. */
  readonly #untried = new Set<string>();
  #skipped = false;
  #closed = false;

  constructor(needs: SenderNeeds, retry: Retry) {
    this.#needs = needs;
    this.#retry = retry;
  }

  decided(digest: DigestName): void {
    this.#untried.add(nameOf(digest));
  }

  /** Starts whatever may go out. */
  async sweep(): Promise<void> {
    if (this.#closed) return;
    this.#skipped = false;
    for (const lane of await this.#waitingLanes()) {
      const name = laneName(lane);
      const isWaiting = (this.#failed.get(name)?.notBefore ?? 0) > this.#needs.clock.elapsed();
      if (this.#running.has(name) || isWaiting || this.#closed) continue;
      const busy = this.#running.values().filter(({ trailId }) => trailId === lane.trailId);
      if ([...busy].length >= LANES_OF_TRAIL) this.#skipped = true;
      else this.#start(name, lane);
    }
  }

  /** Resolves once no put is under way. */
  async idle(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  #start(name: string, lane: Lane): void {
    this.#running.set(name, lane);
    const done = this.#run(name, lane).finally(() => this.#unfinished.delete(done));
    this.#unfinished.add(done);
  }

  async #run(name: string, lane: Lane): Promise<void> {
    try {
      await this.#send(name, lane);
      this.#running.delete(name);
      if (this.#skipped) await this.sweep();
    } catch (cause) {
      this.#running.delete(name);
      this.#note(name, lane, cause);
    }
  }

  /** Everything that waits on the lane, until one is not taken. */
  async #send(name: string, lane: Lane): Promise<void> {
    for (let digest = await this.#first(lane); digest !== undefined; digest = await this.#first(lane)) {
      if (this.#closed) return;
      await this.#putOne(lane, digest);
      this.#failed.delete(name);
    }
  }

  async #putOne(lane: Lane, digest: WaitingDigest): Promise<void> {
    const { tables, clock } = this.#needs;
    const { etag, versionId } = await this.#tryPut(lane, digest);
    const delivered = { delivered_at: clock.now(), etag, version_id: versionId ?? null };
    await tables.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("digests")
        .set({ ...delivered, bytes: null, put: null, error: null })
        .where("digest_id", "=", digest.digest_id)
        .execute();
    });
  }

  async #tryPut(lane: Lane, { digest_id, number, key, bytes, put }: WaitingDigest): ReturnType<PutDigest> {
    const { account, bucket } = lane;
    assert(bytes !== null && put !== null, "what is not delivered has its bytes");
    const { trail, metadata } = JSON.parse(put) as DigestPut;
    const again = !this.#untried.delete(nameOf({ ...lane, number }));
    try {
      return await this.#needs.put({ trail, account, bucket, key, bytes, metadata, again });
    } catch (cause) {
      const error = codeOf(cause);
      const digest = this.#needs.tables.updateTable("digests").where("digest_id", "=", digest_id);
      if (!TRANSIENT.has(error)) await digest.set({ error }).execute();
      throw cause;
    }
  }

  /** A failure is told when it begins and when it becomes another one. */
  #note(name: string, { trailId, region, bucket }: Lane, cause: unknown): void {
    const before = this.#failed.get(name);
    const why = isCoded(cause) ? cause.code : reason(cause);
    if (before?.why !== why) {
      this.#needs.log.warn({ err: cause, trailId, region, bucket }, "a digest file could not be delivered");
    }
    const times = (before?.times ?? 0) + 1;
    const pauseMs = Math.min(this.#retry.maxMs, this.#retry.firstMs * 2 ** (times - 1));
    this.#failed.set(name, { times, notBefore: this.#needs.clock.elapsed() + pauseMs, why });
  }

  async #waitingLanes(): Promise<readonly Lane[]> {
    const rows = await this.#needs.tables
      .selectFrom("digests")
      .select(["trail_id", "account_id", "region", "kind", "bucket"])
      .distinct()
      .where("delivered_at", "is", null)
      .execute();
    return rows.map(({ trail_id: trailId, account_id: account, region, kind, bucket }) => ({
      trailId,
      account,
      region,
      kind,
      bucket,
    }));
  }

  #first({ trailId, account, region, kind, bucket }: Lane): Promise<WaitingDigest | undefined> {
    return this.#needs.tables
      .selectFrom("digests")
      .select(["digest_id", "number", "key", "bytes", "put"])
      .where("trail_id", "=", trailId)
      .where("account_id", "=", account)
      .where("region", "=", region)
      .where("kind", "=", kind)
      .where("bucket", "=", bucket)
      .where("delivered_at", "is", null)
      .orderBy("number")
      .limit(1)
      .executeTakeFirst() as Promise<WaitingDigest | undefined>;
  }
}

interface WaitingDigest {
  readonly digest_id: number;
  readonly number: number;
  readonly key: string;
  readonly bytes: Uint8Array | null;
  readonly put: string | null;
}

function laneName({ trailId, account, region, kind, bucket }: Lane): string {
  return [trailId, account, region, kind, bucket].join("/");
}

function nameOf({ trailId, account, region, kind, number }: DigestName): string {
  return [trailId, account, region, kind, number].join("/");
}

/** S3's error code, where the failure bears one. */
function codeOf(cause: unknown): string {
  return isCoded(cause) ? cause.code : "InternalError";
}

function isCoded(cause: unknown): cause is { readonly code: string } {
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string";
}

/**
 * What says nothing about the bucket: GetTrailStatus tells of no time-outs.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
const TRANSIENT: ReadonlySet<string> = new Set(["Timeout", "RequestTimeout", "SlowDown", "ServiceUnavailable"]);
