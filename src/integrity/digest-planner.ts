import { type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { assert, type Clock, isoSeconds, reason } from "../core/index.ts";
import {
  backfillWindow,
  type ChainState,
  type ChainTimes,
  closed,
  isLate,
  type PreviousLink,
  previousOf,
  type Window,
  windowToClose,
} from "./chain.ts";
import {
  dueAt,
  dueChains,
  type FileRange,
  forgetFiles,
  postpone,
  readChain,
  readTrail,
  type StoredChain,
  type WaitingFile,
  waitingFiles,
  waitingTimes,
  writeChain,
} from "./chain-tables.ts";
import {
  DIGEST_METADATA,
  type Digest,
  HASH_ALGORITHM,
  SIGNATURE_ALGORITHM,
  sha256Hex,
  stringToSign,
  writeDigest,
} from "./digest-file.ts";
import { digestKey } from "./digest-key.ts";
import type { DigestKeys, SigningKey } from "./digest-keys.ts";
import type { DigestPut } from "./digest-sender.ts";
import type { ChainName, DigestedTrail } from "./digests.ts";
import type { DigestKind, IntegritySchema } from "./schema.ts";

interface PlannerNeeds {
  readonly tables: Kysely<IntegritySchema>;
  readonly keys: DigestKeys;
  readonly pending: (chain: ChainName) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A digest was decided by this process; nobody can have put it yet. */
  readonly decided: (digest: ChainName & { readonly kind: DigestKind; readonly number: number }) => void;
}

/** A digest that is due, and what it is made from. */
interface Due {
  readonly chain: ChainName;
  readonly trail: DigestedTrail;
  readonly kind: DigestKind;
  /** Both are as they were read: whoever changed them meanwhile makes the digest void. */
  readonly regular: StoredChain;
  readonly backfill: StoredChain;
  readonly window: Window;
  readonly range: FileRange;
}

interface SignedDigest {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly signature: string;
  readonly put: DigestPut;
}

/** In one round: so many chains are looked at, so many digests made, so many of one chain. */
const ROUND = { chains: 1000, digests: 256, digestsOfChain: 8 } as const;

/** How soon a chain is looked at again that waits for its last files. */
const ENDING_POLL_MS = 1000;

/**
 * Decides which digests there are: closes windows, signs, and stores each digest together with the chain's new state
 * before anything is put. Reading and signing happen outside of the transaction, which then insists that nothing changed.
 */
export class DigestPlanner {
  readonly #needs: PlannerNeeds;
  readonly #times: ChainTimes;
  /** The latest failure, which is told once, and whether there was one in this round. */
  #problem: string | undefined;
  #failed = false;

  constructor(needs: PlannerNeeds, times: ChainTimes) {
    this.#needs = needs;
    this.#times = times;
  }

  /** One round of decisions; answers whether another one would find more to do at once. */
  async decide(): Promise<boolean> {
    const chains = await dueChains(this.#needs.tables, this.#needs.clock.now(), ROUND.chains);
    let left: number = ROUND.digests;
    let more = false;
    this.#failed = false;
    for (const chain of chains) {
      const tries = Math.min(left, ROUND.digestsOfChain);
      const made = await this.#decideSome(chain, tries);
      left -= made;
      more ||= made === tries;
    }
    if (!this.#failed) this.#problem = undefined;
    return more;
  }

  /** A chain that cannot be decided does not stop the others. */
  async #decideSome(chain: ChainName, limit: number): Promise<number> {
    try {
      for (let made = 0; made < limit; made += 1) if (!(await this.#decideOne(chain))) return made;
      return limit;
    } catch (err) {
      this.#failed = true;
      if (this.#problem !== reason(err)) this.#needs.log.error({ err, chain }, "a digest could not be decided");
      this.#problem = reason(err);
      return 0;
    }
  }

  async #decideOne(chain: ChainName): Promise<boolean> {
    const { tables, keys } = this.#needs;
    const due = await this.#findDue(chain);
    if (due === undefined) return false;
    const key = await keys.current(chain.region);
    if (key === undefined) return false;
    const files = await waitingFiles(tables, chain, due.range);
    const now = this.#needs.clock.now();
    return await this.#commit(due, key, files, await signDigest(due, key, files, now), now);
  }

  async #findDue(chain: ChainName): Promise<Due | undefined> {
    const { tables, clock, pending } = this.#needs;
    const known = await readTrail(tables, chain.trailId);
    if (known === undefined) return undefined;
    const { trail } = known;
    const regular = await readChain(tables, chain, "regular", trail.arn);
    const backfill = await readChain(tables, chain, "backfill", trail.arn);
    const { state } = regular;
    const { run } = state;
    // Asked before the files are looked for: what was pending a moment ago is among them.
    const waits = run?.ending === true && run.restart === undefined && (await pending(chain));
    const now = clock.now();
    const found = { chain, trail, regular, backfill };

    const late = state.closedTo === undefined ? undefined : await waitingTimes(tables, chain, { upTo: state.closedTo });
    if (late !== undefined) {
      const { filesTo, due, ...window } = backfillWindow(state, backfill.state, late, this.#times);
      if (due <= now) return { ...found, kind: "backfill", window, range: { upTo: filesTo } };
    }

    const waiting = await waitingTimes(tables, chain);
    // A trail that logs on without validation always has something pending: its last digest comes with the interval's end.
    const mayEnd = !waits || (trail.logging && now >= run.start + this.#times.intervalMs);
    const window = windowToClose(state, this.#times, now, mayEnd, waiting?.newest ?? 0);
    if (window !== undefined) {
      const after = state.closedTo === undefined ? {} : { after: state.closedTo };
      return { ...found, kind: "regular", window, range: { ...after, upTo: window.end } };
    }
    const next = run?.ending === true ? now + ENDING_POLL_MS : dueAt(state, waiting?.oldest, this.#times);
    await postpone(tables, chain, regular, next);
    return undefined;
  }

  /** False when something changed since the digest's reasons were read: nothing is stored then. */
  async #commit(
    due: Due,
    key: SigningKey,
    files: readonly WaitingFile[],
    digest: SignedDigest,
    now: number,
  ): Promise<boolean> {
    const { chain, trail, kind, regular, backfill, window, range } = due;
    const { tables, keys, decided } = this.#needs;
    const { number } = (kind === "regular" ? regular : backfill).state;
    const from = Math.min(window.end, now);
    const to = Math.max(window.end, now);
    const stored = await atOnce(tables, async (transaction) => {
      const forgotten = await forgetFiles(transaction, chain, range, files.at(-1)?.id ?? 0);
      assert(forgotten === files.length, "nobody else takes waiting files away");
      await keys.cover(transaction, key, from, to);
      await transaction
        .insertInto("digests")
        .values({
          trail_id: chain.trailId,
          trail_arn: trail.arn,
          account_id: chain.account,
          region: chain.region,
          kind,
          number,
          bucket: trail.bucket,
          key: digest.key,
          bytes: digest.bytes,
          put: JSON.stringify(digest.put),
          sha256: digest.sha256,
          signature: digest.signature,
          size: digest.bytes.length,
          end_ms: window.end,
          planned_at: now,
          delivered_at: null,
          etag: null,
          version_id: null,
          error: null,
        })
        .execute();
      return await this.#advance(transaction, due, {
        bucket: trail.bucket,
        key: digest.key,
        sha256: digest.sha256,
        signature: digest.signature,
      });
    });
    if (!stored) return false;
    keys.covered(key, from, to);
    decided({ ...chain, kind, number });
    return true;
  }

  /** Brings the chain to its state after the digest; false when it is not any more what the digest was decided from. */
  async #advance(
    transaction: Kysely<IntegritySchema>,
    { chain, kind, regular, backfill, window }: Due,
    link: PreviousLink,
  ): Promise<boolean> {
    const state: ChainState = kind === "regular" ? closed(regular.state, window, link) : regular.state;
    const oldest = (await waitingTimes(transaction, chain))?.oldest;
    // What was told of since the files were read must not be left to a chain that has ended.
    if (window.last && oldest !== undefined && (state.run === undefined || isLate(state, oldest))) return false;
    const row = { state: JSON.stringify(state), due_at: dueAt(state, oldest, this.#times) };
    if (!(await writeChain(transaction, chain, "regular", regular, row))) return false;
    if (kind === "regular") return true;
    const late = { state: JSON.stringify(closed(backfill.state, window, link)), due_at: null };
    return await writeChain(transaction, chain, "backfill", backfill, late);
  }
}

/** The digest as it will lie in its bucket. */
async function signDigest(
  { chain, trail, kind, regular, backfill, window }: Due,
  { fingerprint, privateKey }: SigningKey,
  files: readonly WaitingFile[],
  now: number,
): Promise<SignedDigest> {
  const key = digestKey({
    ...(trail.prefix !== undefined && { prefix: trail.prefix }),
    ...(trail.organizationId !== undefined && { organizationId: trail.organizationId }),
    account: chain.account,
    region: chain.region,
    trailName: trail.name,
    homeRegion: trail.homeRegion,
    endMs: window.end,
    backfill: kind === "backfill",
  });
  const digest: Digest = {
    awsAccountId: chain.account,
    digestStartTime: isoSeconds(window.start),
    digestEndTime: isoSeconds(window.end),
    digestS3Bucket: trail.bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: SIGNATURE_ALGORITHM,
    newestEventTime: files.length === 0 ? null : isoSeconds(extreme(files, (file) => file.newestMs)),
    oldestEventTime: files.length === 0 ? null : isoSeconds(-extreme(files, (file) => -file.oldestMs)),
    ...previousOf((kind === "regular" ? regular : backfill).state),
    logFiles: files.map(({ file }) => ({
      s3Bucket: file.bucket,
      s3Object: file.key,
      hashValue: file.sha256,
      hashAlgorithm: HASH_ALGORITHM,
      newestEventTime: isoSeconds(file.newestMs),
      oldestEventTime: isoSeconds(file.oldestMs),
    })),
  };
  const bytes = writeDigest(digest);
  const sha256 = sha256Hex(bytes);
  const signature = await signText(stringToSign(digest, sha256), privateKey);
  const metadata = {
    [DIGEST_METADATA.signature]: signature,
    [DIGEST_METADATA.algorithm]: SIGNATURE_ALGORITHM,
    ...(kind === "backfill" && { [DIGEST_METADATA.generated]: isoSeconds(now).replace("Z", ".000Z") }),
  };
  return { key, bytes: await promisify(gzip)(bytes), sha256, signature, put: { trail, metadata } };
}

/** On a thread of libuv's pool: many chains have the same boundaries. */
function signText(text: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign("RSA-SHA256", Buffer.from(text), key, (error, signature) => {
      if (error === null) resolve(signature.toString("hex"));
      else reject(error);
    });
  });
}

/** The greatest; files may be too many for the arguments of one call. */
function extreme(files: readonly WaitingFile[], of: (file: WaitingFile["file"]) => number): number {
  return files.reduce((greatest, { file }) => Math.max(greatest, of(file)), -Infinity);
}

/** Commits when `work` answers true, and rolls back otherwise. */
async function atOnce(
  tables: Kysely<IntegritySchema>,
  work: (transaction: Kysely<IntegritySchema>) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await tables.transaction().execute(async (transaction) => {
      if (!(await work(transaction))) throw CHANGED;
      return true;
    });
  } catch (thrown) {
    if (thrown === CHANGED) return false;
    throw thrown;
  }
}

const CHANGED = new Error("the chain was changed meanwhile");
