import type { DigestedFile } from "../digest-file.ts";
import { Coverage, type Judgement, missingSince } from "./coverage.ts";
import { type ChainKeys, type DigestsFolder, listChains, SPILL_MS } from "./find-chains.ts";
import type { CutFinding, Finding, LogFinding } from "./finding.ts";
import type { LogChecker } from "./log-checker.ts";
import { dayFolder, logFolder, logStampMs } from "./log-key.ts";
import type { ListedFile, LogSource, LogSources } from "./log-source.ts";
import { problem } from "./problems.ts";
import type { PublicKeys } from "./public-keys.ts";
import { type ReadDigest, timeOf } from "./read-digest.ts";
import type { Chain, Scope } from "./scope.ts";
import { type ChainStep, walkChain } from "./walk-chain.ts";

export interface CheckNeeds {
  readonly sources: LogSources;
  readonly publicKeys: PublicKeys;
  readonly checker: LogChecker;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Told of each log file of the range that the bucket lists, and each time one has been checked. */
  readonly onProgress?: (progress: { readonly found: ListedFile } | { readonly checked: string }) => void;
}

export interface CheckOptions {
  readonly scope: Scope;
  /** Reads the records too. */
  readonly deep: boolean;
}

/** A finding that may take its time, wrapped so that nobody waits for it while it passes through. */
export interface Later {
  readonly later: Finding | Promise<Finding>;
}

/** Checks what lies in one account's and Region's folders: the chains of its trails, and what they leave unlisted. */
export async function* checkFolder(
  needs: CheckNeeds,
  options: CheckOptions,
  source: LogSource,
  folder: DigestsFolder,
): AsyncGenerator<Later> {
  const chains = await listChains(source, folder, options.scope);
  const wanted = chains.filter(({ chain }) => isWanted(chain, options.scope));
  if (wanted.length === 0) return;
  const listing = listLogs(needs, source, folder, options.scope);
  // It goes on while digest files are checked; who needs it hears of its failure.
  listing.catch(() => undefined);
  const coverage = new Coverage();
  for (const keys of wanted) yield* checkChain(needs, options, keys, coverage);
  for (const keys of chains) if (!wanted.includes(keys)) await learnChain(needs, options.scope, keys, coverage);
  yield* judgeUnlisted(needs, options.scope, source, folder, coverage, await listing);
}

function isWanted({ folder, account, trailName, homeRegion }: Chain, { trail }: Scope): boolean {
  if (trail === undefined) return true;
  const ofOrganization = /(?:^|\/)AWSLogs\/o-/.test(folder);
  return trail.name === trailName && trail.homeRegion === homeRegion && (ofOrganization || trail.account === account);
}

async function* checkChain(
  needs: CheckNeeds,
  { scope, deep }: CheckOptions,
  keys: ChainKeys,
  coverage: Coverage,
): AsyncGenerator<Later> {
  const { chain } = keys;
  yield { later: { kind: "chain", chain } };
  const own = new Coverage();
  let newestMs: number | undefined;
  for (const backfill of [false, true]) {
    for await (const step of walk(needs, scope, keys, backfill)) {
      yield { later: findingOf(step, chain, backfill) };
      if (step.kind !== "digest" || step.digest === undefined) continue;
      const { digest } = step;
      learn(coverage, digest, backfill);
      for (const file of digest.logFiles) {
        const later = checkListed(needs, file, { chain, unsigned: step.verdict === "unsigned", deep });
        // It may fail before anybody waits for it.
        later.catch(() => undefined);
        yield { later };
      }
      if (backfill) continue;
      learn(own, digest, backfill);
      newestMs = Math.max(newestMs ?? 0, digest.endMs);
    }
  }
  const cut = newestMs === undefined ? undefined : cutOf(chain, newestMs, own, Math.min(scope.toMs, needs.now));
  if (cut !== undefined) yield { later: cut };
}

function cutOf(chain: Chain, endMs: number, own: Coverage, untilMs: number): CutFinding | undefined {
  const missingMs = missingSince(endMs, own.intervalMs(), untilMs);
  return missingMs === undefined ? undefined : { kind: "cut", chain, endMs, missingMs };
}

