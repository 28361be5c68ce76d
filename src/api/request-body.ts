import type { IncomingMessage } from "node:http";
import { type ByteBudget, Refusal } from "../core/index.ts";
import type { Connection } from "./connection.ts";
import { HTTP_LIMITS } from "./http-limits.ts";

export interface RequestBody {
  readonly body: Uint8Array;
  /** Why the body is not whole, when it is not; then it is empty. */
  readonly broken?: Refusal;
}

/** Resolves with what came, and with why it is not whole when it is not; never rejects. */
export function readBody(request: IncomingMessage, connection: Connection, budget: ByteBudget): Promise<RequestBody> {
  if (announcedBytes(request) > HTTP_LIMITS.bodyBytes) return Promise.resolve(broken(tooLarge()));
  // Its turn came only after the connection was gone: nothing more will be told of it, and nobody waits for its answer.
  if (request.destroyed && !request.readableEnded) return Promise.resolve(tooLate());
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    const late = setTimeout(() => finish(broken(new Refusal(...REQUEST_TIMEOUT))), HTTP_LIMITS.requestMs);
    const finish = (result: RequestBody): void => {
      clearTimeout(late);
      budget.give(held);
      connection.breakBody = undefined;
      request.off("data", take).off("end", end).off("error", fail).off("close", fail);
      // Whatever else happens to the request is no longer of interest, but an error without a listener would be fatal.
      request.on("error", () => undefined);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > HTTP_LIMITS.bodyBytes) return finish(broken(tooLarge()));
      if (!budget.take(chunk.length)) return finish(broken(tooBusy()));
      held += chunk.length;
      chunks.push(chunk);
    };
    const end = (): void => finish({ body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
    const fail = (): void => finish(broken(brokenOff(size)));
    connection.breakBody = (why) => {
      if (request.complete) return false;
      finish(broken(why));
      return true;
    };
    request.on("data", take).on("end", end).on("error", fail).on("close", fail);
  });
}

/** What a client reads that did not send its request in time: code, message, status. */
export const REQUEST_TIMEOUT: readonly [code: string, message: string, status: number] = [
  "RequestTimeout",
  "the request took too long to arrive",
  408,
];

/** A request whose connection ended, or is being ended, before its turn came; `why`, if that is known. */
export function tooLate(why?: Refusal): RequestBody {
  return broken(why ?? new Refusal("ConnectionClosed", "the connection ended before the request's turn came", 400));
}

/** True when the client said itself that it will send more than is taken. */
export function announcesTooMuch(request: IncomingMessage): boolean {
  return announcedBytes(request) > HTTP_LIMITS.bodyBytes;
}

/**
 * Reads what is left of a refused body and throws it away, so that the client gets to read why: an answer whose
 * connection is closed over unread bytes is lost on its way. Bounded in bytes and time.
 */
export function discardRest(request: IncomingMessage): Promise<void> {
  const { socket } = request;
  if (request.readableEnded || request.destroyed || socket.readableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    const readMax = socket.bytesRead + HTTP_LIMITS.discardBytes;
    const timer = setTimeout(resolve, HTTP_LIMITS.discardMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on("data", () => {
      if (socket.bytesRead > readMax) done();
    });
    request.on("end", done).on("close", done).on("error", done);
    request.resume();
    // What the parser gave up on never ends as a request, only as a connection.
    socket.on("end", done).on("close", done);
  });
}

function announcedBytes(request: IncomingMessage): number {
  return Number(request.headers["content-length"] ?? 0);
}

function broken(why: Refusal): RequestBody {
  return { body: new Uint8Array(), broken: why };
}

function tooLarge(): Refusal {
  return new Refusal("RequestEntityTooLarge", `the body has more than ${HTTP_LIMITS.bodyBytes} bytes`, 413);
}

function tooBusy(): Refusal {
  return new Refusal("ServiceUnavailable", "too many large requests are arriving at once; try again", 503);
}

function brokenOff(size: number): Refusal {
  return new Refusal("IncompleteBody", `the connection ended after ${size} bytes of the body`, 400);
}
