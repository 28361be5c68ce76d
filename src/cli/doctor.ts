import { Argument, type Command } from "commander";
import { CallError } from "../api/client/index.ts";
import { parseArn } from "../core/index.ts";
import {
  attempt,
  type Check,
  defaultLockCheck,
  type LeftBehind,
  ORGANIZATION,
  policyCheck,
  statusChecks,
  type Trail,
  tryBucket,
} from "./doctor-checks.ts";
import { type PolicyOwner, type PolicyReport, reportPolicy } from "./doctor-policy.ts";
import { zoneOf } from "./filters.ts";
import type { Io } from "./io.ts";
import { prettyJson } from "./json-text.ts";
import { printable } from "./printable.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { openBucketCalls } from "./s3-calls.ts";
import { padText } from "./text-width.ts";
import { formatTime } from "./time-argument.ts";

interface DoctorOptions extends CommonOptions {
  readonly utc?: true;
  readonly write: boolean;
}

/** All that was found out about a trail. */
interface Findings {
  readonly trail: Trail;
  readonly owner: PolicyOwner;
  readonly checks: readonly Check[];
  readonly policy: PolicyReport;
  /** Undefined when the bucket's policy could not be read. */
  readonly policyInPlace: boolean | undefined;
  readonly left: readonly LeftBehind[];
}

const EXAMPLES = ["opentrail doctor trail main", "opentrail doctor trail main --no-write --json | jq .checks"];
const EXIT_CODES = "Exit codes: 0 all is well, 1 something is wrong or a call failed, 2 wrong usage.";

export function addDoctor(program: Command, io: Io): void {
  const command = program
    .command("doctor")
    .description("see whether a trail delivers into a bucket that keeps what it gets, and say what to do")
    .addArgument(new Argument("<what>", "what to look at").choices(["trail"]))
    .argument("<name>", "name or ARN of the trail")
    .option("--no-write", "put no object, so that nothing stays behind in a locked bucket")
    .option("--utc", "times in UTC instead of local")
    .option("--json", "as one JSON object");
  addCommonOptions(command, EXAMPLES, EXIT_CODES).action((_what: string, name: string, options: DoctorOptions) =>
    runCommand(command, io, (context) => doctor(name, options, context)),
  );
}

async function doctor(name: string, options: DoctorOptions, context: Context): Promise<number> {
  const findings = await examine(name, options, context);
  if (options.json) printJson(findings, context);
  else printFindings(findings, context);
  return findings.checks.some(({ state }) => state === "wrong") ? EXIT.failed : EXIT.ok;
}

async function examine(name: string, options: DoctorOptions, { session, io }: Context): Promise<Findings> {
  const time = (at: Date): string => formatTime(at.getTime(), { zone: zoneOf(options), offset: true });
  const cloudtrail = session.client("cloudtrail");
  const { Trail: trail = {} } = (await cloudtrail.call("cloudtrail", "GetTrail", { Name: name })).output;
  const { output: status } = await cloudtrail.call("cloudtrail", "GetTrailStatus", { Name: trail.TrailARN ?? name });
  const owner = ownerOf(trail);
  const calls = await openBucketCalls(session, owner.bucket);
  try {
    const found = await attempt("bucket policy", () => calls.policy());
    const policy = reportPolicy(owner, "answer" in found ? found.answer : undefined);
    const elsewhere = session.endpoint("s3").value !== session.endpoint("cloudtrail").value;
    const checks = [
      ...statusChecks(trail, status, time),
      "failed" in found ? found.failed : policyCheck(policy, elsewhere),
      ...(trail.IsOrganizationTrail ? [ORGANIZATION] : []),
    ];
    const known = { trail, owner, policy, policyInPlace: "failed" in found ? undefined : policy.missing.length === 0 };
    if ("failed" in found && isBeyondReach(found.error)) return { ...known, checks, left: [] };
    const lock = await attempt("default lock", () => calls.lock());
    checks.push("failed" in lock ? lock.failed : defaultLockCheck(lock.answer));
    if (!options.write) return { ...known, checks, left: [] };
    const tried = await tryBucket(calls, keyOf(owner, io), time);
    return { ...known, checks: [...checks, ...tried.checks], left: tried.left };
  } finally {
    calls.close();
  }
}

