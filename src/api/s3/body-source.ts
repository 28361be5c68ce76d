import type { Readable } from "node:stream";
import type { OutgoingRequest } from "../../capture/index.ts";
import { Failure } from "../../core/index.ts";

/** So much of a body may wait in memory for its reader, bytes; what comes in one piece may go beyond. */
const WAITING_BYTES_MAX = 256 * 1024;

/**
 * The bytes of a request's body as they came, read once, at the reader's pace. A reader that stops early leaves the stream
 * whole, so that `discard()` can take the rest of it: the client, who writes before it reads, gets to its answer.
 */
export class BodySource implements AsyncIterable<Uint8Array> {
  readonly #body: OutgoingRequest["body"];
  readonly #wanted: () => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #ended = false;
  #failure: { readonly cause: unknown } | undefined;
  #moved: PromiseWithResolvers<void> = Promise.withResolvers();
  #listens = false;

  /** `wanted` is called once, when the first byte is asked for. */
  constructor(body: OutgoingRequest["body"], wanted: () => void) {
    this.#body = body;
    this.#wanted = wanted;
    // It may break before it is read, and after nobody wants it any more.
    if (body.kind === "stream") body.readable.on("error", ignore);
  }

  /** Why the body did not come to its end; undefined while nothing is known to be wrong. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure;
  }

  /** Whether anybody asked for it. */
  get begun(): boolean {
    return this.#listens;
  }

  /** Bytes as announced for the whole; undefined when the client does not know. */
  get length(): number | undefined {
    switch (this.#body.kind) {
      case "none":
        return 0;
      case "whole":
        return this.#body.bytes.length;
      case "stream":
        return this.#body.length;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#body.kind === "whole") yield this.#body.bytes;
    if (this.#body.kind !== "stream") return;
    const { readable } = this.#body;
    this.#listen(readable);
    for (;;) {
      const pieces = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      yield* pieces;
      if (this.#waiting.length > 0) continue;
      if (this.#failure !== undefined) throw this.#failure.cause;
      if (this.#ended) return;
      this.#moved = Promise.withResolvers();
      readable.resume();
      await this.#moved.promise;
    }
  }

  /** Whoever reads it hears that there is no more. */
  abort(cause: unknown): void {
    this.#fail(cause);
    this.#unlisten();
  }

  /** Reads the rest away: nobody wants it. */
  discard(): void {
    if (this.#body.kind !== "stream") return;
    const { readable } = this.#body;
    this.#unlisten();
    this.#waiting = [];
    if (readable.destroyed || readable.readableEnded) return;
    readable.resume();
  }

  #listen(readable: Readable): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#wanted();
    readable.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    if (readable.readableEnded) this.#onEnd();
    else if (readable.destroyed) this.#onClose();
  }

  #unlisten(): void {
    if (this.#body.kind !== "stream") return;
    const { readable } = this.#body;
    readable.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    readable.pause();
  }

  readonly #onData = (piece: Uint8Array): void => {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes >= WAITING_BYTES_MAX && this.#body.kind === "stream") this.#body.readable.pause();
    this.#moved.resolve();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#moved.resolve();
  };

  readonly #onError = (cause: unknown): void => this.#fail(cause);

  readonly #onClose = (): void => {
    if (this.#ended || this.#body.kind !== "stream") return;
    this.#fail(this.#body.readable.errored ?? new Failure("the request's body broke off"));
  };

  #fail(cause: unknown): void {
    if (!this.#ended) this.#failure ??= { cause };
    this.#moved.resolve();
  }
}

function ignore(): void {
  // Whoever reads hears of it in another way.
}
