import type { Command } from "commander";
import { Failure } from "../core/index.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";
import { type MetricSample, parsePrometheusText } from "./prometheus-text.ts";
import { type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import type { Style } from "./style.ts";
import { type Column, headerLine, layOut, naturalWidths, rowLine } from "./table.ts";
import { formatTime, type Zone } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

interface CoverageOptions extends CommonOptions {
  readonly consoleUrl?: string;
  readonly utc?: true;
}

/** What one route or source brought since the server started. Its texts come from the server. */
interface Row {
  readonly kind: string;
  readonly name: string;
  readonly seen: number;
  readonly recorded: number;
  /** Of a route, by how its calls ended; of a source, by why entries made no record. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly excluded: number;
  readonly underWay: number;
  readonly lastSeen: string | null;
  readonly state: "ok" | "never heard" | "silent" | "failing";
  readonly habitSeconds: number | null;
}

const CONSOLE_STANDARD = "http://127.0.0.1:4581";
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const METRIC = "opentrail_capture_";

const EXAMPLES = [
  "opentrail coverage",
  "opentrail coverage --console-url http://10.0.0.5:4581 --json | jq 'select(.lost > 0)'",
];

export function addCoverage(program: Command, io: Io): void {
  const command = program
    .command("coverage")
    .description("show what every route and source brought, and what was lost")
    .option(
      "--console-url <url>",
      `the server's console (also OPENTRAIL_CONSOLE_URL; ${CONSOLE_STANDARD} when none is named)`,
    )
    .option("--utc", "times in UTC instead of local")
    .option("--json", "one JSON object a line")
    .option("--no-color", "no colours (also NO_COLOR)")
    .addHelpText(
      "after",
      `
Counts begin when the server starts. SKIPPED are entries of another server's log that make no record of their own.

Examples:
${EXAMPLES.map((line) => `  ${line}`).join("\n")}

Exit codes: 0 done, 1 the server could not be asked, 2 wrong usage.`,
    )
    .action((options: CoverageOptions) => runCommand(command, io, (context) => coverage(options, context)));
}

async function coverage(options: CoverageOptions, context: Context): Promise<number> {
  const { io, style, print, note } = context;
  const rows = coverageRows(parsePrometheusText(await readMetrics(consoleUrl(options, io))));
  if (options.json) {
    for (const row of rows) print(printable(JSON.stringify(row)));
  } else if (rows.length === 0) {
    note("The server has neither routes nor sources; its own API is always recorded.");
  } else {
    const columns = coverageColumns(style, zoneOf(options));
    const width = io.stdout.isTTY === true ? io.stdout.columns || 80 : undefined;
    const layout = layOut(columns, naturalWidths(columns, rows), width);
    print(style.dim(headerLine(layout)));
    for (const row of rows) print(rowLine(layout, row));
  }
  return EXIT.ok;
}

function consoleUrl({ consoleUrl: flag }: CoverageOptions, { env }: Io): URL {
  const text = flag ?? (env["OPENTRAIL_CONSOLE_URL"] || CONSOLE_STANDARD);
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`the console ${text} is not a URL such as ${CONSOLE_STANDARD}`);
  }
  return new URL("/metrics", url);
}

/** @throws {Failure} when there is no answer, or none of ours. */
async function readMetrics(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer does not end");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (thrown) {
    // fetch() says only that it failed; why stands in the cause.
    const cause = thrown instanceof TypeError && thrown.cause !== undefined ? thrown.cause : thrown;
    throw new Failure(`read ${url.href}`, cause);
  }
}

/** Routes first, both in the order of their names. */
function coverageRows(samples: readonly MetricSample[]): readonly Row[] {
  const ours = samples.filter(({ name, labels }) => name.startsWith(METRIC) && labels["name"] !== undefined);
  const groups = Map.groupBy(ours, ({ labels }) => `${labels["kind"]} ${labels["name"]}`);
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => coverageRow(group));
}

function coverageRow(group: readonly MetricSample[]): Row {
  const { kind = "", name = "" } = group[0]?.labels ?? {};
  const value = (metric: string): number | undefined => group.find((one) => one.name === METRIC + metric)?.value;
  const byLabel = (metric: string, label: string): Readonly<Record<string, number>> =>
    Object.fromEntries(
      group.flatMap((one) => (one.name === METRIC + metric ? [[one.labels[label] ?? "", one.value]] : [])),
    );
  const lastSeen = value("last_seen_seconds") ?? 0;
  const silent = value("silent") === 1 ? "silent" : lastSeen === 0 ? "never heard" : "ok";
  return {
    kind,
    name,
    seen: value("seen_total") ?? 0,
    recorded: value("recorded_total") ?? 0,
    outcomes: byLabel("outcomes_total", "outcome"),
    skipped: byLabel("skipped_total", "reason"),
    lost: value("lost_total") ?? 0,
    excluded: value("excluded_total") ?? 0,
    underWay: value("under_way") ?? 0,
    lastSeen: lastSeen > 0 && lastSeen < TIME_SECONDS_MAX ? new Date(lastSeen * 1000).toISOString() : null,
    state: value("problem") === 1 ? "failing" : silent,
    habitSeconds: value("habit_seconds") ?? null,
  };
}

/** 9999-12-31T23:59:59Z: later is not a time. */
const TIME_SECONDS_MAX = 253_402_300_799;

function coverageColumns(style: Style, zone: Zone): readonly Column<Row>[] {
  const count = (title: string, read: (row: Row) => number, rank: number, bad = false): Column<Row> => ({
    title,
    cell: (row) => String(read(row)),
    paint: (text, row) => (bad && read(row) > 0 ? style.bad(text) : text),
    widthTypical: title.length,
    widthMin: title.length,
    rank,
  });
  const outcome = (title: string, name: string, rank: number): Column<Row> =>
    count(title, ({ outcomes }) => outcomes[name] ?? 0, rank);
  return [
    { title: "NAME", cell: ({ name }) => name, cut: "middle", widthTypical: 12, widthMin: 6, rank: 0 },
    { title: "KIND", cell: ({ kind }) => kind, widthTypical: 6, widthMin: 6, rank: 4 },
    {
      title: "STATE",
      cell: ({ state }) => state,
      paint: (text, { state }) =>
        state === "ok" ? style.good(text) : state === "never heard" ? text : style.bad(text),
      widthTypical: 6,
      widthMin: 6,
      rank: 0,
    },
    count("SEEN", ({ seen }) => seen, 0),
    count("RECORDED", ({ recorded }) => recorded, 0),
    count("LOST", ({ lost }) => lost, 0, true),
    outcome("OK", "ok", 2),
    outcome("DENIED", "denied", 2),
    outcome("CLIENT ERR", "client error", 3),
    outcome("SERVER ERR", "server error", 3),
    outcome("REFUSED", "refused", 3),
    outcome("UPSTREAM ERR", "upstream failed", 3),
    count("SKIPPED", ({ skipped }) => Object.values(skipped).reduce((sum, one) => sum + one, 0), 2),
    count("UNDER WAY", ({ underWay }) => underWay, 4),
    {
      title: "LAST SEEN",
      cell: ({ lastSeen }) => (lastSeen === null ? "-" : formatTime(Date.parse(lastSeen), { zone })),
      paint: style.dim,
      widthTypical: 19,
      widthMin: 19,
      rank: 1,
    },
  ];
}
