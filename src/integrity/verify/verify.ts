import { type CheckNeeds, type CheckOptions, checkFolder, type Later } from "./check-folder.ts";
import { findDigestFolders } from "./find-chains.ts";
import type { Finding } from "./finding.ts";
import { LogChecker } from "./log-checker.ts";
import { readAhead } from "./read-ahead.ts";

export interface VerifyNeeds extends Omit<CheckNeeds, "checker"> {
  /** How many files are read, inflated and hashed at once. */
  readonly threads: number;
}

/** Enough to keep all threads at work while a digest file is waited for. */
const AHEAD = 64;

/**
 * Checks all digest and log files of the scope. Findings come in the AWS CLI's order, chain after chain.
 * @throws {Failure} when something cannot be read, or there are no public keys.
 */
export async function* verify(needs: VerifyNeeds, options: CheckOptions): AsyncGenerator<Finding> {
  const checker = new LogChecker(needs.threads);
  try {
    for await (const { later } of readAhead(findAll({ ...needs, checker }, options), AHEAD)) yield await later;
  } finally {
    await checker.close();
  }
}

async function* findAll(needs: CheckNeeds, options: CheckOptions): AsyncGenerator<Later> {
  const { account, region } = options.scope;
  for (const { bucket, above } of needs.sources.roots) {
    const source = needs.sources.bucket(bucket);
    if (source === undefined) continue;
    for await (const folder of findDigestFolders(source, above)) {
      const wanted = (account ?? folder.account) === folder.account && (region ?? folder.region) === folder.region;
      if (wanted) yield* checkFolder(needs, options, source, folder);
    }
  }
}
