import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Answer, AwsClient, CallOptions, Credentials, Output, Parameters, ServiceName } from "./client.ts";

/** What came back of boto3, all pages of it, and where it is not what botocore's model promises. */
export interface Boto3Answer extends Answer {
  readonly pages?: readonly Output[];
  readonly problems?: readonly string[];
}

/** A request made by hand; only its signature is botocore's. */
export interface RawRequest {
  readonly service: ServiceName;
  readonly credentials: Credentials | null;
  readonly method?: "GET" | "POST";
  readonly path?: string;
  readonly region?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly presign?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly body: string;
  readonly signatures: readonly string[];
}

export interface Boto3Options extends CallOptions {
  /** False sends what botocore would not let pass. */
  readonly validate?: boolean;
  /** Reads all pages of this size with boto3's paginator. */
  readonly pageSize?: number;
}

/** boto3 in a Python process of its own, which answers in the order it is asked. */
export class Boto3 implements AwsClient {
  readonly name = "boto3";
  readonly #endpoint: string;
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: { resolve: (line: string) => void; reject: (cause: Error) => void }[] = [];
  #errors = "";

  constructor(python: string, endpoint: string) {
    this.#endpoint = endpoint;
    const driver = fileURLToPath(new URL("boto3_driver.py", import.meta.url));
    this.#process = spawn(python, [driver], {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" },
    });
    if (this.#process.stdout === null) throw new Error("the driver has no standard output");
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#lines.on("line", (line) => this.#waiting.shift()?.resolve(line));
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#process.once("close", (code) => {
      for (const { reject } of this.#waiting) reject(new Error(`the driver ended with ${code}: ${this.#errors}`));
    });
  }

  async call(
    service: ServiceName,
    operation: string,
    parameters: Parameters | "minimal",
    options: Boto3Options,
  ): Promise<Boto3Answer> {
    const { region = "us-east-1", ...rest } = options;
    const endpoint = this.#endpoint;
    const encoded = parameters === "minimal" ? parameters : encode(parameters);
    const answer = await this.#ask<Boto3Answer>({
      command: "call",
      service,
      operation,
      parameters: encoded,
      endpoint,
      region,
      ...rest,
    });
    const output = answer.pages?.[0];
    return output === undefined ? answer : { ...answer, output };
  }

  raw(request: RawRequest): Promise<RawAnswer> {
    const { path = "/", method = "POST", region = "us-east-1", headers = {}, body = "", presign = false } = request;
    const url = `${this.#endpoint}${path}`;
    return this.#ask<RawAnswer>({ ...request, command: "raw", method, region, headers, body, presign, url });
  }

  /** Every operation that boto3 knows of a service. */
  async operations(service: ServiceName): Promise<readonly string[]> {
    return (await this.#ask<{ operations: readonly string[] }>({ command: "operations", service })).operations;
  }

  versions(): Promise<{ readonly boto3: string }> {
    return this.#ask({ command: "versions" });
  }

  close(): void {
    this.#process.stdin?.end();
  }

  async #ask<Told>(request: object): Promise<Told> {
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    const told = JSON.parse(line) as Told & { readonly failure?: string };
    if (told.failure !== undefined) throw new Error(`boto3: ${told.failure}`);
    return told;
  }
}

/** JSON has neither times nor bytes. */
function encode(value: unknown): unknown {
  if (value instanceof Date) return { $date: value.getTime() / 1000 };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, item]) => [member, encode(item)]));
}
