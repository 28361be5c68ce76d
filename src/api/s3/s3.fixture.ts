import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Catalog, type Headers, headersOf, openCatalog, parseXml, type XmlNode } from "../../aws/index.ts";
import { type DirectoryBuckets, openDirectoryBuckets } from "../../buckets/index.ts";
import {
  type AnswerReceiver,
  type CallOrigin,
  describeRequest,
  type OutgoingRequest,
  type Upstream,
  type UpstreamFailure,
} from "../../capture/index.ts";
import { type Clock, systemRandom } from "../../core/index.ts";
import type { Caller } from "../../identity/index.ts";
import { openS3Upstream } from "./upstream.ts";

export const ACCOUNT = "123456789012";
export const NOW: number = Date.UTC(2026, 10, 20, 12);

const ROOT: Caller = {
  kind: "root",
  account: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalId: ACCOUNT,
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
};

/** A request as a test says it. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[] | Readable;
  readonly region?: string;
  readonly expectContinue?: boolean;
}

/** What came of it. */
export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly failure?: UpstreamFailure;
  readonly continued: boolean;
  /** The root of an XML body. */
  readonly xml: () => XmlNode;
  /** The text of the element at this path below the root: `Contents/Key`; all of them joined by a space. */
  readonly text: (path: string) => string;
  readonly header: (name: string) => string | undefined;
}

/** Buckets, their API, and one bucket called `logs`. */
export class TestS3 {
  readonly upstream: Upstream;
  readonly buckets: DirectoryBuckets;
  readonly clock: { nowMs: number } & Clock;
  readonly failures: unknown[];
  /** Whether callers may list buckets. */
  mayList = true;
  readonly #directory: string;
  readonly #catalog: Catalog = openCatalog();
  #calls = 0;

  private constructor(directory: string, buckets: DirectoryBuckets, clock: { nowMs: number } & Clock) {
    this.#directory = directory;
    this.buckets = buckets;
    this.clock = clock;
    this.failures = [];
    const log = { error: (facts: Readonly<Record<string, unknown>>) => void this.failures.push(facts["err"]) };
    this.upstream = openS3Upstream({ buckets, catalog: this.#catalog, clock, random: systemRandom, log });
  }

  static async open(): Promise<TestS3> {
    const directory = await mkdtemp(join(tmpdir(), "opentrail-s3-"));
    const clock = { nowMs: NOW, now: () => clock.nowMs, elapsed: () => clock.nowMs };
    const log = { warn: () => undefined };
    const masterKey = new Uint8Array(32).fill(7);
    const needs = { directory, clock, random: systemRandom, log, masterKey, keys: ["alias/trail"] };
    const test = new TestS3(directory, await openDirectoryBuckets(needs, { immutable: false }), clock);
    await test.ask("PUT", "/logs");
    return test;
  }

  async close(): Promise<void> {
    await this.upstream.close();
    await this.buckets.close();
    await rm(this.#directory, { recursive: true });
  }

  /** As the gateway hands a call over. */
  outgoing(
    method: string,
    target: string,
    rawHeaders: readonly string[],
    body: Asked["body"],
    asked: Asked = {},
  ): OutgoingRequest {
    const { region = "us-east-1", expectContinue = false } = asked;
    const [path = "/", query = ""] = target.split(/\?(.*)/s);
    const head = { method, path, query, headers: headersOf(rawHeaders) };
    const bytes = typeof body === "string" ? Buffer.from(body) : body instanceof Uint8Array ? body : Buffer.alloc(0);
    const resolved = this.#catalog.resolve({ ...head, body: bytes }, { signingName: "s3" });
    const model = this.#catalog.operation(resolved);
    const place = { account: ACCOUNT, region, bucketHosts: [] };
    const captured = { bytes, size: bytes.length, whole: true };
    const described = describeRequest({
      ...(model === undefined ? {} : { model }),
      resolved,
      head,
      body: captured,
      place,
    });
    const from: CallOrigin = {
      caller: ROOT,
      requestId: `request-${++this.#calls}`,
      region,
      now: this.clock.now(),
      resolved,
      input: described.input ?? {},
      mayList: async () => this.mayList,
    };
    return { method, target, rawHeaders, body: bodyOf(body, bytes, lengthIn(rawHeaders)), expectContinue, from };
  }

  async ask(method: string, target: string, asked: Asked = {}): Promise<Heard> {
    const rawHeaders = Object.entries({ host: "s3.example.org", ...asked.headers }).flat();
    const receiver = new Listener();
    const exchange = this.upstream.send(this.outgoing(method, target, rawHeaders, asked.body, asked), receiver);
    receiver.exchange = exchange;
    return await receiver.heard.promise;
  }

  /** Status, and the error's code where there is one. */
  async outcome(method: string, target: string, asked: Asked = {}): Promise<readonly [status: number, code: string]> {
    return outcomeOf(await this.ask(method, target, asked));
  }
}

function lengthIn(rawHeaders: readonly string[]): { readonly length?: number } {
  const text = headersOf(rawHeaders)["content-length"]?.[0];
  return text === undefined ? {} : { length: Number(text) };
}

function bodyOf(
  body: Asked["body"],
  bytes: Uint8Array,
  announced: { readonly length?: number },
): OutgoingRequest["body"] {
  if (body === undefined) return { kind: "none" };
  if (body instanceof Readable) return { kind: "stream", readable: body, ...announced, trailers: () => [] };
  if (typeof body === "string" || body instanceof Uint8Array) {
    return bytes.length === 0 ? { kind: "none" } : { kind: "whole", bytes };
  }
  const pieces = (body as readonly (string | Uint8Array)[]).map((piece) => Buffer.from(piece as string));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { kind: "stream", readable: Readable.from(pieces, { objectMode: false }), length, trailers: () => [] };
}

export function outcomeOf({ status, body, text }: Heard): readonly [status: number, code: string] {
  return [status, status < 300 || body.length === 0 ? "" : text("Code")];
}

class Listener implements AnswerReceiver {
  readonly heard: PromiseWithResolvers<Heard> = Promise.withResolvers();
  exchange: { resume(): void } | undefined;
  #status = 0;
  #headers: Headers = {};
  #pieces: Uint8Array[] = [];
  #continued = false;

  continued(): void {
    this.#continued = true;
  }

  head(status: number, _: string, rawHeaders: readonly string[]): void {
    if (this.exchange === undefined) throw new Error("told before send() returned");
    this.#status = status;
    this.#headers = headersOf(rawHeaders);
  }

  /** Never takes a second piece without having asked for it. */
  data(chunk: Uint8Array): boolean {
    this.#pieces.push(Buffer.from(chunk));
    setImmediate(() => this.exchange?.resume());
    return false;
  }

  end(): void {
    this.#tell();
  }

  failed(failure: UpstreamFailure): void {
    this.#tell(failure);
  }

  #tell(failure?: UpstreamFailure): void {
    const body = Buffer.concat(this.#pieces);
    const headers = this.#headers;
    const xml = (): XmlNode => parseXml(body.toString());
    this.heard.resolve({
      status: this.#status,
      headers,
      body,
      ...(failure === undefined ? {} : { failure }),
      continued: this.#continued,
      xml,
      text: (path) =>
        found([xml()], path.split("/"))
          .map(({ text }) => text)
          .join(" "),
      header: (name) => headers[name]?.[0],
    });
  }
}

function found(nodes: readonly XmlNode[], [name, ...rest]: readonly string[]): readonly XmlNode[] {
  if (name === undefined) return nodes;
  return found(
    nodes.flatMap(({ children }) => children.filter((child) => child.name === name)),
    rest,
  );
}
