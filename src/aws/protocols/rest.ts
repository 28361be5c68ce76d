/** What rest-json and rest-xml have in common: everything but the text of a body. */
import { createHash } from "node:crypto";
import type { WireRequest, WireResponse } from "../http.ts";
import { headerValue } from "../http.ts";
import type { Element, Member, OperationModel, Service, StructureShape } from "../shapes.ts";
import type { Codec, ErrorReading } from "./codec.ts";
import { EMPTY } from "./codec.ts";
import {
  readHeaderMembers,
  readLabels,
  readQueryMembers,
  writeHeaderMembers,
  writeLabels,
  writeQueryMembers,
} from "./http-binding.ts";
import { Malformed, decodeUtf8, plainBytes, wellFormed } from "./scalars.ts";
import type { Values } from "./tree.ts";
import { keepUnknown, withUnknown } from "./unknown-members.ts";
import { matchPath, readQuery, templateOf, writePath, writeQuery } from "./uri.ts";

export interface BodyFormat {
  readonly contentType: string;
  /** The members that are bound to nothing else. */
  readMembers(shape: StructureShape, body: Uint8Array): Values;
  writeMembers(shape: StructureShape, values: Values, element: Element): Uint8Array;
  /** A structure, list, map or document that is the whole body. */
  readPayload(member: Member, body: Uint8Array): unknown;
  writePayload(member: Member, value: unknown): Uint8Array;
  /** What is sent for a structure payload that was not given. */
  readonly emptyPayload: Uint8Array;
}

interface Body {
  readonly bytes: Uint8Array;
  readonly contentType?: string;
}

type RestCodec = Pick<Codec, "parseRequest" | "serializeResponse" | "serializeRequest" | "parseResponse">;

export function restCodec(format: BodyFormat): RestCodec {
  return {
    parseRequest(operation, request) {
      const { input } = operation;
      const labels = matchPath(templateOf(operation), request.path);
      if (input === undefined || labels === undefined) return {};
      const values: Values = {};
      readLabels(input, labels, values);
      const pairs = readQuery(request.query);
      readQueryMembers(input, pairs, values);
      if (pairs.length > 0) keepParameters(operation, input, pairs, values);
      const { headers } = request;
      readHeaderMembers(input, Object.keys(headers), (name) => headerValue(headers, name), values);
      readBody(format, input, request.body, values);
      return values;
    },

    serializeResponse({ output, outputElement, http }, values, requestId) {
      const body = writeBody(format, output, values, outputElement);
      return {
        status: statusOf(output, values) ?? http.status,
        headers: {
          ...(body.contentType === undefined ? {} : { "content-type": body.contentType }),
          ...writeHeaderMembers(output, values),
          "x-amzn-requestid": requestId,
        },
        body: body.bytes,
      };
    },

    serializeRequest: (operation, input, host) => writeRequest(format, operation, input, host),

    parseResponse({ output }, { status, headers, body }) {
      if (output === undefined) return {};
      const values: Values = {};
      readHeaderMembers(output, Object.keys(headers), (name) => headers[name], values);
      for (const { name, location } of output.members) if (location === "statusCode") values[name] = status;
      readBody(format, output, body, values);
      return values;
    },
  };
}

/** What any query may say beside the members: signatures, and a client's remarks. */
const NO_PARAMETER = /^(?:x-|AWSAccessKeyId$|Signature$|Expires$)/i;

/** Keeps what no member of the query is; a map among them takes everything. */
function keepParameters(
  operation: OperationModel,
  { members }: StructureShape,
  pairs: readonly (readonly [name: string, value: string])[],
  values: Values,
): void {
  const bound = members.filter(({ location }) => location === "querystring");
  if (bound.some(({ shape }) => shape.type === "map")) return;
  const { literals } = templateOf(operation);
  for (const [name, value] of pairs) {
    const isKnown = bound.some(({ wireName }) => wireName === name) || literals.some(([literal]) => literal === name);
    if (!isKnown && !NO_PARAMETER.test(name)) keepUnknown(values, name, value);
  }
}

function writeRequest(format: BodyFormat, operation: OperationModel, input: Values, host: string): WireRequest {
  const { input: shape, inputElement, http, checksumRequired } = operation;
  const template = templateOf(operation);
  const body = writeBody(format, shape, input, inputElement);
  const headers = {
    ...(body.contentType === undefined ? {} : { "content-type": body.contentType }),
    ...writeHeaderMembers(shape, input),
    ...(checksumRequired ? { "content-md5": createHash("md5").update(body.bytes).digest("base64") } : {}),
    host,
  };
  return {
    method: http.method,
    path: writePath(template, writeLabels(shape, input)),
    query: writeQuery(template, writeQueryMembers(shape, input)),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: body.bytes,
  };
}

/** What the body of an error says, and the members of its model that came in headers. */
export function withHeaderDetails(service: Service, { headers }: WireResponse, reading: ErrorReading): ErrorReading {
  const shape = service.errors.get(reading.code ?? "")?.shape;
  if (shape === undefined) return reading;
  const details: Values = { ...reading.details };
  readHeaderMembers(shape, Object.keys(headers), (name) => headers[name], details);
  return { ...reading, details };
}

function statusOf(output: StructureShape | undefined, values: Values): number | undefined {
  const member = output?.members.find(({ location }) => location === "statusCode");
  const status = member === undefined ? undefined : values[member.name];
  return typeof status === "number" ? status : undefined;
}

function readBody(format: BodyFormat, shape: StructureShape, body: Uint8Array, values: Values): void {
  const { payload } = shape;
  if (payload === undefined) {
    if (shape.byJsonName.size === 0 || body.length === 0) return;
    const members = format.readMembers(shape, body);
    withUnknown(Object.assign(values, members), members);
    return;
  }
  const value = body.length === 0 ? undefined : readPayload(format, payload, body);
  if (value !== undefined && value !== null) values[payload.name] = value;
}

function readPayload(format: BodyFormat, payload: Member, body: Uint8Array): unknown {
  const { shape } = payload;
  if (shape.type === "blob" || (shape.type === "structure" && shape.eventStream)) return plainBytes(body);
  if (shape.type === "string") return wellFormed(decodeUtf8(body));
  if (shape.type === "structure" || shape.type === "list" || shape.type === "map")
    return format.readPayload(payload, body);
  throw new Malformed("A body where no body is");
}

function writeBody(format: BodyFormat, shape: StructureShape | undefined, values: Values, element: Element): Body {
  if (shape === undefined) return { bytes: EMPTY };
  const { payload } = shape;
  if (payload !== undefined) return writePayload(format, payload, values[payload.name]);
  if (shape.byJsonName.size === 0) return { bytes: EMPTY };
  return typed(format, format.writeMembers(shape, values, element));
}

function writePayload(format: BodyFormat, payload: Member, value: unknown): Body {
  const { shape } = payload;
  if (value === undefined || value === null) {
    return shape.type === "structure" && !shape.union ? typed(format, format.emptyPayload) : { bytes: EMPTY };
  }
  if (shape.type === "blob" || (shape.type === "structure" && shape.eventStream)) {
    return { bytes: value as Uint8Array, contentType: "application/octet-stream" };
  }
  if (shape.type === "string") return { bytes: Buffer.from(value as string), contentType: "text/plain" };
  return typed(format, format.writePayload(payload, value));
}

function typed(format: BodyFormat, bytes: Uint8Array): Body {
  return bytes.length === 0 ? { bytes } : { bytes, contentType: format.contentType };
}
