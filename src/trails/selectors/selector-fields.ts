import { isDataResourceType } from "./data-resource-types.ts";

export const OPERATORS = ["Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"] as const;

export type OperatorName = (typeof OPERATORS)[number];

/** What may be said of a field. */
export interface FieldRule {
  readonly required?: true;
  readonly operators: readonly OperatorName[];
  /** No more values than this, over all operators. */
  readonly valuesMax?: number;
  /** A value that this refuses is none. */
  readonly allows?: (value: string) => boolean;
  /** What is allowed, in words. */
  readonly hint?: string;
}

const ANY: FieldRule = { operators: OPERATORS };
const CATEGORY: FieldRule = { required: true, operators: ["Equals"], valuesMax: 1 };
const READ_ONLY: FieldRule = { operators: ["Equals"], ...oneOf("true", "false") };

/** Sources whose events are so many that a trail may leave them out of the management events. */
export const EXCLUDABLE_SOURCES = ["kms.amazonaws.com", "rdsdata.amazonaws.com"] as const;

/**
 * The fields of advanced event selectors that a trail may use, by event category.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
 */
export const TRAIL_FIELDS: ReadonlyMap<string, ReadonlyMap<string, FieldRule>> = new Map([
  [
    "Management",
    fields({
      eventCategory: CATEGORY,
      readOnly: READ_ONLY,
      eventSource: { operators: ["NotEquals"], ...oneOf(...EXCLUDABLE_SOURCES) },
    }),
  ],
  [
    "Data",
    fields({
      eventCategory: CATEGORY,
      readOnly: READ_ONLY,
      eventSource: ANY,
      eventName: ANY,
      eventType: ANY,
      "resources.type": {
        required: true,
        operators: ["Equals"],
        valuesMax: 1,
        allows: isDataResourceType,
        hint: "a resource type that has data events",
      },
      "resources.ARN": ANY,
      "userIdentity.arn": ANY,
      sessionCredentialFromConsole: { operators: ["Equals", "NotEquals"], ...oneOf("true") },
    }),
  ],
  [
    "NetworkActivity",
    fields({
      eventCategory: CATEGORY,
      eventSource: {
        required: true,
        operators: ["Equals"],
        valuesMax: 1,
        allows: (value) => /^[a-z0-9-]+\.amazonaws\.com$/.test(value),
        hint: "an event source such as ec2.amazonaws.com",
      },
      eventName: ANY,
      "userIdentity.arn": ANY,
      errorCode: { operators: ["Equals"], ...oneOf("VpceAccessDenied") },
      vpcEndpointId: ANY,
    }),
  ],
]);

function fields(rules: Readonly<Record<string, FieldRule>>): ReadonlyMap<string, FieldRule> {
  return new Map(Object.entries(rules));
}

function oneOf(...values: readonly string[]): Pick<FieldRule, "allows" | "hint"> & object {
  return { allows: (value: string) => values.includes(value), hint: values.join(" or ") };
}
