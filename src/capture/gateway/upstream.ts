import type { Duplex, Readable } from "node:stream";
import type { ResolvedCall } from "../../aws/index.ts";
import type { Caller } from "../../identity/index.ts";

/** What goes to the upstream. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query exactly as the client sent them. */
  readonly target: string;
  /**
   * Name, value, name, value …: the client's headers as they came, in order, case and duplicates kept, Host included. Those
   * that belong to one connection (Connection and what it names, Keep-Alive, Transfer-Encoding, Proxy-*, TE, Expect,
   * Upgrade) are dealt with by the sender and may be among them, as may any Content-Length: the sender writes its own.
   */
  readonly rawHeaders: readonly string[];
  readonly body: { readonly kind: "none" } | { readonly kind: "whole"; readonly bytes: Uint8Array } | StreamedBody;
  /** The client waits for `100 Continue`: the upstream is asked, and its answer relayed, before the body is read. */
  readonly expectContinue: boolean;
  /**
   * Whether the call may reach the upstream twice: it is sent again, once, when a connection that was kept from an earlier
   * call proves to have been closed. Without it the method decides (RFC 9110 section 9.2.2), which is wrong for
   * `GET /?Action=CreateUser` and needlessly careful with a POST that only reads.
   */
  readonly repeatable?: boolean;
  /** Who calls, for an upstream inside this process; present on routes that enforce. */
  readonly from?: CallOrigin;
}

/** A call that was proven and allowed. */
export interface CallOrigin {
  readonly caller: Caller;
  readonly requestId: string;
  /** Region of the signature's scope. */
  readonly region: string;
  /** When it arrived, milliseconds since 1970. */
  readonly now: number;
  readonly resolved: ResolvedCall;
  /** All of the parsed input but the streamed body, by the model's member names. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether the caller may list that bucket: nobody else is told that something is not there. */
  readonly mayList: (bucket: string) => Promise<boolean>;
}

/**
 * A body that comes while it is sent. `length` when the client announced it; otherwise it goes out chunked, followed by
 * `trailers`, asked once it has ended. The sender reads all of it, whatever the upstream does: once nobody wants the rest,
 * it is thrown away, so that a client which writes before it reads gets its answer. Two exceptions, where the rest is the
 * caller's: after `abort()`, and when `100 Continue` never came.
 */
export interface StreamedBody {
  readonly kind: "stream";
  readonly readable: Readable;
  readonly length?: number;
  readonly trailers: () => readonly string[];
}

/**
 * Who hears what the upstream answers: `head` once, `data` any number of times, then `end`; or `failed` at any point, last.
 * Nothing is told before `send` has returned. Headers and trailers come without those of the connection; the framing is
 * checked and undone, so a Content-Length among them is true.
 */
export interface AnswerReceiver {
  /** At most once, and only when the request expects it: the body is wanted and will be read from now on. */
  continued(): void;
  head(status: number, statusMessage: string, rawHeaders: readonly string[]): void;
  /** False asks the sender to stop reading until `resume()` is called; what has been read (64 KiB at most) still comes. */
  data(chunk: Uint8Array): boolean;
  end(rawTrailers: readonly string[]): void;
  failed(failure: UpstreamFailure): void;
}

/** Hears of an upgrade too: either `switched`, which is then last, or an ordinary answer. */
export interface UpgradeReceiver extends AnswerReceiver {
  switched(switched: SwitchedProtocols): void;
}

/** The upstream speaks another protocol from here on. */
export interface SwitchedProtocols {
  readonly statusMessage: string;
  /** All of them, those of the connection too. */
  readonly rawHeaders: readonly string[];
  /** The answer's head as it stood on the wire, with its empty line. */
  readonly headBytes: Uint8Array;
  /**
   * Paused; what came behind the head is read from it first. It is the receiver's now, who has to close it. Its errors are
   * not fatal, but it may be `destroyed` already when the receiver comes to listen.
   */
  readonly socket: Duplex;
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
 * - `timeout`: no answer, or no more of it, in time.
 * - `broken`: the connection ended, what came was not HTTP, or the request's own body broke off.
 */
export interface UpstreamFailure {
  readonly kind: "unreachable" | "timeout" | "broken";
  /** Whether any byte of the request may have reached the upstream. */
  readonly sent: boolean;
  readonly cause: unknown;
}

export interface UpstreamOptions {
  /** `http://host:port` or `https://host:port`, nothing behind it. */
  readonly url: string;
  readonly tls?: {
    /** PEM certificates to trust instead of Node's own list. */
    readonly ca?: string | readonly string[];
    /** The name that the certificate must bear; the url's host unless given. */
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
    /** PEM: who we are, for upstreams that ask. */
    readonly cert?: string;
    readonly key?: string;
  };
  /** Name resolution, TCP and TLS together. */
  readonly connectTimeoutMs?: number;
  /** From the end of the request, or from waiting for a free connection, to the end of the answer's head. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of a body, in either direction, while the upstream is the one to move. */
  readonly idleTimeoutMs?: number;
  /** How long the upstream may take to say `100 Continue` before it counts as said. */
  readonly continueTimeoutMs?: number;
  /** How long a connection is kept for the next call, unless the upstream wants less. */
  readonly keepAliveMs?: number;
  /** Calls beyond it wait for their turn. Upgraded connections do not count. */
  readonly connectionsMax?: number;
}

/** The server behind the gateway, reached over a pool of HTTP/1.1 connections. */
export interface Upstream {
  /** Sends any method but CONNECT. */
  send(request: OutgoingRequest, receiver: AnswerReceiver): UpstreamExchange;
  /** Sends a request without a body, asking for the protocol in its Upgrade header. */
  upgrade(request: OutgoingRequest, receiver: UpgradeReceiver): UpstreamExchange;
  /** Takes no more requests (they fail as unreachable); resolves once those under way are over: abort what must not last. */
  close(): Promise<void>;
}
