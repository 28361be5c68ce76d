import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestServer } from "../server.ts";
import { CLIENTS } from "./clients.ts";

/** What a validator of log files printed, and its exit code: 0 when everything is valid. */
export interface Validated {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Question {
  readonly trail: string;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly start: string;
  readonly end: string;
  /** Whose files; `us-east-1` when absent. */
  readonly region?: string;
  /** Needed for a trail of an organization. */
  readonly account?: string;
  readonly verbose?: boolean;
  /** Added as they are. */
  readonly options?: readonly string[];
}

/** A command line that validates log files against a server, with nothing else to ask. */
export interface Validator {
  readonly name: string;
  readonly missing: string | undefined;
  readonly validate: (server: TestServer, question: Question) => Promise<Validated>;
}

const DEBIAN = CLIENTS.find(({ name }) => name === "AWS CLI v2 of Debian");
const PYPI = CLIENTS.find(({ name }) => name === "newest AWS CLI of PyPI");

/** AWS's own validators, unmodified. */
export const AWS_VALIDATORS: readonly Validator[] = [
  {
    name: "newest AWS CLI of PyPI",
    missing: PYPI?.missing,
    validate: (server, question) => run(PYPI?.command ?? "", commandOf(question), server.environment),
  },
  {
    name: "AWS CLI v2 of Debian",
    missing: DEBIAN?.missing,
    validate: async (server, question) => {
      const models = modelsLeadingTo(server.endpoint);
      const args = ["--endpoint-url", server.endpoint, ...commandOf(question)];
      try {
        return await run(DEBIAN?.command ?? "", args, { ...server.environment, AWS_DATA_PATH: models });
      } finally {
        rmSync(models, { recursive: true });
      }
    },
  },
];

/** `opentrail verify` of `BUCKET[/PREFIX]`, with the options that both it and the AWS CLI know. */
export function verify(server: TestServer, place: string, question: Question): Promise<Validated> {
  const args = ["bin/opentrail.js", "verify", `s3://${place}`, "--allow-none", ...optionsOf(question)];
  return run(process.execPath, args, server.environment);
}

/** What is not as it should be, in the validator's words, in the order in which it was told. */
export function complaintsOf({ err }: Validated): readonly string[] {
  return err.split("\n").filter((line) => line !== "");
}

function commandOf(question: Question): readonly string[] {
  return ["cloudtrail", "validate-logs", ...optionsOf(question)];
}

function optionsOf({ trail, start, end, region, account, verbose, options = [] }: Question): readonly string[] {
  return [
    "--trail-arn",
    trail,
    "--start-time",
    start,
    "--end-time",
    end,
    ...(region === undefined ? [] : ["--region", region]),
    ...(account === undefined ? [] : ["--account-id", account]),
    ...(verbose === true ? ["--verbose"] : []),
    ...options,
  ];
}

async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Validated> {
  const env = { ...environment, AWS_EC2_METADATA_DISABLED: "true" };
  return await promisify(execFile)(command, args, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: stdout,
      err: stderr,
    }),
  );
}

/**
 * A directory of service models that leads all calls to the server: older versions of the AWS CLI, which send the calls of
 * `validate-logs` to other services to AWS whatever endpoint they are told, look into `AWS_DATA_PATH` for rules of endpoints.
 */
function modelsLeadingTo(endpoint: string): string {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-models-"));
  const always = { type: "endpoint", conditions: [], endpoint: { url: endpoint } };
  const ofBucket = {
    type: "endpoint",
    conditions: [{ fn: "isSet", argv: [{ ref: "Bucket" }] }],
    endpoint: { url: `${endpoint}/{Bucket}` },
  };
  const parameters = { Bucket: { type: "String", required: false, documentation: "The bucket of the call" } };
  const ruleSets = {
    "s3/2006-03-01": { version: "1.0", parameters, rules: [ofBucket, always] },
    "organizations/2016-11-28": { version: "1.0", parameters: {}, rules: [always] },
  };
  for (const [place, ruleSet] of Object.entries(ruleSets)) {
    mkdirSync(join(directory, place), { recursive: true });
    writeFileSync(join(directory, place, "endpoint-rule-set-1.json"), JSON.stringify(ruleSet));
  }
  return directory;
}
