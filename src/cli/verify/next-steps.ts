import type { Finding } from "../../integrity/verify/index.ts";
import { counted } from "../counted.ts";
import type { Outcome } from "./report.ts";
import type { Tally } from "./tally.ts";

/** What a person can do about it. Not yet safe to print. */
export function nextSteps(tally: Tally, told: readonly Finding[], outcome: Outcome): readonly string[] {
  const steps: string[] = [];
  if (outcome === "nothing") {
    steps.push(
      "Look whether the place is the right one: it must hold AWSLogs/…/CloudTrail-Digest/, below --prefix if any.",
    );
  }
  if (tally.open > 0) {
    steps.push(
      `${counted(tally.open, "log file")} of times that no digest file covers, or not yet: run this again in an hour.`,
    );
  }
  for (const finding of told) {
    const step = stepFor(finding);
    if (step !== undefined && !steps.includes(step)) steps.push(step);
  }
  return steps.map((step) => `  ${step}`);
}

function stepFor(finding: Finding): string | undefined {
  switch (finding.kind) {
    case "cut":
      return "If the trail was stopped or deleted then, name that time with --end-time.";
    case "foreign":
      return "A log file that no digest file lists was put there by somebody else, or by a trail without log file validation.";
    case "digest":
      return finding.verdict === "unsigned" ? signatureStep(finding.bucket) : digestStep(finding.verdict);
    case "log":
      return typeof finding.verdict === "string" || finding.verdict.code === "not-found" ? undefined : VERSIONS;
    case "chain":
    case "gap":
    case "hole":
    case "overlap":
    case "open":
      return undefined;
  }
}

const VERSIONS =
  "If the bucket has versions, older ones of a changed file are still there: aws s3api list-object-versions.";

function digestStep(verdict: "valid" | { readonly code: string }): string | undefined {
  if (verdict === "valid" || verdict.code !== "no-public-key") return undefined;
  return "Export the keys of the digest file's Region, for all of the time: aws cloudtrail list-public-keys --region … --start-time …";
}

/** A plain copy of a bucket leaves metadata behind; the bucket still has it. */
function signatureStep(bucket: string): string {
  return `Fetch each missing signature into a file beside its digest file: aws s3api head-object --bucket ${bucket} --key KEY > FILE.metadata.json (for the newest one, --without-newest-signature does too).`;
}
