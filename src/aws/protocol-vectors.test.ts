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

/** Cases that are not followed to the letter, each with its reason; every entry must be needed. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Cases whose values come back from the server's side changed, and why that is right. */
const NORMALISED: Readonly<Record<string, string>> = {};

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
    const suites = JSON.parse(readFileSync(new URL(`${folder}/${file}`, VECTORS), "utf8")) as Suite[];
    return suites.flatMap((suite) => suite.cases.map((vector) => caseOf(`${folder}/${file}`, suite, vector)));
  });
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
  const known = new Set([...inputs, ...outputs, ...errors].map(({ id }) => id));
  expect([...Object.keys(EXCEPTIONS), ...Object.keys(NORMALISED)].filter((id) => !known.has(id))).toEqual([]);
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
      return [...new URLSearchParams(text)].sort();
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
  return [name, [...attributes].sort(), inside];
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

function withoutCharset(type: string): string {
  return type.split(";", 1)[0] ?? "";
}

describe.skipIf(!present)(`serializeRequest() writes what botocore's vectors say${note}`, () => {
  test.each(inputs.filter(({ id }) => !(id in EXCEPTIONS)))("$file $id", (given) => {
    const { serialized } = given.vector;
    if (serialized === undefined) throw new Error("not a request vector");
    const request = requestOf(given);
    const uri = request.query === "" ? request.path : `${request.path}?${request.query}`;
    expect([request.method, uri]).toEqual([serialized.method, serialized.uri]);
    if (serialized.host !== undefined) expect(request.headers["host"]).toEqual([serialized.host]);
    for (const [name, value] of Object.entries(serialized.headers ?? {})) {
      const sent = request.headers[name.toLowerCase()]?.join(", ");
      expect(name === "Content-Type" ? withoutCharset(sent ?? "") : sent, name).toBe(value);
    }
    for (const name of serialized.forbidHeaders ?? [])
      expect(request.headers[name.toLowerCase()], name).toBeUndefined();
    if (serialized.body !== undefined) {
      expect(meaning(given, request.body)).toEqual(meaning(given, bodyOf(given, serialized.body)));
    }
  });
});

describe.skipIf(!present)(`parseRequest() reads back what botocore's vectors say${note}`, () => {
  test.each(inputs.filter(({ id }) => !(id in NORMALISED)))("$file $id", (given) => {
    const { operation, service, vector } = given;
    const request = requestOf(given);
    expect(resolveOperation(service, request)).toEqual({ operation, protocol: service.protocol });
    const expected = operation.input === undefined ? {} : valueOf(operation.input, vector.params);
    expect(parseRequest(operation, service.protocol, request)).toEqual(expected);
  });
});

function responseOf(given: Case): WireResponse {
  const { response } = given.vector;
  if (response === undefined) throw new Error("not a response vector");
  const headers = Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status: response.status_code,
    headers: Object.fromEntries(headers),
    body: bodyOf(given, response.body ?? ""),
  };
}

describe.skipIf(!present)(`parseResponse() reads botocore's vectors${note}`, () => {
  test.each(outputs.filter(({ id }) => !(id in EXCEPTIONS)))("$file $id", (given) => {
    const { operation, service, vector } = given;
    const expected = operation.output === undefined ? {} : valueOf(operation.output, vector.result);
    expect(parseResponse(operation, service.protocol, responseOf(given))).toEqual(expected);
  });
});

describe.skipIf(!present)(`serializeResponse() writes what a client reads as botocore's vectors${note}`, () => {
  test.each(outputs.filter(({ id }) => !(id in NORMALISED)))("$file $id", (given) => {
    const { operation, service, vector } = given;
    const expected = operation.output === undefined ? {} : valueOf(operation.output, vector.result);
    const response = serializeResponse(operation, service.protocol, expected as Record<string, unknown>, "request-1");
    expect(parseResponse(operation, service.protocol, response)).toEqual(expected);
  });
});

/** The details that a vector expects of an error, without its message. */
function detailsOf({ service, vector }: Case): unknown {
  const shape = service.errors.get(vector.errorCode ?? "")?.shape;
  if (shape === undefined) throw new Error(`no error ${vector.errorCode}`);
  const details = Object.entries(vector.error ?? {}).filter(([name]) => !/^message$/i.test(name));
  return valueOf(shape, Object.fromEntries(details));
}

describe.skipIf(!present)(`parseError() reads botocore's vectors${note}`, () => {
  test.each(errors.filter(({ id }) => !(id in EXCEPTIONS)))("$file $id", (given) => {
    const { code, message, status, details } = parseError(given.service, given.service.protocol, responseOf(given));
    expect({ code, message, status, details }).toEqual({
      code: given.vector.errorCode,
      message: given.vector.errorMessage ?? "",
      status: given.vector.response?.status_code,
      details: detailsOf(given),
    });
  });
});

describe.skipIf(!present)(`serializeError() writes what a client reads as botocore's vectors${note}`, () => {
  test.each(errors.filter(({ id }) => !(id in NORMALISED)))("$file $id", (given) => {
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
