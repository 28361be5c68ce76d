import type { Command } from "commander";
import { CallError, type Client } from "../api/client/index.ts";
import type { Clock } from "../core/index.ts";
import { describeCallError } from "./call-error-hints.ts";
import { eventColumns } from "./event-columns.ts";
import { type EventView, viewEvent } from "./event-view.ts";
import { addFilterOptions, type FilterOptions, type LookupRequest, lookupRequest } from "./filters.ts";
import { Follower } from "./follow.ts";
import type { Io } from "./io.ts";
import { tableOptions } from "./lookup.ts";
import { asLookup, lookupPages } from "./lookup-pages.ts";
import { jsonLine } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { headerLine, layOut, naturalWidths, rowLine } from "./table.ts";

interface TailOptions extends FilterOptions, CommonOptions {
  readonly ids?: true;
}

const ROUND_PAUSE_MS = 1000;
/** While the server is away the pause doubles from a round's up to this. */
const AWAY_PAUSE_MS_MAX = 10_000;

const EXAMPLES = [
  "opentrail tail",
  "opentrail tail --writes --user John",
  "opentrail tail --since 10m --json | jq -r .eventName",
];

export function addTail(program: Command, io: Io): void {
  const command = program
    .command("tail")
    .description("show events as they happen, until Ctrl-C; its own LookupEvents calls are left out")
    .option("--since <time>", "begin with what happened since then: 30m, 2h, or an ISO date or time");
  addFilterOptions(command)
    .option("--utc", "times in UTC instead of local")
    .option("--ids", "show every event's id (on by itself where there is room)")
    .option("--json", "whole records, one a line");
  addCommonOptions(command, EXAMPLES).action((options: TailOptions) =>
    runCommand(command, io, (context) => tail(options, context)),
  );
}

async function tail(options: TailOptions, context: Context): Promise<number> {
  const { session, io, readerGone, note } = context;
  const interrupted = new AbortController();
  io.onInterrupt(() => interrupted.abort());
  const signal = AbortSignal.any([readerGone, interrupted.signal]);
  const source = { client: session.client("cloudtrail"), request: lookupRequest(options, io.clock.now()), signal };
  const show = options.json ? jsonPrinter(context) : rowPrinter(options, context);
  try {
    const follower = await openFollower(source, io.clock);
    if (io.stderr.isTTY) note(`Waiting for events at ${session.endpoint("cloudtrail").value}; Ctrl-C ends.`);
    for (;;) {
      show(await untilAnswered(() => followRound(follower, source, io.clock), signal, context));
      await io.sleep(ROUND_PAUSE_MS, signal);
    }
  } catch (thrown) {
    if (signal.aborted) return EXIT.ok;
    throw thrown;
  }
}

interface Source {
  readonly client: Client;
  readonly request: LookupRequest;
  readonly signal: AbortSignal;
}

/** Asks once to learn the server's time, by which events are stamped; failing here means the server is not there at all. */
async function openFollower({ client, request, signal }: Source, clock: Clock): Promise<Follower> {
  const { requestId, serverTime = clock.now() } = await client.call(
    "cloudtrail",
    "LookupEvents",
    asLookup({ ...request, MaxResults: 1 }),
    { signal },
  );
  const follower = new Follower(request.StartTime?.getTime() ?? serverTime, serverTime);
  follower.called(requestId);
  return follower;
}

async function followRound(follower: Follower, source: Source, clock: Clock): Promise<readonly EventView[]> {
  const { client, request, signal } = source;
  const { startTime, sweep } = follower.nextRound();
  const events: EventView[] = [];
  let roundTime: number | undefined;
  for await (const page of lookupPages(client, { ...request, StartTime: new Date(startTime) }, { signal })) {
    follower.called(page.requestId);
    roundTime ??= page.serverTime ?? clock.now();
    const views = page.events.map(viewEvent);
    events.push(...views);
    if (!sweep && views.every((view) => follower.knows(view))) break;
  }
  return follower.take(events, roundTime ?? clock.now());
}

/** Waits a server's restart out; tells so once, and once that it is over. */
async function untilAnswered<Value>(
  ask: () => Promise<Value>,
  signal: AbortSignal,
  { io, note }: Context,
): Promise<Value> {
  for (let failures = 0; ; failures++) {
    try {
      const value = await ask();
      if (failures > 0) note("opentrail tail: the server is back");
      return value;
    } catch (thrown) {
      if (!(thrown instanceof CallError) || !thrown.transient) throw thrown;
      if (failures === 0) note(`opentrail tail: ${describeCallError(thrown)}; waiting for it`);
      await io.sleep(Math.min(ROUND_PAUSE_MS * 2 ** failures, AWAY_PAUSE_MS_MAX), signal);
    }
  }
}

type Show = (events: readonly EventView[]) => void;

function jsonPrinter({ print }: Context): Show {
  return (events) => {
    for (const { record } of events) print(jsonLine(record));
  };
}

/** Columns keep their place unless something wider comes. */
function rowPrinter(options: TailOptions, context: Context): Show {
  const { style, print } = context;
  const columnOptions = tableOptions(options, context);
  const columns = eventColumns(columnOptions);
  let widths: readonly number[] = columns.map(({ widthTypical }) => widthTypical);
  let begun = false;
  return (events) => {
    if (events.length === 0) return;
    widths = naturalWidths(columns, events, widths);
    const layout = layOut(columns, widths, columnOptions.width);
    if (!begun) print(style.dim(headerLine(layout)));
    begun = true;
    for (const event of events) print(rowLine(layout, event));
  };
}
