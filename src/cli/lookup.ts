import type { Command } from "commander";
import { type ColumnOptions, eventColumns } from "./event-columns.ts";
import { type EventView, viewEvent } from "./event-view.ts";
import { addFilterOptions, describeRequest, type FilterOptions, lookupRequest, parseLimit, zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { lookupPages } from "./lookup-pages.ts";
import { jsonLine } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { headerLine, layOut, naturalWidths, rowLine } from "./table.ts";

interface LookupOptions extends FilterOptions, CommonOptions {
  readonly limit: number;
  readonly ids?: true;
}

const EXAMPLES = [
  "opentrail lookup --since 2h",
  "opentrail lookup --event-name CreateUser --since 2026-08-01",
  "opentrail lookup --user John --writes --limit 500",
  "opentrail lookup --source iam --json | jq -r .errorCode",
];

export function addLookup(program: Command, io: Io): void {
  const command = program
    .command("lookup")
    .description("find events in the history, newest first")
    .option("--since <time>", "from then on: 30m, 2h, 7d, or an ISO date or time (local, or UTC with --utc)")
    .option("--until <time>", "up to then, written alike")
    .option("--limit <n>", "at most so many events", parseLimit, 50);
  addFilterOptions(command)
    .option("--utc", "times in UTC instead of local")
    .option("--ids", "show every event's id (on by itself where there is room)")
    .option("--json", "whole records, one a line");
  addCommonOptions(command, EXAMPLES).action((options: LookupOptions) =>
    runCommand(command, io, (context) => lookup(options, context)),
  );
}

async function lookup(options: LookupOptions, context: Context): Promise<number> {
  const { session, io, readerGone } = context;
  const request = lookupRequest(options, io.clock.now());
  const pages = lookupPages(session.client("cloudtrail"), request, { limit: options.limit, signal: readerGone });
  const events: EventView[] = [];
  let more = false;
  for await (const page of pages) {
    const views = page.events.map(viewEvent);
    if (options.json) for (const { record } of views) context.print(jsonLine(record));
    events.push(...views);
    more = page.more;
  }
  if (events.length === 0) {
    context.note(`No ${describeRequest(request, zoneOf(options))} in ${session.region.value}. ${advice(options)}`);
  } else if (!options.json) {
    printTable(events, more, options, context);
  }
  return EXIT.ok;
}

function printTable(events: readonly EventView[], more: boolean, options: LookupOptions, context: Context): void {
  const { io, style, print } = context;
  const columnOptions = tableOptions(options, context);
  const columns = eventColumns(columnOptions);
  const layout = layOut(columns, naturalWidths(columns, events), columnOptions.width);
  print(style.dim(headerLine(layout)));
  for (const event of events) print(rowLine(layout, event));
  if (io.stdout.isTTY) print(style.dim(`\n${footer(events, more, options.limit)}`));
}

/** How the tables of `lookup` and `tail` look here: the terminal's width, or everything whole for the next program. */
export function tableOptions(options: FilterOptions & { readonly ids?: true }, { io, style }: Context): ColumnOptions {
  const terminal = io.stdout.isTTY === true;
  return {
    style,
    zone: zoneOf(options),
    insight: options.category === "insight",
    ids: options.ids ?? !terminal,
    // A terminal that was never told its size says 0.
    width: terminal ? io.stdout.columns || 80 : undefined,
  };
}

function footer(events: readonly EventView[], more: boolean, limit: number): string {
  const count = events.length === 1 ? "1 event." : `${events.length} events, newest first.`;
  const rest = more ? ` There are more: --limit ${limit * 4}, or ask for less.` : "";
  // Another id is another's choice of text: only one of the usual form is offered for pasting into a shell.
  const id = events.map((event) => event.id).find((candidate) => /^[\w-]+$/.test(candidate)) ?? "ID";
  return `${count}${rest} The whole record: opentrail event ${id}`;
}

function advice({ since, ...filters }: LookupOptions): string {
  const region = "Every Region has its own history (--region); IAM's is in us-east-1.";
  const filtered = [filters.user, filters.eventName, filters.source, filters.resourceName, filters.resourceType].some(
    (filter) => filter !== undefined,
  );
  if (filtered) return `Names are matched whole, upper and lower case apart; try with fewer filters. ${region}`;
  return since === undefined ? region : `Try an earlier --since. ${region}`;
}
