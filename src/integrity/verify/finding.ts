import type { DigestVerdict } from "./check-digest.ts";
import type { Problem } from "./problems.ts";
import type { Chain } from "./scope.ts";

/** Milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

interface OfChain {
  readonly chain: Chain;
  readonly backfill: boolean;
}

/** A digest file and what is to be thought of it; `range` is what it covers, when it could be read and holds. */
export interface DigestFinding extends OfChain {
  readonly kind: "digest";
  readonly bucket: string;
  readonly key: string;
  readonly verdict: DigestVerdict;
  readonly range?: TimeRange;
}

/** A listed log file. `unsigned`: it is what its digest file says, but that one's signature is not at hand. */
export interface LogFinding {
  readonly kind: "log";
  readonly chain: Chain;
  readonly bucket: string;
  readonly key: string;
  readonly verdict: Problem | "valid" | "unsigned";
}

/**
 * A time between digest files. `gap`: the chain began anew after it, which is no failure by itself; `hole`: consecutive
 * digest files leave it out; `overlap`: both cover it, no failure.
 */
export interface SpanFinding extends OfChain, TimeRange {
  readonly kind: "gap" | "hole" | "overlap";
}

/** The digest file that should have followed the newest one is not there. */
export interface CutFinding {
  readonly kind: "cut";
  readonly chain: Chain;
  /** Where the newest one ends, and where the next should have. */
  readonly endMs: number;
  readonly missingMs: number;
}

/** A log file that the digest files of its time do not know. */
export interface ForeignFinding {
  readonly kind: "foreign";
  readonly bucket: string;
  readonly key: string;
}

/** Log files that no digest file can vouch for: the newest ones, and those of times without digests. No failure. */
export interface OpenFinding {
  readonly kind: "open";
  readonly account: string;
  readonly region: string;
  readonly files: number;
}

/** What a check finds, one after the other; those after a `chain` are about it. */
export type Finding =
  | { readonly kind: "chain"; readonly chain: Chain }
  | DigestFinding
  | LogFinding
  | SpanFinding
  | CutFinding
  | ForeignFinding
  | OpenFinding;

/** Whether it says that something does not hold. What only lacks its signature is for the caller to judge. */
export function isFailure(finding: Finding): boolean {
  switch (finding.kind) {
    case "digest":
    case "log":
      return typeof finding.verdict !== "string";
    case "hole":
    case "cut":
    case "foreign":
      return true;
    case "chain":
    case "gap":
    case "overlap":
    case "open":
      return false;
  }
}
