import type { OnReadOpts, Socket } from "node:net";
import { type AnswerEvents, type AnswerHead, AnswerReader } from "./upstream-answer.ts";
import { BodySender, type BodySenderEvents, discardRest } from "./upstream-body.ts";
import type { Exchange } from "./upstream-exchange.ts";
import { expects, NotHttp } from "./upstream-fields.ts";

/** Up to here head and body go out in one buffer. */
const JOINED_BYTES_MAX = 64 * 1024;

const READ_BYTES = 64 * 1024;

/** Begins to connect. With `onread` bytes go there instead of becoming events, which is cheaper. */
export type Connect = (onread: OnReadOpts | undefined) => { readonly socket: Socket; readonly ready: string };

/** What a connection asks of the pool that it belongs to. */
export interface ConnectionOwner {
  /** The time, counted in ticks from when the pool was opened. */
  readonly tick: number;
  readonly patience: Patience;
  /** It can carry an exchange: it is open and has none. */
  free(connection: UpstreamConnection): void;
  /** It is closed, or somebody else's. */
  gone(connection: UpstreamConnection): void;
  /** The connection was lost, but the exchange may go out once more over a new one. */
  again(exchange: Exchange): void;
}

/** How many ticks each thing may take. */
export interface Patience {
  readonly connect: number;
  readonly headers: number;
  readonly idle: number;
  readonly continue: number;
  /** For the answer to arrive after writing has failed. */
  readonly lastWord: number;
  /** `limitMs` is what the upstream allows. */
  keepAlive(limitMs: number | undefined): number;
}

/** One connection to the upstream, with one exchange on it at a time. */
export class UpstreamConnection implements AnswerEvents, BodySenderEvents {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: AnswerReader = new AnswerReader(this);
  #state: "connecting" | "open" | "gone" = "connecting";
  #exchange: Exchange | undefined;
  #sender: BodySender | undefined;
  /** How far the request is: the upstream is asked for leave, the body is under way, all is sent, the rest never will be. */
  #request: "asking" | "sending" | "sent" | "given up" = "sent";
  /** How far the answer is: nothing of it, some bytes, its head. */
  #answer: "none" | "begun" | "head" = "none";
  #paused = false;
  #uses = 0;
  #deadline: number;
  #writeError: Error | undefined;

