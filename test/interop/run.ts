import assert from "node:assert/strict";
import { expect } from "vitest";
import { type ServerOptions, startServer, type TestServer } from "../server.ts";
import { Boto3, type Boto3Answer, type Boto3Options, type RawAnswer, type RawRequest } from "./boto3-client.ts";
import type {
  Answer,
  AwsClient,
  AwsError,
  CallOptions,
  Credentials,
  Output,
  Parameters,
  ServiceName,
} from "./client.ts";
import { PYTHON } from "./clients.ts";
import { jsClient } from "./js-client.ts";
import { type JournalledRecord, readAllRecords } from "./whole-journal.ts";

/** Members whose values must never be found in the log, in whatever answer or parameters they stand. */
const SECRET_MEMBERS = new Set(["SecretAccessKey", "SessionToken", "Password", "NewPassword", "OldPassword"]);

/** A server, the clients that talk to it, and everything secret that was said on the way. */
export class Run {
  readonly server: TestServer;
  /** Values that no record and no file may show. */
  readonly secrets: Set<string> = new Set();
  readonly #open: AwsClient[] = [];
  readonly #reader: AwsClient;

  private constructor(server: TestServer) {
    this.server = server;
    this.secrets.add(server.root.secretAccessKey);
    this.#reader = jsClient(server.endpoint);
  }

  static async start(options: ServerOptions = {}): Promise<Run> {
    return new Run(await startServer(options));
  }

  get root(): Credentials {
    return this.server.root;
  }

  open<Client extends AwsClient>(make: (endpoint: string) => Client): Client {
    const client = make(this.server.endpoint);
    this.#open.push(client);
    return client;
  }

  boto3(): Boto3 {
    return this.open((endpoint) => new Boto3(PYTHON, endpoint));
  }

  async stop(): Promise<void> {
    for (const client of this.#open) client.close();
    assert.equal(await this.server.stop(), 0, `exit code of the server:\n${this.server.log()}`);
  }

  /** One call; what is secret in it is remembered. */
  async call(
    client: AwsClient,
    service: ServiceName,
    operation: string,
    parameters: Parameters,
    options: Partial<CallOptions> = {},
  ): Promise<Answer> {
    this.#remember(parameters);
    this.#remember(options.credentials);
    const answer = await client.call(service, operation, parameters, { credentials: this.root, ...options });
    this.#rememberAnswer(answer);
    return answer;
  }

  /** One call of boto3; its answer must have the Python shapes that botocore's model promises. */
  async boto3Call(
    client: Boto3,
    service: ServiceName,
    operation: string,
    parameters: Parameters | "minimal",
    options: Partial<Boto3Options> = {},
  ): Promise<Boto3Answer> {
    this.#remember(parameters);
    this.#remember(options.credentials);
    const answer = await client.call(service, operation, parameters, { credentials: this.root, ...options });
    this.#rememberAnswer(answer);
    assert.deepEqual(answer.problems ?? [], [], `${service} ${operation} against botocore's model`);
    return answer;
  }

  async raw(client: Boto3, request: RawRequest): Promise<RawAnswer> {
    const answer = await client.raw(request);
    for (const signature of answer.signatures) this.secrets.add(signature);
    return answer;
  }

  /** Every record of event history, newest first, as the root of an account finds them. */
  records(region = "us-east-1", root: Credentials = this.root): Promise<readonly JournalledRecord[]> {
    return readAllRecords(this.#reader, root, region);
  }

  /** The record of the call that was answered with this id, waited for as long as a record may take to be seen. */
  async recordOf(requestId: string, region = "us-east-1"): Promise<JournalledRecord> {
    assert.match(requestId, /^[0-9a-f-]{36}$/, "the id in the answer");
    const found = await within(VISIBLE_MS, async () => {
      const records = await this.records(region);
      const matching = records.filter(({ record }) => record.requestID === requestId);
      return matching.length > 0 ? matching : undefined;
    });
    assert.equal(found?.length, 1, `records of ${requestId}`);
    return found[0] as JournalledRecord;
  }

  #rememberAnswer(answer: Answer): void {
    this.#remember(answer.output);
    for (const signature of answer.signatures) this.secrets.add(signature);
  }

  #remember(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    for (const [member, inner] of Object.entries(value)) {
      if (typeof inner !== "string") this.#remember(inner);
      else if (SECRET_MEMBERS.has(member.charAt(0).toUpperCase() + member.slice(1))) this.secrets.add(inner);
    }
  }
}

/** How long after its answer a call may stay unseen in LookupEvents. */
export const VISIBLE_MS = 1000;

/** Asks again until there is an answer or the time is up. */
export async function within<Found>(ms: number, ask: () => Promise<Found | undefined>): Promise<Found | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await ask();
    if (found !== undefined || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The output of a call that must succeed. */
export function outputOf(answer: Answer): Output {
  expect(answer.error, "error of a call that must succeed").toBeUndefined();
  return answer.output as Output;
}

/** The error of a call that must fail. */
export function errorOf(answer: Answer): AwsError {
  expect(answer.output, "output of a call that must be refused").toBeUndefined();
  return answer.error as AwsError;
}

/** The access key in the output of CreateAccessKey (`AccessKey`) or of an STS operation (`Credentials`). */
export function credentialsIn(output: Output, member: "AccessKey" | "Credentials"): Credentials {
  const key = output[member] as Record<"AccessKeyId" | "SecretAccessKey" | "SessionToken", string>;
  const pair = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
  expect(pair).toEqual({ accessKeyId: expect.stringMatching(/^A[KS]IA/), secretAccessKey: expect.any(String) });
  return key.SessionToken === undefined ? pair : { ...pair, sessionToken: key.SessionToken };
}
