import { isoSeconds } from "../../core/index.ts";
import type { Chain, Finding, Problem } from "../../integrity/verify/index.ts";

/** Everything a finding has to say, in the AWS CLI's words where it has some; undefined when that is nothing to tell. */
export function findingText(finding: Finding): string | undefined {
  switch (finding.kind) {
    case "digest":
      return `${prefix(finding)}Digest file\t${url(finding)}\t${verdictText(finding.verdict, UNSIGNED_DIGEST)}`;
    case "log":
      return `Log file\t${url(finding)}\t${verdictText(finding.verdict, UNSIGNED_LOG)}`;
    case "foreign":
      return `Log file\t${url(finding)}\tINVALID: is listed in no digest file`;
    case "gap":
      return `${prefix(finding)}No log files were delivered by CloudTrail between ${span(finding)}`;
    case "hole":
      return `${prefix(finding)}Digest files\t${chainUrl(finding)}\tINVALID: none covers the time between ${span(finding)}`;
    case "overlap":
      return `${prefix(finding)}Digest files\t${chainUrl(finding)}\tWARNING: two cover the time between ${span(finding)}`;
    case "cut":
      return `Digest files\t${chainUrl(finding)}\tINVALID: end at ${isoSeconds(finding.endMs)}, one more until ${isoSeconds(finding.missingMs)} should be there`;
    case "chain":
    case "open":
      return undefined;
  }
}

const UNSIGNED_DIGEST = "UNVERIFIED: its signature is not at hand";
const UNSIGNED_LOG = "UNVERIFIED: is what its digest file says, whose signature is not at hand";

function verdictText(verdict: Problem | "valid" | "unsigned", unsigned: string): string {
  if (verdict === "valid") return "valid";
  return verdict === "unsigned" ? unsigned : `INVALID: ${verdict.text}`;
}

function prefix({ backfill }: { readonly backfill: boolean }): string {
  return backfill ? "(backfill) " : "";
}

function url({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}

function chainUrl({ chain: { bucket, folder, trailName } }: { readonly chain: Chain }): string {
  return `s3://${bucket}/${folder} (${trailName})`;
}

function span({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string {
  return `${isoSeconds(fromMs)} and ${isoSeconds(toMs)}`;
}
