import type { Writable } from "node:stream";
import type { StreamedBody } from "./upstream.ts";
import { NotHttp, trailerFields } from "./upstream-fields.ts";

export interface BodySenderEvents {
  /** Some of it went out, or could. */
  moved(): void;
  /** All of it has been given to the connection. */
  sent(): void;
  /** It broke off, or is not what was announced: the connection cannot be used any more. Never from within `start()`. */
  failed(cause: unknown): void;
}

/** Writes a body to the upstream as it comes from the client, at the pace of the slower one. */
export class BodySender {
  readonly #body: StreamedBody;
  readonly #to: Writable;
  readonly #events: BodySenderEvents;
  #state: "new" | "running" | "over" = "new";
  #bytes = 0;
  #waiting = false;

  constructor(body: StreamedBody, to: Writable, events: BodySenderEvents) {
    this.#body = body;
    this.#to = to;
    this.#events = events;
  }

  /** Whether any of the body may have been sent, its end included: it cannot be sent again then. */
  get begun(): boolean {
    return this.#bytes > 0 || this.#state === "over";
  }

  /** Whether the upstream is the one to move. */
  get waiting(): boolean {
    return this.#waiting;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    const { readable } = this.#body;
    readable.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    this.#to.on("drain", this.#onDrain);
    if (readable.readableEnded) this.#onEnd();
    else if (readable.destroyed) process.nextTick(this.#onClose);
    else readable.resume();
  }

  /** Sends no more and reads no more. */
  stop(): void {
    if (this.#state !== "running") return;
    this.#detach();
    this.#body.readable.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    const { length, readable } = this.#body;
    this.#bytes += chunk.length;
    if (length !== undefined && this.#bytes > length) return this.#fail(unlike(length));
    if (length === undefined) this.#writeChunk(chunk);
    else this.#to.write(chunk);
    this.#waiting = this.#to.writableNeedDrain;
    if (this.#waiting) readable.pause();
    this.#events.moved();
  };

  readonly #onDrain = (): void => {
    this.#waiting = false;
    this.#body.readable.resume();
    this.#events.moved();
  };

  readonly #onEnd = (): void => {
    const { length, trailers } = this.#body;
    if (length !== undefined && this.#bytes < length) return this.#fail(unlike(length));
    try {
      if (length === undefined) this.#to.write(lastChunk(trailers()), "latin1");
    } catch (cause) {
      return this.#fail(cause);
    }
    this.#detach();
    this.#events.sent();
  };

  readonly #onError = (cause: unknown): void => this.#fail(cause);
  readonly #onClose = (): void =>
    // It may have failed before anybody listened.
    this.#fail(this.#body.readable.errored ?? new NotHttp("the request's body broke off"));

  #writeChunk(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#to.cork();
    this.#to.write(`${chunk.length.toString(16)}\r\n`, "latin1");
    this.#to.write(chunk);
    this.#to.write("\r\n", "latin1");
    this.#to.uncork();
  }

  #fail(cause: unknown): void {
    if (this.#state !== "running") return;
    this.stop();
    this.#events.failed(cause);
  }

  #detach(): void {
    this.#state = "over";
    const { readable } = this.#body;
    readable.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose);
    this.#to.off("drain", this.#onDrain);
  }
}

/** Reads what is left of a body that nobody wants, so that the client gets to the answer. */
export function discardRest({ readable }: StreamedBody): void {
  if (readable.destroyed || readable.readableEnded) return;
  readable.on("error", () => undefined);
  readable.resume();
}

/** @throws {NotHttp} when a trailer could be taken for more than itself. */
function lastChunk(rawTrailers: readonly string[]): string {
  const fields = trailerFields(rawTrailers);
  let text = "0\r\n";
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return `${text}\r\n`;
}

function unlike(length: number): NotHttp {
  return new NotHttp(`the request's body has not the ${length} bytes that were announced`);
}
