import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CallError } from "../api/client/index.ts";
import { Failure, optional } from "../core/index.ts";
import type { CheckingKey, LogSources, PublicKeys, Scope } from "../integrity/verify/index.ts";
import { describeCallError } from "./call-error-hints.ts";
import type { Io } from "./io.ts";
import { addCommonOptions, type CommonOptions, type Context, EXIT, runCommand } from "./run-command.ts";
import { parseTimeArgument, utcZone } from "./time-argument.ts";
import { UsageError } from "./usage-error.ts";
import { AwsLines } from "./verify/aws-lines.ts";
import { JsonReport } from "./verify/json-report.ts";
import { Progress } from "./verify/progress.ts";
import type { Asked, Outcome, Report } from "./verify/report.ts";
import { Summary } from "./verify/summary.ts";
import { Tally } from "./verify/tally.ts";

interface VerifyOptions extends CommonOptions {
  readonly publicKeys?: readonly string[];
  readonly trailArn?: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly accountId?: string;
  readonly prefix?: string;
  readonly bucket?: string;
  readonly metadata?: string;
  readonly withoutNewestSignature?: true;
  readonly allowNone?: true;
  readonly deep?: true;
  readonly verbose?: true;
}

type Library = typeof import("../integrity/verify/index.ts");

const EXAMPLES = [
  "opentrail verify ./bucket-copy --public-keys keys.json",
  "opentrail verify s3://audit-logs --start-time 7d",
  "opentrail verify s3://audit-logs/prefix --trail-arn arn:aws:cloudtrail:us-east-1:123456789012:trail/main --json",
];

const KEYS_HELP = `To export the public keys, once for each Region that a trail logs, and check without any server from then on:
  aws cloudtrail list-public-keys --region us-east-1 --start-time 2026-01-01 > keys.json
To copy a bucket with the signatures of its digest files (aws s3 sync leaves them behind: those of all but the newest are
also in the digest files after them), write each digest object's metadata beside it, as FILE.metadata.json:
  aws s3api head-object --bucket audit-logs --key KEY > FILE.metadata.json

`;

const EXIT_CODES =
  "Exit codes: 0 everything holds, 1 something does not (or there was nothing to check), 2 wrong usage or unreadable.";

export function addVerify(program: Command, io: Io): void {
  const command = program
    .command("verify")
    .description("check that log files are what CloudTrail or OpenTrail delivered: nothing changed, removed or added")
    .argument("<where>", "a folder (a copy of a bucket), or s3://bucket[/prefix]")
    .option(
      "--public-keys <file...>",
      "what aws cloudtrail list-public-keys printed (the server is asked when not given)",
    )
    .option("--trail-arn <arn>", "only this trail (every trail that is found, when not given)")
    .option("--start-time <time>", "from then on: 7d, 2026-08-01 or 2026-08-01T14:00:00Z; UTC (default: the beginning)")
    .option("--end-time <time>", "up to then, written alike (default: now)")
    .option("--account-id <id>", "only log files of this account")
    .option("--prefix <prefix>", "what stands before AWSLogs/ in the keys")
    .option("--bucket <name>", "name of the bucket that the folder is a copy of (default: what its digest files say)")
    .option(
      "--metadata <file>",
      "the objects' metadata as JSON: [{ bucket, key, metadata }] (default: objects.json beside)",
    )
    .option("--without-newest-signature", "do without the newest digest file's signature, where a copy lacks it")
    .option("--allow-none", "finding no digest file at all is no failure")
    .option("--deep", "read the records too: are they of the times, account and Region that they should be")
    .option("--verbose", "a line per file, as aws cloudtrail validate-logs writes them")
    .option("--json", "as one JSON document");
  addCommonOptions(command, EXAMPLES, KEYS_HELP + EXIT_CODES).action((where: string, options: VerifyOptions) =>
    runCommand(command, io, (context) => failingAsUnreadable(context, () => verifyLogs(where, options, context))),
  );
}

/** Whoever could not read everything must not end like one who read all and found a difference. */
async function failingAsUnreadable({ note }: Context, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (thrown) {
    if (thrown instanceof CallError) note(`opentrail verify: ${describeCallError(thrown)}`);
    else if (thrown instanceof Failure) note(`opentrail verify: ${thrown.message}`);
    else throw thrown;
    return EXIT.usage;
  }
}

async function verifyLogs(where: string, options: VerifyOptions, context: Context): Promise<number> {
  const { io } = context;
  // Only here: other commands need nothing of it.
  const library = await import("../integrity/verify/index.ts");
  const scope = readScope(library, options, io.clock.now());
  const publicKeys = await openKeys(library, options, scope, context);
  const sources = await openSources(library, where, options, context);
  const asked: Asked = {
    ...scope,
    what: options.trailArn === undefined ? `in ${where}` : `for trail ${options.trailArn}`,
  };
  const progress = new Progress(io.stderr, io.clock);
  const report = openReport(asked, options, context, progress);
  const tally = new Tally(scope);
  const found = library.verify(
    {
      sources,
      publicKeys,
      now: io.clock.now(),
      threads: availableParallelism(),
      onProgress: (told) => {
        if ("found" in told) progress.found(told.found.key, told.found.size);
        else progress.checked(told.checked);
      },
    },
    { scope, deep: options.deep === true },
  );
  report.begin();
  try {
    for await (const finding of found) {
      tally.add(finding);
      report.add(finding);
    }
  } finally {
    progress.clear();
  }
  const outcome = outcomeOf(tally, options);
  report.end(tally, outcome);
  const holds = outcome === "valid" || (outcome === "nothing" && options.allowNone === true);
  return holds ? EXIT.ok : EXIT.failed;
}

