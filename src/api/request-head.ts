import type { IncomingMessage } from "node:http";
import { headersOf } from "../aws/index.ts";
import type { CapturedHead } from "../capture/index.ts";
import { Refusal } from "../core/index.ts";
import { HTTP_LIMITS } from "./http-limits.ts";
import { REQUEST_TIMEOUT } from "./request-body.ts";

export function headOf(request: IncomingMessage): CapturedHead {
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

/** Whether a body follows the head, as far as the head says. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Whether a request asks for WebSocket. One with a body does not: whose bytes would it be, those of the new protocol? */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket" && !hasBody(request);
}

/**
 * Why a request cannot be taken although it could be read: whoever reads it after us may find another end of its body, or
 * another server that it is for (RFC 9112 sections 3.2 and 6.1).
 */
export function ambiguity({ headers, httpVersion }: IncomingMessage): Refusal | undefined {
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return undefined;
  if (httpVersion === "1.1" && coding.toLowerCase() === "chunked") return undefined;
  return new Refusal("MalformedRequest", "the only transfer coding taken is chunked, once, in HTTP/1.1", 400);
}

/** The same, of what is to be forwarded. */
export function ambiguousHost({ headers }: CapturedHead): Refusal | undefined {
  if ((headers["host"]?.length ?? 0) < 2) return undefined;
  return new Refusal("MalformedRequest", "the request names more than one host", 400);
}

const UNREADABLE: Readonly<Record<string, readonly [code: string, message: string, status: number]>> = {
  HPE_HEADER_OVERFLOW: [
    "RequestHeaderSectionTooLarge",
    `the headers have more than ${HTTP_LIMITS.headerBytes} bytes`,
    431,
  ],
  HPE_INVALID_EOF_STATE: ["IncompleteBody", "the request ended before it was whole", 400],
  ERR_HTTP_REQUEST_TIMEOUT: REQUEST_TIMEOUT,
};

/** What the parser gave up on, in our words. */
export function unreadable(error: NodeJS.ErrnoException): Refusal {
  const known = UNREADABLE[error.code ?? ""];
  if (known !== undefined) return new Refusal(...known);
  return new Refusal("MalformedRequest", `the request is not HTTP: ${error.message}`, 400);
}
