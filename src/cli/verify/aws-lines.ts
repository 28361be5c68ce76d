import { isoSeconds } from "../../core/index.ts";
import { type Finding, isFailure } from "../../integrity/verify/index.ts";
import { printable } from "../printable.ts";
import { findingText } from "./finding-text.ts";
import type { Asked, Report } from "./report.ts";
import { type Count, type Tally, totalOf } from "./tally.ts";

interface Outputs {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * The lines of `aws cloudtrail validate-logs`, for programs that read them: what is wrong goes to stderr, each between
 * blank lines, what is valid to stdout when `verbose`.
 */
export class AwsLines implements Report {
  readonly #asked: Asked;
  readonly #verbose: boolean;
  readonly #to: Outputs;
  #blankBefore = true;

  constructor(asked: Asked, { verbose }: { readonly verbose: boolean }, to: Outputs) {
    this.#asked = asked;
    this.#verbose = verbose;
    this.#to = to;
  }

  begin(): void {
    const { what } = this.#asked;
    this.#to.out(`Validating log files ${what} between ${this.#from()} and ${this.#until()}\n\n`);
  }

  add(finding: Finding): void {
    const text = findingText(finding);
    if (text === undefined) return;
    // Tabs between the fields stay; what files are called could hold anything else.
    const line = text.split("\t").map(printable).join("\t");
    if (isFailure(finding) || isNotice(finding)) {
      this.#to.err(`${this.#blankBefore ? "" : "\n"}${line}\n\n`);
      this.#blankBefore = true;
    } else if (this.#verbose) {
      this.#to.out(`${line}\n`);
      this.#blankBefore = false;
    }
  }

  end(tally: Tally): void {
    const { digests, backfill, logs, foundFromMs, foundToMs } = tally.all;
    const { out } = this.#to;
    if (!this.#blankBefore) out("\n");
    out(`Results requested for ${this.#from()} to ${this.#until()}\n`);
    if (tally.digests === 0) {
      out("No digests found\n");
      return;
    }
    if (foundFromMs === undefined || foundToMs === undefined) out("No valid digests found in range\n");
    else out(`Results found for ${isoSeconds(foundFromMs)} to ${isoSeconds(foundToMs)}:\n`);
    for (const [count, name] of [
      [digests, "digest"],
      [backfill, "backfill digest"],
      [logs, "log"],
    ] as const) {
      if (totalOf(count) > 0) out(`\n${ratio(count, name)}`);
    }
    out("\n");
  }

  #from(): string {
    return this.#asked.fromMs === undefined ? "the beginning" : isoSeconds(this.#asked.fromMs);
  }

  #until(): string {
    return isoSeconds(this.#asked.toMs);
  }
}

/** Said on stderr without being a failure. */
function isNotice(finding: Finding): boolean {
  return (
    finding.kind === "gap" ||
    finding.kind === "overlap" ||
    (finding.kind === "digest" && finding.verdict === "unsigned")
  );
}

function ratio(count: Count, name: string): string {
  const of = totalOf(count);
  const part = (files: number, what: string): readonly string[] =>
    files === 0 ? [] : [`${files}/${of} ${name} files ${what}`];
  const { valid, unsigned, invalid } = count;
  return [`${valid}/${of} ${name} files valid`, ...part(unsigned, "UNVERIFIED"), ...part(invalid, "INVALID")].join(
    ", ",
  );
}
