import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { headerValue, type WireRequest, type WireResponse } from "../aws/index.ts";
import {
  type Arrival,
  type CapturedHead,
  type Destination,
  type Gateway,
  lastAnswer,
  type TlsFacts,
} from "../capture/index.ts";
import { ByteBudget, Failure, Refusal } from "../core/index.ts";
import { Connection } from "./connection.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { announcesTooMuch, discardRest, readBody, tooLate } from "./request-body.ts";
import { ambiguity, ambiguousHost, asksForWebSocket, hasBody, headOf, unreadable } from "./request-head.ts";
import type { ArrivedRequest } from "./trace.ts";

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

/** A request under way. */
interface HeldArrival extends Arrival {
  continue: () => void;
  continued: boolean;
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
  /** How long a connection may be silent while it is for the client to read or write; HTTP_LIMITS says unless told. */
  readonly stalledMs?: number;
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
  readonly #stalledMs: number;
  readonly #connections = new Map<Socket, Connection>();
  /** Those without HTTP on them too: TLS not agreed upon yet, or another protocol by now. */
  readonly #sockets = new Set<Socket>();
  /** Calls whose record may still be on its way, even when their connection is gone. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #bodies = new ByteBudget(HTTP_LIMITS.bodiesBytes);
  readonly #stopped = new AbortController();
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
      shouldUpgradeCallback: (request: IncomingMessage) => asksForWebSocket(request) && this.#mayUpgrade(request),
    };
    const handshakeTimeout = HTTP_LIMITS.headersMs;
    this.server =
      options.tls === undefined ? createServer(http) : createTlsServer({ ...http, ...options.tls, handshakeTimeout });
    this.server.maxConnections = HTTP_LIMITS.connections;
    this.#stalledMs = options.stalledMs ?? HTTP_LIMITS.stalledMs;
    this.server.timeout = this.#stalledMs;
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
    const timer = setTimeout(() => this.#endAll(), graceMs);
    await closed;
    clearTimeout(timer);
    await Promise.all(this.#underWay);
  }

  #endAll(): void {
    this.#stopped.abort();
    for (const socket of [...this.#connections.keys(), ...this.#sockets]) socket.destroy();
  }

  #listen(): void {
    const serve = (request: IncomingMessage, response: ServerResponse, asked: Asked): void =>
      this.#begin(request.socket, (connection) => this.#serve(request, response, connection, asked));
    this.server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.server.on("timeout", (socket: Socket) => this.#stalled(socket));
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
      this.#begin(request.socket, (connection) => this.#upgrade(request, socket, first, connection));
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

  /** Does the work in its turn on the connection. */
  #begin(socket: Socket, work: (connection: Connection) => Promise<void>): void {
    const connection = this.#connectionOf(socket);
    const done = connection
      .inTurn(() => work(connection))
      .catch((err: unknown) => {
        this.#log.error({ err }, "an answer could not be given");
        socket.destroy();
      });
    this.#underWay.add(done);
    void done.then(() => {
      this.#underWay.delete(done);
      if (this.#closing && connection.calls === 0) socket.destroySoon();
    });
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    { refused, expectsContinue = false }: Asked,
  ): Promise<void> {
    const arrival = this.#arrival(request, connection, expectsContinue);
    arrival.continue = () => {
      arrival.continued = true;
      response.writeContinue();
    };
    const why = refused ?? ambiguity(request) ?? (request.complete ? undefined : connection.unreadable);
    const destination =
      why === undefined && !connection.ending ? this.#gateway?.destinationOf(arrival.head) : undefined;
    if (destination === undefined) return await this.#answerOurs(arrival, response, connection, why);
    const host = ambiguousHost(arrival.head);
    if (host !== undefined) return await this.#answerOurs(arrival, response, connection, host);
    await this.#forward(destination, arrival, response, connection);
  }

