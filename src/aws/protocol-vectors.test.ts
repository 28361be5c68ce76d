import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import { loadService, parseError, parseRequest, parseResponse, resolveOperation } from "./index.ts";
import { serializeError, serializeRequest, serializeResponse } from "./index.ts";
import type { OperationModel, Service, ServiceModelJson, Shape, WireRequest, WireResponse } from "./index.ts";
import { decodeCbor } from "./protocols/cbor-reader.ts";
import { parseXml } from "./protocols/xml-reader.ts";
import type { XmlNode } from "./protocols/xml-reader.ts";

/*
 * botocore's request and response vectors, each in both directions: what a client writes and reads must be what the vector
 * says, and what a server reads and writes must come out at the other end as what went in.
 */

const VECTORS = new URL("../../../shared/data/aws-protocol-tests/protocols/", import.meta.url);
const present = existsSync(VECTORS);
const note = present ? "" : " (skipped: ../shared/data/aws-protocol-tests is absent)";

type Exceptions = Readonly<Record<string, string>>;

function because(reason: string, ids: readonly string[]): Exceptions {
  return Object.fromEntries(ids.map((id) => [id, reason]));
}

/** Requests that are written otherwise than the vector says, and why. */
const WRITTEN_OTHERWISE: Exceptions = {
  ...because("the path of an endpoint is joined by whoever sends the request", [
    "AwsJson10HostWithPath",
    "AwsJson11HostWithPath",
    "Ec2QueryHostWithPath",
    "QueryHostWithPath",
    "RestJsonHostWithPath",
  ]),
  ...because("compressing a request is a choice of clients, and ours does not", [
    "SDKAppendedGzipAfterProvidedEncoding_restJson1",
    "SDKAppendedGzipAfterProvidedEncoding_restXml",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
    "SDKAppliedContentEncoding_awsJson1_0",
    "SDKAppliedContentEncoding_awsJson1_1",
    "SDKAppliedContentEncoding_awsQuery",
    "SDKAppliedContentEncoding_ec2Query",
    "SDKAppliedContentEncoding_restJson1",
    "SDKAppliedContentEncoding_restXml",
  ]),
  ...because("published models name the root element where the shape is used (S3 CompleteMultipartUpload)", [
    "BodyWithXmlName",
    "HttpPayloadWithXmlName",
    "HttpPayloadWithXmlNamespace",
    "HttpPayloadWithXmlNamespaceAndPrefix",
    "RestXmlHttpPayloadWithUnion",
    "XmlAttributesOnPayload",
  ]),
};

/** Responses that are read otherwise than the vector says, and why. */
const READ_OTHERWISE: Exceptions = {
  IgnoreQueryParamsInResponse: "no published model binds an output to the query string",
  HttpPrefixHeadersAreNotPresent: "when no header has the prefix, the map is absent rather than empty",
};

/** Values that the other end gets changed, and why that is right. */
const RECEIVED_OTHERWISE: Exceptions = {
  ...because("the client filled in a token", [
    "Ec2ProtocolIdempotencyTokenAutoFill",
    "QueryIdempotencyTokenAutoFill",
    "QueryProtocolIdempotencyTokenAutoFill",
    "RestJsonQueryIdempotencyTokenAutoFill",
  ]),
  ...because("on this wire an empty list or map looks like an absent one", [
    "Ec2EmptyQueryLists",
    "HttpPrefixHeadersAreNotPresent",
    "QueryEmptyQueryMaps",
    "RestJsonHttpPrefixHeadersAreNotPresent",
    "RestJsonOmitsEmptyListQueryValues",
  ]),
  ...because("an absent payload is sent as {}, which is an empty structure", [
    "RestJsonHttpWithEmptyStructurePayload",
    "RestJsonHttpWithHeadersButNoPayload",
  ]),
  ...because("a map of query parameters takes all of them, those of other members included", [
    "AllQueryStringTypes",
    "RestJsonQueryParamsStringListMap",
    "RestJsonQueryPrecedence",
    "RestXmlQueryParamsStringListMap",
    "RestXmlQueryPrecedence",
    "RestXmlQueryStringEscaping",
    "RestXmlSupportsInfinityFloatQueryValues",
    "RestXmlSupportsNaNFloatQueryValues",
    "RestXmlSupportsNegativeInfinityFloatQueryValues",
    "RestXmlZeroAndFalseQueryValues",
  ]),
  HttpPrefixHeadersResponse: "a map of all headers takes the request id too",
  IgnoreQueryParamsInResponse: "no published model binds an output to the query string",
};

