import { Refusal } from "../core/index.ts";
import { answerOf } from "./errors.ts";
import type { WireRequest, WireResponse } from "./http.ts";
import { CODECS } from "./protocols/codecs.ts";
import { Malformed } from "./protocols/scalars.ts";
import type { OperationModel, Protocol, Service } from "./shapes.ts";

/**
 * The input of a call, in the shapes of the model: timestamps are `Date`s, blobs `Uint8Array`s, longs beyond the safe
 * integers bigints. Members that the model does not know are not among them (`unknownMembers()` tells them), null ones are
 * absent; nothing is validated yet.
 * @throws {Refusal} `SerializationException`, or `MalformedInput` for query and ec2. Nothing else, whatever came.
 */
export function parseRequest(
  operation: OperationModel,
  protocol: Protocol,
  request: WireRequest,
): Record<string, unknown> {
  try {
    return CODECS[protocol].parseRequest(operation, request);
  } catch (thrown) {
    if (!(thrown instanceof Malformed)) throw thrown;
    const isForm = protocol === "query" || protocol === "ec2";
    throw new Refusal(isForm ? "MalformedInput" : "SerializationException", thrown.message);
  }
}

/** The answer to a call that succeeded. Output members that the model does not know are left out. */
export function serializeResponse(
  operation: OperationModel,
  protocol: Protocol,
  output: Record<string, unknown> | undefined,
  requestId: string,
): WireResponse {
  return CODECS[protocol].serializeResponse(operation, output ?? {}, requestId);
}

/** The answer to a call that was refused. `refusal.code` may be the error's shape name or its wire code. */
export function serializeError(
  service: Service,
  protocol: Protocol,
  refusal: Refusal,
  requestId: string,
): WireResponse {
  return CODECS[protocol].serializeError(service, answerOf(service, protocol, refusal), requestId);
}
