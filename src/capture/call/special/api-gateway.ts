/** API Gateway's first API: what stands in the body of a write is shown inside one member, `createRestApiInput`. */
import { lowerFirst } from "../../../aws/index.ts";
import type { RequestCall } from "../call.ts";
import type { RequestDescription } from "../description.ts";
import { membersOf } from "./members.ts";
import type { SpecialService } from "./special.ts";

export const API_GATEWAY: SpecialService = { request: describeRequest };

function describeRequest({ model, resolved }: RequestCall, generic: RequestDescription): RequestDescription {
  const parameters = membersOf(generic.requestParameters);
  const shape = model?.input;
  if (resolved.service?.id !== "apigateway" || generic.readOnly || shape === undefined || parameters === undefined) {
    return generic;
  }
  // The API's second generation has the same eventSource and no such member; imported definitions are the whole body.
  if (shape.payload !== undefined) return generic;
  const inBody = new Set(
    shape.members.filter(({ location }) => location === undefined).map(({ name }) => lowerFirst(name)),
  );
  const [body, others] = [true, false].map((side) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => inBody.has(name) === side)),
  );
  if (body === undefined || Object.keys(body).length === 0) return generic;
  return { ...generic, requestParameters: { ...others, [`${lowerFirst(model?.name ?? "")}Input`]: body } };
}