function walk(
  needs: CheckNeeds,
  scope: Pick<Scope, "fromMs" | "toMs">,
  keys: ChainKeys,
  backfill: boolean,
): AsyncGenerator<ChainStep> {
  const { chain } = keys;
  const listAgain = async (bucket: string): Promise<readonly string[]> => {
    const source = needs.sources.bucket(bucket);
    if (source === undefined) return [];
    const again = await listChains(source, chain, scope);
    const same = again.find(
      (other) => other.chain.trailName === chain.trailName && other.chain.homeRegion === chain.homeRegion,
    );
    return (backfill ? same?.backfill : same?.regular) ?? [];
  };
  return walkChain(
    { ...needs, listAgain },
    { chain, backfill, keys: backfill ? keys.backfill : keys.regular, fromMs: scope.fromMs ?? 0 },
  );
}

function findingOf(step: ChainStep, chain: Chain, backfill: boolean): Finding {
  if (step.kind !== "digest") return { ...step, chain, backfill };
  const { kind, bucket, key, verdict, digest } = step;
  const range = digest && { fromMs: digest.startMs, toMs: digest.endMs };
  return { kind, chain, backfill, bucket, key, verdict, ...(range && { range }) };
}

/** Backfill digests cover no time of their own: regular ones do, and leave out what they list. */
function learn(coverage: Coverage, { startMs, endMs, logFiles }: ReadDigest, backfill: boolean): void {
  const keys = logFiles.map(({ s3Object }) => s3Object);
  coverage.add(backfill ? undefined : { fromMs: startMs, toMs: endMs }, keys);
}

/** What another trail's valid digest files say, without a word about themselves or their log files. */
async function learnChain(
  needs: CheckNeeds,
  scope: Pick<Scope, "fromMs" | "toMs">,
  keys: ChainKeys,
  coverage: Coverage,
): Promise<void> {
  for (const backfill of [false, true]) {
    for await (const step of walk(needs, scope, keys, backfill)) {
      if (step.kind === "digest" && step.verdict === "valid" && step.digest) learn(coverage, step.digest, backfill);
    }
  }
}

async function checkListed(
  { sources, checker, onProgress }: CheckNeeds,
  file: DigestedFile,
  { chain, unsigned, deep }: { readonly chain: Chain; readonly unsigned: boolean; readonly deep: boolean },
): Promise<LogFinding> {
  const { s3Bucket: bucket, s3Object: key, hashValue, hashAlgorithm } = file;
  const records = {
    oldestMs: timeOf(file.oldestEventTime),
    newestMs: timeOf(file.newestEventTime),
    account: chain.account,
    region: chain.region,
  };
  const found = await checker.check(
    async () => (await sources.bucket(bucket)?.get(key))?.content ?? problem("not-found"),
    { hashValue, hashAlgorithm, ...(deep && { records }) },
  );
  onProgress?.({ checked: key });
  return { kind: "log", chain, bucket, key, verdict: found ?? (unsigned ? "unsigned" : "valid") };
}

async function listLogs(
  { onProgress }: CheckNeeds,
  source: LogSource,
  { folder }: DigestsFolder,
  { fromMs = 0, toMs }: Scope,
): Promise<readonly ListedFile[]> {
  const logs = logFolder(folder);
  const last = `${logs}${dayFolder(toMs)}~`;
  const files: ListedFile[] = [];
  for await (const file of source.list(logs, fromMs === 0 ? "" : `${logs}${dayFolder(fromMs)}`)) {
    if (file.key > last) break;
    const stampMs = logStampMs(file.key);
    if (!file.key.endsWith(".gz") || (stampMs !== undefined && (stampMs < fromMs || stampMs > toMs))) continue;
    files.push(file);
    onProgress?.({ found: file });
  }
  return files;
}

async function* judgeUnlisted(
  needs: CheckNeeds,
  scope: Scope,
  source: LogSource,
  { folder, account, region }: DigestsFolder,
  coverage: Coverage,
  files: readonly ListedFile[],
): AsyncGenerator<Later> {
  const judge = (file: ListedFile): Judgement => coverage.judge(file, needs.now);
  let foreign = files.filter((file) => judge(file) === "foreign");
  if (foreign.length > 0 && scope.toMs < needs.now) {
    // A bucket that refused writes for a while got its log files late, in the time of later digest files.
    const later = { fromMs: scope.toMs + SPILL_MS, toMs: needs.now };
    for (const chain of await listChains(source, { folder, account, region }, later)) {
      await learnChain(needs, later, chain, coverage);
    }
    foreign = foreign.filter((file) => judge(file) === "foreign");
  }
  for (const { key } of foreign) yield { later: { kind: "foreign", bucket: source.bucket, key } };
  const open = files.filter((file) => judge(file) === "open").length;
  if (open > 0) yield { later: { kind: "open", account, region, files: open } };
}
