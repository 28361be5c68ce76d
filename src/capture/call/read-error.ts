import { parseError, type ParsedError, type Protocol, type Service, type WireResponse } from "../../aws/index.ts";

/** What an answer that is an error says. */
export interface ReadError {
  readonly errorCode: string;
  readonly errorMessage?: string;
}

export interface ErrorNeeds {
  /** Absent when the service is not known; the code is then taken from where the protocol puts it. */
  readonly service?: Service;
  readonly protocol: Protocol;
  readonly eventSource: string;
  /** Whether the call is about an object rather than a bucket; only S3 needs it. */
  readonly hasKey: boolean;
}

/** Longer messages are cut: a record holds 1 KB of it, and the rest would only be carried around. */
const MESSAGE_LENGTH_MAX = 2048;
const CODE_LENGTH_MAX = 256;

/**
 * Code and message of an error in any protocol, or what the status alone says. Never throws. `cleaned` makes the message fit
 * to be shown, before it is cut: half a secret is one too.
 */
export function readError(
  needs: ErrorNeeds,
  response: WireResponse,
  cleaned: (message: string) => string = (message) => message,
): ReadError {
  const said = parsed(needs, response);
  const code = cleanCode(said.code) ?? statusCode(needs, response.status);
  const message = said.message === "" ? undefined : cleaned(said.message).slice(0, MESSAGE_LENGTH_MAX);
  return {
    errorCode: needs.eventSource === "ec2.amazonaws.com" ? ec2Code(code, response.status) : code,
    ...(message === undefined ? {} : { errorMessage: message }),
  };
}

type Said = Pick<ParsedError, "code" | "message">;

function parsed({ service, protocol }: ErrorNeeds, response: WireResponse): Said {
  const fallback = (): Said => saidAnyhow(response);
  if (service === undefined) return fallback();
  try {
    const said = parseError(service, protocol, response);
    return said.code === "" ? fallback() : said;
  } catch {
    // An error body that breaks its own protocol still may name itself.
    return fallback();
  }
}

/** Looked for in no more than this: what is far down in a page is no error of AWS's. */
const LOOKED_AT = 64 * 1024;

/** The code where any protocol would put it: servers answer in a protocol that the client did not speak. */
function saidAnyhow({ headers, body }: WireResponse): Said {
  const text = Buffer.from(body.subarray(0, LOOKED_AT)).toString("utf8");
  const header = headers["x-amzn-errortype"] ?? headers["x-amz-error-code"] ?? "";
  const code =
    header.split(":", 1)[0] ||
    /<Code>([^<]{1,256})<\/Code>/.exec(text)?.[1] ||
    /"(?:__type|code|Code)"\s*:\s*"([^"]{1,256})"/.exec(text)?.[1] ||
    "";
  const message =
    /<Message>([^<]{1,2048})<\/Message>/.exec(text)?.[1] ??
    /"(?:message|Message|errorMessage)"\s*:\s*"([^"]{1,2048})"/.exec(text)?.[1] ??
    headers["x-amz-error-message"] ??
    (code === "" ? titleOf(text) : "");
  return { code: code.split("#").at(-1) ?? "", message };
}

/** What a proxy's page is headed. */
function titleOf(text: string): string {
  return /<title>([^<]{1,200})<\/title>/i.exec(text)?.[1]?.trim() ?? "";
}

/** A code is a name: anything else that stands in its place is none. */
function cleanCode(code: string): string | undefined {
  return code.length <= CODE_LENGTH_MAX && /^[A-Za-z][\w.:-]*$/.test(code) ? code : undefined;
}

const S3_CODES: ReadonlyMap<number, string> = new Map([
  [301, "PermanentRedirect"],
  [307, "TemporaryRedirect"],
  [400, "BadRequest"],
  [403, "AccessDenied"],
  [405, "MethodNotAllowed"],
  [412, "PreconditionFailed"],
  [416, "InvalidRange"],
  [501, "NotImplemented"],
  [503, "ServiceUnavailable"],
]);

const CODES: ReadonlyMap<number, string> = new Map([
  [400, "BadRequest"],
  [401, "Unauthorized"],
  [403, "AccessDenied"],
  [404, "NotFound"],
  [405, "MethodNotAllowed"],
  [408, "RequestTimeout"],
  [409, "Conflict"],
  [412, "PreconditionFailed"],
  [413, "RequestEntityTooLarge"],
  [429, "TooManyRequestsException"],
  [500, "InternalFailure"],
  [501, "NotImplemented"],
  [502, "BadGateway"],
  [503, "ServiceUnavailable"],
  [504, "GatewayTimeout"],
]);

/** The code of an error that does not name itself: the answers to HEAD requests have no body, and proxies speak HTML. */
function statusCode({ eventSource, hasKey }: ErrorNeeds, status: number): string {
  if (eventSource === "s3.amazonaws.com" || eventSource === "s3express.amazonaws.com") {
    if (status === 404) return hasKey ? "NoSuchKey" : "NoSuchBucket";
    const code = S3_CODES.get(status);
    if (code !== undefined) return code;
  }
  return CODES.get(status) ?? (status >= 500 ? "InternalFailure" : `HTTP${status}`);
}

/** EC2 says in its records, not on the wire, who is to blame. */
function ec2Code(code: string, status: number): string {
  if (/^(?:Client|Server)\./.test(code)) return code;
  return `${status >= 500 ? "Server" : "Client"}.${code}`;
}
