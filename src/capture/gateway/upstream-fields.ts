import type { OutgoingRequest } from "./upstream.ts";

/** Fields that belong to one connection: never forwarded (RFC 9110 section 7.6.1). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Those of a request that the sender writes itself. */
const REWRITTEN: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, "content-length", "expect"]);

/** What must never come behind a body (RFC 9110 section 6.5.1): it would change how the message is read. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([...REWRITTEN, "host", "trailer", "authorization"]);

/**
 * Fields that a sender may not declare its connection's own: the recorded call and the forwarded one would differ in what
 * it means and whose it is.
 */
const NEVER_NOMINATED = /^(host|authorization|date|cookie|content-.*|x-amz-.*|x-amzn-.*)$/;

/** A bit for each length that a field of `REWRITTEN` has: most names are told apart by it, without lower-casing them. */
const LENGTHS: number = [...REWRITTEN].reduce((bits, name) => bits | (1 << name.length), 0);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_IN_TARGET = /[^\x21-\x7e\x80-\xff]/;

/** What was to be sent or what came is not HTTP. */
export class NotHttp extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotHttp";
  }
}

/** The name in lower case when it may be one that the connection decides, else undefined. */
export function framingName(name: string): string | undefined {
  return name.length < 32 && (LENGTHS & (1 << name.length)) !== 0 ? name.toLowerCase() : undefined;
}

/** @throws {NotHttp} when the name or the value could end its line or begin another. */
export function checkField(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new NotHttp(`${JSON.stringify(name)} is no field name`);
  if (NOT_IN_VALUE.test(value)) throw new NotHttp(`the value of ${name} has control characters`);
}

/** The fields that the message's Connection fields name, in lower case, beside those that are never forwarded anyway. */
function nominated(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length !== 10 || rawHeaders[at]?.toLowerCase() !== "connection") continue;
    for (const option of listed(rawHeaders[at + 1] ?? "")) {
      if (option === "close" || CONNECTION_FIELDS.has(option) || NEVER_NOMINATED.test(option)) continue;
      names ??= new Set();
      names.add(option);
    }
  }
  return names;
}

/** The members of a comma-separated list, in lower case. */
export function listed(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(/[\t ]*,[\t ]*/)
    .map((member) => member.replace(/^[\t ]+|[\t ]+$/g, ""))
    .filter((member) => member !== "");
}

/** The headers of an answer that are for the client. */
export function answerFields(rawHeaders: readonly string[]): readonly string[] {
  const own = nominated(rawHeaders);
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const framing = framingName(name);
    if (framing !== undefined && CONNECTION_FIELDS.has(framing)) continue;
    if (own?.has(name.toLowerCase()) === true) continue;
    kept.push(name, rawHeaders[at + 1] as string);
  }
  return kept;
}

/** Trailers that may be forwarded. @throws {NotHttp} as `checkField`. */
export function trailerFields(rawTrailers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawTrailers.length; at += 2) {
    const [name = "", value = ""] = rawTrailers.slice(at, at + 2);
    checkField(name, value);
    if (!NOT_IN_TRAILERS.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/**
 * The head of a request as it goes out, with the empty line, to be written as latin1. Content-Length or Transfer-Encoding
 * is ours and stands where the client's stood, else last.
 * @throws {NotHttp} when a part could be taken for more than itself.
 */
export function requestHead(request: OutgoingRequest, upgrade: boolean): string {
  const { method, target, rawHeaders } = request;
  if (!TOKEN.test(method) || method === "CONNECT") throw new NotHttp(`${JSON.stringify(method)} cannot be sent`);
  if (target === "" || NOT_IN_TARGET.test(target)) throw new NotHttp("the target has characters that end it");
  const own = nominated(rawHeaders);
  let framing: Framing | undefined = framingOf(request);
  let asks = expects(request);
  let options = "";
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    checkField(name, value);
    const special = framingName(name);
    if (special === undefined || !REWRITTEN.has(special)) {
      if (own?.has(name.toLowerCase()) !== true) head += `${name}: ${value}\r\n`;
    } else if (special === framing?.name) {
      head += `${name}: ${framing.value}\r\n`;
      framing = undefined;
    } else if (special === "expect" && asks) {
      head += `${name}: 100-continue\r\n`;
      asks = false;
    } else if (special === "te" && listed(value).includes("trailers")) {
      head += `${name}: trailers\r\n`;
      options = "TE";
    } else if (special === "upgrade" && upgrade) {
      head += `${name}: ${value}\r\n`;
      options = "Upgrade";
    }
  }
  if (framing?.needed === true) head += `${framing.title}: ${framing.value}\r\n`;
  if (asks) head += "Expect: 100-continue\r\n";
  if (options !== "") head += `Connection: ${options}\r\n`;
  return `${head}\r\n`;
}

/** Whether the upstream is asked before the body is sent: only a body that is still to come can wait. */
export function expects({ expectContinue, body }: OutgoingRequest): boolean {
  return expectContinue && body.kind === "stream" && body.length !== 0;
}

interface Framing {
  readonly name: string;
  readonly title: string;
  readonly value: string;
  /** Without a body the client decides whether a length of 0 is written: it may have signed it. */
  readonly needed: boolean;
}

function framingOf({ body }: OutgoingRequest): Framing {
  const length = body.kind === "none" ? 0 : body.kind === "whole" ? body.bytes.length : body.length;
  if (length === undefined) {
    return { name: "transfer-encoding", title: "Transfer-Encoding", value: "chunked", needed: true };
  }
  return { name: "content-length", title: "Content-Length", value: String(length), needed: body.kind !== "none" };
}
