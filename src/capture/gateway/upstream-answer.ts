import { answerFields, checkField, framingName, listed, NotHttp, trailerFields } from "./upstream-fields.ts";

/** The longest head, and the longest trailers. */
const HEAD_BYTES_MAX = 64 * 1024;
/** A chunk's size with whatever extensions follow it, which mean nothing to us. */
const CHUNK_LINE_BYTES_MAX = 1024;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const CHUNK_LINE = /^([0-9a-fA-F]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const LENGTH = /^\d{1,15}$/;
const HEAD_END = Buffer.from("\r\n\r\n");

/** Who hears what was read. Each may call `stop()`. */
export interface AnswerEvents {
  continued(): void;
  /** The upstream left HTTP: `rest` is what came behind the head. */
  switched(head: AnswerHead, headBytes: Buffer, rest: Buffer): void;
  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void;
  data(chunk: Buffer): void;
  /** `reusable`: the connection may carry another request. */
  end(rawTrailers: readonly string[], reusable: boolean): void;
}

export interface AnswerHead {
  readonly version: "0" | "1";
  readonly status: number;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
}

type State = "idle" | "head" | "length" | "close" | "chunk size" | "chunk" | "chunk end" | "trailers";

/**
 * Reads one answer at a time off a connection (RFC 9112). Strict, because what it lets pass is written out again for the
 * client: bare CR or LF, folded lines, a length beside a transfer coding, or two lengths end the connection.
 */
export class AnswerReader {
  readonly #events: AnswerEvents;
  #state: State = "idle";
  #bodyless = false;
  #upgrade = false;
  #reusable = false;
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0;
  /** A head that has come in part, in a buffer of the longest one's size. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** A line of a chunked body that has come in part. */
  #line = "";
  #trailers: string[] = [];
  #trailerBytes = 0;
  /** What the upstream last said about how long it keeps a connection that is not used. */
  keepAliveMs: number | undefined;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Whether an answer is expected or being read. */
  get busy(): boolean {
    return this.#state !== "idle";
  }

  /** Expects an answer: to HEAD it has no body, whatever it says. */
  start(method: string, upgrade: boolean): void {
    this.#state = "head";
    this.#bodyless = method === "HEAD";
    this.#upgrade = upgrade;
  }

  /** Nothing more is told. */
  stop(): void {
    this.#state = "idle";
  }

  /** @throws {NotHttp} when the connection cannot be understood any more. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state !== "idle") at = this.#step(chunk, at);
  }

  /** The upstream has ended the connection. @throws {NotHttp} when its answer has not. */
  ended(): void {
    if (this.#state !== "close") throw new NotHttp("the upstream closed the connection before its answer had ended");
    this.#finish(false);
  }

  /** Reads on from `at`; answers where it got to. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case "idle":
        return chunk.length;
      case "head":
        return this.#readHead(chunk, at);
      case "close":
        this.#events.data(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
      case "length":
      case "chunk":
        return this.#readBody(chunk, at);
      case "chunk size":
      case "chunk end":
      case "trailers":
        return this.#readLine(chunk, at);
    }
  }

  #readBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0 && this.#state === "length";
    if (this.#left === 0 && this.#state === "chunk") this.#state = "chunk end";
    this.#events.data(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (last && this.#state === "length") this.#finish(this.#reusable && end === chunk.length);
    return end;
  }

  #readHead(chunk: Buffer, at: number): number {
    const from = this.#heldBytes;
    if (from === 0) {
      const end = chunk.indexOf(HEAD_END, at);
      if (end >= 0 && end + 4 - at <= HEAD_BYTES_MAX) {
        this.#takeHead(chunk.toString("latin1", at, end), chunk, at, end + 4);
        return end + 4;
      }
    }
    this.#held ??= Buffer.allocUnsafe(HEAD_BYTES_MAX);
    const added = chunk.copy(this.#held, from, at);
    this.#heldBytes += added;
    const held = this.#held.subarray(0, this.#heldBytes);
    const end = held.indexOf(HEAD_END, Math.max(0, from - 3));
    if (end < 0) {
      checkBeginning(held, from);
      if (added < chunk.length - at) throw new NotHttp(`the answer's head has more than ${HEAD_BYTES_MAX} bytes`);
      return chunk.length;
    }
    this.#held = undefined;
    this.#heldBytes = 0;
    const next = at + end + 4 - from;
    // What follows the head is read from the chunk, so the held part must end where the chunk goes on.
    this.#takeHead(
      held.toString("latin1", 0, end),
      Buffer.concat([held.subarray(0, end + 4), chunk.subarray(next)]),
      0,
      end + 4,
    );
    return next;
  }

  /** `text` is the head without its empty line; it stands in `chunk` from `start` to `end`, with it. */
  #takeHead(text: string, chunk: Buffer, start: number, end: number): void {
    const head = parseHead(text);
    const { status, statusMessage, rawHeaders } = head;
    if (status === 101) {
      if (!this.#upgrade) throw new NotHttp("the upstream switched protocols without being asked");
      this.#state = "idle";
      this.#events.switched(head, Buffer.from(chunk.subarray(start, end)), chunk.subarray(end));
      return;
    }
    if (status < 200) {
      if (status === 100) this.#events.continued();
      return;
    }
    const { length, reusable, keepAliveMs } = framing(head);
    this.#reusable = reusable;
    this.keepAliveMs = keepAliveMs;
    const empty = this.#bodyless || status === 204 || status === 304 || length === 0;
    this.#state = length === "chunked" ? "chunk size" : length === "close" ? "close" : "length";
    this.#left = typeof length === "number" ? length : 0;
    this.#events.head(status, statusMessage, answerFields(rawHeaders));
    if (empty && this.busy) this.#finish(reusable && end === chunk.length);
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(10, at);
    this.#line += chunk.toString("latin1", at, end < 0 ? chunk.length : end);
    const max = this.#state === "trailers" ? HEAD_BYTES_MAX : CHUNK_LINE_BYTES_MAX;
    if (this.#line.length > max) throw new NotHttp(`a line between chunks has more than ${max} bytes`);
    if (end < 0) return chunk.length;
    if (!this.#line.endsWith("\r")) throw new NotHttp("a line between chunks does not end with CR and LF");
    const line = this.#line.slice(0, -1);
    this.#line = "";
    if (this.#state === "chunk size") this.#takeChunkSize(line);
    else if (this.#state === "trailers") this.#takeTrailer(line, end + 1 === chunk.length);
    else if (line === "") this.#state = "chunk size";
    else throw new NotHttp("a chunk is longer than it says");
    return end + 1;
  }

  #takeChunkSize(line: string): void {
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) throw new NotHttp(`${JSON.stringify(line)} is no chunk size`);
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
  }

  #takeTrailer(line: string, last: boolean): void {
    if (line === "") {
      this.#finish(this.#reusable && last);
      return;
    }
    this.#trailerBytes += line.length + 2;
    if (this.#trailerBytes > HEAD_BYTES_MAX) throw new NotHttp(`the trailers have more than ${HEAD_BYTES_MAX} bytes`);
    pushField(this.#trailers, line);
  }

  #finish(reusable: boolean): void {
    this.#state = "idle";
    const trailers = this.#trailers;
    if (trailers.length > 0) {
      this.#trailers = [];
      this.#trailerBytes = 0;
    }
    this.#events.end(trailers.length === 0 ? trailers : trailerFields(trailers), reusable);
  }
}

/** @throws {NotHttp} when the head that has come in part cannot become one: waiting for its end would last. */
function checkBeginning(held: Buffer, from: number): void {
  if (!"HTTP/1.".startsWith(held.toString("latin1", 0, 7)))
    throw new NotHttp("the answer does not begin as HTTP/1 does");
  for (let at = held.indexOf(10, from); at >= 0; at = held.indexOf(10, at + 1)) {
    if (held[at - 1] !== 13) throw new NotHttp("a line of the answer's head does not end with CR and LF");
  }
}

function parseHead(text: string): AnswerHead {
  const firstEnd = text.indexOf("\r\n");
  const first = firstEnd < 0 ? text : text.slice(0, firstEnd);
  const [, version, status, statusMessage = ""] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new NotHttp(`${JSON.stringify(first.slice(0, 100))} is no status line`);
  const rawHeaders: string[] = [];
  for (let at = first.length + 2; at < text.length; ) {
    const found = text.indexOf("\r\n", at);
    const end = found < 0 ? text.length : found;
    pushField(rawHeaders, text.slice(at, end));
    at = end + 2;
  }
  return { version: version as "0" | "1", status: Number(status), statusMessage, rawHeaders };
}

function pushField(fields: string[], line: string): void {
  const colon = line.indexOf(":");
  if (colon < 0) throw new NotHttp(`${JSON.stringify(line.slice(0, 100))} is no header`);
  const name = line.slice(0, colon);
  const value = trimmed(line, colon + 1);
  checkField(name, value);
  fields.push(name, value);
}

/** The rest of the line without the blanks around it; `trim()` would take other characters too. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

interface AnswerFraming {
  readonly length: number | "chunked" | "close";
  readonly reusable: boolean;
  readonly keepAliveMs: number | undefined;
}

/** How long the body is and whether the connection outlives it (RFC 9112 sections 6.3 and 9.3). @throws {NotHttp} when in doubt. */
function framing({ version, status, rawHeaders }: AnswerHead): AnswerFraming {
  let length: string | undefined;
  let coding: string | undefined;
  let keepAliveMs: number | undefined;
  let reusable = version === "1";
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = framingName(rawHeaders[at] as string);
    if (name === undefined) continue;
    const value = rawHeaders[at + 1] as string;
    if (name === "content-length") {
      if (length !== undefined) throw new NotHttp("the answer has two lengths");
      length = value;
    } else if (name === "transfer-encoding") {
      if (coding !== undefined) throw new NotHttp("the answer has two transfer codings");
      coding = value.toLowerCase();
    } else if (name === "connection") {
      const options = listed(value);
      if (options.includes("close")) reusable = false;
      else if (version === "0" && options.includes("keep-alive")) reusable = true;
    } else if (name === "keep-alive") {
      const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1];
      if (seconds !== undefined) keepAliveMs = Number(seconds) * 1000;
    }
  }
  if (coding !== undefined) {
    if (length !== undefined) throw new NotHttp("the answer has a length and a transfer coding");
    if (version === "0" || coding !== "chunked" || status === 204)
      throw new NotHttp(`the transfer coding ${coding} was not to be expected`);
    return { length: "chunked", reusable, keepAliveMs };
  }
  if (length === undefined) return { length: "close", reusable, keepAliveMs };
  if (!LENGTH.test(length)) throw new NotHttp(`${JSON.stringify(length)} is no length`);
  return { length: Number(length), reusable, keepAliveMs };
}
