import { type Finding, isFailure } from "../../integrity/verify/index.ts";
import { counted } from "../counted.ts";
import { printable } from "../printable.ts";
import type { Style } from "../style.ts";
import { type Column, headerLine, layOut, naturalWidths, rowLine } from "../table.ts";
import { formatTime, type Zone } from "../time-argument.ts";
import { findingText } from "./finding-text.ts";
import { nextSteps } from "./next-steps.ts";
import type { Asked, Outcome, Report } from "./report.ts";
import { type ChainCounts, type Count, type Tally, totalOf } from "./tally.ts";

/** What is wrong is told whole up to here; the rest can be had with --verbose or --json. */
const TOLD_MAX = 20;

interface SummaryNeeds {
  readonly style: Style;
  readonly zone: Zone;
  /** Of the terminal; undefined when there is none. */
  readonly width: number | undefined;
  readonly print: (line: string) => void;
}

/** For people: a row per chain, what is wrong, one sentence, and what to do next. */
export class Summary implements Report {
  readonly #asked: Asked;
  readonly #needs: SummaryNeeds;
  readonly #told: Finding[] = [];
  #untold = 0;

  constructor(asked: Asked, needs: SummaryNeeds) {
    this.#asked = asked;
    this.#needs = needs;
  }

  begin(): void {
    this.#needs.print(this.#needs.style.dim(printable(`Checking log files ${this.#asked.what}`)));
  }

  add(finding: Finding): void {
    const unsigned = finding.kind === "digest" && finding.verdict === "unsigned";
    if (!isFailure(finding) && !unsigned && finding.kind !== "gap" && finding.kind !== "overlap") return;
    if (this.#told.length < TOLD_MAX) this.#told.push(finding);
    else this.#untold++;
  }

  end(tally: Tally, outcome: Outcome): void {
    const { print, style } = this.#needs;
    if (tally.chains.length > 0) this.#table(tally.chains);
    for (const finding of this.#told) {
      const text = printable((findingText(finding) ?? "").replaceAll("\t", "  "));
      print(isFailure(finding) ? style.bad(text) : text);
    }
    if (this.#untold > 0) print(style.dim(`and ${this.#untold} more: see --verbose or --json`));
    if (this.#told.length > 0) print("");
    const paint = outcome === "valid" ? style.good : style.bad;
    print(paint(sentence(tally, outcome)));
    for (const line of nextSteps(tally, this.#told, outcome)) print(printable(line));
  }

  #table(chains: readonly ChainCounts[]): void {
    const { print, style, width, zone } = this.#needs;
    const columns = chainColumns(style, zone);
    const layout = layOut(columns, naturalWidths(columns, chains), width);
    print("");
    print(style.dim(headerLine(layout)));
    for (const chain of chains) print(rowLine(layout, chain));
    print("");
  }
}

function sentence(tally: Tally, outcome: Outcome): string {
  const { digests, backfill, logs } = tally.all;
  const checked = `${counted(tally.digests, "digest file")} and ${counted(totalOf(logs), "log file")}`;
  switch (outcome) {
    case "valid":
      return tally.unsigned === 0
        ? `Valid: ${checked}.`
        : `Valid as far as can be told: ${checked}, of which ${counted(digests.unsigned + backfill.unsigned, "digest file")} without a signature.`;
    case "invalid":
      return `NOT valid: ${counted(tally.failures, "finding")} in ${checked}.`;
    case "unsigned":
      return `Not proven: nothing is wrong with ${checked}, but the signature of ${counted(tally.unsigned, "digest file")} is not at hand.`;
    case "nothing":
      return "Nothing was checked: there is no digest file in what was asked for.";
  }
}

function chainColumns(style: Style, zone: Zone): readonly Column<ChainCounts>[] {
  const time = (ms: number | undefined): string => (ms === undefined ? "-" : formatTime(ms, { zone }).slice(0, -3));
  return [
    { title: "TRAIL", cell: ({ chain }) => chain.trailName, cut: "middle", widthTypical: 20, widthMin: 12, rank: 0 },
    { title: "ACCOUNT", cell: ({ chain }) => chain.account, widthTypical: 12, widthMin: 12, rank: 3 },
    { title: "REGION", cell: ({ chain }) => chain.region, widthTypical: 14, widthMin: 9, rank: 2 },
    { title: "FROM", cell: ({ foundFromMs }) => time(foundFromMs), widthTypical: 16, widthMin: 16, rank: 4 },
    { title: "TO", cell: ({ foundToMs }) => time(foundToMs), widthTypical: 16, widthMin: 16, rank: 4 },
    {
      title: "DIGESTS",
      cell: (row) => countText(sum(row.digests, row.backfill)),
      widthTypical: 9,
      widthMin: 7,
      rank: 1,
    },
    { title: "LOG FILES", cell: ({ logs }) => countText(logs), widthTypical: 9, widthMin: 9, rank: 1 },
    {
      title: "FOUND",
      cell: (row) => (failuresOf(row) === 0 ? "-" : String(failuresOf(row))),
      paint: (text, row) => (failuresOf(row) === 0 ? style.good(text) : style.bad(text)),
      widthTypical: 5,
      widthMin: 5,
      rank: 0,
    },
  ];
}

function sum(one: Count, other: Count): Count {
  return {
    valid: one.valid + other.valid,
    invalid: one.invalid + other.invalid,
    unsigned: one.unsigned + other.unsigned,
  };
}

function countText(count: Count): string {
  const of = totalOf(count);
  return count.valid === of ? String(of) : `${count.valid} of ${of}`;
}

function failuresOf({ digests, backfill, logs, other }: ChainCounts): number {
  return digests.invalid + backfill.invalid + logs.invalid + other;
}
