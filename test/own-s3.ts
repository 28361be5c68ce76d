import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { serveHttp } from "../src/api/index.ts";
import { openCatalog, parseXml, signRequest, type WireRequest } from "../src/aws/index.ts";
import { type CallOrigin, type LearnedIdentities, openGateway } from "../src/capture/index.ts";
import type { Config } from "../src/config.ts";
import { Refusal, systemRandom } from "../src/core/index.ts";
import {
  type Authorizer,
  type Caller,
  type CredentialStore,
  decide,
  type NamedPolicy,
  parsePolicy,
  principalOf,
} from "../src/identity/index.ts";
import type { AuditRecord } from "../src/record/index.ts";
import { startBuckets } from "../src/start-buckets.ts";
import { send } from "./calls.ts";
import { ListedAudit } from "./gateway.ts";

/** OpenTrail's own buckets behind the gateway, in this process: what was asked, carried out and recorded can be looked at. */
export interface OwnS3 {
  readonly endpoint: string;
  readonly dataDirectory: string;
  readonly audit: ListedAudit;
  readonly clock: { now: number };
  /** `action resource`, as policies were asked, in order. */
  readonly asked: string[];
  /** What reached the buckets, in order. */
  readonly carriedOut: CallOrigin[];
  /** What was logged as an error. */
  readonly errors: string[];
  /** Whether data events are recorded. */
  wants: (record: AuditRecord) => boolean;
  /** Statements of somebody's policies; root has none. */
  allow(who: string, ...statements: readonly object[]): void;
  /** One signed call. */
  ask(who: string | undefined, method: string, target: string, sent?: Sent): Promise<Told>;
  close(): Promise<void>;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly region?: string;
}

export interface Told {
  readonly status: number;
  /** The error's code, if it is an error with a body. */
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const OWNER = "123456789012";
export const OTHER = "210987654321";
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const NOW = Date.UTC(2026, 10, 20, 12);

/** By their keys: root and alice of the first account, root and bob of the second. */
const CALLERS: Readonly<Record<string, Caller>> = {
  root: rootOf(OWNER, "AKIAROOT"),
  alice: userOf(OWNER, "alice", "AKIAALICE"),
  stranger: rootOf(OTHER, "AKIASTRANGER"),
  bob: userOf(OTHER, "bob", "AKIABOB"),
};

function rootOf(account: string, accessKeyId: string): Caller {
  return { kind: "root", account, arn: `arn:aws:iam::${account}:root`, principalId: account, accessKeyId };
}

function userOf(account: string, userName: string, accessKeyId: string): Caller {
  const arn = `arn:aws:iam::${account}:user/${userName}`;
  return { kind: "user", account, arn, principalId: `AIDA${userName.toUpperCase()}`, userName, accessKeyId };
}

export function keyOf(who: string): string {
  return CALLERS[who]?.accessKeyId ?? "AKIANOBODY";
}

/** Below `directory`, which is the system's for such things unless told. */
export async function startOwnS3(directory: string = tmpdir()): Promise<OwnS3> {
  const dataDirectory = await mkdtemp(join(directory, "opentrail-own-"));
  const clock = { now: NOW };
  const world = { clock: { now: () => clock.now, elapsed: () => clock.now }, random: systemRandom };
  const errors: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void errors.push(line) });
  const catalog = openCatalog({ bucketHosts: [HOST] });
  const asked: string[] = [];
  const carriedOut: CallOrigin[] = [];
  const policies = new Map<string, readonly NamedPolicy[]>();
  const audit = new ListedAudit();
  const running: Pick<OwnS3, "wants"> = { wants: () => true };
  const buckets = await startBuckets({
    config: { dataDirectory, kmsKeys: ["alias/trail"], bucketsImmutable: false, ownBuckets: [] } as unknown as Config,
    key: new Uint8Array(32).fill(3),
    catalog,
    wants: (record) => running.wants(record),
    world: { ...world, log },
  });
  const { upstream } = buckets.own;
  const gateway = await openGateway({
    catalog,
    routes: [],
    ownServices: new Set(["iam", "sts", "cloudtrail"]),
    ownBuckets: {
      ...buckets.own,
      upstream: {
        upgrade: (request, receiver) => upstream.upgrade(request, receiver),
        close: () => upstream.close(),
        send: (request, receiver) => {
          if (request.from !== undefined) carriedOut.push(request.from);
          return upstream.send(request, receiver);
        },
      },
    },
    credentials: CREDENTIALS,
    authorizer: authorizerOf(policies, asked),
    learned: { find: async () => undefined, learn: async () => undefined } as unknown as LearnedIdentities,
    audit,
    counts: { seen: () => undefined, ended: () => undefined, excluded: () => undefined },
    bucketHosts: [HOST],
    accounts: [OWNER, OTHER],
    defaultRegion: "us-east-1",
    ...world,
    log,
  });
  const answer = async (): Promise<{ status: number; headers: {}; body: Uint8Array }> => ({
    status: 599,
    headers: {},
    body: Buffer.from("not S3"),
  });
  const server = await serveHttp({ host: "127.0.0.1", port: 0 }, { answer, gateway: gateway.gateway }, log);
  const endpoint = `http://127.0.0.1:${server.port}`;
  return Object.assign(running, {
    endpoint,
    dataDirectory,
    audit,
    clock,
    asked,
    carriedOut,
    errors,
    allow: (who: string, ...statements: readonly object[]) => {
      const text = JSON.stringify({ Version: "2012-10-17", Statement: statements });
      const held = statements.length === 0 ? [] : [{ name: who, policy: parsePolicy(text, "identity") }];
      policies.set(CALLERS[who]?.arn ?? "", held);
    },
    ask: async (who: string | undefined, method: string, target: string, sent: Sent = {}) => {
      const request = requestOf(endpoint, method, target, sent);
      const { region = "us-east-1" } = sent;
      const signed = who === undefined ? request : signedAs(who, request, region, clock.now);
      return toldOf(await send(endpoint, signed));
    },
    close: async () => {
      await server.close(0);
      await gateway.close();
      await buckets.close();
      await rm(dataDirectory, { recursive: true });
    },
  });
}

