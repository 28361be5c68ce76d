import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { headerValue, type WireRequest, type WireResponse } from "../aws/index.ts";
import { type Arrival, type CapturedHead, type Gateway, headersOf, type TlsFacts } from "../capture/index.ts";
import { ByteBudget, Failure, Refusal } from "../core/index.ts";
import type { ArrivedRequest } from "./trace.ts";
import { Connection } from "./connection.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { announcesTooMuch, discardRest, REQUEST_TIMEOUT, readBody, tooLate } from "./request-body.ts";

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListeningServer {
  readonly port: number;
  /** Takes no new connection, lets the calls in flight finish for up to `graceMs`, then closes the rest. */
  close(graceMs: number): Promise<void>;
}

/** What Node's server told about a request beside the request. */
interface Asked {
  readonly refused?: Refusal;
  readonly expectsContinue?: boolean;
}

type Answer = (arrived: ArrivedRequest) => Promise<WireResponse>;

/** A certificate with its chain and its private key, both PEM. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Who answers what comes in. */
export interface Answering {
  /** Calls of the services that OpenTrail serves itself: whole requests in, whole answers out. */
  readonly answer: Answer;
  /** Everything that is meant for somebody else, streamed. */
  readonly gateway?: Gateway;
}

export interface ListenOptions {
  readonly tls?: ServerTls;
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustsProxy?: (address: string) => boolean;
}

/** Serves HTTP/1.1: every bound of HTTP_LIMITS held. */
export async function serveHttp(
  address: HttpAddress,
  answering: Answering,
  log: Logger,
  options: ListenOptions = {},
): Promise<ListeningServer> {
  const door = new Door(answering, log, options);
  await listen(door.server, address);
  return {
    port: (door.server.address() as AddressInfo).port,
    close: (graceMs) => door.close(graceMs),
  };
}

/** @throws {Failure} when the address is taken or not ours. */
export function listen(server: Server, { host, port }: HttpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new Failure(`listen on ${host}:${port}`, cause)));
    server.listen(port, host, () => resolve());
  });
}

