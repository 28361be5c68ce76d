import type { OperationModel, StructureShape } from "../../aws/index.ts";
import { mapperOf, nullIfEmpty } from "./record-style.ts";

export function describeEc2Request(
  model: OperationModel,
  shape: StructureShape,
  input: Readonly<Record<string, unknown>>,
): unknown {
  return nullIfEmpty(mapperOf(model, "ec2.amazonaws.com").map(shape, input));
}
export function describeEc2Response(
  model: OperationModel,
  shape: StructureShape,
  output: Readonly<Record<string, unknown>>,
  requestId: string | undefined,
): unknown {
  return { requestId, ...(mapperOf(model, "ec2.amazonaws.com").map(shape, output) as object) };
}
