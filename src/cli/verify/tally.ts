import type { Chain, DigestFinding, Finding, LogFinding } from "../../integrity/verify/index.ts";

/** How many files of a kind there were, and what was found of them. */
export interface Count {
  valid: number;
  invalid: number;
  /** They hold as far as that can be told without the signature of a digest file, which is not at hand. */
  unsigned: number;
}

/** What was found of one chain, or of all. Times are milliseconds since 1970. */
export interface Counts {
  readonly digests: Count;
  readonly backfill: Count;
  readonly logs: Count;
  /** Holes in a chain, chains that end too early, log files that nobody lists. */
  other: number;
  /** What valid digest files cover, within the range that was asked for. */
  foundFromMs?: number;
  foundToMs?: number;
}

export interface ChainCounts extends Counts {
  readonly chain: Chain;
  /** The newest regular digest file is one whose signature is not at hand. */
  newestUnsigned?: true;
}

interface Range {
  readonly fromMs?: number;
  readonly toMs: number;
}

/** Adds up what a check finds. */
export class Tally {
  readonly #range: Range;
  readonly all: Counts = noCounts();
  readonly chains: ChainCounts[] = [];
  /** Log files that no digest file can vouch for. */
  open = 0;

  constructor(range: Range) {
    this.#range = range;
  }

  add(finding: Finding): void {
    if (finding.kind === "chain") this.chains.push({ chain: finding.chain, ...noCounts() });
    else if (finding.kind === "open") this.open += finding.files;
    else {
      this.#noteNewest(finding);
      for (const counts of this.#countsOf(finding)) this.#count(counts, finding);
    }
  }

  /** Digest files of a chain come newest first. */
  #noteNewest(finding: Finding): void {
    const chain = this.chains.at(-1);
    if (chain === undefined || finding.kind !== "digest" || finding.backfill || totalOf(chain.digests) > 0) return;
    if (finding.verdict === "unsigned") chain.newestUnsigned = true;
  }

  get digests(): number {
    return totalOf(this.all.digests) + totalOf(this.all.backfill);
  }

  get failures(): number {
    const { digests, backfill, logs, other } = this.all;
    return digests.invalid + backfill.invalid + logs.invalid + other;
  }

  get unsigned(): number {
    return this.all.digests.unsigned + this.all.backfill.unsigned;
  }

  /**
   * Unsigned digest files that a plain copy cannot but have: the newest of each chain, when others in it are proven. Were
   * any other let pass, a whole forged chain could be made of digest files that begin anew and lack their signature.
   */
  get unsignedNewest(): number {
    return this.chains.filter(({ newestUnsigned, digests }) => newestUnsigned === true && digests.valid > 0).length;
  }

  /** A log file that nobody lists belongs to no chain. */
  #countsOf(finding: Exclude<Finding, { readonly kind: "chain" | "open" }>): readonly Counts[] {
    const chain = "chain" in finding ? this.chains.at(-1) : undefined;
    return chain === undefined ? [this.all] : [this.all, chain];
  }

  #count(counts: Counts, finding: Finding): void {
    switch (finding.kind) {
      case "digest":
        countVerdict(finding.backfill ? counts.backfill : counts.digests, finding);
        this.#cover(counts, finding);
        break;
      case "log":
        countVerdict(counts.logs, finding);
        break;
      case "hole":
      case "cut":
      case "foreign":
        counts.other++;
        break;
      case "chain":
      case "gap":
      case "overlap":
      case "open":
    }
  }

  #cover(counts: Counts, { range, verdict }: DigestFinding): void {
    if (range === undefined || verdict !== "valid") return;
    const fromMs = Math.max(range.fromMs, this.#range.fromMs ?? range.fromMs);
    const toMs = Math.min(range.toMs, this.#range.toMs);
    counts.foundFromMs = Math.min(fromMs, counts.foundFromMs ?? fromMs);
    counts.foundToMs = Math.max(toMs, counts.foundToMs ?? toMs);
  }
}

function noCounts(): Counts {
  const none = (): Count => ({ valid: 0, invalid: 0, unsigned: 0 });
  return { digests: none(), backfill: none(), logs: none(), other: 0 };
}

function countVerdict(count: Count, { verdict }: DigestFinding | LogFinding): void {
  count[typeof verdict === "string" ? verdict : "invalid"]++;
}

export function totalOf({ valid, invalid, unsigned }: Count): number {
  return valid + invalid + unsigned;
}
