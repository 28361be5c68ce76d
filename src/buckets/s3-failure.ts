import { BucketFailure } from "./bucket-store.ts";

/** What an answer without a readable error means, as the answers to HEAD are. */
const BY_STATUS: ReadonlyMap<number, string> = new Map([
  [301, "PermanentRedirect"],
  [307, "TemporaryRedirect"],
  [400, "InvalidRequest"],
  [401, "AccessDenied"],
  [403, "AccessDenied"],
  [404, "NotFound"],
  [405, "MethodNotAllowed"],
  [409, "OperationAborted"],
  [412, "PreconditionFailed"],
  [429, "SlowDown"],
  [501, "NotImplemented"],
  [503, "ServiceUnavailable"],
]);

/** Names that the SDK gives to answers whose error it could not read. */
const NOT_A_CODE = /^(?:\d+|Unknown|UnknownError|Error|S3ServiceException|SyntaxError|TypeError|.*\s.*|)$/;

const TRANSIENT: ReadonlySet<string> = new Set([
  "InternalError",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Unreachable",
]);

/** What the SDK threw, as a failure that bears S3's code; `timedOut` when it was us who gave up. */
export function s3Failure(doing: string, thrown: unknown, timedOut: boolean): BucketFailure {
  if (thrown instanceof BucketFailure) return thrown;
  const code = timedOut ? "Timeout" : codeOf(thrown);
  return new BucketFailure(code, `${doing}: ${code}`, thrown);
}

/** Whether the same call may well succeed at once. */
export function isTransient(failure: unknown): boolean {
  return failure instanceof BucketFailure && TRANSIENT.has(failure.code);
}

interface Thrown {
  readonly name?: string;
  /** The system's code. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

function codeOf(thrown: unknown): string {
  const { name = "", code = "", $metadata } = thrown as Thrown;
  const status = $metadata?.httpStatusCode;
  // The SDK calls a connection that was closed a time-out too.
  if (status === undefined) return name === "TimeoutError" && !CLOSED.has(code) ? "Timeout" : "Unreachable";
  if (!NOT_A_CODE.test(name)) return name;
  return BY_STATUS.get(status) ?? (status >= 500 ? "InternalError" : "InvalidRequest");
}