export async function closeGracefully(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

/** Where requests come in: whatever came, readable or not, goes to `answer` once, and its answer goes out. */
class Door {
  readonly server: Server;
  readonly #answer: Answer;
  readonly #gateway: Gateway | undefined;
  readonly #options: ListenOptions;
  readonly #log: Logger;
  readonly #connections = new Map<Socket, Connection>();
  /** Calls whose record may still be on its way, even when their connection is gone. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #bodies = new ByteBudget(HTTP_LIMITS.bodiesBytes);
  #closing = false;

  constructor({ answer, gateway }: Answering, log: Logger, options: ListenOptions) {
    this.#answer = answer;
    this.#gateway = gateway;
    this.#options = options;
    this.#log = log;
    const http = {
      maxHeaderSize: HTTP_LIMITS.headerBytes,
      headersTimeout: HTTP_LIMITS.headersMs,
      // What passes through may take as long as it moves; readBody() bounds the rest.
      requestTimeout: 0,
      keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
      // Clients that would like HTTP/2 ask for an upgrade with every request: theirs are ordinary ones.
      shouldUpgradeCallback: (request: IncomingMessage) => isWebSocket(request) && this.#routes(request),
    };
    this.server = options.tls === undefined ? createServer(http) : createTlsServer({ ...http, ...options.tls });
    this.server.maxConnections = HTTP_LIMITS.connections;
    this.server.timeout = HTTP_LIMITS.stalledMs;
    // Headers are bounded in bytes; a bound on their number would drop some without a word.
    this.server.maxHeadersCount = 0;
    // A client that has sent its request may close its sending side and still gets its answer.
    Object.assign(this.server, { httpAllowHalfOpen: true });
    this.#listen();
  }

  /** Calls in flight finish for up to `graceMs`; resolves when nothing is under way any more. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const [socket, { calls }] of this.#connections) if (calls === 0) socket.destroySoon();
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
    await Promise.all(this.#underWay);
  }

  #listen(): void {
    const serve = (request: IncomingMessage, response: ServerResponse, asked: Asked): void => {
      const connection = this.#connectionOf(request.socket);
      this.#begin(request.socket, () => connection.inTurn(() => this.#serve(request, response, connection, asked)));
    };
    this.server.on(this.#options.tls === undefined ? "connection" : "secureConnection", (socket: Socket) =>
      this.#connectionOf(socket),
    );
    this.server.on("request", (request, response) => serve(request, response, {}));
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
      serve(request, response, { expectsContinue: true }),
    );
    this.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
      const refused = new Refusal("ExpectationFailed", "the only expectation met is 100-continue", 417);
      serve(request, response, { refused });
    });
    this.server.on("upgrade", (request: IncomingMessage, socket: Duplex, first: Buffer) => {
      const connection = this.#connectionOf(request.socket);
      connection.ending = true;
      this.#begin(request.socket, () => connection.inTurn(() => this.#upgrade(request, socket, first, connection)));
    });
    this.server.on("connect", (request: IncomingMessage, socket: Socket) => {
      const broken = new Refusal("MethodNotAllowed", "this is no proxy", 405);
      this.#refuse(socket, { ...headOf(request), body: new Uint8Array() }, broken);
    });
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => this.#failed(error, socket));
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket);
    this.#connections.set(socket, connection);
    socket.once("close", () => this.#connections.delete(socket));
    return connection;
  }

  #begin(socket: Socket, work: () => Promise<void>): void {
    const done = work().catch((err: unknown) => {
      this.#log.error({ err }, "an answer could not be given");
      socket.destroy();
    });
    this.#underWay.add(done);
    void done.then(() => this.#underWay.delete(done));
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    { refused, expectsContinue = false }: Asked,
  ): Promise<void> {
    const arrival = this.#arrival(request, connection, expectsContinue);
    const destination =
      refused === undefined && !connection.ending ? this.#gateway?.destinationOf(arrival.head) : undefined;
    if (destination !== undefined && this.#gateway !== undefined) {
      return await this.#forward(this.#gateway.serve(destination, arrival, response), arrival, response, connection);
    }
    if (expectsContinue && !announcesTooMuch(request)) response.writeContinue();
    const { body, broken = refused } = connection.ending
      ? tooLate()
      : await readBody(request, connection, this.#bodies);
    connection.hold();
    if (broken !== undefined) connection.ending = true;
    const reply = await this.#answer({
      wire: { ...arrival.head, body },
      sourceIp: arrival.sourceIp,
      secure: this.#options.tls !== undefined,
      ...(arrival.tls === undefined ? {} : { tls: arrival.tls }),
      ...(broken === undefined ? {} : { broken }),
    });
    if (response.destroyed) return;
    const gone = new Promise<void>((resolve) => response.once("close", () => resolve()));
    const last = broken !== undefined || (this.#closing && connection.calls === 1);
    if (last) {
      connection.ending = true;
      response.setHeader("connection", "close");
    }
    response.writeHead(reply.status, { ...reply.headers, "content-length": reply.body.length });
    const shown = request.method === "HEAD" ? "" : reply.body;
    if (broken === undefined) {
      response.end(shown);
    } else {
      // The answer is whole on its way; only its end, which closes the connection, waits.
      response.write(shown);
      await discardRest(request);
      response.end();
    }
    await gone;
  }

  /** Streams both ways; the connection is as before when it is over. */
  async #forward(
    served: Promise<void>,
    arrival: Arrival,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> {
    const { request } = arrival;
    connection.breakBody = (why) => {
      if (request.complete) return false;
      arrival.broken?.(why);
      return true;
    };
    try {
      await served;
    } finally {
      connection.breakBody = undefined;
      request.socket.setTimeout(HTTP_LIMITS.stalledMs);
    }
    if (!response.closed) await new Promise<void>((resolve) => response.once("close", () => resolve()));
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer, connection: Connection): Promise<void> {
    const arrival = this.#arrival(request, connection, false);
    const destination = this.#gateway?.destinationOf(arrival.head);
    if (destination === undefined || this.#gateway === undefined) return void socket.destroy();
    await this.#gateway.upgrade(destination, arrival, socket, first);
  }

  #routes(request: IncomingMessage): boolean {
    return this.#gateway?.destinationOf(headOf(request)) !== undefined;
  }

  #arrival(request: IncomingMessage, connection: Connection, expectsContinue: boolean): Arrival {
    const head = headOf(request);
    const tls = connection.tls;
    return {
      request,
      head,
      sourceIp: this.#sourceIp(head, connection),
      ...(tls === undefined ? {} : { tls: withHost(tls, head) }),
      expectsContinue,
      last: () => this.#closing && connection.calls === 1,
    };
  }

  /** The address of the last hop that is no proxy of ours: what came before it is the sender's own word. */
  #sourceIp(head: CapturedHead, { sourceIp }: Connection): string {
    const trusts = this.#options.trustsProxy;
    if (trusts === undefined || !trusts(sourceIp)) return sourceIp;
    const hops = (headerValue(head.headers, "x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
    return hops.findLast((hop) => isIP(hop) !== 0 && !trusts(hop)) ?? sourceIp;
  }

  /** The parser gave up on what a client sends, or the client did not send it in time. */
  #failed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connectionOf(socket);
    if (connection.unreadable || connection.ending) return;
    if (connection.breakBody?.(unreadable(error)) === true) return;
    // A peer that only went away, or came and said nothing, asked for nothing.
    if (error.code === "ECONNRESET" || !socket.writable || socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    this.#refuse(socket, NOTHING, unreadable(error));
  }

  /** Answers, after everything before it, what Node's server gives no response for. */
  #refuse(socket: Socket, wire: WireRequest, broken: Refusal): void {
    const connection = this.#connectionOf(socket);
    connection.unreadable = true;
    // Node ends its side when the client does, and would not wait for an answer that it knows nothing of.
    socket.removeAllListeners("end");
    this.#begin(socket, () =>
      connection.inTurn(async () => {
        const secure = this.#options.tls !== undefined;
        const reply = await this.#answer({ wire, sourceIp: connection.sourceIp, secure, broken });
        socket.end(rawResponse(reply));
        // What still comes is thrown away for a while: closed over unread bytes, the answer would be lost on its way.
        socket.on("data", () => undefined).resume();
        setTimeout(() => socket.destroy(), HTTP_LIMITS.discardMs).unref();
      }),
    );
  }
}

