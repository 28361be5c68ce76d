/**
 * EC2 writes its parameters in two forms of its own. Operations of before 2015 have sets (`instancesSet:{items:[…]}`), empty
 * ones included; all later ones show the message as it was converted from XML, under the name of its root element. Both are
 * taken from real records.
 */
import type { OperationModel, StructureShape } from "../../../aws/index.ts";
import { isLegacy } from "./legacy-operations.ts";
import { legacyRequest, legacyResponse } from "./legacy-style.ts";
import { wrappedRequest, wrappedResponse } from "./wrapped-style.ts";

type Values = Readonly<Record<string, unknown>>;

export function ec2Request(model: OperationModel, shape: StructureShape, input: Values): unknown {
  return isLegacy(model.name) ? legacyRequest(model, shape, input) : wrappedRequest(model, shape, input);
}

/** EC2 is the one service that repeats the request's id among the elements of its answer. */
export function ec2Response(
  model: OperationModel,
  shape: StructureShape | undefined,
  output: Values,
  requestId: string | undefined,
): unknown {
  return isLegacy(model.name)
    ? legacyResponse(model, shape, output, requestId)
    : wrappedResponse(model, shape, output, requestId);
}
