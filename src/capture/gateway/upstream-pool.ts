import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { Failure } from "../../core/index.ts";
import type {
  AnswerReceiver,
  OutgoingRequest,
  UpgradeReceiver,
  Upstream,
  UpstreamExchange,
  UpstreamOptions,
} from "./upstream.ts";
import { type Connect, type ConnectionOwner, type Patience, UpstreamConnection } from "./upstream-connection.ts";
import { Exchange } from "./upstream-exchange.ts";
import { NotHttp, requestHead } from "./upstream-fields.ts";

const DEFAULTS = {
  connectTimeoutMs: 5_000,
  /** The longest call that AWS knows, a Lambda invocation. */
  headersTimeoutMs: 15 * 60_000,
  idleTimeoutMs: 5 * 60_000,
  continueTimeoutMs: 1_000,
  /** Less than the 5 s after which Node's and other servers close, mostly without saying so. */
  keepAliveMs: 4_000,
  connectionsMax: 256,
} as const;

/** How long reading goes on after writing has failed: whatever the upstream said had come before that. */
const LAST_WORD_MS = 500;

/** Tell of a peer that vanished while an answer is awaited, which can take long. */
const PROBES = { keepAlive: true, keepAliveInitialDelay: 60_000 } as const;

/** Deadlines are kept to a quarter of the shortest of them, within these bounds. */
const TICK_MS = { min: 10, max: 250 } as const;

/**
 * Opens the pool; nothing is connected until there is a request.
 * @throws {Failure} when the url is not that of a server.
 */
export function openUpstream(options: UpstreamOptions): Upstream {
  return new Pool(options);
}

