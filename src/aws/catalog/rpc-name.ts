/** The operation that a request of the query, JSON or CBOR protocols names itself. */
import type { WireRequest } from "../http.ts";
import { headerValue } from "../http.ts";
import { decoded } from "./query-view.ts";

export interface RpcName {
  readonly protocol: "json" | "json-1.0" | "json-1.1" | "query" | "rpc-v2-cbor";
  /** Empty when what stands there cannot be an operation's name, or two different ones do. */
  readonly operation: string;
  /** JSON and CBOR: the service, as the last component of what stands before the operation. */
  readonly target?: string;
  /** query: the API version. */
  readonly version?: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

/** The content type decides where a request carries the marks of two protocols. */
export function readRpcName(request: WireRequest): RpcName | undefined {
  const { headers, method } = request;
  if (method !== "POST") return byAction(request);
  if (headerValue(headers, "smithy-protocol") === "rpc-v2-cbor") return byPath(request);
  const target = headerValue(headers, "x-amz-target");
  return (target !== undefined && !isForm(request) ? byTarget(request, target) : undefined) ?? byAction(request);
}

export function contentType({ headers }: WireRequest): string {
  return headerValue(headers, "content-type")?.trimStart().toLowerCase() ?? "";
}

/** Whether the body may hold an `Action`. */
export function isForm(request: WireRequest): boolean {
  return contentType(request).startsWith("application/x-www-form-urlencoded");
}

/** SDKs agree only on the last two of the components: `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails`. */
function byTarget(request: WireRequest, target: string): RpcName {
  const [prefix = "", operation = ""] = lastTwo(target, ".");
  const type = contentType(request);
  const version = /^application\/x-amz-json-(1\.[01])/.exec(type)?.[1] as "1.0" | "1.1" | undefined;
  return {
    protocol: version === undefined ? "json" : `json-${version}`,
    operation: nameOrNothing(operation),
    target: prefix,
  };
}

/** `…/service/<service>/operation/<operation>` */
function byPath({ path }: WireRequest): RpcName | undefined {
  const [service, word, operation = ""] = path.split("/").slice(-3);
  if (service === undefined || word !== "operation") return undefined;
  return { protocol: "rpc-v2-cbor", operation: nameOrNothing(operation), target: service };
}

function byAction(request: WireRequest): RpcName | undefined {
  const found: FormNames = {};
  readForm(request.query, false, found);
  if (request.method === "POST" && request.body.length > 0 && (isForm(request) || contentType(request) === "")) {
    readForm(Buffer.from(request.body).toString("latin1"), isCut(request), found);
  }
  if (found.action === undefined) return undefined;
  return {
    protocol: "query",
    operation: nameOrNothing(found.action),
    ...(found.version === undefined ? {} : { version: found.version }),
  };
}

interface FormNames {
  action?: string;
  version?: string;
}

/** Servers take the first or the last of two actions: two different ones are none. */
function readForm(form: string, cut: boolean, found: FormNames): void {
  for (let start = 0; start < form.length; ) {
    const ampersand = form.indexOf("&", start);
    const end = ampersand < 0 ? form.length : ampersand;
    const equals = form.indexOf("=", start);
    // Names of other parameters are longer, and there may be very many of them.
    if (equals > 0 && equals < end && equals - start <= NAME_LENGTH_MAX && !(cut && ampersand < 0)) {
      const name = decoded(form.slice(start, equals));
      if (name === "Action") found.action = agreed(found.action, decoded(form.slice(equals + 1, end)));
      if (name === "Version") found.version ??= decoded(form.slice(equals + 1, end));
    }
    start = end + 1;
  }
}

/** `Version` with every character encoded. */
const NAME_LENGTH_MAX = 21;

function agreed(known: string | undefined, value: string): string {
  return known === undefined || known === value ? value : "";
}

function isCut({ headers, body }: WireRequest): boolean {
  const length = headerValue(headers, "content-length");
  return length !== undefined && Number(length) > body.length;
}

function nameOrNothing(text: string): string {
  return NAME.test(text) ? text : "";
}

function lastTwo(text: string, separator: string): readonly [string | undefined, string | undefined] {
  const last = text.lastIndexOf(separator);
  const before = last <= 0 ? -1 : text.lastIndexOf(separator, last - 1);
  return [last < 0 ? "" : text.slice(before + 1, last), text.slice(last + 1)];
}
