import { rate } from "./event-columns.ts";
import { type EventView, type Outcome, resourceLabel } from "./event-view.ts";
import { printable } from "./printable.ts";
import { formatTime, type Zone } from "./time-argument.ts";

/** Operations named by a verb and the kind of thing it is done to: `CreateUser`. */
const PARTICIPLES: Readonly<Record<string, string>> = {
  Create: "created",
  Delete: "deleted",
  Disable: "disabled",
  Enable: "enabled",
  Start: "started",
  Stop: "stopped",
  Terminate: "terminated",
  Update: "updated",
};

/** `Mary created by John (IAMUser) from 192.0.2.7 with aws-cli/2.9.19 at 2026-08-01 14:03:22+02:00; allowed` */
export function eventSentence(event: EventView, zone: Zone): string {
  const time = event.time === undefined ? "" : ` at ${formatTime(event.time, { zone, offset: true })}`;
  return printable(event.insight === undefined ? callSentence(event, time) : insightSentence(event, time));
}

function callSentence(event: EventView, time: string): string {
  const { who, identityType, from, userAgent, outcome } = event;
  const by = who === "" ? " by nobody known" : ` by ${who}${who === "root" ? "" : ` (${identityType || "unknown"})`}`;
  const origin = from === "" ? "" : ` from ${from}`;
  const tool = product(userAgent);
  return `${deed(event)}${by}${origin}${tool === "" ? "" : ` with ${tool}`}${time}; ${verdict(outcome)}`;
}

/** Who was refused created nothing: then the call is told, not its effect. */
function deed({ name, outcome, resources }: EventView): string {
  const [, verb = "", kind = ""] = /^([A-Z][a-z]+)([A-Z]\w*)$/.exec(name) ?? [];
  const participle = PARTICIPLES[verb];
  const made = resources.find(({ type }) => type.split("::").at(-1) === kind);
  if (outcome.kind === "allowed" && participle !== undefined && made !== undefined) {
    return `${resourceLabel(made)} ${participle}`;
  }
  const [first] = resources;
  return `${name || "an unnamed call"}${first === undefined ? "" : ` on ${resourceLabel(first)}`}`;
}

function verdict({ kind, code }: Outcome): string {
  return kind === "allowed" ? kind : `${kind} (${code})`;
}

/** `aws-cli/2.9.19` of `[aws-cli/2.9.19 Python/3.11.2 …]`; S3 puts brackets around what it was told. */
function product(userAgent: string): string {
  return /^\[?([^\s\]]{1,80})/.exec(userAgent)?.[1] ?? "";
}

function insightSentence({ insight }: EventView, time: string): string {
  if (insight === undefined) return "";
  const { type, state, eventName, eventSource, errorCode } = insight;
  const what = errorCode === "" ? eventName : `${errorCode} of ${eventName}`;
  const perMinute = rate(insight);
  return `${type} of ${what} (${eventSource}): ${state}${time}${perMinute === "" ? "" : `; ${perMinute} a minute`}`;
}