interface Vector {
  readonly id: string;
  readonly given: ServiceModelJson["operations"][string];
  readonly params?: Record<string, unknown>;
  readonly serialized?: {
    readonly method: string;
    readonly uri: string;
    readonly host?: string;
    readonly body?: string;
    readonly headers?: Record<string, string>;
    readonly requireHeaders?: readonly string[];
    readonly forbidHeaders?: readonly string[];
  };
  readonly response?: {
    readonly status_code: number;
    readonly headers: Record<string, string>;
    readonly body?: string;
  };
  readonly result?: Record<string, unknown>;
  readonly error?: Record<string, unknown>;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

interface Suite extends Omit<ServiceModelJson, "operations"> {
  readonly cases: readonly Vector[];
}

interface Case {
  readonly file: string;
  readonly id: string;
  readonly vector: Vector;
  readonly service: Service;
  readonly operation: OperationModel;
}

function casesOf(folder: "input" | "output"): Case[] {
  if (!present) return [];
  return readdirSync(new URL(folder, VECTORS)).flatMap((file) => {
    const suites = JSON.parse(readFileSync(new URL(`${folder}/${file}`, VECTORS), "utf8"), exactly) as Suite[];
    return suites.flatMap((suite) => suite.cases.map((vector) => caseOf(`${folder}/${file}`, suite, vector)));
  });
}

/** Longs of the vectors with all their digits. */
function exactly(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) && Number.isInteger(value)
    ? BigInt(context?.source ?? "")
    : value;
}

function caseOf(file: string, { metadata, shapes }: Suite, vector: Vector): Case {
  const { given } = vector;
  const service = loadService("vectors", { metadata, shapes, operations: { [given.name]: given } });
  const operation = service.operations.get(given.name);
  if (operation === undefined) throw new Error(`no operation in ${vector.id}`);
  return { file, id: vector.id, vector, service, operation };
}

const inputs = casesOf("input");
const outputs = casesOf("output").filter(({ vector }) => vector.errorCode === undefined);
const errors = casesOf("output").filter(({ vector }) => vector.errorCode !== undefined);

test.skipIf(!present)(`the vectors are all there: 367 requests, 365 responses${note}`, () => {
  expect([inputs.length, outputs.length + errors.length]).toEqual([367, 365]);
  const otherwise = [WRITTEN_OTHERWISE, READ_OTHERWISE, RECEIVED_OTHERWISE].map((table) => Object.keys(table).length);
  expect(otherwise).toEqual([23, 2, 23]);
});

/** The vectors' own way to write values: timestamps are epoch seconds, blobs text, special floats their names. */
function valueOf(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.type) {
    case "structure": {
      if (shape.document) return value;
      const given = Object.entries(value as object).filter(([, part]) => part !== null);
      return Object.fromEntries(given.map(([name, part]) => [name, valueOf(memberOf(shape.byName.get(name)), part)]));
    }
    case "list":
      return (value as unknown[]).map((item) => valueOf(shape.member.shape, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, part]) => [key, valueOf(shape.value.shape, part)]),
      );
    case "timestamp":
      return new Date((value as number) * 1000);
    case "blob":
      return new TextEncoder().encode(value as string);
    case "float":
    case "double":
      return Number(value);
    case "string":
    case "boolean":
    case "integer":
    case "long":
      return value;
  }
}

function memberOf(member: { readonly shape: Shape } | undefined): Shape {
  if (member === undefined) throw new Error("a vector names a member that its model does not have");
  return member.shape;
}

const TOKEN = "00000000-0000-4000-8000-000000000000";

