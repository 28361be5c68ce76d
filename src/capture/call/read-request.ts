import {
  headerValue,
  type OperationModel,
  parseRequest,
  type Protocol,
  s3Address,
  type WireRequest,
} from "../../aws/index.ts";
import type { RequestCall } from "./call.ts";
import type { CapturedBody, CapturedHead } from "./captured.ts";
import { decodeBody } from "./decode-body.ts";
import { reasonOf } from "./guarded.ts";
import { readableParts } from "./readable-parts.ts";

/** What could be understood of a request. */
export interface ReadRequest {
  /** By the model's member names; absent when nothing could be read. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** Some members of the body could be read and others not. */
  readonly inPart?: boolean;
  /** Why not all of it could be read. */
  readonly unparsed?: string;
  /** The body's members are missing because too little of the body was kept. */
  readonly cut: boolean;
  /** Without its content encodings, where they could be taken off. */
  readonly body: CapturedBody;
}

const EMPTY = new Uint8Array(0);

/**
 * Reads a request by its model: all of it, or else what stands in the path, the query and the headers, or else what stands
 * in the path alone. Never throws, whatever came.
 */
export function readRequest(model: OperationModel, call: RequestCall): ReadRequest {
  const { resolved, head } = call;
  const { protocol } = resolved;
  const isRest = protocol === "rest-json" || protocol === "rest-xml";
  const wire = wireOf(model, call);
  if (isRest && isPostedQuery(model, call)) return readPostedQuery(model, call, wire);
  const bodyMatters = !isRest || hasStructuredBody(model);
  if (!bodyMatters) return attempt(model, protocol, { ...wire, body: EMPTY }, call.body, isRest);
  const decoded = attemptDecode(head, call.body);
  if (typeof decoded === "string") {
    return { ...attempt(model, protocol, { ...wire, body: EMPTY }, call.body, isRest), unparsed: decoded };
  }
  if (!decoded.whole) {
    const known = isRest ? attempt(model, protocol, { ...wire, body: EMPTY }, decoded, isRest) : { body: decoded };
    return { ...known, cut: true };
  }
  return attempt(model, protocol, { ...wire, body: decoded.bytes }, decoded, isRest);
}

/** A body that is data rather than parameters: a stream, or bytes in no form. */
function hasStructuredBody({ input }: OperationModel): boolean {
  const payload = input?.payload;
  if (payload === undefined) return true;
  const { shape } = payload;
  if (shape.type === "blob" || shape.type === "string") return false;
  return !(shape.type === "structure" && shape.eventStream);
}

function attemptDecode({ headers }: CapturedHead, body: CapturedBody): CapturedBody | string {
  try {
    return decodeBody(headers, body);
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function attempt(
  model: OperationModel,
  protocol: Protocol,
  wire: WireRequest,
  body: CapturedBody,
  isRest: boolean,
): ReadRequest {
  try {
    return { input: parseRequest(model, protocol, wire), cut: false, body };
  } catch (thrown) {
    const unparsed = reasonOf(thrown);
    const parts = wire.body.length === 0 && isRest ? undefined : readParts(model, protocol, wire);
    if (parts !== undefined)
      return { ...parts, inPart: true, unparsed: `${unparsed}${parts.unparsed}`, cut: false, body };
    if (!isRest) return { unparsed, cut: false, body };
    const input = firstReadable(model, protocol, [
      { ...wire, body: EMPTY },
      { ...wire, body: EMPTY, headers: {} },
      { ...wire, body: EMPTY, headers: {}, query: "" },
    ]);
    return { ...(input === undefined ? {} : { input }), unparsed, cut: false, body };
  }
}

/** Undefined when nothing of the body can be read. */
function readParts(
  model: OperationModel,
  protocol: Protocol,
  wire: WireRequest,
): { readonly input: Record<string, unknown>; readonly unparsed: string } | undefined {
  const read = (part: WireRequest): Record<string, unknown> | undefined => firstReadable(model, protocol, [part]);
  const parts = readableParts(protocol, wire, (part) => read(part) !== undefined);
  if (parts === undefined || parts.unreadable.length === 0) return undefined;
  const input = read(parts.wire);
  return input === undefined ? undefined : { input, unparsed: ` (in ${parts.unreadable.join(", ").slice(0, 200)})` };
}

function firstReadable(
  model: OperationModel,
  protocol: Protocol,
  wires: readonly WireRequest[],
): Record<string, unknown> | undefined {
  for (const wire of wires) {
    try {
      return parseRequest(model, protocol, wire);
    } catch {
      // The next one asks for less; what is wrong was told by the first reading.
    }
  }
  return undefined;
}

/** Some clients post as a form what the model has in the query of a GET: it may become long. */
function isPostedQuery({ http }: OperationModel, { head, body }: RequestCall): boolean {
  return http.method === "GET" && head.method === "POST" && body.size > 0 && isForm(head);
}

export function isForm({ headers }: CapturedHead): boolean {
  return /^\s*application\/x-www-form-urlencoded/i.test(headerValue(headers, "content-type") ?? "");
}

function readPostedQuery(model: OperationModel, { resolved, head, body }: RequestCall, wire: WireRequest): ReadRequest {
  const { protocol } = resolved;
  const decoded = attemptDecode(head, body);
  if (typeof decoded === "string") {
    return { ...attempt(model, protocol, { ...wire, body: EMPTY }, body, true), unparsed: decoded };
  }
  const form = Buffer.from(decoded.bytes).toString("latin1");
  const query = wire.query === "" ? form : `${wire.query}&${form}`;
  return { ...attempt(model, protocol, { ...wire, query, body: EMPTY }, decoded, true), cut: !decoded.whole };
}

function wireOf(model: OperationModel, { head, body, resolved, place }: RequestCall): WireRequest {
  const { method, query, headers } = head;
  const path = resolved.service?.id === "s3" ? s3Path(head, place.bucketHosts) : fittingPath(model, head.path);
  return { method, path, query, headers, body: body.bytes };
}

/** The path with the bucket in it, wherever the request has it, and without the slash that may follow a bare bucket. */
function s3Path(head: CapturedHead, bucketHosts: readonly string[]): string {
  const { bucket, key } = s3Address(headerValue(head.headers, "host") ?? "", head.path, bucketHosts);
  if (bucket === undefined) return "/";
  const path = `/${encoded(bucket)}`;
  return key === undefined ? path : `${path}/${key.split("/").map(encoded).join("/")}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Some clients end every path with a slash, some leave the modelled one out. */
function fittingPath({ http }: OperationModel, path: string): string {
  const [template = ""] = http.uri.split("?", 1);
  const ends = path.length > 1 && path.endsWith("/");
  if (template.endsWith("/") === ends || template.endsWith("+}")) return path;
  return ends ? path.slice(0, -1) : path === "/" ? path : `${path}/`;
}