/** The name below which buckets are hosts. */
export const HOST = "s3.opentrail.test";

/** A request that nobody has signed. */
export function requestOf(
  endpoint: string,
  method: string,
  target: string,
  { headers = {}, body = "" }: Sent,
): WireRequest {
  const [path = "/", query = ""] = target.split(/\?(.*)/s);
  const named = Object.entries({ host: new URL(endpoint).host, ...headers }).map(([name, value]) => [name, [value]]);
  return { method, path, query, headers: Object.fromEntries(named), body: Buffer.from(body as string) };
}

export function signedAs(who: string, request: WireRequest, region: string, now: number): WireRequest {
  return signRequest(request, { accessKeyId: keyOf(who), secretAccessKey: SECRET }, { region, service: "s3", now });
}

/** The query of a URL that is presigned with Signature Version 2; `text` is what is signed, but for its last line. */
export function presignedV2(who: string, method: string, resource: string, now: number): string {
  const expires = String(Math.floor(now / 1000) + 600);
  const text = [method, "", "", expires, resource].join("\n");
  const signature = createHmac("sha1", SECRET).update(text).digest("base64");
  return `AWSAccessKeyId=${keyOf(who)}&Expires=${expires}&Signature=${encodeURIComponent(signature)}`;
}

function toldOf({ status, headers, body }: Awaited<ReturnType<typeof send>>): Told {
  const text = Buffer.from(body).toString();
  const error = status >= 300 && text.startsWith("<?xml") ? parseXml(text) : undefined;
  const member = (name: string): string => error?.children.find((child) => child.name === name)?.text ?? "";
  return { status, code: member("Code"), message: member("Message"), headers, text };
}

const CREDENTIALS: CredentialStore = {
  find: async (accessKeyId) => {
    const caller = Object.values(CALLERS).find((each) => each.accessKeyId === accessKeyId);
    if (caller === undefined) throw new Refusal("InvalidClientTokenId", "unknown", 403);
    return { caller, secretAccessKey: SECRET };
  },
  mayKnow: () => true,
  owns: async () => true,
  used: () => undefined,
  flush: async () => undefined,
  invalidate: () => undefined,
};

function authorizerOf(policies: ReadonlyMap<string, readonly NamedPolicy[]>, asked: string[]): Authorizer {
  return {
    authorize: async (caller, { action, resource, context, resourcePolicy }) => {
      asked.push(`${action} ${resource}`);
      const identity = policies.get(caller.arn) ?? [];
      const all = { identity, ...(resourcePolicy === undefined ? {} : { resource: resourcePolicy }) };
      return decide({ principal: principalOf(caller), action, resource, context }, all);
    },
    authorizeAssume: () => Promise.reject(new Error("nobody assumes a role here")),
    policiesOf: async (caller) => ({ identity: policies.get(caller.arn) ?? [] }),
    invalidate: () => undefined,
  };
}
