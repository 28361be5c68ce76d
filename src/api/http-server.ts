import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import type { WireRequest, WireResponse } from "../aws/index.ts";
import { Failure, Refusal } from "../core/index.ts";
import type { ArrivedRequest } from "./answer-call.ts";

/** Every bound of the HTTP side, with its unit. */
export const HTTP_LIMITS: Readonly<
  Record<
    | "bodyBytes"
    | "headerBytes"
    | "headersMs"
    | "requestMs"
    | "keepAliveMs"
    | "connections"
    | "discardBytes"
    | "discardMs",
    number
  >
> = {
  /** The largest request of the services we serve is 1 MB (PutAuditEvents), and form encoding can triple a policy. */
  bodyBytes: 2 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 65_000,
  connections: 10_000,
  /** A refused body is read and thrown away up to here, so that the client gets to read why. */
  discardBytes: 256 * 1024 * 1024,
  discardMs: 20_000,
};

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListeningServer {
  readonly port: number;
  /** Takes no new connection, lets the calls in flight finish for up to `graceMs`, then closes the rest. */
  close(graceMs: number): Promise<void>;
}

/** Serves the AWS API over HTTP/1.1: whole requests in, whole answers out, every bound of HTTP_LIMITS held. */
export async function serveHttp(
  address: HttpAddress,
  answer: (arrived: ArrivedRequest) => Promise<WireResponse>,
  log: Logger,
): Promise<ListeningServer> {
  const server = createServer(
    {
      maxHeaderSize: HTTP_LIMITS.headerBytes,
      headersTimeout: HTTP_LIMITS.headersMs,
      requestTimeout: HTTP_LIMITS.requestMs,
      keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    },
    (request, response) => {
      serveRequest(request, response, answer).catch((err: unknown) => {
        log.error({ err }, "an answer could not be given");
        response.destroy();
      });
    },
  );
  server.maxConnections = HTTP_LIMITS.connections;
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    refuseUnreadable(error, socket as Socket, answer).catch((err: unknown) => {
      log.error({ err }, "an unreadable request could not be answered");
      socket.destroy();
    });
  });
  await listen(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) => closeGracefully(server, graceMs),
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

async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (arrived: ArrivedRequest) => Promise<WireResponse>,
): Promise<void> {
  const { body, broken } = await readBody(request);
  const arrived: ArrivedRequest = {
    wire: wireRequest(request, body),
    sourceIp: addressOf(request.socket),
    secure: false,
    ...(broken === undefined ? {} : { broken }),
  };
  const { status, headers, body: answerBody } = await answer(arrived);
  if (response.destroyed) return;
  if (broken !== undefined) response.setHeader("connection", "close");
  response.writeHead(status, { ...headers, "content-length": answerBody.length });
  response.end(request.method === "HEAD" ? undefined : answerBody);
  if (broken !== undefined) discardRest(request);
}

function wireRequest(request: IncomingMessage, body: Uint8Array): WireRequest {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: request.headersDistinct,
    body,
  };
}

/** Resolves with what came, and with why it is not whole when it is not; never rejects. */
function readBody(request: IncomingMessage): Promise<{ body: Uint8Array; broken?: Refusal }> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > HTTP_LIMITS.bodyBytes)
    return Promise.resolve({ body: new Uint8Array(), broken: tooLarge(announced) });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (broken?: Refusal) => {
      request.removeAllListeners("data");
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      resolve(broken === undefined ? { body } : { body: new Uint8Array(), broken });
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > HTTP_LIMITS.bodyBytes) finish(tooLarge(size));
      else chunks.push(chunk);
    });
    request.on("end", () => finish());
    request.on("error", () => finish(brokenOff(size)));
    request.on("close", () => finish(brokenOff(size)));
  });
}

function tooLarge(size: number): Refusal {
  const limit = HTTP_LIMITS.bodyBytes;
  return new Refusal("RequestEntityTooLarge", `the body has at least ${size} bytes; at most ${limit} are taken`, 413);
}

function brokenOff(size: number): Refusal {
  return new Refusal("IncompleteBody", `the connection ended after ${size} bytes of the body`, 400);
}

function discardRest(request: IncomingMessage): void {
  let left = HTTP_LIMITS.discardBytes;
  const timer = setTimeout(() => request.destroy(), HTTP_LIMITS.discardMs);
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.on("close", () => clearTimeout(timer));
  request.on("error", () => clearTimeout(timer));
  request.resume();
}

const UNREADABLE: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    `the headers have over ${HTTP_LIMITS.headerBytes} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request took too long to arrive"],
};

/** What is not HTTP gets a plain HTTP error, and a record: somebody knocked. */
async function refuseUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answer: (arrived: ArrivedRequest) => Promise<WireResponse>,
): Promise<void> {
  // A peer that only went away, or whose request is already being answered, asked for nothing more.
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const [status, message] = UNREADABLE[error.code ?? ""] ?? [
    "400 Bad Request",
    `the request is not HTTP: ${error.message}`,
  ];
  const wire: WireRequest = { method: "", path: "", query: "", headers: {}, body: new Uint8Array() };
  const broken = new Refusal("MalformedRequest", message, Number(status.slice(0, 3)));
  await answer({ wire, sourceIp: addressOf(socket), secure: false, broken });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${message.length}\r\n\r\n${message}`,
  );
}

function isAnswering(socket: Socket): boolean {
  return Boolean((socket as Socket & { _httpMessage?: unknown })._httpMessage);
}

/** IPv4 addresses as such, also when the socket speaks IPv6. */
function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
}