function ownerOf({ S3BucketName = "", S3KeyPrefix, TrailARN = "" }: Trail): PolicyOwner {
  return {
    bucket: S3BucketName,
    prefix: S3KeyPrefix ? `${S3KeyPrefix}/` : "",
    account: parseArn(TrailARN)?.account ?? "",
    trailArn: TrailARN,
  };
}

/** Nothing else can be asked of a bucket that is not there, or of a server that does not answer. */
function isBeyondReach(error: unknown): boolean {
  return error instanceof CallError && (error.status === undefined || error.code === "NoSuchBucket");
}

/** `AWSLogs/123456789012/CloudTrail/doctor-20260801T120000Z-0ebbaee4.txt`: where log files go, but none of them. */
function keyOf({ prefix, account }: PolicyOwner, { clock, random }: Io): string {
  const stamp = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  return `${prefix}AWSLogs/${account}/CloudTrail/doctor-${stamp}-${random.uuid().slice(0, 8)}.txt`;
}

function printJson({ trail, owner, checks, policy, policyInPlace, left }: Findings, { print }: Context): void {
  const ok = checks.every(({ state }) => state !== "wrong");
  const leftBehind = left.map((object) => ({ bucket: owner.bucket, ...object }));
  print(
    printable(
      JSON.stringify({
        ok,
        trail,
        checks,
        policy: { inPlace: policyInPlace ?? null, missing: policy.missing, document: policy.document },
        leftBehind,
      }),
    ),
  );
}

function printFindings(findings: Findings, { print, style }: Context): void {
  const { trail, owner, checks, policy, policyInPlace, left } = findings;
  print(`${style.bold(printable(`Trail ${trail.Name}`))}  ${style.dim(printable(owner.trailArn))}`);
  print(printable(describeTrail(trail, owner)));
  print("");
  const paint = { ok: style.good, wrong: style.bad, note: style.dim };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const steps = new Set<string>();
  for (const { name, state, says, next } of checks) {
    print(`${paint[state](padText(state, 5))}  ${padText(name, width)}  ${printable(says)}`);
    // Several things may be wrong for one reason.
    if (next === undefined || steps.has(next)) continue;
    steps.add(next);
    print(`${" ".repeat(9 + width)}${style.dim("next:")} ${printable(next)}`);
  }
  print("");
  const mark = policyInPlace ? "in place" : policyInPlace === undefined ? "could not be compared" : "NOT in place";
  print(
    `${style.bold("Bucket policy")} (${mark}; aws s3api put-bucket-policy --bucket ${printable(owner.bucket)} --policy …):`,
  );
  print(prettyJson(JSON.stringify(policy.document), style));
  print("");
  for (const object of left) print(printable(describeLeft(object, owner)));
  const wrong = checks.filter(({ state }) => state === "wrong").length;
  print(
    wrong === 0
      ? style.good("All is well.")
      : style.bad(wrong === 1 ? "1 thing is wrong." : `${wrong} things are wrong.`),
  );
}

function describeTrail(trail: Trail, { bucket, prefix, account }: PolicyOwner): string {
  const scope = trail.IsMultiRegionTrail ? "all Regions" : (trail.HomeRegion ?? "one Region");
  const files = `files go to s3://${bucket}/${prefix}AWSLogs/${account}/`;
  const whose = trail.IsOrganizationTrail ? "all accounts of the organization, " : "";
  return `${whose}${scope}; ${files}${trail.KmsKeyId ? `, encrypted with ${trail.KmsKeyId}` : ""}`;
}

function describeLeft({ key, versionId, lockedUntil }: LeftBehind, { bucket }: PolicyOwner): string {
  const which = versionId === undefined ? "" : ` version ${versionId}`;
  const why = lockedUntil === undefined ? "it could not be deleted" : `locked until ${lockedUntil.toISOString()}`;
  return `Left behind: s3://${bucket}/${key}${which} (${why}).`;
}
