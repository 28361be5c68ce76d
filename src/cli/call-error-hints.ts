import type { CallError } from "../api/client/index.ts";

/** What to do next, by error code; the first pattern that matches counts. */
const NEXT_STEPS: readonly (readonly [code: RegExp, step: string])[] = [
  [/^ECONNREFUSED$/, 'start the server with "opentrail up", or name another with --endpoint-url'],
  [/^(ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/, "check --endpoint-url and AWS_ENDPOINT_URL"],
  [/^(ECONNRESET|EPIPE|TimedOut|NoAnswer)$/, "see whether the server is well, and try again"],
  [
    /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$/,
    "check the server's certificate; NODE_EXTRA_CA_CERTS names a file with your own authority",
  ],
  [/^NotAnAwsAnswer$/, "check --endpoint-url: it is the address of the API (4580 by default), not of the console"],
  [
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId)/,
    "this server does not know the access key; check AWS_PROFILE and --endpoint-url",
  ],
  [/^ExpiredToken|^RequestExpired/, "get new temporary credentials"],
  [/^RequestTimeTooSkewed$/, "set this machine's clock"],
  [/Signature/, "the secret key does not belong to the access key, or this machine's clock is wrong"],
  [/AccessDenied|Unauthorized/, 'ask for the permission, or use another profile; "opentrail whoami" tells who you are'],
  [/^(Throttling|TooManyRequests|RequestLimitExceeded|SlowDown)/, "wait a moment and try again"],
];

/** One line: what happened in the server's words, and what to do about it. Not yet safe to print. */
export function describeCallError({ code, message, status, requestId }: CallError): string {
  const next =
    NEXT_STEPS.find(([pattern]) => pattern.test(code))?.[1] ?? (status === undefined ? undefined : serverStep(status));
  const said =
    status === undefined || code === "NotAnAwsAnswer" ? message : `${code}${message === "" ? "" : `: ${message}`}`;
  const request = requestId === undefined ? "" : ` (request ${requestId})`;
  return `${said.replace(/[.\s]+$/, "")}${request}${next === undefined ? "" : `; ${next}`}`;
}

function serverStep(status: number): string | undefined {
  return status >= 500 ? "look at the server's log and /healthz" : undefined;
}
