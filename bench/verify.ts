/**
 * How long it takes to validate a day of 1 million records in 300 log files and 24 digest files: `opentrail verify` over a
 * folder and over S3, beside `aws cloudtrail validate-logs` over S3, whole commands with their start, on the same files.
 *
 * Known answer: every validator counts 24 of 24 digest files and 300 of 300 log files valid, and after one byte was changed
 * 299 of 300.
 *
 *     node bench/verify.ts [--records 1000000] [--runs 3] [--aws .venv/bin/aws] [--directory DIR] [--json]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { makeDay } from "./verify-day.ts";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
    aws: { type: "string", default: ".venv/bin/aws" },
    directory: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
  },
});

const FILES = 300;
const HOURS = 24;

interface Validator {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Result {
  readonly validator: string;
  readonly run: number;
  readonly ms: number;
  readonly userMs: number;
  readonly peakMiB: number;
}

const directory = mkdtempSync(join(values.directory, "opentrail-bench-"));
try {
  const day = makeDay({ directory, records: Number(values.records), files: FILES, hours: HOURS });
  console.error(
    `${values.records} records, ${Math.round(day.bytes / 2 ** 20)} MiB, ${Math.round(day.gzipBytes / 2 ** 20)} MiB gzipped`,
  );
  const server = spawn(process.execPath, ["bench/verify-server.ts", directory, day.bucket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const endpoint = line.toString().trim();
  const validators = validatorsOf(day, endpoint);
  const results: Result[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const validator of validators) results.push(await measure(validator, run, FILES));
  }
  spoil(join(directory, day.bucket, day.logKeys[FILES / 2] ?? ""));
  for (const validator of validators) await measure(validator, 0, FILES - 1);
  server.kill();
  if (values.json) console.log(JSON.stringify(results));
  else {
    console.table(results);
    console.table(medians(results));
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function validatorsOf(day: ReturnType<typeof makeDay>, endpoint: string): readonly Validator[] {
  const range = ["--trail-arn", day.trailArn, "--start-time", day.start, "--end-time", day.end];
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const verify = [process.execPath, "bin/opentrail.js", "verify"];
  const keys = ["--public-keys", join(directory, "list-public-keys.json")];
  const own = [
    { name: "opentrail, folder", command: [...verify, join(directory, day.bucket), ...keys, ...range] },
    { name: "opentrail, S3", command: [...verify, `s3://${day.bucket}`, ...range], environment },
  ];
  if (!existsSync(values.aws)) {
    console.error("skipped: the AWS CLI is not installed (tools/install-clients.sh)");
    return own;
  }
  const aws = [values.aws, "cloudtrail", "validate-logs", "--s3-bucket", day.bucket, ...range];
  return [...own, { name: "aws cloudtrail validate-logs", command: aws, environment }];
}

async function measure({ name, command, environment = {} }: Validator, run: number, valid: number): Promise<Result> {
  const [program = "", ...args] = command;
  const output = join(directory, "output.txt");
  const times = join(directory, "times.txt");
  const started = performance.now();
  // GNU time tells what a child and its threads used; Node cannot ask for that of its own children.
  const timed = existsSync("/usr/bin/time") ? ["/usr/bin/time", "-o", times, "-f", "%U %S %M"] : [];
  const [first = program, ...rest] = [...timed, program, ...args];
  const child = spawn(first, rest, {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] ?? "", HOME: directory, ...environment },
  });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const [code] = (await once(child, "close")) as [number];
  const ms = performance.now() - started;
  writeFileSync(output, said);
  const known = [`${HOURS}/${HOURS} digest files valid`, `${valid}/${FILES} log files valid`];
  const right = known.every((text) => said.includes(text)) && code === (valid === FILES ? 0 : 1);
  if (!right) throw new Error(`${name} ended with ${code} and did not say ${known.join(" and ")}:\n${said}`);
  const [user = 0, system = 0, peakKiB = 0] =
    timed.length === 0 ? [] : (readFileSync(times, "utf8").trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return {
    validator: name,
    run,
    ms: Math.round(ms),
    userMs: Math.round((user + system) * 1000),
    peakMiB: Math.round(peakKiB / 1024),
  };
}

/** One byte of compressed data becomes another. */
function spoil(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function medians(results: readonly Result[]): readonly object[] {
  const names = [...new Set(results.map(({ validator }) => validator))];
  const median = (name: string): number => {
    const all = results.filter(({ validator }) => validator === name).map(({ ms }) => ms);
    return all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0;
  };
  const slowest = median(names.at(-1) ?? "");
  return names.map((name) => ({
    validator: name,
    medianMs: median(name),
    timesFaster: Number((slowest / median(name)).toFixed(1)),
  }));
}
