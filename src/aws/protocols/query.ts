/** AWS query and ec2: the request is an urlencoded form with `Action` and `Version`, the answer is XML. */
import type { WireResponse } from "../http.ts";
import type { Service } from "../shapes.ts";
import type { Codec, ErrorAnswer, ErrorReading } from "./codec.ts";
import { detailsOf, modelledDetails } from "./codec.ts";
import { encodeFormValue, formOf } from "./form.ts";
import type { QueryDialect } from "./query-values.ts";
import { ec2Dialect, queryDialect, readForm, writeForm } from "./query-values.ts";
import { decodeUtf8 } from "./scalars.ts";
import type { XmlNode } from "./xml-reader.ts";
import { parseXml } from "./xml-reader.ts";
import { element, escapeXml, namespaceText, readXmlStructure, writeXmlMembers } from "./xml-values.ts";

type Requests = Pick<Codec, "parseRequest" | "serializeRequest">;

function requests(dialect: QueryDialect): Requests {
  return {
    parseRequest: ({ input }, request) => (input === undefined ? {} : readForm(input, formOf(request).root, dialect)),

    serializeRequest(operation, input, host) {
      const { apiVersion } = operation.service;
      const pairs = operation.input === undefined ? [] : writeForm(operation.input, input, dialect);
      const body = [`Action=${operation.name}`, `Version=${encodeFormValue(apiVersion)}`, ...pairs].join("&");
      return {
        method: "POST",
        path: "/",
        query: "",
        headers: { host: [host], "content-type": ["application/x-www-form-urlencoded; charset=utf-8"] },
        body: Buffer.from(body),
      };
    },
  };
}

export const queryCodec: Codec = {
  ...requests(queryDialect),

  serializeResponse({ name, service, output, resultWrapper }, values, requestId) {
    const result = output === undefined ? "" : element(resultWrapper, resultWrapper, writeXmlMembers(output, values));
    const metadata = `<ResponseMetadata>${requestIdXml("RequestId", requestId)}</ResponseMetadata>`;
    return xml(200, root(`${name}Response`, service, result + metadata), requestId);
  },

  serializeError(service, answer, requestId) {
    const body = `<Error>${errorXml(answer, true)}</Error>${requestIdXml("RequestId", requestId)}`;
    return xml(answer.status, root("ErrorResponse", service, body), requestId);
  },

  parseResponse({ output, resultWrapper }, response) {
    if (output === undefined || response.body.length === 0) return {};
    const answer = parseXml(decodeUtf8(response.body));
    return readXmlStructure(output, named(answer, resultWrapper) ?? answer);
  },

  parseError: (service, response) => readXmlError(service, response),
};

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';

export const ec2Codec: Codec = {
  ...requests(ec2Dialect),

  serializeResponse({ name, service, output }, values, requestId) {
    const members = output === undefined ? "" : writeXmlMembers(output, values);
    return xml(
      200,
      PROLOG + root(`${name}Response`, service, requestIdXml("requestId", requestId) + members),
      requestId,
    );
  },

  serializeError(_service, answer, requestId) {
    const errors = `<Errors><Error>${errorXml(answer, false)}</Error></Errors>`;
    return xml(
      answer.status,
      `${PROLOG}<Response>${errors}${requestIdXml("RequestID", requestId)}</Response>`,
      requestId,
    );
  },

  parseResponse({ output }, response) {
    if (output === undefined || response.body.length === 0) return {};
    return readXmlStructure(output, parseXml(decodeUtf8(response.body)));
  },

  parseError: (service, response) => readXmlError(service, response),
};

function root(name: string, service: Service, inside: string): string {
  return element(name + namespaceText(service.xmlNamespace), name, inside);
}

function requestIdXml(name: string, requestId: string): string {
  return `<${name}>${escapeXml(requestId)}</${name}>`;
}

function xml(status: number, text: string, requestId: string): WireResponse {
  return { status, headers: { "content-type": "text/xml", "x-amzn-requestid": requestId }, body: Buffer.from(text) };
}

/** What stands inside `<Error>` in every XML protocol. */
export function errorXml(answer: ErrorAnswer, typed: boolean): string {
  const { code, refusal, sender, model } = answer;
  const type = typed ? `<Type>${sender ? "Sender" : "Receiver"}</Type>` : "";
  const details = model === undefined ? "" : writeXmlMembers(model.shape, modelledDetails(answer));
  return `${type}<Code>${escapeXml(code)}</Code><Message>${escapeXml(refusal.message)}</Message>${details}`;
}

/** Finds `<Error>` wherever a protocol puts it: as the root, in `<ErrorResponse>`, or in `<Response><Errors>`. */
export function readXmlError(service: Service, { headers, body }: WireResponse): ErrorReading {
  const requestId = headers["x-amzn-requestid"] ?? headers["x-amz-request-id"];
  if (body.length === 0) return { requestId };
  const answer = parseXml(decodeUtf8(body));
  const error = named(answer, "Error") ?? named(named(answer, "Errors"), "Error") ?? answer;
  const code = named(error, "Code")?.text;
  const model = service.errors.get(code ?? "");
  return {
    code,
    message: (named(error, "Message") ?? named(error, "message"))?.text,
    requestId:
      (named(answer, "RequestId") ?? named(answer, "RequestID") ?? named(error, "RequestId"))?.text ?? requestId,
    details: model === undefined ? {} : detailsOf(readXmlStructure(model.shape, error)),
  };
}

function named(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((part) => part.name === name);
}
