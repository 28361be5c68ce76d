/** rest-xml: bound members in path, query string and headers, the others as one XML element. */
import type { Element, Member, Slot, StructureShape } from "../shapes.ts";
import type { Codec } from "./codec.ts";
import { EMPTY, modelledDetails } from "./codec.ts";
import { writeHeaderMembers } from "./http-binding.ts";
import { errorXml, readXmlError } from "./query.ts";
import type { BodyFormat } from "./rest.ts";
import { restCodec, withHeaderDetails } from "./rest.ts";
import { decodeUtf8 } from "./scalars.ts";
import type { Values } from "./tree.ts";
import { parseXml } from "./xml-reader.ts";
import { escapeXml, readXmlSlot, readXmlStructure, writeXml } from "./xml-values.ts";

const xml: BodyFormat = {
  contentType: "application/xml",
  readMembers: (shape, body) => readXmlStructure(shape, parseXml(decodeUtf8(body))),
  writeMembers: writeRoot,
  readPayload: (member, body) => readXmlSlot(member, parseXml(decodeUtf8(body))),
  writePayload: (member: Member, value) =>
    Buffer.from(writeXml(member, member.element.name ?? member.shape.name, value)),
  emptyPayload: EMPTY,
};

function writeRoot(shape: StructureShape, values: Values, { name = shape.name, namespace }: Element): Uint8Array {
  const isEmpty = shape.members.every((member) => member.location !== undefined || values[member.name] === undefined);
  if (isEmpty) return EMPTY;
  const slot: Slot = { shape, sensitive: false, flattened: false, ...(namespace && { xmlNamespace: namespace }) };
  return Buffer.from(writeXml(slot, name, values));
}

export const restXmlCodec: Codec = {
  ...restCodec(xml),

  serializeError(service, answer, requestId) {
    const id = `<RequestId>${escapeXml(requestId)}</RequestId>`;
    // S3 is the one service that answers the error without anything around it.
    const body =
      service.endpointPrefix === "s3"
        ? `<Error>${errorXml(answer, false)}${id}</Error>`
        : `<ErrorResponse><Error>${errorXml(answer, true)}</Error>${id}</ErrorResponse>`;
    return {
      status: answer.status,
      headers: {
        ...writeHeaderMembers(answer.model?.shape, modelledDetails(answer)),
        "content-type": xml.contentType,
        "x-amzn-requestid": requestId,
      },
      body: Buffer.from(body),
    };
  },

  parseError: (service, response) => withHeaderDetails(service, response, readXmlError(service, response)),
};
