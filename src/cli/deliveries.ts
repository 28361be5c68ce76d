import type { Command } from "commander";
import type { XOpentrailOperations } from "../aws/index.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { prettyJson } from "./json-text.ts";
import { printable } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import type { Style } from "./style.ts";
import { type Column, headerLine, layOut, naturalWidths, rowLine } from "./table.ts";
import { formatTime, type Zone } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

type Delivery = NonNullable<XOpentrailOperations["ListDeliveries"]["output"]["Deliveries"]>[number];
type Asked = XOpentrailOperations["ListDeliveries"]["input"];

interface ListOptions extends CommonOptions {
  readonly owner?: string;
  readonly state?: string;
  readonly limit: string;
  readonly utc?: true;
}

interface RedriveOptions extends CommonOptions {
  readonly owner?: string;
}

const EXIT_CODES = "Exit codes: 0 done, 1 the call failed, 2 wrong usage.";

/** A page of the API holds no more. */
const PAGE_MAX = 1_000;

export function addDeliveries(program: Command, io: Io): void {
  const deliveries = program
    .command("deliveries")
    .description("what rules, topics, alarms and trails sent, and what did not arrive");
  const list = deliveries
    .command("list")
    .description("the ledger, newest first")
    .option("--owner <arn>", "only of this rule, subscription, alarm or trail")
    .option("--state <state>", "only pending, delivered or failed ones")
    .option("--limit <n>", "at most so many", "50")
    .option("--utc", "times in UTC instead of local")
    .option("--json", "one JSON object a line");
  addCommonOptions(list, ["opentrail deliveries list --state failed"], EXIT_CODES).action((options: ListOptions) =>
    runCommand(list, io, (context) => listDeliveries(options, context)),
  );
  const show = deliveries
    .command("show")
    .argument("<id>", "id of a delivery")
    .description("one delivery with what was sent, as JSON");
  addCommonOptions(show, ["opentrail deliveries show 42"], EXIT_CODES).action((id: string) =>
    runCommand(show, io, (context) => showDelivery(id, context)),
  );
  const redrive = deliveries
    .command("redrive")
    .argument("[ids...]", "ids of deliveries")
    .option("--owner <arn>", "all that failed of this rule, subscription, alarm or trail")
    .description("send again what was given up");
  addCommonOptions(
    redrive,
    [
      "opentrail deliveries redrive 42 43",
      "opentrail deliveries redrive --owner arn:aws:events:us-east-1:123456789012:rule/deleted",
    ],
    EXIT_CODES,
  ).action((ids: readonly string[], options: RedriveOptions) =>
    runCommand(redrive, io, (context) => redriveDeliveries(ids, options, context)),
  );
}

async function listDeliveries(options: ListOptions, context: Context): Promise<number> {
  const { io, style, print } = context;
  const rows = await readDeliveries(options, context);
  if (options.json) for (const row of rows) print(printable(JSON.stringify(row)));
  else if (rows.length === 0) context.note("The ledger has nothing of the kind.");
  else {
    const columns = columnsOf(style, zoneOf(options));
    const width = io.stdout.isTTY === true ? io.stdout.columns || 80 : undefined;
    const layout = layOut(columns, naturalWidths(columns, rows), width);
    print(style.dim(headerLine(layout)));
    for (const row of rows) print(rowLine(layout, row));
  }
  return EXIT.ok;
}

async function readDeliveries(options: ListOptions, { session, readerGone }: Context): Promise<readonly Delivery[]> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(`--limit ${options.limit} is no number of 1 or more`);
  const asked: Asked = {
    ...(options.owner === undefined ? {} : { OwnerArn: options.owner }),
    ...(options.state === undefined ? {} : { State: stateOf(options.state) }),
  };
  const rows: Delivery[] = [];
  let token: string | undefined;
  do {
    const page = { ...asked, Limit: Math.min(PAGE_MAX, limit - rows.length), ...(token ? { NextToken: token } : {}) };
    const { output } = await session
      .client("x-opentrail")
      .call("x-opentrail", "ListDeliveries", page, { signal: readerGone });
    rows.push(...(output.Deliveries ?? []));
    token = output.NextToken;
  } while (token !== undefined && rows.length < limit);
  return rows;
}

function stateOf(text: string): "PENDING" | "DELIVERED" | "FAILED" {
  const state = text.toUpperCase();
  if (state === "PENDING" || state === "DELIVERED" || state === "FAILED") return state;
  throw new UsageError(`--state ${text} is none of pending, delivered, failed`);
}

function columnsOf(style: Style, zone: Zone): readonly Column<Delivery>[] {
  return [
    { title: "ID", cell: ({ DeliveryId = "" }) => DeliveryId, widthTypical: 6, widthMin: 2, rank: 0, fixed: true },
    {
      title: "TIME",
      cell: ({ CreationTime }) => (CreationTime === undefined ? "" : formatTime(CreationTime.getTime(), { zone })),
      paint: style.dim,
      widthTypical: 19,
      widthMin: 19,
      rank: 2,
    },
    {
      title: "STATE",
      cell: ({ State = "" }) => State.toLowerCase(),
      paint: (text, { State }) =>
        State === "FAILED" ? style.bad(text) : State === "DELIVERED" ? style.good(text) : text,
      widthTypical: 9,
      widthMin: 9,
      rank: 0,
    },
    { title: "TRIES", cell: ({ Attempts = 0 }) => String(Attempts), widthTypical: 5, widthMin: 5, rank: 4 },
    { title: "KIND", cell: ({ Kind = "" }) => Kind, widthTypical: 8, widthMin: 5, rank: 3 },
    { title: "TO", cell: ({ Endpoint = "" }) => Endpoint, cut: "middle", widthTypical: 40, widthMin: 12, rank: 0 },
    { title: "OF", cell: ({ OwnerArn = "" }) => OwnerArn, cut: "middle", widthTypical: 40, widthMin: 12, rank: 5 },
    {
      title: "LAST ERROR",
      cell: ({ LastError = "" }) => LastError,
      cut: "end",
      widthTypical: 30,
      widthMin: 10,
      rank: 1,
    },
  ];
}

async function showDelivery(id: string, { session, print, style }: Context): Promise<number> {
  const { output } = await session.client("x-opentrail").call("x-opentrail", "DescribeDelivery", { DeliveryId: id });
  print(prettyJson(JSON.stringify(output.Delivery ?? {}), style));
  return EXIT.ok;
}

async function redriveDeliveries(
  ids: readonly string[],
  { owner }: RedriveOptions,
  { session, print }: Context,
): Promise<number> {
  if ((ids.length === 0) === (owner === undefined))
    throw new UsageError("name deliveries, or an --owner of failed ones");
  const { output } = await session
    .client("x-opentrail")
    .call("x-opentrail", "RedriveDeliveries", owner === undefined ? { DeliveryIds: ids } : { OwnerArn: owner });
  const { Redriven = 0 } = output;
  print(`${Redriven} ${Redriven === 1 ? "delivery" : "deliveries"} sent again`);
  return EXIT.ok;
}
