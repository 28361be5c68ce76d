import type { Readable } from "node:stream";

/** What goes to the upstream. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query exactly as the client sent them. */
  readonly target: string;
  /**
   * Name, value, name, value …: the client's headers as they came, in order, case and duplicates kept, Host included. Those
   * that belong to one connection (Connection, Keep-Alive, Transfer-Encoding, Proxy-*, TE, Expect, Upgrade) are dealt with
   * by the sender and may be among them.
   */
  readonly rawHeaders: readonly string[];
  readonly body:
    | { readonly kind: "none" }
    | { readonly kind: "whole"; readonly bytes: Uint8Array }
    /** `length` when the client announced it; otherwise it goes out chunked. `trailers` is asked once the body has ended. */
    | {
        readonly kind: "stream";
        readonly readable: Readable;
        readonly length?: number;
        readonly trailers: () => readonly string[];
      };
  /** The client waits for `100 Continue`: the upstream is asked, and its answer relayed, before the body is read. */
  readonly expectContinue: boolean;
}

/** Who hears what the upstream answers: `head` once, `data` any number of times, then `end`; or `failed` at any point, last. */
export interface AnswerReceiver {
  continued(): void;
  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void;
  /** False asks the sender to stop reading until `resume()` is called on the exchange. */
  data(chunk: Uint8Array): boolean;
  end(rawTrailers: readonly string[]): void;
  failed(failure: UpstreamFailure): void;
}

/** One request under way. */
export interface UpstreamExchange {
  resume(): void;
  /** Gives up: the connection is closed, nothing more is told. */
  abort(): void;
}

/**
 * Why there is no whole answer.
 *
 * - `unreachable`: no connection; the request did not go out.
 * - `timeout`: connected, but no answer in time.
 * - `broken`: the connection ended, or what came was not HTTP.
 */
export interface UpstreamFailure {
  readonly kind: "unreachable" | "timeout" | "broken";
  /** Whether any byte of the request may have reached the upstream. */
  readonly sent: boolean;
  readonly cause: unknown;
}
