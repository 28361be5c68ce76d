import { Agent, type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Failure } from "../../core/index.ts";
import { type AddressGuard, AddressRefused } from "./address-guard.ts";
import type { HostLookup } from "./host-lookup.ts";

export interface HttpRequest {
  readonly url: string;
  /** `POST` when absent. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** By names in lower case; several of a name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `RESPONSE_BYTES_MAX`. */
  readonly body: Buffer;
  /** False when the body was cut: it was too long, too slow, or the other side closed early. */
  readonly complete: boolean;
}

/**
 * Makes a request and resolves with its answer, whatever the status; redirects are not followed. The address is checked
 * where the connection is made, so that no name can mean something else by then.
 * @throws {AddressRefused} when the guard does not allow where it would go.
 * @throws {BadRequest} when it can never be made as it is.
 * @throws {Failure} when there was no answer.
 */
export type GuardedHttp = (request: HttpRequest) => Promise<HttpResponse>;

/** The URL or a header cannot be sent. */
export class BadRequest extends Failure {}

/** What is read of an answer. */
export const RESPONSE_BYTES_MAX: number = 64 * 1024;
/** How long a body may take once its status is known: that has said all that matters. */
const BODY_MS_MAX = 5_000;
/** Connections to one host that are kept for the next request: as many as a lane uses at once. */
const FREE_SOCKETS_MAX = 64;
/** Connections that nobody uses are closed after this time. */
const IDLE_MS = 10_000;

/** These are the connection's own; nobody sets them from outside. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

interface GuardedHttpNeeds {
  readonly guard: Pick<AddressGuard, "allows">;
  readonly lookup: HostLookup;
}

export function openGuardedHttp({ guard, lookup }: GuardedHttpNeeds): GuardedHttp {
  const options = {
    keepAlive: true,
    maxFreeSockets: FREE_SOCKETS_MAX,
    timeout: IDLE_MS,
    lookup: guardedLookup(guard, lookup),
  };
  const plain = new Agent(options);
  const tls = new TlsAgent(options);

  return async (request) => {
    const url = parseUrl(request.url);
    const literal = url.hostname.replace(/^\[|\]$/g, "");
    // Node looks up names only: an address is connected to as it stands.
    if (isIP(literal) !== 0 && !guard.allows(literal)) throw new AddressRefused(literal, url.hostname);
    const send = (): Promise<HttpResponse> => sendOnce(url, request, url.protocol === "https:" ? tls : plain);
    try {
      return await send();
    } catch (thrown) {
      // The other side closed a kept connection just when we used it again.
      if (thrown instanceof StaleConnection) return await send();
      throw thrown;
    }
  };
}

/** A kept connection broke before any answer. */
class StaleConnection extends Failure {}

/** An answer that cannot be understood is an answer: the request is not made again for it. */
function isClosed(cause: NodeJS.ErrnoException): boolean {
  return cause.code === "ECONNRESET" || cause.code === "EPIPE";
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new BadRequest("the endpoint is no http or https URL");
  return url;
}

function sendOnce(url: URL, request: HttpRequest, agent: Agent): Promise<HttpResponse> {
  const { signal, body = "" } = request;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const sent = openRequest(url, request, agent, Buffer.byteLength(body));
  let answered = false;
  sent.on("response", (response) => {
    answered = true;
    void readResponse(response).then(resolve, reject);
  });
  sent.on("error", (cause: Error) => {
    // What breaks from then on only cuts the body.
    if (answered) return;
    if (cause instanceof AddressRefused) reject(cause);
    else if (sent.reusedSocket && isClosed(cause) && !signal.aborted)
      reject(new StaleConnection(`call ${url.host}`, cause));
    else reject(new Failure(`call ${url.host}`, describe(cause)));
  });
  sent.end(body);
  return promise;
}

function openRequest(url: URL, request: HttpRequest, agent: Agent, bytes: number): ClientRequest {
  const { method = "POST", headers = {}, signal } = request;
  const given = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  try {
    return (url.protocol === "https:" ? tlsRequest : plainRequest)(url, {
      agent,
      method,
      signal,
      headers: { "user-agent": "opentrail", ...Object.fromEntries(given), "content-length": String(bytes) },
    });
  } catch (cause) {
    throw new BadRequest(`make a request to ${url.host}`, cause);
  }
}

async function readResponse(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const late = setTimeout(end, BODY_MS_MAX);
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > RESPONSE_BYTES_MAX) end();
  });
  // Also after an error; what was read by then stands.
  response.on("close", end).on("error", end);
  await over;
  clearTimeout(late);
  const complete = response.complete && bytes <= RESPONSE_BYTES_MAX;
  if (!response.complete) response.destroy();
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).subarray(0, RESPONSE_BYTES_MAX),
    complete,
  };
}

/** Resolves a name to those of its addresses that are allowed. */
function guardedLookup(guard: GuardedHttpNeeds["guard"], lookup: HostLookup): LookupFunction {
  return (host, options, done) => {
    lookup(host)
      .then((addresses) => {
        const allowed = addresses.filter(({ address }) => guard.allows(address));
        const [first] = allowed;
        if (first === undefined) done(new AddressRefused(addresses[0]?.address ?? "", host), []);
        else if (options.all === true) done(null, [...allowed]);
        else done(null, first.address, first.family);
      })
      .catch((error: NodeJS.ErrnoException) => done(error, []));
  };
}

/** A list of addresses of which none answered says so only in its parts. */
function describe(cause: Error): Error {
  return cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
}