function requestOf({ operation, service, vector }: Case): WireRequest {
  const params = operation.input === undefined ? {} : valueOf(operation.input, vector.params);
  const options = { host: "example.com", idempotencyToken: () => TOKEN };
  return serializeRequest(operation, service.protocol, params as Record<string, unknown>, options);
}

function bodyOf({ service }: Case, text: string): Uint8Array {
  return service.protocol === "rpc-v2-cbor" ? Buffer.from(text, "base64") : Buffer.from(text);
}

/** A body in a form in which equal meaning is equal. */
function meaning({ service, operation }: Case, body: Uint8Array, payload = operation.input?.payload): unknown {
  const text = Buffer.from(body).toString();
  if (text === "" || payload?.shape.type === "blob" || payload?.shape.type === "string") return text;
  switch (service.protocol) {
    case "rpc-v2-cbor":
      return decodeCbor(body);
    case "query":
    case "ec2":
      return [...new URLSearchParams(text)].sort(byText);
    case "rest-xml":
      return xmlMeaning(parseXml(text));
    case "json-1.0":
    case "json-1.1":
    case "rest-json":
      return JSON.parse(text);
  }
}

function xmlMeaning({ name, attributes, children, text }: XmlNode): unknown {
  const inside = children.length === 0 ? text : children.map(xmlMeaning).sort(byText);
  return [name, [...attributes].sort(byText), inside];
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

type Serialized = NonNullable<Vector["serialized"]>;

/** What the vector says about a request, in the form of `sentAs`. */
function expectedOf(given: Case, { method, uri, host, headers = {}, forbidHeaders = [], body }: Serialized): object {
  return {
    start: `${method} ${uri}`,
    ...(host === undefined ? {} : { host }),
    headers,
    forbidden: forbidHeaders.map(() => undefined),
    ...(body === undefined ? {} : { body: meaning(given, bodyOf(given, body)) }),
  };
}

/** The parts of a request that its vector speaks about. */
function sentAs(
  given: Case,
  request: WireRequest,
  { host, headers = {}, forbidHeaders = [], body }: Serialized,
): object {
  const header = (name: string): string | undefined => request.headers[name.toLowerCase()]?.join(", ");
  const uri = request.query === "" ? request.path : `${request.path}?${request.query}`;
  return {
    start: `${request.method} ${uri}`,
    ...(host === undefined ? {} : { host: header("host") }),
    headers: Object.fromEntries(
      // Parameters of a content type do not matter: botocore's vectors leave out the character set.
      Object.keys(headers).map((name) => [
        name,
        name === "Content-Type" ? header(name)?.split(";", 1)[0] : header(name),
      ]),
    ),
    forbidden: forbidHeaders.map(header),
    ...(body === undefined ? {} : { body: meaning(given, request.body) }),
  };
}

/** The cases outside a table, and those inside with their reasons: an entry that is no longer needed must go. */
function split(
  cases: readonly Case[],
  table: Exceptions,
): { regular: Case[]; otherwise: (Case & { reason: string })[] } {
  return {
    regular: cases.filter(({ id }) => table[id] === undefined),
    otherwise: cases.flatMap((given) => {
      const reason = table[given.id];
      return reason === undefined ? [] : [{ ...given, reason }];
    }),
  };
}

function serializedOf({ vector }: Case): Serialized {
  if (vector.serialized === undefined) throw new Error(`${vector.id} is not a request vector`);
  return vector.serialized;
}

describe.skipIf(!present)(`serializeRequest() writes what botocore's vectors say${note}`, () => {
  const { regular, otherwise } = split(inputs, WRITTEN_OTHERWISE);
  test.each(regular)("$file $id", (given) => {
    const serialized = serializedOf(given);
    expect(sentAs(given, requestOf(given), serialized)).toEqual(expectedOf(given, serialized));
  });
  test.each(otherwise)("otherwise $file $id: $reason", (given) => {
    const serialized = serializedOf(given);
    expect(sentAs(given, requestOf(given), serialized)).not.toEqual(expectedOf(given, serialized));
  });
});

function paramsOf({ operation, vector }: Case): unknown {
  return operation.input === undefined ? {} : valueOf(operation.input, vector.params);
}

describe.skipIf(!present)(`parseRequest() reads back what botocore's vectors say${note}`, () => {
  const { regular, otherwise } = split(inputs, RECEIVED_OTHERWISE);
  test.each(regular)("$file $id", (given) => {
    const { operation, service } = given;
    const request = requestOf(given);
    expect(resolveOperation(service, request)).toEqual({ operation, protocol: service.protocol });
    expect(parseRequest(operation, service.protocol, request)).toEqual(paramsOf(given));
  });
  test.each(otherwise)("otherwise $file $id: $reason", (given) => {
    const { operation, service } = given;
    expect(parseRequest(operation, service.protocol, requestOf(given))).not.toEqual(paramsOf(given));
  });
});

function responseOf(given: Case): WireResponse {
  const { response } = given.vector;
  if (response === undefined) throw new Error("not a response vector");
  const headers = Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status: response.status_code,
    headers: Object.fromEntries(headers),
    body: bodyOf(given, response.body ?? ""),
  };
}

