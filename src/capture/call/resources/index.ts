/** Which resources a call is about, told from its parameters and its answer. */
import type { ResolvedCall } from "../../../aws/index.ts";
import type { RecordResource } from "../../../record/index.ts";
import type { CallPlace } from "../description.ts";

/**
 * The resources of a call, as its record names them. `input` and `output` have the model's member names; `output` is
 * undefined as long as there is no answer, and for errors.
 */
export function resourcesOf(
  _resolved: ResolvedCall,
  _input: Readonly<Record<string, unknown>> | undefined,
  _output: Readonly<Record<string, unknown>> | undefined,
  _place: CallPlace,
): readonly RecordResource[] {
  return [];
}

export { s3Resources } from "./s3-resources.ts";
export type { S3Subject } from "./s3-resources.ts";
