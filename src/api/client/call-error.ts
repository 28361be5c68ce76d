/** What is known of a call that did not succeed. */
export interface CallErrorFacts {
  readonly code: string;
  /** HTTP status; absent when no answer came. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A call that did not succeed: refused by the server in its own words, or never answered.
 *
 * `code` is AWS's error name; without an answer it is the system's (`ECONNREFUSED`, `ECONNRESET`) or `TimedOut`; for an
 * answer that is not AWS's it is `NotAnAwsAnswer`. The message is the server's text: not safe to print as it is.
 */
export class CallError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, { code, status, requestId, cause }: CallErrorFacts) {
    super(message, { cause });
    this.name = "CallError";
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }

  /** True when the server asks for fewer calls. */
  get throttled(): boolean {
    return this.status === 429 || THROTTLING.has(this.code);
  }

  /** True when the same call may succeed later: no answer, too many calls, or the server's own trouble. */
  get transient(): boolean {
    return this.status === undefined || this.status >= 500 || this.throttled;
  }

  /** True when trying again at once is worth it: not where nobody listens, nor after having waited for long. */
  get retryable(): boolean {
    return this.status === undefined ? CONNECTION_LOST.has(this.code) : this.transient;
  }
}

const THROTTLING: ReadonlySet<string> = new Set([
  "RequestLimitExceeded",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);

/** The server, or somebody between, closed a connection that was open: a kept one may have been closed while idle. */
const CONNECTION_LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);
