import { type Command, InvalidArgumentError } from "commander";
import type { AccessLogEntry } from "../aws/index.ts";
import { counted } from "./counted.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";
import { type Comparison, compareCalls } from "./reconcile/compare.ts";
import type { Difference } from "./reconcile/calls.ts";
import { differenceColumns } from "./reconcile/difference-columns.ts";
import { type Log, readLog } from "./reconcile/read-log.ts";
import { readRecords } from "./reconcile/read-records.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { headerLine, layOut, naturalWidths, rowLine } from "./table.ts";
import { parseTimeArgument } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

interface ReconcileOptions extends CommonOptions {
  readonly log: readonly string[];
  readonly bucket?: readonly string[];
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly window: number;
  readonly utc?: true;
}

/** A record tells when a call ended, an access log when it began: long calls lie so far apart at most. */
const MARGIN_MS = 15 * 60_000;

const EXAMPLES = [
  "opentrail reconcile --log /var/log/s3-access/",
  "opentrail reconcile --log access.log.gz --bucket invoices --from 2026-08-01 --to 2026-08-02",
  "opentrail reconcile --log access.log --json | jq 'select(.kind == \"not recorded\")'",
];

const EXIT_CODES =
  "Exit codes: 0 both tell the same, 1 they differ (or the server could not be asked), 2 wrong usage or no such file.";

export function addReconcile(program: Command, io: Io): void {
  const command = program
    .command("reconcile")
    .description("compare records with an S3 server's own access log")
    .requiredOption("--log <path...>", "access logs: files, or directories of them, .gz or not")
    .option("--bucket <name...>", "only these buckets (those that the log names, when none is given)")
    .option("--source <name>", "compare with what this source brought, instead of the gateway")
    .option("--from <time>", "only calls from then on: 30m, 2h, 7d, or an ISO date or time")
    .option("--to <time>", "only calls up to then, written alike")
    .option(
      "--window <seconds>",
      "how far apart the times of one call may be where request ids do not help",
      parseWindow,
      5,
    )
    .option("--utc", "times in UTC instead of local")
    .option("--json", "one difference a line");
  addCommonOptions(command, EXAMPLES, EXIT_CODES).action((options: ReconcileOptions) =>
    runCommand(command, io, (context) => reconcile(options, context)),
  );
}

async function reconcile(options: ReconcileOptions, context: Context): Promise<number> {
  const { session, io, print, note, readerGone } = context;
  const asked = askedTimes(options, io.clock.now());
  const log = await readLog(options.log, io.cwd, wantedBy(options, asked));
  const buckets = new Set(options.bucket ?? log.calls.flatMap(({ bucket }) => bucket ?? []));
  const range = rangeOf(log, asked, options);
  const records = await readRecords(
    session.client("cloudtrail"),
    { fromMs: range.fromMs - MARGIN_MS, toMs: range.toMs + MARGIN_MS, buckets, source: options.source },
    readerGone,
  );
  const comparison = compareCalls(log.calls, records, { ...range, windowMs: options.window * 1000 });
  if (options.json) for (const one of comparison.differences) print(printable(JSON.stringify(jsonOf(one))));
  else if (comparison.differences.length > 0) printTable(comparison.differences, options, context);
  const summary = summaryOf(comparison, log);
  if (options.json) note(summary);
  else print(printable(summary));
  return comparison.differences.length > 0 || log.unreadable > 0 ? EXIT.failed : EXIT.ok;
}

interface Times {
  readonly fromMs: number;
  readonly toMs: number;
}

function askedTimes(options: ReconcileOptions, now: number): Times {
  const read = (flag: string, text: string | undefined, none: number): number => {
    const ms = text === undefined ? none : parseTimeArgument(text, now, zoneOf(options));
    if (ms === undefined)
      throw new UsageError(`${flag} ${text} is no time; write 2h, 2026-08-01 or 2026-08-01T14:00:00Z`);
    return ms;
  };
  const fromMs = read("--from", options.from, Number.NEGATIVE_INFINITY);
  const toMs = read("--to", options.to, Number.POSITIVE_INFINITY);
  if (fromMs > toMs) throw new UsageError("--from is later than --to");
  return { fromMs, toMs };
}

function wantedBy({ bucket }: ReconcileOptions, { fromMs, toMs }: Times): (entry: AccessLogEntry) => boolean {
  const buckets = bucket === undefined ? undefined : new Set(bucket);
  return (entry) =>
    entry.timeMs >= fromMs && entry.timeMs <= toMs && (buckets === undefined || buckets.has(entry.bucket ?? ""));
}

/** What was asked for, as far as the log reaches: outside of it, it says nothing. */
function rangeOf({ calls, unreadable }: Log, asked: Times, { log }: ReconcileOptions): Times {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timeMs } of calls) {
    first = Math.min(first, timeMs);
    last = Math.max(last, timeMs);
  }
  const fromMs = Number.isFinite(asked.fromMs) ? asked.fromMs : first;
  const toMs = Number.isFinite(asked.toMs) ? asked.toMs : last;
  if (Number.isFinite(fromMs) && Number.isFinite(toMs)) return { fromMs, toMs };
  const unread = unreadable > 0 ? `; ${counted(unreadable, "line")} could not be read as one` : "";
  throw new UsageError(`${log.join(", ")} has no line of an S3 server access log that was asked for${unread}`);
}

function printTable(
  differences: readonly Difference[],
  options: ReconcileOptions,
  { io, style, print }: Context,
): void {
  const columns = differenceColumns(style, zoneOf(options));
  const width = io.stdout.isTTY === true ? io.stdout.columns || 80 : undefined;
  const layout = layOut(columns, naturalWidths(columns, differences), width);
  print(style.dim(headerLine(layout)));
  for (const difference of differences) print(rowLine(layout, difference));
  print("");
}

function jsonOf(difference: Difference): object {
  return Object.fromEntries(
    Object.entries(difference).map(([name, side]: [string, unknown]) => [name, withTime(side)]),
  );
}

/** The calls of both sides with their time as a record writes it. */
function withTime(side: unknown): unknown {
  if (typeof side !== "object" || side === null || !("timeMs" in side)) return side;
  const { timeMs, ...rest } = side as { readonly timeMs: number };
  return { time: new Date(timeMs).toISOString(), ...rest };
}

function summaryOf({ agreed, differences }: Comparison, { unreadable, others }: Log): string {
  const count = (kind: Difference["kind"]): number => differences.filter((one) => one.kind === kind).length;
  const told = agreed + count("differs") + count("not recorded");
  return [
    `${counted(told, "call")} in their log: ${agreed} agree, ${count("differs")} differ, ${count("not recorded")} not recorded.`,
    `${counted(count("not logged"), "record")} not in their log.`,
    ...(unreadable === 0 ? [] : [`${counted(unreadable, "line")} could not be read.`]),
    ...(others === 0 ? [] : [`${counted(others, "line")} about no call.`]),
  ].join(" ");
}

function parseWindow(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds > 3600) throw new InvalidArgumentError("It is from 0 to 3600 seconds.");
  return seconds;
}