function outcomeOf(tally: Tally, { withoutNewestSignature }: VerifyOptions): Outcome {
  if (tally.failures > 0) return "invalid";
  if (tally.digests === 0) return "nothing";
  const excused = withoutNewestSignature === true ? tally.unsignedNewest : 0;
  return tally.unsigned > excused ? "unsigned" : "valid";
}

function openReport(asked: Asked, options: VerifyOptions, { io, style, print }: Context, progress: Progress): Report {
  const verbose = options.verbose === true;
  const out = (text: string): void => {
    progress.clear();
    io.stdout.write(text);
  };
  const err = (text: string): void => {
    progress.clear();
    io.stderr.write(text);
  };
  if (options.json) return new JsonReport(asked, { verbose }, out);
  if (verbose || io.stdout.isTTY !== true) return new AwsLines(asked, { verbose }, { out, err });
  return new Summary(asked, { style, zone: utcZone, width: io.stdout.columns || 80, print });
}

function readScope(library: Library, options: VerifyOptions, now: number): Scope {
  const { trailArn, accountId, region } = options;
  const trail = trailArn === undefined ? undefined : library.parseTrailArn(trailArn);
  if (trailArn !== undefined && trail === undefined) throw new UsageError(`Invalid trail ARN provided: ${trailArn}`);
  const fromMs = readTime("--start-time", options.startTime, now);
  const toMs = readTime("--end-time", options.endTime, now) ?? now;
  if (fromMs !== undefined && fromMs > toMs) throw new UsageError("--start-time is later than --end-time");
  return {
    toMs,
    ...optional("fromMs", fromMs),
    ...optional("account", accountId),
    ...optional("region", region),
    ...(trail && { trail }),
  };
}

function readTime(flag: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseTimeArgument(text, now, utcZone);
  if (ms === undefined)
    throw new UsageError(`${flag} ${text} is no time; write 7d, 2026-08-01 or 2026-08-01T14:00:00Z`);
  return ms;
}

async function openKeys(
  library: Library,
  { publicKeys }: VerifyOptions,
  scope: Scope,
  { session, io }: Context,
): Promise<PublicKeys> {
  if (publicKeys !== undefined) {
    const files = await Promise.all(publicKeys.map((file) => readKeys(library, resolve(io.cwd, file))));
    return library.exportedKeys(files.flat());
  }
  const list = async (region: string, fromMs: number, toMs: number): Promise<readonly CheckingKey[]> => {
    const range = { StartTime: new Date(fromMs), EndTime: new Date(toMs) };
    const { output } = await session.client("cloudtrail", region).call("cloudtrail", "ListPublicKeys", range);
    return (output.PublicKeyList ?? []).flatMap(({ Value: value, Fingerprint: fingerprint }) =>
      value === undefined || fingerprint === undefined ? [] : [{ value, fingerprint }],
    );
  };
  return library.askedKeys(list, { fromMs: scope.fromMs ?? 0, toMs: scope.toMs });
}

async function readKeys(library: Library, path: string): Promise<readonly CheckingKey[]> {
  try {
    return library.parsePublicKeys(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Failure(`read public keys from ${path}`, cause);
  }
}

async function openSources(
  library: Library,
  where: string,
  { prefix, bucket, metadata }: VerifyOptions,
  { session, io }: Context,
): Promise<LogSources> {
  const [, s3Bucket, s3Prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(where) ?? [];
  if (where.startsWith("s3://") && s3Bucket === undefined) throw new UsageError(`${where} names no bucket`);
  if (s3Bucket === undefined) {
    const metadataFile = metadata === undefined ? undefined : resolve(io.cwd, metadata);
    const folder = resolve(io.cwd, where);
    const sources = await library.openFolder(folder, {
      ...optional("bucket", bucket),
      ...optional("metadataFile", metadataFile),
    });
    if (prefix === undefined) return sources;
    return { ...sources, roots: sources.roots.filter(({ above }) => above === folderOf(prefix)) };
  }
  return await library.openS3({
    bucket: s3Bucket,
    above: folderOf(prefix ?? s3Prefix),
    endpoint: session.endpoint("s3").value,
    region: session.region.value,
    credentials: session.credentials.get,
  });
}

/** `a/b/` of `a/b`, `/a/b/` and the like; nothing of nothing. */
function folderOf(prefix: string): string {
  const plain = prefix.replace(/^\/+|\/+$/g, "");
  return plain === "" ? "" : `${plain}/`;
}
