import { isoSeconds, optional } from "../../core/index.ts";
import type { Finding } from "../../integrity/verify/index.ts";
import { printable } from "../printable.ts";
import type { Asked, Outcome, Report } from "./report.ts";
import type { Counts, Tally } from "./tally.ts";

/** One JSON document at the end: the outcome, counts for all and for each chain, and everything that is not plainly valid. */
export class JsonReport implements Report {
  readonly #asked: Asked;
  readonly #verbose: boolean;
  readonly #out: (text: string) => void;
  readonly #findings: object[] = [];

  constructor(asked: Asked, { verbose }: { readonly verbose: boolean }, out: (text: string) => void) {
    this.#asked = asked;
    this.#verbose = verbose;
    this.#out = out;
  }

  begin(): void {
    // There is one document, at the end.
  }

  add(finding: Finding): void {
    if (finding.kind === "chain" || finding.kind === "open") return;
    if (!this.#verbose && "verdict" in finding && finding.verdict === "valid") return;
    this.#findings.push(findingJson(finding));
  }

  end(tally: Tally, outcome: Outcome): void {
    const { fromMs, toMs } = this.#asked;
    const document = {
      outcome,
      requested: { ...optional("startTime", timeText(fromMs)), endTime: isoSeconds(toMs) },
      ...countsJson(tally.all),
      uncoveredLogFiles: tally.open,
      chains: tally.chains.map(({ chain, ...counts }) => ({
        bucket: chain.bucket,
        accountId: chain.account,
        region: chain.region,
        trailName: chain.trailName,
        homeRegion: chain.homeRegion,
        ...countsJson(counts),
      })),
      findings: this.#findings,
    };
    this.#out(`${printable(JSON.stringify(document))}\n`);
  }
}

function countsJson({ digests, backfill, logs, other, foundFromMs, foundToMs }: Counts): object {
  return {
    ...optional("foundStartTime", timeText(foundFromMs)),
    ...optional("foundEndTime", timeText(foundToMs)),
    digestFiles: digests,
    backfillDigestFiles: backfill,
    logFiles: logs,
    otherFailures: other,
  };
}

/** The finding with its times as texts and the chain's folder instead of the chain. */
function findingJson(finding: Exclude<Finding, { readonly kind: "chain" | "open" }>): object {
  switch (finding.kind) {
    case "digest":
    case "log": {
      const { kind, bucket, key, verdict } = finding;
      const said =
        typeof verdict === "string" ? { verdict } : { verdict: "invalid", code: verdict.code, text: verdict.text };
      return { kind, bucket, key, ...("backfill" in finding && { backfill: finding.backfill }), ...said };
    }
    case "foreign":
      return { ...finding, verdict: "invalid" };
    case "gap":
    case "hole":
    case "overlap": {
      const { kind, chain, backfill, fromMs, toMs } = finding;
      const verdict = kind === "hole" ? "invalid" : "warning";
      return {
        kind,
        folder: chain.folder,
        trailName: chain.trailName,
        backfill,
        startTime: isoSeconds(fromMs),
        endTime: isoSeconds(toMs),
        verdict,
      };
    }
    case "cut": {
      const { kind, chain, endMs, missingMs } = finding;
      return {
        kind,
        folder: chain.folder,
        trailName: chain.trailName,
        endTime: isoSeconds(endMs),
        expectedEndTime: isoSeconds(missingMs),
        verdict: "invalid",
      };
    }
  }
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoSeconds(ms);
}
