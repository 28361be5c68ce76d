import type { EventsOperations } from "../../aws/index.ts";
import { parseArn } from "../../core/index.ts";
import { checkTransformer, destinationOf, type EntryError, parseJsonPath, TARGETS_TOLD } from "../../rules/index.ts";
import { invalid } from "./named.ts";

type GivenTarget = EventsOperations["PutTargets"]["input"]["Targets"][number];

/** What other kinds of targets ask for: none of them is delivered to here. */
const FOREIGN_PARAMETERS = [
  "KinesisParameters",
  "RunCommandParameters",
  "EcsParameters",
  "BatchParameters",
  "RedshiftDataParameters",
  "SageMakerPipelineParameters",
  "AppSyncParameters",
] as const;

const INPUTS = ["Input", "InputPath", "InputTransformer"] as const;

/**
 * Why OpenTrail does not deliver to the target; undefined when it does.
 * @throws {Refusal} `ValidationException` for what contradicts itself, whatever the target is.
 */
export function checkTarget(target: GivenTarget): EntryError | undefined {
  const problem = problemOf(target);
  if (problem !== undefined) throw invalid(problem);
  const destination = destinationOf(target.Arn);
  if (destination === undefined) return unsupported(target, TARGETS_TOLD);
  const foreign = FOREIGN_PARAMETERS.find((name) => target[name] !== undefined);
  if (foreign !== undefined) return unsupported(target, `${foreign} is for targets that OpenTrail does not deliver to`);
  if (destination.kind === "bus" && INPUTS.some((name) => target[name] !== undefined)) {
    return unsupported(target, "an event bus takes the event as it is");
  }
  return undefined;
}

function unsupported({ Arn, Id }: GivenTarget, why: string): EntryError {
  return {
    ErrorCode: "ValidationException",
    ErrorMessage: `Target ${Id} (${Arn}) is not supported: ${why}.`,
  };
}

function problemOf(target: GivenTarget): string | undefined {
  const { Id, Arn, Input, InputPath, InputTransformer, DeadLetterConfig, SqsParameters } = target;
  if (parseArn(Arn) === undefined) {
    return `Parameter ${Arn} is not valid. Reason: Provided Arn is not in correct format.`;
  }
  if (INPUTS.filter((name) => target[name] !== undefined).length > 1) {
    return `Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`;
  }
  if (Input !== undefined && !isJson(Input)) return `JSON syntax error in input for target ${Id}.`;
  if (InputPath !== undefined && parseJsonPath(InputPath) === undefined) {
    return `Invalid JsonPath for target ${Id}: ${InputPath}`;
  }
  const transformer = InputTransformer && checkTransformer(withPaths(InputTransformer), Id);
  if (transformer !== undefined) return transformer;
  if (/^arn:[^:]+:sqs:.*\.fifo$/.test(Arn) && SqsParameters?.MessageGroupId === undefined) {
    return `Parameter(s) SqsParameters must be specified for target: ${Id}.`;
  }
  if (DeadLetterConfig?.Arn !== undefined && destinationOf(DeadLetterConfig.Arn)?.kind !== "queue") {
    return `Parameter DeadLetterConfig.Arn is not valid for target ${Id}. Reason: It must be the ARN of a queue.`;
  }
  return undefined;
}

function withPaths(transformer: NonNullable<GivenTarget["InputTransformer"]>): Parameters<typeof checkTransformer>[0] {
  const { InputPathsMap = {}, InputTemplate } = transformer;
  return { InputPathsMap, InputTemplate };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}
