/** rpc-v2-cbor: every call is a POST to `/service/<name>/operation/<Operation>` with a CBOR map as body. */
import type { NumberShape, Service, StructureShape } from "../shapes.ts";
import { decodeCbor } from "./cbor-reader.ts";
import { Float, encodeCbor } from "./cbor-writer.ts";
import type { Codec } from "./codec.ts";
import { EMPTY, bareCode, detailsOf, modelledDetails, queryErrorHeader } from "./codec.ts";
import { Malformed, inRange } from "./scalars.ts";
import { readEpochSeconds } from "./timestamps.ts";
import type { Dialect, Values } from "./tree.ts";
import { readStructure, unexpected, writeStructure } from "./tree.ts";

const CONTENT_TYPE = "application/cbor";
const SMITHY_PROTOCOL = "rpc-v2-cbor";

const cbor: Dialect = {
  readTimestamp(wire) {
    if (wire instanceof Date) return wire;
    if (typeof wire === "number") return readEpochSeconds(wire);
    throw unexpected(wire, "A value can not be converted to a Timestamp");
  },
  readBlob(wire) {
    if (wire instanceof Uint8Array) return wire;
    throw unexpected(wire, "A value can not be converted to a Blob");
  },
  readNumber(shape, wire) {
    if (typeof wire !== "number" && typeof wire !== "bigint") {
      throw unexpected(wire, "A value can not be converted to a Number");
    }
    return shape.type === "integer" || shape.type === "long" ? whole(shape, wire) : Number(wire);
  },
  writeTimestamp: (date) => date,
  writeBlob: (bytes) => bytes,
  writeNumber: (shape, value) => (shape.type === "float" || shape.type === "double" ? new Float(Number(value)) : value),
};

function whole(shape: NumberShape, wire: number | bigint): number | bigint {
  if (typeof wire === "bigint" || Number.isSafeInteger(wire)) return inRange(shape, wire);
  throw new Malformed("NUMBER_VALUE can not be converted to an Integer");
}

function readBody(shape: StructureShape | undefined, body: Uint8Array): Values {
  if (shape === undefined || body.length === 0) return {};
  return readStructure(shape, decodeCbor(body), cbor);
}

export const cborCodec: Codec = {
  parseRequest: ({ input }, { body }) => readBody(input, body),

  serializeResponse({ output }, values, requestId) {
    const headers = { "smithy-protocol": SMITHY_PROTOCOL, "x-amzn-requestid": requestId };
    if (output === undefined) return { status: 200, headers, body: EMPTY };
    const body = encodeCbor(writeStructure(output, values, cbor));
    return { status: 200, headers: { ...headers, "content-type": CONTENT_TYPE }, body };
  },

  serializeError(service, answer, requestId) {
    const { model, name, refusal, status } = answer;
    const details = model === undefined ? {} : writeStructure(model.shape, modelledDetails(answer), cbor);
    return {
      status,
      headers: {
        "smithy-protocol": SMITHY_PROTOCOL,
        "content-type": CONTENT_TYPE,
        "x-amzn-requestid": requestId,
        ...(service.queryCompatible ? { "x-amzn-query-error": queryErrorHeader(answer) } : {}),
      },
      body: encodeCbor({ __type: name, message: refusal.message, ...details }),
    };
  },

  serializeRequest({ name, service, input }, values, host) {
    const headers = {
      host: [host],
      "smithy-protocol": [SMITHY_PROTOCOL],
      accept: [CONTENT_TYPE],
      ...(service.queryCompatible ? { "x-amzn-query-mode": ["true"] } : {}),
    };
    const path = `/service/${shortName(service)}/operation/${name}`;
    if (input === undefined) return { method: "POST", path, query: "", headers, body: EMPTY };
    const body = encodeCbor(writeStructure(input, values, cbor));
    return { method: "POST", path, query: "", headers: { ...headers, "content-type": [CONTENT_TYPE] }, body };
  },

  parseResponse: ({ output }, { body }) => readBody(output, body),

  parseError(service, { headers, body }) {
    const tree = body.length === 0 ? {} : decodeCbor(body);
    const said = (typeof tree === "object" && tree !== null ? tree : {}) as Values;
    const name = bareCode(textOf(said["__type"]));
    const model = service.errors.get(name ?? "");
    return {
      code: headers["x-amzn-query-error"]?.split(";", 1)[0] ?? name,
      message: textOf(said["message"]) ?? textOf(said["Message"]),
      requestId: headers["x-amzn-requestid"],
      details: detailsOf(model === undefined ? said : readStructure(model.shape, said, cbor)),
    };
  },
};

/** Old target prefixes are dotted; the name of the service is the last part. */
function shortName({ targetPrefix, name }: Service): string {
  return targetPrefix?.split(".").at(-1) ?? name;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
