import { type CloudtrailOperations, service, validateInput } from "../../aws/index.ts";
import { assert } from "../../core/index.ts";

/**
 * The modelled constraints of an operation that checks its input by itself, once it has told those breaches for which the
 * API has errors of its own.
 * @throws {Refusal} `ValidationException`.
 */
export function checkInput(name: keyof CloudtrailOperations, input: object): void {
  const model = service("cloudtrail").operations.get(name);
  assert(model !== undefined, `the model has ${name}`);
  validateInput(model, "json-1.1", { ...input });
}
