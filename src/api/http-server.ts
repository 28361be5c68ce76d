import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import type { WireRequest, WireResponse } from "../aws/index.ts";
import { Failure, Refusal } from "../core/index.ts";
import type { ArrivedRequest } from "./trace.ts";
import { Connection } from "./connection.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { announcesTooMuch, BodyBudget, discardRest, readBody, tooLate } from "./request-body.ts";

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListeningServer {
  readonly port: number;
  /** Takes no new connection, lets the calls in flight finish for up to `graceMs`, then closes the rest. */
  close(graceMs: number): Promise<void>;
}

type Answer = (arrived: ArrivedRequest) => Promise<WireResponse>;

/** Serves the AWS API over HTTP/1.1: whole requests in, whole answers out, every bound of HTTP_LIMITS held. */
export async function serveHttp(address: HttpAddress, answer: Answer, log: Logger): Promise<ListeningServer> {
  const door = new Door(answer, log);
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
  readonly #log: Logger;
  readonly #connections = new Map<Socket, Connection>();
  /** Calls whose record may still be on its way, even when their connection is gone. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #bodies = new BodyBudget(HTTP_LIMITS.bodiesBytes);
  #closing = false;

  constructor(answer: Answer, log: Logger) {
    this.#answer = answer;
    this.#log = log;
    this.server = createServer({
      maxHeaderSize: HTTP_LIMITS.headerBytes,
      headersTimeout: HTTP_LIMITS.headersMs,
      requestTimeout: HTTP_LIMITS.requestMs,
      keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    });
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
    const serve = (request: IncomingMessage, response: ServerResponse, broken?: Refusal): void => {
      const connection = this.#connectionOf(request.socket);
      this.#begin(request.socket, () => connection.inTurn(() => this.#serve(request, response, connection, broken)));
    };
    this.server.on("connection", (socket: Socket) => this.#connectionOf(socket));
    this.server.on("request", (request, response) => serve(request, response));
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      if (!announcesTooMuch(request)) response.writeContinue();
      serve(request, response);
    });
    this.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) =>
      serve(request, response, new Refusal("ExpectationFailed", "the only expectation met is 100-continue", 417)),
    );
    this.server.on("connect", (request: IncomingMessage, socket: Socket) => {
      const broken = new Refusal("MethodNotAllowed", "this is no proxy", 405);
      this.#refuse(socket, wireRequest(request, new Uint8Array()), broken);
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
    refused: Refusal | undefined,
  ): Promise<void> {
    const { body, broken = refused } = connection.ending
      ? tooLate()
      : await readBody(request, connection, this.#bodies);
    connection.hold();
    if (broken !== undefined) connection.ending = true;
    const reply = await this.#answer({
      wire: wireRequest(request, body),
      sourceIp: connection.sourceIp,
      secure: false,
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
        const reply = await this.#answer({ wire, sourceIp: connection.sourceIp, secure: false, broken });
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
  ERR_HTTP_REQUEST_TIMEOUT: ["RequestTimeout", "the request took too long to arrive", 408],
};

function unreadable(error: NodeJS.ErrnoException): Refusal {
  const known = UNREADABLE[error.code ?? ""];
  if (known !== undefined) return new Refusal(...known);
  return new Refusal("MalformedRequest", `the request is not HTTP: ${error.message}`, 400);
}

function wireRequest(request: IncomingMessage, body: Uint8Array): WireRequest {
  // A client that takes us for a proxy names the server too.
  const url = (request.url ?? "").replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    path: (mark < 0 ? url : url.slice(0, mark)) || "/",
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: request.headersDistinct,
    body,
  };
}

function rawResponse({ status, headers, body }: WireResponse): Buffer {
  const lines = Object.entries({ ...headers, connection: "close", "content-length": body.length });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