  /** `upgradable`: the socket may be handed over. */
  constructor(connect: Connect, upgradable: boolean, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#deadline = owner.tick + owner.patience.connect;
    const { socket, ready } = connect(upgradable ? undefined : this.#onread());
    this.#socket = socket;
    socket.once(ready, this.#onReady);
    if (upgradable) socket.on("data", this.#onData);
    socket.on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    // An upstream that refuses an upload closes behind its answer, and a write that fails would take the unread answer
    // with it: Node destroys the socket at once.
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (cause?: NodeJS.ErrnoException) => {
      const reads = cause?.syscall === "write" && this.#listensOn(cause);
      return reads ? socket : destroy(cause);
    };
  }

  #onread(): OnReadOpts {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (bytes: number): boolean => {
      this.#onData(buffer.subarray(0, bytes));
      return true;
    };
    return { buffer, callback };
  }

  /** Takes the exchange: it goes out now, or as soon as the connection is open. */
  carry(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.connection = this;
    if (this.#state === "open") this.#send(exchange);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    this.#rearm();
  }

  /** Closes at once, without a word to the exchange. */
  destroy(): void {
    if (this.#state === "gone") return;
    this.#leave();
    this.#socket.destroy();
    this.#owner.gone(this);
  }

  /** Ends what has taken too long. */
  check(): void {
    if (this.#owner.tick < this.#deadline) return;
    if (this.#exchange === undefined) this.destroy();
    else if (this.#writeError !== undefined) this.#lost("broken", this.#writeError);
    // Some servers know no interim answers: their silence is taken for leave, as clients do.
    else if (this.#request === "asking") this.continued();
    else this.#lost("timeout", new Error("the upstream took too long"));
  }

  readonly #onReady = (): void => {
    this.#state = "open";
    if (this.#exchange === undefined) this.#owner.free(this);
    else this.#send(this.#exchange);
  };

  readonly #onData = (chunk: Buffer): void => {
    // What nobody asked for could be taken for the next answer.
    if (!this.#reader.busy) return this.destroy();
    if (this.#answer === "none") this.#answer = "begun";
    this.#understand(() => this.#reader.read(chunk));
    if (this.#answer === "head") this.#rearm();
  };

  readonly #onEnd = (): void => {
    if (this.#reader.busy) this.#understand(() => this.#reader.ended());
    else this.#lost("broken", new NotHttp("the upstream closed the connection"));
  };

  readonly #onError = (cause: Error): void => this.#lost("broken", cause);
  readonly #onClose = (): void => this.#lost("broken", new NotHttp("the connection was closed"));

  /** Writing has failed: whether it is waited for what can still be read. */
  #listensOn(cause: Error): boolean {
    if (this.#state !== "open" || this.#exchange === undefined || this.#writeError !== undefined) return false;
    if (this.#stale()) return false;
    this.#writeError = cause;
    if (this.#request === "asking" || this.#request === "sending") this.#giveUpBody();
    this.#rearm();
    return true;
  }

  #understand(read: () => void): void {
    try {
      read();
    } catch (cause) {
      if (!(cause instanceof NotHttp)) throw cause;
      this.#lost("broken", cause);
    }
  }

  #send(exchange: Exchange): void {
    const { request, head } = exchange;
    const { body } = request;
    this.#uses += 1;
    this.#answer = "none";
    this.#reader.start(request.method, exchange.upgrade !== undefined);
    if (body.kind === "stream") {
      this.#sender = new BodySender(body, this.#socket, this);
      this.#request = expects(request) ? "asking" : "sending";
      this.#socket.write(head, "latin1");
      if (this.#request === "sending") this.#sender.start();
    } else {
      this.#request = "sent";
      if (body.kind === "none") this.#socket.write(head, "latin1");
      else this.#writeWhole(head, body.bytes);
    }
    this.#rearm();
  }

  #writeWhole(head: string, bytes: Uint8Array): void {
    if (bytes.length > JOINED_BYTES_MAX) {
      this.#socket.write(head, "latin1");
      this.#socket.write(bytes);
      return;
    }
    const message = Buffer.allocUnsafe(head.length + bytes.length);
    message.write(head, "latin1");
    message.set(bytes, head.length);
    this.#socket.write(message);
  }

  /** The connection cannot be used any more. */
  #lost(kind: "broken" | "timeout", cause: unknown): void {
    if (this.#state === "gone") return;
    const exchange = this.#exchange;
    const opened = this.#state === "open";
    const again = kind === "broken" && this.#stale();
    this.destroy();
    if (exchange === undefined) return;
    if (again) this.#owner.again(exchange);
    else exchange.failed({ kind: opened ? kind : "unreachable", sent: opened, cause });
  }

  /**
   * Whether the connection was closed before the request reached anybody, as far as can be told, and another may take it.
   * A request whose body was announced but not begun cannot have been acted on; one whose body was taken from the client
   * cannot be repeated; any other may be if its call may.
   */
  #stale(): boolean {
    if (this.#uses < 2 || this.#answer !== "none") return false;
    return this.#sender === undefined ? this.#exchange?.repeatable === true : !this.#sender.begun;
  }

  #leave(): void {
    this.#state = "gone";
    this.#reader.stop();
    this.#sender?.stop();
    this.#exchange = undefined;
  }

  #rearm(): void {
    this.#deadline = this.#owner.tick + this.#allowed();
  }

  /** How many ticks until something has to happen; for ever when the client is the one to move. */
  #allowed(): number {
    const { patience } = this.#owner;
    if (this.#exchange === undefined) return patience.keepAlive(this.#reader.keepAliveMs);
    if (this.#writeError !== undefined && !this.#paused) return patience.lastWord;
    if (this.#request === "asking") return patience.continue;
    if (this.#request === "sending") return this.#sender?.waiting === true ? patience.idle : Number.POSITIVE_INFINITY;
    if (this.#answer !== "head") return patience.headers;
    return this.#paused ? Number.POSITIVE_INFINITY : patience.idle;
  }

  /** Whoever wrote the body is not asked for more; who has begun to send it is read to the end. */
  #giveUpBody(): void {
    const begun = this.#request === "sending";
    this.#request = "given up";
    this.#sender?.stop();
    const body = this.#exchange?.request.body;
    if (begun && body?.kind === "stream") discardRest(body);
  }

  // What the reader tells.

  continued(): void {
    if (this.#request !== "asking") return;
    this.#request = "sending";
    this.#exchange?.continued();
    // The client may have been found gone.
    if (this.#state !== "open") return;
    this.#sender?.start();
    this.#rearm();
  }

  switched({ statusMessage, rawHeaders }: AnswerHead, headBytes: Buffer, rest: Buffer): void {
    const exchange = this.#exchange;
    const socket = this.#socket;
    this.#leave();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose);
    // Whoever gets it may have something to do before it listens; an error without a listener would be fatal.
    socket.on("error", () => undefined);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#owner.gone(this);
    exchange?.switched({ statusMessage, rawHeaders, headBytes, socket });
  }

  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void {
    this.#answer = "head";
    // An upstream that refuses does not want the rest (RFC 9112 section 9.5); one that agrees may answer while it reads.
    if (this.#request === "asking" || (this.#request === "sending" && status >= 300)) this.#giveUpBody();
    this.#exchange?.answered(status, statusMessage, rawHeaders);
  }

  data(chunk: Buffer): void {
    // What was read into is read into again.
    if (this.#exchange?.data(Buffer.from(chunk)) !== false) return;
    this.#paused = true;
    this.#socket.pause();
  }

  end(rawTrailers: readonly string[], reusable: boolean): void {
    const exchange = this.#exchange;
    if (this.#request === "sending") this.#giveUpBody();
    this.#exchange = undefined;
    this.#sender = undefined;
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    this.#rearm();
    // Free before the answer is told: whoever hears of its end may send the next request.
    const whole = this.#request === "sent" && this.#writeError === undefined && exchange?.upgrade === undefined;
    if (reusable && whole) this.#owner.free(this);
    else this.destroy();
    exchange?.end(rawTrailers);
  }

  // What the sender tells.

  moved(): void {
    this.#rearm();
  }

  sent(): void {
    this.#request = "sent";
    this.#rearm();
  }

  failed(cause: unknown): void {
    this.#lost("broken", cause);
  }
}
