import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OracleOptions } from "./oracle.ts";

/** One run of the command line: which operations it says it called, in any order. */
export interface Command {
  /** Number of the run; the user agent of every call of it holds `oracle.<mark>`. */
  readonly mark: number;
  readonly line: string;
  /** The exit code. */
  readonly code: number | null;
  readonly output: string;
  /** What it told its user of errors. */
  readonly errors: string;
  readonly operations: readonly string[];
}

const BIG_BYTES = 20 * 1024 * 1024;

/** An `aws` at an endpoint: runs commands and keeps what each told of itself. */
export class CommandLine {
  readonly commands: Command[] = [];
  readonly #command: string;
  readonly #options: OracleOptions;
  readonly folder: string = mkdtempSync(join(tmpdir(), "opentrail-cli-"));

  readonly #firstMark: number;

  constructor(command: string, options: OracleOptions, firstMark: number) {
    this.#command = command;
    this.#options = options;
    this.#firstMark = firstMark;
  }

  async run(...args: readonly string[]): Promise<Command> {
    const mark = this.#firstMark + this.commands.length;
    const { endpoint, credentials, certificate } = this.#options;
    const all = ["--endpoint-url", endpoint, "--output", "json", "--debug", ...args];
    const child = spawn(this.#command, all, {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: this.folder,
        LC_ALL: "C.UTF-8",
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken ?? "",
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_PAGER: "",
        AWS_MAX_ATTEMPTS: "1",
        AWS_EC2_METADATA_DISABLED: "true",
        // Becomes part of the user agent.
        AWS_EXECUTION_ENV: `oracle.${mark}`,
        ...(certificate === undefined ? {} : { AWS_CA_BUNDLE: certificate }),
      },
    });
    let output = "";
    let debug = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      debug += chunk.toString();
    });
    const [code] = (await once(child, "close")) as [number | null];
    const operations = [...debug.matchAll(/Making request for OperationModel\(name=(\w+)\)/g)].map(
      ([, name = ""]) => name,
    );
    const errors = debug.match(/^.*(An error occurred|fatal error|failed:).*$/gm)?.join("\n") ?? "";
    const command = { mark, line: args.join(" "), code, output, errors, operations };
    this.commands.push(command);
    return command;
  }

  /** A command that must go well. */
  async do(...args: readonly string[]): Promise<Command> {
    const command = await this.run(...args);
    if (command.code !== 0) throw new Error(`aws ${command.line} ended with ${command.code}\n${command.errors}`);
    return command;
  }

  file(name: string, content: Uint8Array): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A day with `aws s3`; files are compared on the way. */
export async function storeFiles(aws: CommandLine, bucket: string): Promise<void> {
  const big = randomBytes(BIG_BYTES);
  const names = ["a b+c%20.txt", "ünï/☕.txt", "deep/er/file"];
  aws.file("big", big);
  for (const name of names) aws.file(join("shop", name), Buffer.from(name));
  await aws.do("s3", "mb", `s3://${bucket}`);
  await aws.do("s3", "cp", "big", `s3://${bucket}/big`, "--only-show-errors");
  await aws.do("s3", "cp", `s3://${bucket}/big`, "big.back", "--only-show-errors");
  same(join(aws.folder, "big.back"), big);
  await aws.do("s3", "sync", "shop", `s3://${bucket}/shop/`, "--only-show-errors");
  await aws.do("s3", "sync", `s3://${bucket}/shop/`, "back", "--only-show-errors");
  for (const name of names) same(join(aws.folder, "back", name), Buffer.from(name));
  await aws.do("s3", "ls", `s3://${bucket}`, "--recursive");
  await aws.do("s3", "mv", `s3://${bucket}/big`, `s3://${bucket}/moved`, "--only-show-errors");
  await aws.run("s3api", "head-object", "--bucket", bucket, "--key", "big");
  await aws.do("s3", "rb", `s3://${bucket}`, "--force");
}

/** What a link of the command line leads to. */
export async function followLink(aws: CommandLine, bucket: string, key: string): Promise<string> {
  const { output } = await aws.do("s3", "presign", `s3://${bucket}/${key}`);
  return (await fetch(output.trim())).text();
}

function same(file: string, sent: Uint8Array): void {
  if (Buffer.compare(readFileSync(file), sent) !== 0) throw new Error(`${file}: other bytes than were sent`);
}

/** A queue by the protocol that the version at hand speaks, a rule in a firewall, a table. */
export async function keepShop(aws: CommandLine, name: string): Promise<void> {
  const queue = await aws.do("sqs", "create-queue", "--queue-name", name);
  const url = (JSON.parse(queue.output) as { QueueUrl: string }).QueueUrl;
  await aws.do("sqs", "send-message", "--queue-url", url, "--message-body", "one tea");
  await aws.do("sqs", "delete-queue", "--queue-url", url);
  await aws.do("ec2", "create-security-group", "--group-name", name, "--description", "who comes in");
  const rule = ["--protocol", "tcp", "--port", "22", "--cidr", "203.0.113.0/24"];
  await aws.do("ec2", "authorize-security-group-ingress", "--group-name", name, ...rule);
  await aws.do("ec2", "delete-security-group", "--group-name", name);
  await aws.do("cloudwatch", "put-metric-data", "--namespace", "Shop", "--metric-name", "Cups", "--value", "3");
  await aws.run("dynamodb", "delete-table", "--table-name", "none");
}
