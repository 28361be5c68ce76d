import type { Command } from "commander";
import type { Client } from "../api/client/index.ts";
import { type EventView, viewEvent } from "./event-view.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { prettyJson } from "./json-text.ts";
import { lookupPages } from "./lookup-pages.ts";
import { jsonLine } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { eventSentence } from "./sentence.ts";

interface EventOptions extends CommonOptions {
  readonly utc?: true;
}

const EXAMPLES = [
  "opentrail event 0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a",
  "opentrail event 0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a --json | jq .requestParameters",
];

export function addEvent(program: Command, io: Io): void {
  const command = program
    .command("event")
    .description("show the whole record of one event")
    .argument("<id>", 'the eventID, as "opentrail lookup" shows it')
    .option("--utc", "the time in UTC instead of local")
    .option("--json", "the record on one line, as it is kept");
  addCommonOptions(command, EXAMPLES).action((id: string, options: EventOptions) =>
    runCommand(command, io, (context) => showEvent(id, options, context)),
  );
}

async function showEvent(id: string, options: EventOptions, context: Context): Promise<number> {
  const { session, io, style, print, note } = context;
  const event = await findEvent(session.client("cloudtrail"), id);
  if (event === undefined) {
    note(
      `opentrail event: no event ${id} in ${session.region.value}; "opentrail lookup --ids" lists ids, --region asks another Region`,
    );
    return EXIT.notFound;
  }
  if (options.json || !isJson(event.record)) {
    print(jsonLine(event.record));
    return EXIT.ok;
  }
  if (io.stdout.isTTY) print(`${style.bold(eventSentence(event, zoneOf(options)))}\n`);
  print(prettyJson(event.record, style));
  return EXIT.ok;
}

/** The id does not tell which kind of event it is: both are asked. */
async function findEvent(client: Client, id: string): Promise<EventView | undefined> {
  const byId = { LookupAttributes: [{ AttributeKey: "EventId" as const, AttributeValue: id }] };
  for (const EventCategory of ["all", "insight"] as const) {
    for await (const { events } of lookupPages(client, { ...byId, EventCategory }, { limit: 1 })) {
      if (events[0] !== undefined) return viewEvent(events[0]);
    }
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Then it is shown as it is: what cannot be read must still be seen.
    return false;
  }
}
