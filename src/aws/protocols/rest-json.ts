/** rest-json: bound members in path, query string and headers, the others as a JSON object. */
import type { Codec } from "./codec.ts";
import { modelledDetails, queryErrorHeader } from "./codec.ts";
import { jsonDialect, readJsonBody, readJsonPayload, writeJsonBody } from "./json-text.ts";
import { readJsonError } from "./json.ts";
import type { BodyFormat } from "./rest.ts";
import { restCodec, withHeaderDetails } from "./rest.ts";
import { writeSlot, writeStructure } from "./tree.ts";
import { writeHeaderMembers } from "./http-binding.ts";

const json: BodyFormat = {
  contentType: "application/json",
  readMembers: readJsonBody,
  writeMembers: (shape, values) => writeJsonBody(shape, values),
  readPayload: readJsonPayload,
  writePayload: (member, value) => Buffer.from(JSON.stringify(writeSlot(member, value, jsonDialect))),
  emptyPayload: Buffer.from("{}"),
};

export const restJsonCodec: Codec = {
  ...restCodec(json),

  serializeError(service, answer, requestId) {
    const { model, name, refusal, status } = answer;
    const details = modelledDetails(answer);
    const said = model === undefined ? {} : writeStructure(model.shape, details, jsonDialect);
    return {
      status,
      headers: {
        ...writeHeaderMembers(model?.shape, details),
        "content-type": json.contentType,
        "x-amzn-errortype": name,
        "x-amzn-requestid": requestId,
        ...(service.queryCompatible ? { "x-amzn-query-error": queryErrorHeader(answer) } : {}),
      },
      body: Buffer.from(JSON.stringify({ message: refusal.message, ...said })),
    };
  },

  parseError(service, response) {
    return withHeaderDetails(service, response, readJsonError(service, response.headers, response.body));
  },
};
