import type { Refusal } from "../core/index.ts";
import type { ErrorAnswer } from "./protocols/codec.ts";
import type { Protocol, Service } from "./shapes.ts";

/**
 * A refusal as the service would tell it. The refusal's code may be the shape's name or the wire code.
 *
 * JSON 1.x services answer 400 to every modelled mistake of the caller, whatever status their model notes (seen for
 * CloudTrail, DynamoDB and KMS alike); the other protocols follow the model. Errors without a model keep their own status.
 */
export function answerOf(service: Service, protocol: Protocol, refusal: Refusal): ErrorAnswer {
  const model = service.errors.get(refusal.code);
  if (model === undefined) {
    const { code, status } = refusal;
    return { refusal, name: code, code, status, sender: status < 500 };
  }
  const json = protocol === "json-1.0" || protocol === "json-1.1";
  const status = model.fault
    ? (model.status ?? Math.max(refusal.status, 500))
    : json
      ? 400
      : (model.status ?? refusal.status);
  return { refusal, model, name: model.name, code: model.code, status, sender: !model.fault };
}