  /** Reads all of a request that is for OpenTrail itself, and answers it. */
  async #answerOurs(
    arrival: HeldArrival,
    response: ServerResponse,
    connection: Connection,
    refused: Refusal | undefined,
  ): Promise<void> {
    const { request, head, sourceIp, tls, expectsContinue } = arrival;
    if (expectsContinue && !announcesTooMuch(request)) arrival.continue();
    const comesTooLate = connection.ending || (!request.complete && connection.unreadable !== undefined);
    const { body, broken = refused } = comesTooLate
      ? tooLate(connection.unreadable)
      : await readBody(request, connection, this.#bodies);
    connection.hold();
    if (broken !== undefined) connection.ending = true;
    const reply = await this.#answer({
      wire: { ...head, body },
      sourceIp,
      secure: this.#options.tls !== undefined,
      ...(tls === undefined ? {} : { tls }),
      ...(broken === undefined ? {} : { broken }),
    });
    await this.#reply(arrival, response, connection, reply);
  }

  /** Gives an answer of ours. */
  async #reply(
    { request, expectsContinue, continued, last }: HeldArrival,
    response: ServerResponse,
    connection: Connection,
    reply: WireResponse,
  ): Promise<void> {
    if (response.destroyed) return;
    if (last()) {
      connection.ending = true;
      response.setHeader("connection", "close");
    }
    response.writeHead(reply.status, { ...reply.headers, "content-length": reply.body.length });
    const shown = request.method === "HEAD" ? "" : reply.body;
    if (connection.ending && (continued || !expectsContinue)) {
      // The answer is whole on its way; only its end, which closes the connection, waits.
      response.flushHeaders();
      response.write(shown);
      await discardRest(request);
      response.end();
    } else {
      response.end(shown);
    }
    await this.#answered(request, response, connection);
  }

  /** Streams both ways; the connection is as before when it is over. */
  async #forward(
    destination: Destination,
    arrival: HeldArrival,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> {
    const { request } = arrival;
    connection.breakBody = (why) => {
      if (request.complete) return false;
      connection.ending = true;
      arrival.broken?.(why);
      return true;
    };
    connection.waits = () => !response.writableNeedDrain && (request.complete || request.readableFlowing !== true);
    request.once("end", () => connection.hold());
    // Nobody else would read the end of a request without a body, and reading it sets the connection going again.
    if (!hasBody(request)) request.resume();
    let reply: WireResponse | undefined;
    try {
      reply = await this.#gateway?.serve(destination, arrival, response);
    } finally {
      connection.waits = undefined;
      connection.breakBody = undefined;
    }
    if (reply === undefined) await this.#answered(request, response, connection);
    else await this.#reply(arrival, response, connection, reply);
  }

  /** Resolves when the answer has gone out. What is left of the request is read, so that the client gets to read it. */
  async #answered(request: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const { socket } = request;
    if (!request.complete && !response.destroyed) {
      // Node takes the connection for one that waits for its next request.
      response.once("close", () => socket.setTimeout(this.#stalledMs));
      // Nothing can be answered to this one any more.
      connection.breakBody = () => {
        connection.ending = true;
        socket.destroySoon();
        return true;
      };
      await discardRest(request);
      connection.breakBody = undefined;
      if (!request.complete) socket.destroySoon();
    }
    await closed(response);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer, connection: Connection): Promise<void> {
    const arrival = this.#arrival(request, connection, false);
    const destination = connection.ending ? undefined : this.#gateway?.destinationOf(arrival.head);
    connection.ending = true;
    const last = destination && (await this.#gateway?.upgrade(destination, arrival, socket, first));
    if (last === undefined) socket.destroy();
    else endWith(request.socket, last);
  }

  #mayUpgrade(request: IncomingMessage): boolean {
    return this.#gateway?.mayUpgrade(headOf(request)) === true;
  }

  #arrival(request: IncomingMessage, connection: Connection, expectsContinue: boolean): HeldArrival {
    const head = headOf(request);
    const tls = connection.tls;
    return {
      request,
      head,
      sourceIp: this.#sourceIp(head, connection),
      ...(tls === undefined ? {} : { tls: withHost(tls, head) }),
      expectsContinue,
      continued: false,
      continue: () => undefined,
      last: () => connection.ending || (this.#closing && connection.calls === 1),
      stopped: this.#stopped.signal,
    };
  }

  /** The address of the last hop that is no proxy of ours: what came before it is the sender's own word. */
  #sourceIp(head: CapturedHead, { sourceIp }: Connection): string {
    const trusts = this.#options.trustsProxy;
    if (trusts === undefined || !trusts(sourceIp)) return sourceIp;
    const hops = (headerValue(head.headers, "x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
    return hops.findLast((hop) => isIP(hop) !== 0 && !trusts(hop)) ?? sourceIp;
  }

  /** Nothing has moved for long: the connection ends, unless it is for us to move. */
  #stalled(socket: Socket): void {
    if (this.#connections.get(socket)?.waits?.() === true) socket.setTimeout(this.#stalledMs);
    else socket.destroy();
  }

  /** The parser gave up on what a client sends, or the client did not send it in time. */
  #failed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    // A peer that only went away, or came and said nothing, or cannot speak TLS, asked for nothing.
    if (connection === undefined || error.syscall !== undefined || !socket.writable || socket.bytesRead === 0) {
      socket.destroy();
      return;
    }
    if (connection.unreadable !== undefined || connection.ending) return;
    if (connection.breakBody?.(unreadable(error)) === true) return;
    this.#refuse(socket, UNREAD, unreadable(error));
  }

  /** Answers, after everything before it, what Node's server gives no response for. */
  #refuse(socket: Socket, wire: WireRequest, broken: Refusal): void {
    const connection = this.#connectionOf(socket);
    connection.unreadable = broken;
    // Node ends its side when the client does, and would not wait for an answer that it knows nothing of.
    socket.removeAllListeners("end");
    this.#begin(socket, async () => {
      // A request whose body it was has been told.
      if (connection.ending) return;
      const secure = this.#options.tls !== undefined;
      const reply = await this.#answer({ wire, sourceIp: connection.sourceIp, secure, broken });
      const statusMessage = STATUS_CODES[reply.status] ?? "";
      endWith(socket, lastAnswer(reply.status, statusMessage, Object.entries(reply.headers).flat(), reply.body));
    });
  }
}

/** What still comes is thrown away for a while: closed over unread bytes, the answer would be lost on its way. */
function endWith(socket: Socket, bytes: Uint8Array): void {
  socket.end(bytes);
  socket.on("data", () => undefined).resume();
  setTimeout(() => socket.destroy(), HTTP_LIMITS.discardMs).unref();
}

/** A request of which nothing could be read. */
const UNREAD: WireRequest = { method: "", path: "", query: "", headers: {}, body: new Uint8Array() };

function withHost(tls: TlsFacts, { headers }: CapturedHead): TlsFacts {
  const host = headerValue(headers, "host");
  return host === undefined ? tls : { ...tls, clientProvidedHostHeader: host };
}

/** Resolves when nothing of the answer is under way any more. */
function closed(response: ServerResponse): Promise<void> {
  return response.closed ? Promise.resolve() : new Promise((resolve) => response.once("close", () => resolve()));
}