function resultOf({ operation, vector }: Case): Record<string, unknown> {
  return operation.output === undefined ? {} : (valueOf(operation.output, vector.result) as Record<string, unknown>);
}

describe.skipIf(!present)(`parseResponse() reads botocore's vectors${note}`, () => {
  const { regular, otherwise } = split(outputs, READ_OTHERWISE);
  test.each(regular)("$file $id", (given) => {
    const { operation, service } = given;
    expect(parseResponse(operation, service.protocol, responseOf(given))).toEqual(resultOf(given));
  });
  test.each(otherwise)("otherwise $file $id: $reason", (given) => {
    const { operation, service } = given;
    expect(parseResponse(operation, service.protocol, responseOf(given))).not.toEqual(resultOf(given));
  });
});

describe.skipIf(!present)(`serializeResponse() writes what a client reads as botocore's vectors${note}`, () => {
  const { regular, otherwise } = split(outputs, RECEIVED_OTHERWISE);
  const received = (given: Case): unknown => {
    const { operation, service } = given;
    const response = serializeResponse(operation, service.protocol, resultOf(given), "request-1");
    return parseResponse(operation, service.protocol, response);
  };
  test.each(regular)("$file $id", (given) => expect(received(given)).toEqual(resultOf(given)));
  test.each(otherwise)("otherwise $file $id: $reason", (given) => expect(received(given)).not.toEqual(resultOf(given)));
});

/** The details that a vector expects of an error, without its message. */
function detailsOf({ service, vector }: Case): unknown {
  const shape = service.errors.get(vector.errorCode ?? "")?.shape;
  if (shape === undefined) throw new Error(`no error ${vector.errorCode}`);
  const details = Object.entries(vector.error ?? {}).filter(([name]) => !/^message$/i.test(name));
  return valueOf(shape, Object.fromEntries(details));
}

describe.skipIf(!present)(`parseError() reads botocore's vectors${note}`, () => {
  test.each(errors)("$file $id", (given) => {
    const { code, message, status, details } = parseError(given.service, given.service.protocol, responseOf(given));
    expect({ code, message, status, details }).toEqual({
      code: given.vector.errorCode,
      // Some vectors have a message in the body that they say nothing about.
      message: given.vector.errorMessage ?? message,
      status: given.vector.response?.status_code,
      details: detailsOf(given),
    });
  });
});

describe.skipIf(!present)(`serializeError() writes what a client reads as botocore's vectors${note}`, () => {
  test.each(errors)("$file $id", (given) => {
    const { service, vector } = given;
    const expected = detailsOf(given) as Record<string, unknown>;
    const refusal = new Refusal(vector.errorCode ?? "", vector.errorMessage ?? "", 400, expected);
    const response = serializeError(service, service.protocol, refusal, "request-1");
    const { code, message, details } = parseError(service, service.protocol, response);
    expect({ code, message, details }).toEqual({
      code: vector.errorCode,
      message: vector.errorMessage ?? "",
      details: expected,
    });
  });
});
