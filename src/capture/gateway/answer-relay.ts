import { headersOf, headerPairs } from "../../aws/index.ts";
import type { ServerResponse } from "node:http";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Refusal } from "../../core/index.ts";
import type { CapturedBody } from "../call/captured.ts";
import { BodyCapture } from "./body-capture.ts";
import type { AnswerReceiver, OutgoingRequest, Upstream, UpstreamExchange, UpstreamFailure } from "./upstream.ts";

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
  /** What the client sent turned out to be no HTTP: `failure.cause` says why. */
  readonly requestBroken: boolean;
}

/** What the relay asks of the call whose answer it relays. */
export interface RelayPolicy {
  /** How much of the answer's body the record needs: nothing of an object's content, all of an error. */
  readonly keepBytesMax: (status: number) => number;
  /** Whether the client's connection shall end with this answer. */
  readonly last: () => boolean;
  /** Sends the interim `100 Continue`. */
  readonly continued: () => void;
  /** Aborted when nothing is waited for any more that nobody is there to read. */
  readonly stopped: AbortSignal;
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
  readonly #answered: PromiseWithResolvers<RelayedAnswer> = Promise.withResolvers();
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
  #requestBroken = false;
  #drain: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, policy: RelayPolicy) {
    this.#response = response;
    this.#policy = policy;
    response.on("drain", () => this.#exchange?.resume());
    response.once("close", () => {
      if (!response.writableFinished) this.#clientLeft();
    });
  }

  /** Sends the request; resolves when nothing more comes from the upstream. */
  send(upstream: Upstream, outgoing: OutgoingRequest): Promise<RelayedAnswer> {
    this.#exchange = upstream.send(outgoing, this);
    // A client that was gone before is not told of again.
    if (this.#response.destroyed) this.#clientLeft();
    return this.#answered.promise;
  }

  /** The rest of the request will not come: what was sent of it is left without an end. */
  breakOff(why: Refusal): void {
    if (this.#ended) return;
    this.#requestBroken = true;
    this.#giveUp(why);
  }

  continued(): void {
    if (!this.#clientGone) this.#policy.continued();
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
      if (this.#capture.size > DRAIN_BYTES) this.#giveUp(CLIENT_CLOSED);
      return true;
    }
    const last = this.#length !== undefined && this.#capture.size >= this.#length;
    if (this.#gathers || last) {
      this.#held.push(chunk);
      return true;
    }
    return this.#response.write(chunk);
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
    if (this.#trailers.length > 0) response.addTrailers(headerPairs(this.#trailers));
    response.end(this.#held.at(-1));
  }

  /** The answer cannot be completed: the client sees that it broke off, never a whole answer that is none. */
  cut(): void {
    const { socket } = this.#response;
    // What ends with its connection only a reset can show to be incomplete; TLS has its own word for the end.
    if (socket instanceof Socket && !(socket instanceof TLSSocket) && !this.#delimited) socket.resetAndDestroy();
    this.#response.destroy();
  }

  /** Whether the client can tell the end of the answer from that of the connection. */
  get #delimited(): boolean {
    return this.#length !== undefined || this.#response.chunkedEncoding;
  }

  #writeHead(): void {
    const head = this.#head;
    if (head === undefined || this.#clientGone) return;
    this.#response.sendDate = false;
    if (this.#policy.last()) this.#response.shouldKeepAlive = false;
    // Trailers follow chunks alone; to announce them before anything else is an error.
    const chunked = this.#length === undefined && this.#response.useChunkedEncodingByDefault;
    const headers = chunked ? this.#rawHeaders : withoutTrailer(this.#rawHeaders);
    this.#response.writeHead(head.status, this.#statusMessage, headers as string[]);
  }

  #clientLeft(): void {
    if (this.#ended || this.#clientGone) return;
    this.#clientGone = true;
    this.#held = [];
    const { stopped } = this.#policy;
    if (!this.#response.req.complete || stopped.aborted) return this.#giveUp(CLIENT_CLOSED);
    // The request is out, and what it does is done: the answer tells what that was.
    this.#drain = setTimeout(this.#stop, DRAIN_MS);
    stopped.addEventListener("abort", this.#stop);
    this.#exchange?.resume();
  }

  readonly #stop = (): void => this.#giveUp(CLIENT_CLOSED);

  #giveUp(cause: Error): void {
    this.#exchange?.abort();
    this.#finished({ kind: "broken", sent: true, cause });
  }

  #finished(failure: UpstreamFailure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#drain !== undefined) {
      clearTimeout(this.#drain);
      this.#policy.stopped.removeEventListener("abort", this.#stop);
    }
    this.#answered.resolve({
      ...(this.#head === undefined ? {} : { head: this.#head }),
      body: this.#capture.result(failure === undefined),
      ...(failure === undefined ? {} : { failure }),
      clientGone: this.#clientGone,
      requestBroken: this.#requestBroken,
    });
  }
}

const CLIENT_CLOSED = new Error("the client closed its connection");

function withoutTrailer(raw: readonly string[]): readonly string[] {
  const at = raw.findIndex((name, index) => index % 2 === 0 && name.length === 7 && name.toLowerCase() === "trailer");
  return at < 0 ? raw : withoutTrailer(raw.toSpliced(at, 2));
}
