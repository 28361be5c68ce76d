import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { XOpentrailOperations } from "../aws/index.ts";
import { Failure } from "../core/index.ts";
import { inputTemplates } from "../rules/templates/index.ts";
import { barOf, durationText } from "./bar.ts";
import { counted } from "./counted.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { formatTime, parseTimeArgument } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";

interface TestOptions extends CommonOptions {
  readonly pattern: string;
  readonly since: string;
  readonly until?: string;
  readonly allReads?: true;
  readonly allRegions?: true;
  readonly samples: string;
  readonly utc?: true;
}

interface TemplateOptions extends CommonOptions {
  readonly arn: string;
  readonly id: string;
}

type Backtest = XOpentrailOperations["BacktestEventPattern"];

const EXAMPLES = [
  "opentrail rules test --pattern pattern.json --since 90d",
  `echo '{"detail":{"errorCode":["AccessDenied"]}}' | opentrail rules test --pattern - --since 7d --json`,
];

const TEMPLATE_EXAMPLES = [
  'aws events put-targets --rule deleted --targets "$(opentrail rules template slack --arn $hook)"',
];

/** Patterns are a few kilobytes; what is larger is another file. */
const PATTERN_BYTES_MAX = 1024 * 1024;

export function addRules(program: Command, io: Io): void {
  const rules = program.command("rules").description("try out rules before they call anybody");
  addTemplate(rules, io);
  const command = rules
    .command("test")
    .description("how often, when and on which events a pattern would have fired")
    .requiredOption("--pattern <file>", "file with an event pattern, or - for standard input")
    .option("--since <time>", "from then on: 30m, 2h, 90d, or an ISO date or time (local, or UTC with --utc)", "90d")
    .option("--until <time>", "up to then, written alike")
    .option("--all-reads", "as a rule in state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS: calls that only read too")
    .option("--all-regions", "events of every Region, not only of the one that is asked")
    .option("--samples <n>", "show at most so many of the events", "5")
    .option("--utc", "times and days in UTC instead of local")
    .option("--json", "one JSON object");
  addCommonOptions(command, EXAMPLES, "Exit codes: 0 done, 1 the call failed, 2 wrong usage.").action(
    (options: TestOptions) => runCommand(command, io, (context) => testPattern(options, context)),
  );
}

function addTemplate(rules: Command, io: Io): void {
  const names = Object.keys(inputTemplates).join(", ");
  const command = rules
    .command("template")
    .argument("<receiver>", `one of ${names}`)
    .description("a target whose messages a chat or a pager understands, for aws events put-targets --targets")
    .requiredOption("--arn <arn>", "ARN of the API destination")
    .option("--id <id>", "id of the target", "notify");
  addCommonOptions(command, TEMPLATE_EXAMPLES, "Exit codes: 0 done, 2 wrong usage.").action(
    (receiver: string, options: TemplateOptions) =>
      runCommand(command, io, async ({ print }) => {
        if (!Object.hasOwn(inputTemplates, receiver)) throw new UsageError(`${receiver} is none of ${names}`);
        const InputTransformer = inputTemplates[receiver as keyof typeof inputTemplates];
        print(printable(JSON.stringify([{ Id: options.id, Arn: options.arn, InputTransformer }])));
        return EXIT.ok;
      }),
  );
}

async function testPattern(options: TestOptions, context: Context): Promise<number> {
  const { session, io } = context;
  const request = requestOf(options, io);
  const progress = new ScanProgress(context);
  const total = { ScannedEvents: 0, MatchedEvents: 0, Days: new Map<string, number>(), Samples: [] as string[] };
  let token: string | undefined;
  do {
    const { output } = await session
      .client("x-opentrail")
      .call(
        "x-opentrail",
        "BacktestEventPattern",
        { ...request, ...(token === undefined ? {} : { NextToken: token }) },
        { signal: context.readerGone },
      );
    total.ScannedEvents += output.ScannedEvents ?? 0;
    total.MatchedEvents += output.MatchedEvents ?? 0;
    for (const { Date: day = "", Count = 0 } of output.Days ?? []) {
      total.Days.set(day, (total.Days.get(day) ?? 0) + Count);
    }
    total.Samples.push(...(output.Samples ?? []));
    token = output.NextToken;
    progress.draw(output.FractionDone ?? 1, total.MatchedEvents);
  } while (token !== undefined);
  progress.clear();
  const samples = total.Samples.slice(0, request.MaxSamples);
  if (options.json) {
    const days = Object.fromEntries(byDay(total.Days));
    context.print(
      printable(JSON.stringify({ ...total, Days: days, Samples: samples.map((text) => JSON.parse(text)) })),
    );
  } else tell({ ...total, Samples: samples }, options, context);
  return EXIT.ok;
}

