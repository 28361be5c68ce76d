import { pino } from "pino";
import { type ArrivedRequest, serveHttp } from "../src/api/index.ts";
import { openCatalog } from "../src/aws/index.ts";
import {
  type AuditMode,
  type CallAudit,
  type CallCounts,
  type LearnedIdentities,
  openGateway,
  parseRoutes,
} from "../src/capture/index.ts";
import { Refusal, systemClock, systemRandom } from "../src/core/index.ts";
import type { Authorizer, CredentialStore } from "../src/identity/index.ts";
import type { AuditRecord } from "../src/record/index.ts";
import { type RawPeer, RawServer } from "./raw-server.ts";
import { RawSocket } from "./raw-socket.ts";

/** A gateway in this process, whose audit log is a list: what it forwards, answers and records can be looked at. */
export interface TestGateway {
  readonly endpoint: string;
  readonly audit: ListedAudit;
  /** `NAME OUTCOME` of every event of coverage, in order. */
  readonly counts: readonly string[];
  /** Requests that were for OpenTrail itself, or could not be read. */
  readonly own: readonly ArrivedRequest[];
  /** What was logged as an error. */
  readonly errors: readonly string[];
  open(): Promise<RawSocket>;
  close(graceMs?: number): Promise<void>;
}

interface GatewayOptions {
  /** As in opentrail.yaml; `name`, `upstream` and short timeouts are given. */
  readonly route?: Readonly<Record<string, unknown>>;
  readonly stalledMs?: number;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** Calls of IAM, STS and CloudTrail are answered with `own`, all others go to the upstream. */
export async function startGateway(upstream: string, options: GatewayOptions = {}): Promise<TestGateway> {
  const audit = new ListedAudit();
  const counts: string[] = [];
  const own: ArrivedRequest[] = [];
  const errors: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void errors.push(line) });
  const route = { name: "test", upstream, timeouts: { connectSeconds: 1, answerSeconds: 1 }, ...options.route };
  const running = await openGateway({
    catalog: openCatalog(),
    routes: parseRoutes([route]),
    ownServices: new Set(["iam", "sts", "cloudtrail"]),
    credentials: NO_KEYS,
    authorizer: {} as Authorizer,
    learned: { find: async () => undefined, learn: async () => undefined } as unknown as LearnedIdentities,
    audit,
    counts: countsInto(counts),
    bucketHosts: [],
    accounts: ["123456789012"],
    defaultRegion: "us-east-1",
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const answer = (arrived: ArrivedRequest): Promise<{ status: number; headers: {}; body: Uint8Array }> => {
    own.push(arrived);
    const { broken } = arrived;
    const body = Buffer.from(broken === undefined ? "own" : broken.code);
    return Promise.resolve({ status: broken?.status ?? 200, headers: {}, body });
  };
  const { stalledMs, tls } = options;
  const server = await serveHttp({ host: "127.0.0.1", port: 0 }, { answer, gateway: running.gateway }, log, {
    ...(stalledMs === undefined ? {} : { stalledMs }),
    ...(tls === undefined ? {} : { tls }),
  });
  const endpoint = `http://127.0.0.1:${server.port}`;
  return {
    endpoint,
    audit,
    counts,
    own,
    errors,
    open: () => RawSocket.open(endpoint),
    close: async (graceMs = 0) => {
      await server.close(graceMs);
      await running.close();
    },
  };
}

const NO_KEYS = {
  mayKnow: () => false,
  find: () => Promise.reject(new Refusal("InvalidClientTokenId", "no key is known", 403)),
} as unknown as CredentialStore;

function countsInto(counts: string[]): CallCounts {
  return {
    seen: () => void counts.push("seen"),
    ended: (_, outcome) => void counts.push(outcome),
    excluded: () => void counts.push("excluded"),
  };
}

/** Whether what was asked for is done. */
type Step = () => Promise<void>;

/** An audit log in memory that keeps no promise but its order; what is done at each step can be set. */
export class ListedAudit implements CallAudit {
  readonly intents: AuditRecord[] = [];
  readonly records: AuditRecord[] = [];
  onBegin: Step = () => Promise.resolve();
  onFinish: Step = () => Promise.resolve();

  async begin(_: AuditMode, { mutates, intent }: { mutates: boolean; intent: () => AuditRecord }): Promise<void> {
    await this.onBegin();
    if (mutates) this.intents.push(intent());
  }

  async finish(_: AuditMode, __: string, record: AuditRecord): Promise<void> {
    await this.onFinish();
    this.records.push(record);
  }

  /** What the records say, as `eventName errorCode outcome`. */
  get told(): readonly string[] {
    return this.records.map((record) => {
      const { outcome = "" } = record.additionalEventData as { outcome?: string };
      return `${record.eventName} ${record.errorCode ?? "-"} ${outcome}`.trimEnd();
    });
  }

  /** Intents whose calls have no record. */
  get untold(): readonly string[] {
    const told = new Set(this.records.map(({ eventID }) => eventID));
    return this.intents.filter(({ eventID }) => !told.has(eventID)).map(({ eventName }) => eventName);
  }
}

/** Resolves when everything that was on its way between sockets of this process has been noticed. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  // However late the timer was: behind each of these the sockets have been looked at.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise to be kept by hand. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}

/** A gateway in front of a scripted upstream; when the test is over, everything must have ended and been told. */
export async function withGateway(
  serve: (peer: RawPeer, number: number) => unknown,
  options: GatewayOptions,
  work: (gateway: TestGateway, upstream: RawServer) => Promise<void>,
): Promise<void> {
  const upstream = await RawServer.open(serve);
  const gateway = await startGateway(upstream.url, options);
  try {
    await work(gateway, upstream);
  } finally {
    await gateway.close();
    await upstream.close();
  }
  if (gateway.errors.length > 0) throw new Error(`logged: ${gateway.errors.join("")}`);
  if (gateway.audit.untold.length > 0) throw new Error(`without a record: ${gateway.audit.untold.join()}`);
}

/** The bytes of an upstream's answer. */
export function rawAnswer(status: string, headers: readonly string[], body = ""): string {
  return [`HTTP/1.1 ${status}`, ...headers, "", body].join("\r\n");
}

export const OK: string = rawAnswer("200 OK", ["Content-Length: 2"], "{}");