/** A request of which nothing could be read. */
const NOTHING: WireRequest = { method: "", path: "", query: "", headers: {}, body: new Uint8Array() };

const UNREADABLE: Readonly<Record<string, readonly [code: string, message: string, status: number]>> = {
  HPE_HEADER_OVERFLOW: [
    "RequestHeaderSectionTooLarge",
    `the headers have more than ${HTTP_LIMITS.headerBytes} bytes`,
    431,
  ],
  HPE_INVALID_EOF_STATE: ["IncompleteBody", "the request ended before it was whole", 400],
  ERR_HTTP_REQUEST_TIMEOUT: REQUEST_TIMEOUT,
};

function unreadable(error: NodeJS.ErrnoException): Refusal {
  const known = UNREADABLE[error.code ?? ""];
  if (known !== undefined) return new Refusal(...known);
  return new Refusal("MalformedRequest", `the request is not HTTP: ${error.message}`, 400);
}

function headOf(request: IncomingMessage): CapturedHead {
  // A client that takes us for a proxy names the server too.
  const url = (request.url ?? "").replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    path: (mark < 0 ? url : url.slice(0, mark)) || "/",
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: headersOf(request.rawHeaders),
  };
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

function withHost(tls: TlsFacts, { headers }: CapturedHead): TlsFacts {
  const host = headerValue(headers, "host");
  return host === undefined ? tls : { ...tls, clientProvidedHostHeader: host };
}

function rawResponse({ status, headers, body }: WireResponse): Buffer {
  const lines = Object.entries({ ...headers, connection: "close", "content-length": body.length });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
