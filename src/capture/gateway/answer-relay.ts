import type { ServerResponse } from "node:http";
import type { WireResponse } from "../../aws/index.ts";
import type { CapturedBody } from "../call/captured.ts";
import { BodyCapture } from "./body-tap.ts";
import { headersOf } from "./raw-headers.ts";
import type { AnswerReceiver, UpstreamExchange, UpstreamFailure } from "./upstream.ts";

/** How the exchange with the upstream ended. */
export interface RelayedAnswer {
  /** The answer's head; absent when none came. */
  readonly head?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  };
  readonly body: CapturedBody;
  /** Why the answer is not whole. */
  readonly failure?: UpstreamFailure;
  /** The client went away before it had all of the answer. */
  readonly clientGone: boolean;
}

/** What the relay asks of the call whose answer it relays. */
export interface RelayPolicy {
  /** How much of the answer's body the record needs: nothing of an object's content, all of an error. */
  readonly keepBytesMax: (status: number) => number;
  /** No longer than this the client may leave its answer unread. */
  readonly stalledMs: number;
  /** No longer than this nothing at all may move. */
  readonly patienceMs: number;
  /** Whether the client's connection shall end with this answer. */
  readonly last: () => boolean;
  /** Sends the interim `100 Continue`. */
  readonly continued: () => void;
}

/** Answers up to this size are sent in one piece, once their record is durable. */
const GATHER_BYTES = 64 * 1024;
/** After the client went away the rest of the answer is read up to here, to learn how the call ended. */
const DRAIN_BYTES = 1024 * 1024;
const DRAIN_MS = 30_000;

/**
 * Passes the upstream's answer on as it comes, but for its end: the client has a whole answer only after `finish()`.
 *
 * A body of known length is held back by its last piece, one of unknown length by its closing mark; so event streams
 * are not delayed, and what is large is never gathered.
 */
export class AnswerRelay implements AnswerReceiver {
  readonly #response: ServerResponse;
  readonly #policy: RelayPolicy;
  readonly #done: (answer: RelayedAnswer) => void;
  #exchange: UpstreamExchange | undefined;
  #head: RelayedAnswer["head"];
  #statusMessage = "";
  #rawHeaders: readonly string[] = [];
  #length: number | undefined;
  #gathers = false;
  #capture = new BodyCapture(0, false);
  #held: Uint8Array[] = [];
  #trailers: readonly string[] = [];
  #ended = false;
  #clientGone = false;
  #drain: NodeJS.Timeout | undefined;

  /** `done` is called once, when nothing more comes from the upstream. */
  constructor(response: ServerResponse, policy: RelayPolicy, done: (answer: RelayedAnswer) => void) {
    this.#response = response;
    this.#policy = policy;
    this.#done = done;
    response.on("drain", () => this.#drained());
    response.once("close", () => {
      if (!response.writableFinished) this.#clientLeft();
    });
  }

  /** The exchange whose answer this is; to be told as soon as it is known. */
  set exchange(exchange: UpstreamExchange) {
    this.#exchange = exchange;
  }

  get clientGone(): boolean {
    return this.#clientGone;
  }

  continued(): void {
    this.#policy.continued();
  }

  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void {
    const headers = headersOf(rawHeaders);
    this.#head = { status, headers };
    this.#statusMessage = statusMessage;
    this.#rawHeaders = rawHeaders;
    this.#capture = new BodyCapture(this.#policy.keepBytesMax(status), false);
    const bodiless = this.#response.req.method === "HEAD" || status === 204 || status === 304;
    const length = headers["content-length"]?.[0];
    this.#length = bodiless ? 0 : length === undefined ? undefined : Number(length);
    this.#gathers = this.#length !== undefined && this.#length <= GATHER_BYTES;
    if (!this.#gathers) this.#writeHead();
  }

  data(chunk: Uint8Array): boolean {
    this.#capture.add(chunk);
    if (this.#clientGone) {
      if (this.#capture.size > DRAIN_BYTES) this.#giveUp();
      return true;
    }
    const last = this.#length !== undefined && this.#capture.size >= this.#length;
    if (this.#gathers || last) {
      this.#held.push(chunk);
      return true;
    }
    if (this.#response.write(chunk)) return true;
    // From here on it is the client that lets us wait.
    this.#response.socket?.setTimeout(this.#policy.stalledMs);
    return false;
  }

  end(rawTrailers: readonly string[]): void {
    this.#trailers = rawTrailers;
    this.#finished(undefined);
  }

  failed(failure: UpstreamFailure): void {
    this.#finished(failure);
  }

  /** The record is durable: the client gets the rest. */
  finish(): void {
    const response = this.#response;
    if (this.#clientGone || response.destroyed) return;
    if (!response.headersSent) this.#writeHead();
    for (const chunk of this.#held.slice(0, -1)) response.write(chunk);
    if (this.#trailers.length > 0) response.addTrailers(pairs(this.#trailers));
    response.end(this.#held.at(-1));
  }

  /** There is no answer of the upstream, or the client must not have it: ours instead, unless it has begun. */
  replace(answer: WireResponse): void {
    if (this.#response.headersSent) this.cut();
    else replaceAnswer(this.#response, answer);
  }

  /** The answer cannot be completed: the client sees that it broke off, never a whole answer that is none. */
  cut(): void {
    this.#response.destroy();
  }

  #writeHead(): void {
    const head = this.#head;
    if (head === undefined || this.#clientGone) return;
    this.#response.sendDate = false;
    if (this.#policy.last()) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(head.status, this.#statusMessage, this.#rawHeaders as string[]);
  }

  #drained(): void {
    this.#response.socket?.setTimeout(this.#policy.patienceMs);
    this.#exchange?.resume();
  }

  #clientLeft(): void {
    if (this.#ended) return;
    this.#clientGone = true;
    this.#held = [];
    if (!this.#response.req.complete) return this.#giveUp();
    // The request is out, and what it does is done: the answer tells what that was.
    this.#drain = setTimeout(() => this.#giveUp(), DRAIN_MS);
    this.#exchange?.resume();
  }

  #giveUp(): void {
    this.#exchange?.abort();
    this.#finished({ kind: "broken", sent: true, cause: new Error("the client closed its connection") });
  }

  #finished(failure: UpstreamFailure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#drain);
    this.#done({
      ...(this.#head === undefined ? {} : { head: this.#head }),
      body: this.#capture.result(),
      ...(failure === undefined ? {} : { failure }),
      clientGone: this.#clientGone,
    });
  }
}

/** Gives an answer of our own. */
export function replaceAnswer(response: ServerResponse, { status, headers, body }: WireResponse): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": body.length });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""]);
}
