import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Boto3 } from "./boto3-client.ts";
import { cliClient } from "./cli-client.ts";
import type { AwsClient } from "./client.ts";
import { jsClient } from "./js-client.ts";

const inVenv = (name: string): string => fileURLToPath(new URL(`../../.venv/bin/${name}`, import.meta.url));
const DEBIAN_AWS = "/usr/bin/aws";

/** Newest boto3 of PyPI. */
export const PYTHON: string = inVenv("python");

export interface KnownClient {
  readonly name: string;
  /** Why it cannot be asked on this machine; undefined when it can. */
  readonly missing: string | undefined;
  readonly open: (endpoint: string) => AwsClient;
  /** What a user types, where the client is a command line. */
  readonly command?: string;
}

/** The clients that people have, as they are. `tools/install-clients.sh` brings those that npm does not. */
export const CLIENTS: readonly KnownClient[] = [
  {
    name: "AWS CLI v2 of Debian",
    missing: missingUnless(DEBIAN_AWS, ["--version"]),
    open: (endpoint) => cliClient("AWS CLI v2 of Debian", DEBIAN_AWS, endpoint, "option"),
    command: DEBIAN_AWS,
  },
  {
    name: "newest AWS CLI of PyPI",
    missing: missingUnless(inVenv("aws"), ["--version"]),
    open: (endpoint) => cliClient("newest AWS CLI of PyPI", inVenv("aws"), endpoint, "environment"),
    command: inVenv("aws"),
  },
  {
    name: "boto3",
    missing: missingUnless(PYTHON, ["-c", "import boto3"]),
    open: (endpoint) => new Boto3(PYTHON, endpoint),
  },
  { name: "AWS SDK for JavaScript", missing: undefined, open: jsClient },
];

/** Why boto3 cannot be asked, for the suites that need its breadth. */
export const BOTO3_MISSING: string | undefined = CLIENTS.find(({ name }) => name === "boto3")?.missing;

/** The end of a suite's title that says why it is skipped, where it is. */
export function whySkipped(missing: string | undefined): string {
  return missing === undefined ? "" : ` (skipped: ${missing})`;
}

function missingUnless(command: string, check: readonly string[]): string | undefined {
  if (!existsSync(command)) return `${command} is not there; tools/install-clients.sh brings it`;
  const { status, stderr } = spawnSync(command, check, { encoding: "utf8", env: { HOME: "/nonexistent" } });
  return status === 0 ? undefined : `${command} does not run: ${stderr.trim()}`;
}
