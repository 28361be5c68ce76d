import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Credentials } from "../client.ts";
import { PYTHON } from "../clients.ts";

/** What a client knows of one attempt that it sent: the truth that a record is held against. */
export interface Attempt {
  /** botocore's name of the service. */
  readonly service: string;
  readonly signingName: string;
  readonly operation: string;
  /**
   * Members by the model's names. What is secret is `{$secret: ...}`, a time `{$time: seconds}`, a blob `{$blob: base64}`.
   * Absent when the client does not tell them.
   */
  readonly parameters?: Parameters;
  /** Texts that no record may show. */
  readonly secrets: readonly string[];
  /** Number of the attempt in the whole run; its user agent ends in `oracle.<mark>`. */
  readonly mark: number;
  readonly method: string;
  readonly url: string;
  readonly userAgent: string;
  readonly invocationId: string;
  readonly attempt: number;
  /** What came back, as far as it did. */
  readonly status?: number;
  readonly requestId?: string;
  /** Empty when the call went well. */
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly errorBody?: string;
  /** The code of the query protocol that a service which left it still tells. */
  readonly queryError?: string;
  /** The client could make nothing of the answer. */
  readonly unparsed?: string;
  /** There was no answer. */
  readonly failure?: string;
  readonly protocol?: string;
}

export type Parameters = Readonly<Record<string, unknown>>;

export interface OracleRun {
  readonly attempts: readonly Attempt[];
  readonly notes: readonly Readonly<Record<string, unknown>>[];
}

export interface OracleOptions {
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Certificate to trust, for an endpoint with TLS. */
  readonly certificate?: string;
}

/** Runs one of the drivers of this folder to its end. */
export async function askOracle(driver: string, options: OracleOptions & Parameters): Promise<OracleRun> {
  const file = fileURLToPath(new URL(driver, import.meta.url));
  const child = spawn(PYTHON, [file, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: "/nonexistent",
      PYTHONDONTWRITEBYTECODE: "1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  let told = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    told += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${driver} ended with ${code}\n${errors}`);
  const facts = told
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Attempt | { note: Parameters });
  return {
    attempts: facts.filter((fact) => !("note" in fact)) as readonly Attempt[],
    notes: facts.flatMap((fact) => ("note" in fact ? [fact.note] : [])),
  };
}