/** Connections to one upstream: the one used last is used next, and a request finding none free opens its own. */
class Pool implements Upstream, ConnectionOwner {
  readonly patience: Patience;
  tick = 0;
  readonly #connect: Connect;
  readonly #connectionsMax: number;
  readonly #tickMs: number;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #free: UpstreamConnection[] = [];
  readonly #waiting: Exchange[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(options: UpstreamOptions) {
    const settings = { ...DEFAULTS, ...options };
    const { connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, continueTimeoutMs, keepAliveMs } = settings;
    const shortest = Math.min(connectTimeoutMs, headersTimeoutMs, idleTimeoutMs, continueTimeoutMs, keepAliveMs);
    const tickMs = Math.min(TICK_MS.max, Math.max(TICK_MS.min, Math.floor(shortest / 4)));
    // One more, because the tick that is running has begun already.
    const ticks = (ms: number): number => Math.ceil(ms / tickMs) + 1;
    this.patience = {
      connect: ticks(connectTimeoutMs),
      headers: ticks(headersTimeoutMs),
      idle: ticks(idleTimeoutMs),
      continue: ticks(continueTimeoutMs),
      lastWord: ticks(LAST_WORD_MS),
      keepAlive: (limitMs) => (limitMs === undefined ? kept : Math.min(kept, ticks(Math.max(0, limitMs - 1_000)))),
    };
    const kept = ticks(keepAliveMs);
    this.#tickMs = tickMs;
    this.#connectionsMax = settings.connectionsMax;
    this.#connect = connector(options);
  }

  send(request: OutgoingRequest, receiver: AnswerReceiver): UpstreamExchange {
    return this.#begin(request, receiver);
  }

  upgrade(request: OutgoingRequest, receiver: UpgradeReceiver): UpstreamExchange {
    return this.#begin(request, receiver, receiver);
  }

  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    for (const connection of this.#free.splice(0)) connection.destroy();
    this.#settle();
    return this.#closing.promise;
  }

  free(connection: UpstreamConnection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) connection.carry(next);
    else if (this.#closing !== undefined) connection.destroy();
    else this.#free.push(connection);
  }

  gone(connection: UpstreamConnection): void {
    this.#connections.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    const next = this.#nextWaiting();
    if (next !== undefined) this.#open(next);
    this.#settle();
  }

  again(exchange: Exchange): void {
    if (this.#connections.size < this.#connectionsMax) this.#open(exchange);
    else this.#wait(exchange);
  }

  #begin(request: OutgoingRequest, receiver: AnswerReceiver, upgrade?: UpgradeReceiver): UpstreamExchange {
    let head = "";
    let refused: unknown;
    try {
      head = requestHead(request, upgrade !== undefined);
    } catch (cause) {
      if (!(cause instanceof NotHttp)) throw cause;
      refused = cause;
    }
    const exchange = new Exchange(request, head, receiver, upgrade);
    if (refused !== undefined) {
      process.nextTick(() => exchange.failed({ kind: "broken", sent: false, cause: refused }));
    } else if (this.#closing !== undefined) {
      const cause = new Failure("use the upstream's connections after they were closed");
      process.nextTick(() => exchange.failed({ kind: "unreachable", sent: false, cause }));
    } else {
      this.#dispatch(exchange);
    }
    return exchange;
  }

  #dispatch(exchange: Exchange): void {
    // One whose socket may be handed over is opened for it.
    const connection = exchange.upgrade === undefined ? this.#free.pop() : undefined;
    if (connection !== undefined) connection.carry(exchange);
    else if (this.#connections.size < this.#connectionsMax) this.#open(exchange);
    else this.#wait(exchange);
  }

  #open(exchange: Exchange): void {
    const connection = new UpstreamConnection(this.#connect, exchange.upgrade !== undefined, this);
    this.#connections.add(connection);
    connection.carry(exchange);
    this.#timer ??= setInterval(() => this.#check(), this.#tickMs).unref();
  }

  #wait(exchange: Exchange): void {
    exchange.waitsUntil = this.tick + this.patience.headers;
    exchange.connection = undefined;
    this.#waiting.push(exchange);
  }

  #nextWaiting(): Exchange | undefined {
    for (;;) {
      const next = this.#waiting.shift();
      if (next?.over !== true) return next;
    }
  }

  #check(): void {
    this.tick += 1;
    for (const connection of this.#connections) connection.check();
    while ((this.#waiting[0]?.waitsUntil ?? Number.POSITIVE_INFINITY) <= this.tick) {
      const cause = new Error("no connection to the upstream became free in time");
      this.#waiting.shift()?.failed({ kind: "timeout", sent: false, cause });
    }
  }

  #settle(): void {
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#closing?.resolve();
  }
}

/** @throws {Failure} when the url is not that of a server. */
function connector({ url, tls = {} }: UpstreamOptions): Connect {
  const { protocol, hostname, port, pathname, search, hash, username } = parseUrl(url);
  if (protocol !== "http:" && protocol !== "https:") throw new Failure(`open upstream ${url}: neither http nor https`);
  if (pathname !== "/" || search + hash + username !== "")
    throw new Failure(`open upstream ${url}: more than a server`);
  const host = hostname.replace(/^\[|\]$/g, "");
  const tcp = { host, port: Number(port || (protocol === "https:" ? 443 : 80)), noDelay: true, ...PROBES };
  if (protocol === "http:")
    return (onread) => ({ socket: connectTcp({ ...tcp, ...given({ onread }) }), ready: "connect" });
  const { servername = isIP(host) === 0 ? host : undefined, ca, ...rest } = tls;
  const secure = {
    ...tcp,
    ...rest,
    ...given({ servername, ca: ca === undefined ? ca : [ca].flat() }),
    ALPNProtocols: ["http/1.1"],
  };
  let session: Buffer | undefined;
  return (onread) => {
    const socket = connectTls({ ...secure, ...given({ onread, session }) });
    socket.on("session", (latest: Buffer) => (session = latest));
    return { socket, ready: "secureConnect" };
  };
}

/** Without the members that are undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new Failure(`open upstream ${url}`, cause);
  }
}
