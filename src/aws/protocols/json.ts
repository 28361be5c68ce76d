/** AWS JSON 1.0 and 1.1: every call is a POST to `/` with the operation in `X-Amz-Target`. */
import type { OperationModel, Service } from "../shapes.ts";
import type { Codec, ErrorReading } from "./codec.ts";
import { bareCode, detailsOf, modelledDetails, queryErrorHeader } from "./codec.ts";
import { parseJson, readJsonBody, writeJsonBody, jsonDialect } from "./json-text.ts";
import { decodeUtf8 } from "./scalars.ts";
import { writeStructure } from "./tree.ts";
import type { Values } from "./tree.ts";

export function jsonCodec(version: "1.0" | "1.1"): Codec {
  const contentType = `application/x-amz-json-${version}`;
  return {
    parseRequest: ({ input }, { body }) => (input === undefined ? {} : readJsonBody(input, body)),

    serializeResponse: ({ output }, values, requestId) => ({
      status: 200,
      headers: { "content-type": contentType, "x-amzn-requestid": requestId },
      body: writeJsonBody(output, values),
    }),

    serializeError(service, answer, requestId) {
      const { model, name, refusal, status } = answer;
      const details = model === undefined ? {} : writeStructure(model.shape, modelledDetails(answer), jsonDialect);
      const headers = { "content-type": contentType, "x-amzn-requestid": requestId };
      return {
        status,
        headers: service.queryCompatible ? { ...headers, "x-amzn-query-error": queryErrorHeader(answer) } : headers,
        body: Buffer.from(JSON.stringify({ __type: name, message: refusal.message, ...details })),
      };
    },

    serializeRequest: (operation, input, host) => ({
      method: "POST",
      path: "/",
      query: "",
      headers: {
        host: [host],
        "content-type": [contentType],
        "x-amz-target": [`${targetPrefix(operation)}.${operation.name}`],
        ...(operation.service.queryCompatible ? { "x-amzn-query-mode": ["true"] } : {}),
      },
      body: writeJsonBody(operation.input, input),
    }),

    parseResponse: ({ output }, { body }) => (output === undefined ? {} : readJsonBody(output, body)),

    parseError: (service, { headers, body }) => readJsonError(service, headers, body),
  };
}

function targetPrefix({ service }: OperationModel): string {
  return service.targetPrefix ?? service.endpointPrefix;
}

/** The code is in a header or in the body, under one of two names, and perhaps with a namespace. */
export function readJsonError(
  service: Service,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): ErrorReading {
  const parsed = body.length === 0 ? {} : parseJson(decodeUtf8(body));
  const said = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Values;
  const name = bareCode(headers["x-amzn-errortype"] ?? textOf(said["__type"]) ?? textOf(said["code"]));
  const model = service.errors.get(name ?? "");
  return {
    code: headers["x-amzn-query-error"]?.split(";", 1)[0] ?? name,
    message: textOf(said["message"]) ?? textOf(said["Message"]) ?? textOf(said["errorMessage"]),
    requestId: headers["x-amzn-requestid"],
    details: detailsOf(model === undefined ? said : readJsonBody(model.shape, body)),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
