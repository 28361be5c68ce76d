import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real OpenTrail in a process of its own, as a user starts it, on ports that were free. */
export interface TestServer {
  readonly endpoint: string;
  readonly status: string;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  /** What it printed once it was ready. */
  readonly ready: string;
  readonly root: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** What AWS clients need in their environment to be root. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the server wrote to standard error. */
  readonly log: () => string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: the process gets no chance to finish anything. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  /** Kept when given; otherwise a new directory that is removed when the server stops. */
  readonly dataDirectory?: string;
  readonly flags?: readonly string[];
  /** Added to the server's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

const READY_MS = 20_000;

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dataDirectory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), "opentrail-"));
  const child = spawnServer(dataDirectory, options);
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ready = await readyText(child, () => log);
  const [endpoint = "", status = ""] = ready.match(/https?:\/\/[\d.]+:\d+/g) ?? [];
  const removes = options.dataDirectory === undefined;
  const ended = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    if (removes) rmSync(dataDirectory, { recursive: true, force: true });
  };
  return {
    endpoint,
    status,
    dataDirectory,
    process: child,
    ready,
    root: readCredentials(join(dataDirectory, "root-credentials")),
    environment: {
      PATH: process.env["PATH"] ?? "",
      HOME: dataDirectory,
      AWS_SHARED_CREDENTIALS_FILE: join(dataDirectory, "root-credentials"),
      AWS_PROFILE: "opentrail-root",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_PAGER: "",
      AWS_ENDPOINT_URL: endpoint,
      AWS_MAX_ATTEMPTS: "1",
    },
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      await ended();
      return child.exitCode;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended();
    },
  };
}

/** Starts a server that is expected to refuse; resolves with its exit code and what it said. */
export async function failToStart(
  options: ServerOptions & { readonly dataDirectory: string },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawnServer(options.dataDirectory, options);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  await once(child, "close");
  clearTimeout(timer);
  return { code: child.exitCode, said };
}

function spawnServer(dataDirectory: string, { flags = [], environment = {} }: ServerOptions): ChildProcess {
  const standard = ["--data", dataDirectory, "--api", "127.0.0.1:0", "--console", "127.0.0.1:0"];
  const all = ["bin/opentrail.js", "up", ...standard, "--limits-calls-per-second", "0", ...flags];
  return spawn(process.execPath, all, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      // Nobody could remove the directory afterwards.
      OPENTRAIL_BUCKETS_IMMUTABLE: "false",
      ...environment,
    },
  });
}

/** Access key and secret of an AWS shared-credentials file with one profile. */
export function readCredentials(file: string): { accessKeyId: string; secretAccessKey: string } {
  const text = readFileSync(file, "utf8");
  const value = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, "m").exec(text)?.[1] ?? "";
  return { accessKeyId: value("aws_access_key_id"), secretAccessKey: value("aws_secret_access_key") };
}

function readyText(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error(`not ready after ${READY_MS} ms\n${text}${log()}`)), READY_MS);
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes("get-caller-identity")) return;
      clearTimeout(timer);
      resolve(text);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it was ready\n${text}${log()}`));
    });
  });
}
