import { parseArn, Refusal } from "../../core/index.ts";
import type { BasicSelector } from "../trail.ts";
import { ALL_OF_TYPE } from "./compile-selectors.ts";
import { isArnOfType } from "./data-resource-types.ts";
import { EXCLUDABLE_SOURCES } from "./selector-fields.ts";

const SELECTORS_MAX = 5;

/** Values of data resources over all selectors of a trail; those that stand for all of a type do not count. */
const DATA_RESOURCES_MAX = 250;

/** As the wire brings it. */
export interface BasicSelectorInput {
  readonly ReadWriteType?: string | undefined;
  readonly IncludeManagementEvents?: boolean | undefined;
  readonly DataResources?:
    | readonly { readonly Type?: string | undefined; readonly Values?: readonly string[] | undefined }[]
    | undefined;
  readonly ExcludeManagementEventSources?: readonly string[] | undefined;
}

/** What a trail logs that nobody told what to log: management events, no data events. */
export const DEFAULT_SELECTOR: BasicSelector = {
  ReadWriteType: "All",
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
};

/**
 * The basic event selectors of a trail, defaults filled in.
 * @throws {Refusal} `InvalidEventSelectorsException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
 */
export function parseBasicSelectors(inputs: readonly BasicSelectorInput[]): readonly BasicSelector[] {
  if (inputs.length > SELECTORS_MAX) {
    throw invalid(`A trail can have 1 to ${SELECTORS_MAX} event selectors, not ${inputs.length}.`);
  }
  const selectors = inputs.map(parseSelector);
  const counted = selectors.flatMap(({ DataResources }) => DataResources).flatMap(countedValues).length;
  if (counted > DATA_RESOURCES_MAX) {
    throw invalid(
      `The event selectors have ${counted} data resources in all; at most ${DATA_RESOURCES_MAX} are allowed.`,
    );
  }
  return selectors;
}

/** @throws {Refusal} `InvalidEventSelectorsException` unless it is a value of the enumeration. */
export function parseReadWriteType(text: string | undefined): BasicSelector["ReadWriteType"] {
  const known = (["All", "ReadOnly", "WriteOnly"] as const).find((type) => type === (text ?? "All"));
  if (known === undefined) throw invalid(`Value ${text} for ReadWriteType is invalid.`);
  return known;
}

function parseSelector(input: BasicSelectorInput): BasicSelector {
  const excluded = input.ExcludeManagementEventSources ?? [];
  const known: readonly string[] = EXCLUDABLE_SOURCES;
  const foreign = excluded.find((source) => !known.includes(source));
  if (foreign !== undefined) throw invalid(`Value ${foreign} for ExcludeManagementEventSources is invalid.`);
  return {
    ReadWriteType: parseReadWriteType(input.ReadWriteType),
    IncludeManagementEvents: input.IncludeManagementEvents ?? true,
    DataResources: (input.DataResources ?? []).map(({ Type, Values }) => parseDataResource(Type, Values ?? [])),
    ExcludeManagementEventSources: excluded,
  };
}

type DataResource = BasicSelector["DataResources"][number];

function parseDataResource(type: string | undefined, values: readonly string[]): DataResource {
  const all = ALL_OF_TYPE.get(type ?? "");
  if (type === undefined || all === undefined) {
    throw invalid(
      `Value ${type} for DataResources.Type is invalid. Valid values are ${[...ALL_OF_TYPE.keys()].join(", ")}.`,
    );
  }
  for (const value of values) if (!all.has(value)) checkValue(type, value);
  return { Type: type, Values: values };
}

const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

function checkValue(type: string, value: string): void {
  const unlike = invalid(`Value ${value} for DataResources.Values is invalid.`);
  const arn = parseArn(value);
  if (arn?.partition !== "aws") throw unlike;
  if (type !== "AWS::S3::Object") {
    // A version or alias stands in no event: a function that is named with one would never be logged.
    const isWhole = isArnOfType(type, value) && !value.includes("*") && arn.resource.split(":").length < 3;
    if (isWhole) return;
    throw unlike;
  }
  const [bucket = "", ...path] = arn.resource.split("/");
  if (arn.service !== "s3" || arn.region !== "" || arn.account !== "" || !BUCKET_NAME.test(bucket)) throw unlike;
  // A bucket without its slash would also take in every bucket whose name begins so.
  if (path.length === 0) throw invalid(`Invalid S3 ARN: ${value}`);
}

function countedValues({ Type, Values }: DataResource): readonly string[] {
  return Values.filter((value) => !ALL_OF_TYPE.get(Type)?.has(value));
}

function invalid(message: string): Refusal {
  return new Refusal("InvalidEventSelectorsException", message);
}
