import type { Writable } from "node:stream";
import type { StreamedBody } from "./upstream.ts";
import { NotHttp, trailerFields } from "./upstream-fields.ts";

/** What is read ahead of the connection; beyond it the client waits. */
const READ_AHEAD_BYTES = 256 * 1024;

export interface BodySenderEvents {
  /** Some of it went out, or could. */
  moved(): void;
  /** All of it has been given to the connection. */
  sent(): void;
  /** It broke off, or is not what was announced. The connection cannot be used any more. */
  failed(cause: unknown): void;
}

/**
 * Writes a body to the upstream as it comes from the client, at the pace of the slower one.
 *
 * What was read is written only after everything that has arrived in the meantime was looked at: an upstream that refuses an
 * upload closes its connection behind the answer, and a write that fails would take the unread answer with it.
 */
export class BodySender {
  readonly #body: StreamedBody;
  readonly #to: Writable;
  readonly #events: BodySenderEvents;
  #read: Buffer[] = [];
  #readBytes = 0;
  #bytes = 0;
  #ended = false;
  #scheduled = false;
  #full = false;
  #state: "new" | "running" | "over" = "new";

  constructor(body: StreamedBody, to: Writable, events: BodySenderEvents) {
    this.#body = body;
    this.#to = to;
    this.#events = events;
  }

  /** Whether any of the body was taken from the client: it cannot be sent again then. */
  get begun(): boolean {
    return this.#bytes > 0 || this.#readBytes > 0 || this.#ended;
  }

  /** Whether the upstream is the one to move. */
  get waiting(): boolean {
    return this.#full;
  }

  get over(): boolean {
    return this.#state === "over";
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    const { readable } = this.#body;
    readable.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    this.#to.on("drain", this.#onDrain);
    if (readable.readableEnded) this.#onEnd();
    else if (readable.destroyed) this.#onClose();
    else readable.resume();
  }

  /** Sends no more and reads no more. */
  stop(): void {
    if (this.#state === "running") {
      this.#detach();
      this.#body.readable.pause();
    }
    this.#state = "over";
    this.#read = [];
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#read.push(chunk);
    this.#readBytes += chunk.length;
    if (this.#readBytes >= READ_AHEAD_BYTES) this.#body.readable.pause();
    this.#schedule();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#schedule();
  };

  readonly #onError = (cause: unknown): void => this.#fail(cause);
  readonly #onClose = (): void => {
    if (!this.#ended) this.#fail(new NotHttp("the request's body broke off"));
  };

  readonly #onDrain = (): void => {
    this.#full = false;
    this.#events.moved();
    this.#schedule();
  };

  #schedule(): void {
    if (this.#scheduled || this.#full) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#state === "running") this.#write();
    });
  }

  #write(): void {
    const chunks = this.#read;
    const bytes = this.#readBytes;
    this.#read = [];
    this.#readBytes = 0;
    this.#bytes += bytes;
    const { length, readable } = this.#body;
    if (length !== undefined && (this.#bytes > length || (this.#ended && this.#bytes < length))) {
      this.#fail(new NotHttp(`the request's body has not the ${length} bytes that were announced`));
      return;
    }
    try {
      this.#to.cork();
      if (length === undefined && bytes > 0) this.#to.write(`${bytes.toString(16)}\r\n`, "latin1");
      for (const chunk of chunks) this.#to.write(chunk);
      if (length === undefined && bytes > 0) this.#to.write("\r\n", "latin1");
      if (length === undefined && this.#ended) this.#to.write(lastChunk(this.#body.trailers()), "latin1");
      this.#to.uncork();
    } catch (cause) {
      this.#fail(cause);
      return;
    }
    // Writing may have told us that the connection is gone.
    if (this.#state !== "running") return;
    if (this.#ended) {
      this.#state = "over";
      this.#detach();
      this.#events.sent();
      return;
    }
    this.#full = this.#to.writableNeedDrain;
    this.#events.moved();
    if (!this.#full) readable.resume();
    else readable.pause();
  }

  #fail(cause: unknown): void {
    if (this.#state === "over") return;
    this.stop();
    this.#events.failed(cause);
  }

  #detach(): void {
    const { readable } = this.#body;
    readable.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose);
    this.#to.off("drain", this.#onDrain);
  }
}

/** @throws {NotHttp} when a trailer could be taken for more than itself. */
function lastChunk(rawTrailers: readonly string[]): string {
  const fields = trailerFields(rawTrailers);
  let text = "0\r\n";
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Reads what is left of a body that nobody wants, so that the client gets to the answer. */
export function discardRest({ readable }: StreamedBody): void {
  if (readable.destroyed || readable.readableEnded) return;
  readable.on("error", () => undefined);
  readable.resume();
}
