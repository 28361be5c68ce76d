import { digestFolder, parseDigestKey } from "../digest-key.ts";
import { dayFolder } from "./log-key.ts";
import type { ListedFile, LogSource } from "./log-source.ts";
import { type Chain, chainName, type Scope } from "./scope.ts";

/** A chain's digest files in the range, as far as the bucket lists them, oldest first. */
export interface ChainKeys {
  readonly chain: Chain;
  readonly regular: readonly string[];
  readonly backfill: readonly string[];
}

/** Where digest files of an account and Region lie. */
export interface DigestsFolder {
  readonly folder: string;
  readonly account: string;
  readonly region: string;
}

/** Digests are delivered late: of an hour after the end, they may still tell of files from before it. */
export const SPILL_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Finds every folder of digest files, leaping over everything else: an account's log files are not listed for it.
 * `above`: what keys have before `AWSLogs/`.
 */
export async function* findDigestFolders(source: LogSource, above: string): AsyncGenerator<DigestsFolder> {
  const base = `${above}AWSLogs/`;
  for (let after = ""; ; ) {
    const next = await firstOf(source.list(base, after));
    if (next === undefined) return;
    const place = readPlace(next.key.slice(base.length));
    if (place === undefined) {
      after = behindFolder(base, next.key);
    } else if (place.family === "CloudTrail-Digest") {
      const folder = `${base}${place.owner}CloudTrail-Digest/${place.region}/`;
      yield { folder, account: place.account, region: place.region };
      after = behind(folder);
    } else if (`${place.family}/` < "CloudTrail-Digest/") {
      after = `${base}${place.owner}CloudTrail-Digest`;
    } else {
      after = behind(`${base}${place.owner}`);
    }
  }
}

interface PlaceInLogs {
  /** `[o-…/]account/` */
  readonly owner: string;
  readonly account: string;
  readonly family: string;
  readonly region: string;
}

function readPlace(path: string): PlaceInLogs | undefined {
  const match = /^(?<owner>(?:o-[a-z0-9]+\/)?(?<account>\d{12})\/)(?<family>[^/]+)\/(?<region>[^/]+)/.exec(path);
  return match?.groups as unknown as PlaceInLogs | undefined;
}

/** Every key of the folder comes before this text, every later folder's after it. */
function behind(folder: string): string {
  return `${folder.slice(0, -1)}0`;
}

function behindFolder(base: string, key: string): string {
  const slash = key.indexOf("/", base.length);
  return slash < 0 ? key : behind(key.slice(0, slash + 1));
}

async function firstOf(files: AsyncIterable<ListedFile>): Promise<ListedFile | undefined> {
  for await (const file of files) return file;
  return undefined;
}

/** The chains of a folder with their digest files of the range: those that end in it or within an hour after it. */
export async function listChains(
  source: LogSource,
  { folder, account, region }: DigestsFolder,
  { fromMs, toMs }: Pick<Scope, "fromMs" | "toMs">,
): Promise<readonly ChainKeys[]> {
  const found = new Map<string, { chain: Chain; regular: string[]; backfill: string[] }>();
  const after = fromMs === undefined ? "" : `${folder}${dayFolder(fromMs - MINUTE_MS)}`;
  const lastDay = `${folder}${dayFolder(toMs + SPILL_MS)}`;
  for await (const { key } of source.list(folder, after)) {
    if (key > behind(lastDay)) break;
    const name = parseDigestKey(key);
    if (name === undefined || digestFolder(name) !== folder) continue;
    if (name.endMs < (fromMs ?? 0) || name.endMs > toMs + SPILL_MS) continue;
    const { trailName, homeRegion } = name;
    const chain: Chain = { bucket: source.bucket, folder, account, region, trailName, homeRegion };
    const keys = found.get(chainName(chain)) ?? { chain, regular: [], backfill: [] };
    found.set(chainName(chain), keys);
    (name.backfill ? keys.backfill : keys.regular).push(key);
  }
  return [...found.values()];
}
