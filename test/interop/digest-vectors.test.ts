import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import {
  expectedOutput,
  VECTOR_CASES,
  VECTORS,
  VECTORS_ABSENT,
  VECTORS_ARN,
  VECTORS_BUCKET,
  VECTORS_RANGE,
  vectorObjects,
} from "../../src/integrity/verify/digest-vectors.fixture.ts";
import { startBucketServer } from "../bucket-server.ts";

/** The newest AWS CLI: older ones know neither backfill digests nor data after the end of a log file. */
const AWS = ".venv/bin/aws";
const ABSENT = VECTORS_ABSENT ?? (existsSync(AWS) ? undefined : `${AWS} is not there: tools/install-clients.sh`);

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

async function serve(change: (objects: ReturnType<typeof vectorObjects>) => void): Promise<string> {
  const objects = vectorObjects();
  change(objects);
  const server = await startBucketServer({
    bucket: VECTORS_BUCKET,
    keys: () => [...objects].map(([key, { bytes }]) => ({ key, size: bytes.length })),
    get: (key) => objects.get(key),
    publicKeys: JSON.parse(readFileSync(`${VECTORS}/list-public-keys.json`, "utf8")),
  });
  close = () => server.close();
  return server.endpoint;
}

async function run(
  command: readonly string[],
  endpoint: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [program = "", ...args] = command;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nowhere",
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const ran = promisify(execFile)(program, args, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: stdout,
      err: stderr,
    }),
  );
  return await ran;
}

const RANGE = ["--trail-arn", VECTORS_ARN, "--start-time", VECTORS_RANGE.start, "--end-time", VECTORS_RANGE.end];

describe.skipIf(ABSENT)(`validate-logs [${ABSENT ?? "of the newest AWS CLI"}]`, () => {
  test.each(VECTOR_CASES)(
    "validate-logs and opentrail verify say the same over S3: $name",
    async ({ name, change }) => {
      const endpoint = await serve(change);
      const verbose = name.includes("quiet") ? [] : ["--verbose"];
      const aws = await run(
        [AWS, "cloudtrail", "validate-logs", "--s3-bucket", VECTORS_BUCKET, ...RANGE, ...verbose],
        endpoint,
      );
      const verify = [process.execPath, "bin/opentrail.js", "verify", `s3://${VECTORS_BUCKET}`, "--allow-none"];
      const own = await run([...verify, ...RANGE, ...verbose], endpoint);
      expect({ aws, own }).toEqual({ aws: expectedOutput(name), own: expectedOutput(name) });
    },
  );
});
