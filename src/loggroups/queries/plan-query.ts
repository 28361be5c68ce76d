import type { Command, Query } from "./query.ts";
import { fieldName } from "./row.ts";

/**
 * Decides what is shown and how events are read: a sort by time costs nothing when they come in that order. `named` are
 * all fields that expressions ask for.
 */
export function planQuery(commands: readonly Command[], named: ReadonlySet<string>): Query {
  const timeSort = timeSortOf(commands);
  return {
    commands: commands.filter((command) => command !== timeSort),
    columns: columnsOf(commands).map(fieldName),
    fields: fieldsOf(commands, named)?.map(fieldName),
    ofEvents: !commands.some(({ kind }) => kind === "stats"),
    order: timeSort === undefined || timeSort.keys[0]?.descending !== false ? "descending" : "ascending",
  };
}

/** The first sort, when it is by time alone and meets every event. */
function timeSortOf(commands: readonly Command[]): (Command & { kind: "sort" }) | undefined {
  for (const command of commands) {
    if (command.kind === "sort") {
      return command.keys.length === 1 && command.keys[0]?.source === "@timestamp" ? command : undefined;
    }
    if (namesOf(command)?.includes("@timestamp") !== false) return undefined;
  }
  return undefined;
}

/** What a command of one row at a time calls by a new name; undefined for those that look at several rows. */
function namesOf(command: Command): readonly string[] | undefined {
  if (command.kind === "filter") return [];
  if (command.kind === "parse") return command.names;
  if (command.kind !== "fields" && command.kind !== "display") return undefined;
  return command.columns.filter(({ made }) => made).map(({ name }) => name);
}

/** Undefined when something inside of what the query makes is named: that has to be made first. */
function fieldsOf(commands: readonly Command[], named: ReadonlySet<string>): readonly string[] | undefined {
  const fields = [...named.union(new Set(columnsOf(commands)))];
  const made = commands.flatMap((command) => namesOf(command) ?? []);
  return made.some((name) => fields.some((field) => field.startsWith(`${name}.`))) ? undefined : fields;
}

function columnsOf(commands: readonly Command[]): readonly string[] {
  let columns: string[] = [];
  let chosen = false;
  for (const command of commands) {
    if (command.kind === "display") columns = [];
    if (command.kind === "stats") columns = command.keys.map(({ name }) => name);
    if (command.kind === "parse") columns.push(...command.names);
    if (command.kind === "fields" || command.kind === "display" || command.kind === "stats") {
      columns.push(...command.columns.map(({ name }) => name));
      chosen = true;
    }
  }
  return [...new Set(chosen ? columns : ["@timestamp", "@message", ...columns])];
}