function requestOf(options: TestOptions, io: Io): Backtest["input"] & { readonly MaxSamples: number } {
  const now = io.clock.now();
  const time = (flag: string, text: string): Date => {
    const ms = parseTimeArgument(text, now, zoneOf(options));
    if (ms === undefined) throw new UsageError(`${flag} ${text} is no time such as 2h, 90d or 2026-08-01`);
    return new Date(ms);
  };
  const samples = Number(options.samples);
  if (!Number.isInteger(samples) || samples < 0 || samples > 100) {
    throw new UsageError(`--samples ${options.samples} is no whole number from 0 to 100`);
  }
  return {
    EventPattern: readPattern(options.pattern, io),
    StartTime: time("--since", options.since),
    ...(options.until === undefined ? {} : { EndTime: time("--until", options.until) }),
    ...(options.allReads ? { State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" } : {}),
    ...(options.allRegions ? { AllRegions: true } : {}),
    MaxSamples: samples,
  };
}

function readPattern(file: string, io: Io): string {
  try {
    const bytes = readFileSync(file === "-" ? 0 : resolve(io.cwd, file));
    if (bytes.length > PATTERN_BYTES_MAX) throw new Error(`it has ${bytes.length} bytes, which no pattern has`);
    return bytes.toString("utf8");
  } catch (cause) {
    throw new Failure(`read the pattern in ${file}`, cause);
  }
}

interface Findings {
  readonly ScannedEvents: number;
  readonly MatchedEvents: number;
  readonly Days: ReadonlyMap<string, number>;
  readonly Samples: readonly string[];
}

function tell({ ScannedEvents, MatchedEvents, Days, Samples }: Findings, options: TestOptions, context: Context): void {
  const { print, style } = context;
  const would = `would have fired ${counted(MatchedEvents, "time")} on ${counted(ScannedEvents, "event")}`;
  print(style.bold(would));
  const most = Math.max(1, ...Days.values());
  for (const [day, count] of byDay(Days)) {
    print(
      `  ${day}  ${String(count).padStart(String(most).length)}  ${style.dim("▇".repeat(Math.ceil((count / most) * 40)))}`,
    );
  }
  if (Samples.length > 0) print(style.bold("\nthe latest of them"));
  for (const text of Samples) print(`  ${printable(sampleLine(text, options))}`);
  if (MatchedEvents === 0) {
    context.note("Nothing matched. Calls that only read need --all-reads, other Regions --all-regions.");
  }
}

function byDay(days: ReadonlyMap<string, number>): readonly (readonly [day: string, count: number])[] {
  return [...days].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Who did what, when; an event that is no record of a call shows its type. */
function sampleLine(text: string, options: TestOptions): string {
  const {
    time = "",
    detail = {},
    "detail-type": type = "",
  } = JSON.parse(text) as {
    readonly time?: string;
    readonly "detail-type"?: string;
    readonly detail?: {
      readonly eventName?: string;
      readonly eventID?: string;
      readonly errorCode?: string;
      readonly userIdentity?: { readonly arn?: string; readonly type?: string };
    };
  };
  const { eventName = type, eventID = "", errorCode, userIdentity } = detail;
  const who = userIdentity?.arn ?? userIdentity?.type ?? "";
  const when = Number.isNaN(Date.parse(time)) ? time : formatTime(Date.parse(time), { zone: zoneOf(options) });
  return [when, eventName, ...(errorCode === undefined ? [] : [errorCode]), who, eventID].join("  ");
}

/** How far the scan is, on a terminal; nothing elsewhere. */
class ScanProgress {
  readonly #io: Io;
  readonly #startedMs: number;
  #shown = false;

  constructor({ io }: Context) {
    this.#io = io;
    this.#startedMs = io.clock.elapsed();
  }

  draw(share: number, matched: number): void {
    const { stderr, clock } = this.#io;
    if (stderr.isTTY !== true || share >= 1) return;
    const elapsedMs = clock.elapsed() - this.#startedMs;
    const left = share === 0 ? "" : `  ${durationText((elapsedMs * (1 - share)) / share)} left`;
    stderr.write(`\r${barOf(share)}  ${matched} so far${left}\u001b[K`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#io.stderr.write("\r\u001b[K");
  }
}
