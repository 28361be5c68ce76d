import { parseDigestKey } from "../digest-key.ts";
import { checkDigest, type DigestVerdict } from "./check-digest.ts";
import { type LoadedDigest, loadDigest } from "./load-digest.ts";
import type { LogSources } from "./log-source.ts";
import { type Problem, problem } from "./problems.ts";
import type { PublicKeys } from "./public-keys.ts";
import type { ReadDigest } from "./read-digest.ts";
import type { Chain } from "./scope.ts";

export type ChainStep =
  /** `digest` is there when its verdict is `valid` or `unsigned`: what it says may be relied upon as far as that goes. */
  | {
      readonly kind: "digest";
      readonly bucket: string;
      readonly key: string;
      readonly verdict: DigestVerdict;
      readonly digest?: ReadDigest;
    }
  /** Nothing was digested in between: the chain begins anew after it. */
  | { readonly kind: "gap"; readonly fromMs: number; readonly toMs: number }
  /** Consecutive digests leave a time out, or both cover it. */
  | { readonly kind: "hole" | "overlap"; readonly fromMs: number; readonly toMs: number };

export interface Walk {
  readonly chain: Chain;
  readonly backfill: boolean;
  /** Listed keys, oldest first. */
  readonly keys: readonly string[];
  readonly fromMs: number;
}

interface WalkNeeds {
  readonly sources: LogSources;
  readonly publicKeys: PublicKeys;
  /** Lists the same chain's keys in another bucket. */
  readonly listAgain: (bucket: string) => Promise<readonly string[]>;
}

/** How many digest files are read ahead of the one that is being checked. */
const AHEAD = 16;

/**
 * Walks a chain of digest files as the AWS CLI does: from the newest back, along what each says of the one before it;
 * past a broken or missing one, and where a chain began anew, to the next older one that is listed.
 */
export async function* walkChain(needs: WalkNeeds, walk: Walk): AsyncGenerator<ChainStep> {
  const { chain, backfill, fromMs } = walk;
  const loader = new Loader(needs.sources);
  const seen = new Set<string>();
  let { bucket } = chain;
  let listed = [...walk.keys];
  let key = listed.pop();
  let newer: ReadDigest | undefined;
  let startMs = key === undefined ? 0 : nameMs(key, 0);
  while (key !== undefined && fromMs <= startMs) {
    const here = `${bucket}/${key}`;
    const loading = seen.has(here) ? problem("loop") : loader.load(bucket, key);
    seen.add(here);
    dropNewer(listed, nameMs(key, startMs));
    loader.ahead(bucket, listed.slice(-AHEAD));
    const loaded: LoadedDigest | Problem = await loading;
    const place = { bucket, key, region: chain.region, homeRegion: chain.homeRegion, backfill, newer };
    const verdict: DigestVerdict = "code" in loaded ? loaded : await checkDigest(loaded, place, needs.publicKeys);
    if ("code" in loaded || typeof verdict !== "string") {
      yield { kind: "digest", bucket, key, verdict };
      newer = undefined;
      key = listed.pop();
      continue;
    }
    const { digest } = loaded;
    yield { kind: "digest", bucket, key, verdict, digest };
    if (newer !== undefined && digest.endMs !== newer.startMs) yield misfit(digest.endMs, newer.startMs);
    startMs = digest.startMs;
    const { previousDigestS3Bucket: nextBucket, previousDigestS3Object: nextKey } = digest;
    if (nextBucket === null || nextBucket === undefined || nextKey === null || nextKey === undefined) {
      newer = undefined;
      key = listed.pop();
      if (key !== undefined) yield { kind: "gap", fromMs: nameMs(key, startMs), toMs: startMs };
      continue;
    }
    newer = digest;
    key = nextKey;
    if (nextBucket === bucket) continue;
    bucket = nextBucket;
    listed = [...(await needs.listAgain(bucket))];
  }
  for (const left of walk.keys) {
    if (!seen.has(`${chain.bucket}/${left}`)) {
      yield { kind: "digest", bucket: chain.bucket, key: left, verdict: problem("no-chain") };
    }
  }
}

function misfit(endMs: number, nextStartMs: number): ChainStep {
  return endMs < nextStartMs
    ? { kind: "hole", fromMs: endMs, toMs: nextStartMs }
    : { kind: "overlap", fromMs: nextStartMs, toMs: endMs };
}

/** Leaves what is older than `ms`. */
function dropNewer(listed: string[], ms: number): void {
  while (listed.length > 0 && nameMs(listed.at(-1) ?? "", 0) >= ms) listed.pop();
}

/** The end of a digest file as its name tells; a name that tells nothing came from a digest file before it. */
function nameMs(key: string, otherwise: number): number {
  return parseDigestKey(key)?.endMs ?? otherwise;
}

/** Reads digest files before they are asked for: in the order of the list is the order of the chain, nearly always. */
class Loader {
  readonly #sources: LogSources;
  readonly #loading = new Map<string, Promise<LoadedDigest | Problem>>();

  constructor(sources: LogSources) {
    this.#sources = sources;
  }

  load(bucket: string, key: string): Promise<LoadedDigest | Problem> {
    const place = `${bucket}/${key}`;
    const loading = this.#loading.get(place) ?? loadDigest(this.#sources.bucket(bucket), key);
    this.#loading.delete(place);
    return loading;
  }

  ahead(bucket: string, keys: readonly string[]): void {
    for (const key of keys) {
      const place = `${bucket}/${key}`;
      if (this.#loading.has(place)) continue;
      const loading = loadDigest(this.#sources.bucket(bucket), key);
      // Whoever asks for it hears of a failure.
      loading.catch(() => undefined);
      this.#loading.set(place, loading);
    }
    // What the chain passed by is not needed any more.
    const kept = new Set(keys.map((key) => `${bucket}/${key}`));
    for (const place of this.#loading.keys()) if (!kept.has(place)) this.#loading.delete(place);
  }
}
