import { describe, expect, test } from "vitest";
import { loggedKinds } from "./logged-kinds.ts";
import { parseSelectors, type SelectorsInput } from "./selectors.ts";

const told = (input: SelectorsInput): string => {
  try {
    parseSelectors(input);
    return "taken";
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    return `${code}: ${message}`;
  }
};

const basic = (...values: readonly string[]): SelectorsInput => ofType("AWS::S3::Object", ...values);
const ofType = (Type: string, ...Values: readonly string[]): SelectorsInput => ({
  EventSelectors: [{ DataResources: [{ Type, Values }] }],
});
const buckets = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `arn:aws:s3:::bucket-${index}/`);

type Fields = NonNullable<SelectorsInput["AdvancedEventSelectors"]>[number]["FieldSelectors"];
const advanced = (...FieldSelectors: Fields): SelectorsInput => ({
  AdvancedEventSelectors: [{ Name: "mine", FieldSelectors }],
});
const of = (category: string) => ({ Field: "eventCategory", Equals: [category] });
const data = (type: string, ...more: Fields) =>
  advanced(of("Data"), { Field: "resources.type", Equals: [type] }, ...more);
const network = (...more: Fields) =>
  advanced(of("NetworkActivity"), { Field: "eventSource", Equals: ["ec2.amazonaws.com"] }, ...more);
const arns = (...Equals: readonly string[]) => ({ Field: "resources.ARN", Equals });
const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `Get${index}`);

const BOTH = "A trail can have event selectors or advanced event selectors, not both.";
const NONE = "One of EventSelectors and AdvancedEventSelectors must have at least one selector.";
const MINE = "Advanced event selector 1 (mine): ";

describe("parseSelectors()", () => {
  test("fills in the defaults of basic selectors", () => {
    expect(parseSelectors({ EventSelectors: [{}] })).toEqual({
      kind: "basic",
      custom: true,
      selectors: [
        { ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
      ],
    });
  });

  test("keeps advanced selectors as they are put", () => {
    const put = [
      { Name: "", FieldSelectors: [of("Management"), { Field: "readOnly", Equals: ["true"] }] },
      { FieldSelectors: [of("Data"), { Field: "resources.type", Equals: ["AWS::SNS::Topic"] }] },
    ];
    expect(parseSelectors({ AdvancedEventSelectors: put, EventSelectors: [] })).toEqual({
      kind: "advanced",
      custom: true,
      selectors: put,
    });
  });

  test.each<[string, SelectorsInput, string]>([
    ["both kinds", { ...basic("arn:aws:s3"), ...advanced(of("Management")) }, BOTH],
    ["neither kind", {}, NONE],
    ["two empty lists", { EventSelectors: [], AdvancedEventSelectors: [] }, NONE],
    ["six basic selectors", { EventSelectors: Array(6).fill({}) }, "A trail can have 1 to 5 event selectors, not 6."],
    ["all of a wildcard", basic("arn:aws:s3:::*"), "Value arn:aws:s3:::* for DataResources.Values is invalid."],
    ["wildcards", basic("arn:aws:s3:::*/*"), "Value arn:aws:s3:::*/* for DataResources.Values is invalid."],
    ["no ARN", basic("secure-infra/"), "Value secure-infra/ for DataResources.Values is invalid."],
    ["a bucket without slash", basic("arn:aws:s3:::aigo-"), "Invalid S3 ARN: arn:aws:s3:::aigo-"],
    [
      "another partition",
      basic("arn:aws-cn:s3:::b1/"),
      "Value arn:aws-cn:s3:::b1/ for DataResources.Values is invalid.",
    ],
    ["another service", basic("arn:aws:lambda"), "Value arn:aws:lambda for DataResources.Values is invalid."],
    [
      "all functions by wildcard",
      ofType("AWS::Lambda::Function", "arn:aws:lambda:*"),
      "Value arn:aws:lambda:* for DataResources.Values is invalid.",
    ],
    [
      "a function's version",
      ofType("AWS::Lambda::Function", "arn:aws:lambda:us-east-1:123456789012:function:f:1"),
      "Value arn:aws:lambda:us-east-1:123456789012:function:f:1 for DataResources.Values is invalid.",
    ],
    [
      "a bucket as a type",
      ofType("AWS::S3::Bucket", "arn:aws:s3"),
      "Value AWS::S3::Bucket for DataResources.Type is invalid. Valid values are AWS::S3::Object, AWS::Lambda::Function, AWS::DynamoDB::Table.",
    ],
    [
      "251 data resources",
      {
        EventSelectors: [200, 51].map((count) => ({
          DataResources: [{ Type: "AWS::S3::Object", Values: buckets(count) }],
        })),
      },
      "The event selectors have 251 data resources in all; at most 250 are allowed.",
    ],
    [
      "an unknown read/write type",
      { EventSelectors: [{ ReadWriteType: "read-only" }] },
      "Value read-only for ReadWriteType is invalid.",
    ],
    [
      "another excluded source",
      { EventSelectors: [{ ExcludeManagementEventSources: ["s3.amazonaws.com"] }] },
      "Value s3.amazonaws.com for ExcludeManagementEventSources is invalid.",
    ],

    ["no category", advanced({ Field: "readOnly", Equals: ["true"] }), `${MINE}the field eventCategory is missing.`],
    [
      "a category that is not equal",
      advanced({ Field: "eventCategory", StartsWith: ["Data"] }),
      `${MINE}the field eventCategory needs the operator Equals.`,
    ],
    [
      "two categories",
      advanced({ Field: "eventCategory", Equals: ["Management", "Data"] }),
      `${MINE}the field eventCategory takes one value in a selector, not 2.`,
    ],
    [
      "a category of event data stores",
      advanced(of("Insight")),
      `${MINE}eventCategory must be one of Management, Data, NetworkActivity, not Insight.`,
    ],
    [
      "a field of other categories",
      advanced(of("Management"), { Field: "eventName", Equals: ["GetTrail"] }),
      `${MINE}the field eventName is not valid for Management events.`,
    ],
    [
      "an unknown field",
      data("AWS::SNS::Topic", { Field: "constructor", Equals: ["x"] }),
      `${MINE}the field constructor is not valid for Data events.`,
    ],
    [
      "a field twice",
      data("AWS::SNS::Topic", { Field: "eventName", Equals: ["a"] }, { Field: "eventName", Equals: ["b"] }),
      `${MINE}the field eventName is given more than once.`,
    ],
    [
      "a field without operator",
      data("AWS::SNS::Topic", { Field: "eventName" }),
      `${MINE}the field eventName has no operator.`,
    ],
    [
      "a foreign operator",
      advanced(of("Management"), { Field: "readOnly", NotEquals: ["true"] }),
      `${MINE}the field readOnly takes Equals, not NotEquals.`,
    ],
    [
      "a foreign value",
      advanced(of("Management"), { Field: "readOnly", Equals: ["TRUE"] }),
      `${MINE}the field readOnly takes true or false, not TRUE.`,
    ],
    [
      "another source of management events",
      advanced(of("Management"), { Field: "eventSource", NotEquals: ["s3.amazonaws.com"] }),
      `${MINE}the field eventSource takes kms.amazonaws.com or rdsdata.amazonaws.com, not s3.amazonaws.com.`,
    ],
    [
      "only a source of management events",
      advanced(of("Management"), { Field: "eventSource", Equals: ["kms.amazonaws.com"] }),
      `${MINE}the field eventSource takes NotEquals, not Equals.`,
    ],
    ["data events of no type", advanced(of("Data")), `${MINE}Data events need the field resources.type.`],
    [
      "data events of two types",
      advanced(of("Data"), { Field: "resources.type", Equals: ["AWS::SNS::Topic", "AWS::SQS::Queue"] }),
      `${MINE}the field resources.type takes one value in a selector, not 2.`,
    ],
    [
      "a type in another case",
      data("AWS::S3::object"),
      `${MINE}the field resources.type takes a resource type that has data events, not AWS::S3::object.`,
    ],
    [
      "a type for management events",
      advanced(of("Management"), { Field: "resources.type", Equals: ["AWS::S3::Object"] }),
      `${MINE}the field resources.type is not valid for Management events.`,
    ],
    [
      "a console session that is false",
      data("AWS::SNS::Topic", { Field: "sessionCredentialFromConsole", Equals: ["false"] }),
      `${MINE}the field sessionCredentialFromConsole takes true, not false.`,
    ],
    [
      "another type's ARN",
      data("AWS::S3::Object", arns("arn:aws:s3:::b/", "arn:aws:sqs:us-east-1:123456789012:q")),
      `${MINE}the field resources.ARN: arn:aws:sqs:us-east-1:123456789012:q is not a valid ARN of a resource of type AWS::S3::Object.`,
    ],
    [
      "network activity of no source",
      advanced(of("NetworkActivity")),
      `${MINE}NetworkActivity events need the field eventSource.`,
    ],
    [
      "another error",
      network({ Field: "errorCode", Equals: ["AccessDenied"] }),
      `${MINE}the field errorCode takes VpceAccessDenied, not AccessDenied.`,
    ],
    [
      "network activity of reads",
      network({ Field: "readOnly", Equals: ["true"] }),
      `${MINE}the field readOnly is not valid for NetworkActivity events.`,
    ],
    [
      "501 values",
      data("AWS::SNS::Topic", { Field: "eventName", Equals: many(250), NotEquals: many(249) }),
      "The advanced event selectors have 501 values in all; at most 500 are allowed.",
    ],
  ])("refuses %s", (_, input, message) => {
    expect(told(input)).toBe(`InvalidEventSelectorsException: ${message}`);
  });

  test.each<[string, SelectorsInput]>([
    ["all objects", basic("arn:aws:s3")],
    ["all objects, with colons", basic("arn:aws:s3:::")],
    ["a bucket, a prefix, a star in a key", basic("arn:aws:s3:::b-1/", "arn:aws:s3:::b-1/pre", "arn:aws:s3:::b-1/*")],
    ["no value", basic()],
    [
      "all functions and one",
      ofType("AWS::Lambda::Function", "arn:aws:lambda", "arn:aws:lambda:us-east-1:123456789012:function:f"),
    ],
    ["a table", ofType("AWS::DynamoDB::Table", "arn:aws:dynamodb", "arn:aws:dynamodb:us-east-1:123456789012:table/t")],
    ["250 data resources and all of a type", basic(...buckets(250), "arn:aws:s3", "arn:aws:s3:::")],
    [
      "both excluded sources",
      { EventSelectors: [{ ExcludeManagementEventSources: ["kms.amazonaws.com", "rdsdata.amazonaws.com"] }] },
    ],
    ["five basic selectors", { EventSelectors: Array(5).fill({}) }],
    ["500 values", data("AWS::SNS::Topic", { Field: "eventName", Equals: many(250), NotEquals: many(248) })],
    ["management without KMS", advanced(of("Management"), { Field: "eventSource", NotEquals: ["kms.amazonaws.com"] })],
    ["beginnings that are no ARN", data("AWS::S3::Object", { Field: "resources.ARN", StartsWith: ["arn:aws:s3:::b"] })],
    ["any ARN of a type without form", data("AWS::XRay::Trace", arns("arn:aws:xray:us-east-1:123456789012:x"))],
    [
      "an ARN of the type's second form",
      data("AWS::SSM::ManagedNode", arns("arn:aws:ec2:us-east-1:123456789012:instance/i-1")),
    ],
    ["not from the console", data("AWS::SQS::Queue", { Field: "sessionCredentialFromConsole", NotEquals: ["true"] })],
    [
      "denied network activity",
      network({ Field: "errorCode", Equals: ["VpceAccessDenied"] }, { Field: "vpcEndpointId", EndsWith: ["1"] }),
    ],
  ])("takes %s", (_, input) => {
    expect(told(input)).toBe("taken");
  });
});

describe("loggedKinds()", () => {
  const kinds = (input: SelectorsInput): string =>
    Object.entries(loggedKinds(parseSelectors(input)))
      .filter(([, logged]) => logged)
      .map(([kind]) => kind)
      .join(" ");
  const reads = { Field: "readOnly", Equals: ["true"] };
  test.each<[SelectorsInput, string]>([
    [{ EventSelectors: [{}] }, "managementReads managementWrites"],
    [{ EventSelectors: [{ ReadWriteType: "WriteOnly" }] }, "managementWrites"],
    [{ EventSelectors: [{ ReadWriteType: "ReadOnly" }, { IncludeManagementEvents: false }] }, "managementReads"],
    [basic("arn:aws:s3"), "managementReads managementWrites data"],
    [basic(), "managementReads managementWrites"],
    [advanced(of("Management"), reads), "managementReads"],
    [advanced(of("Management")), "managementReads managementWrites"],
    [data("AWS::SQS::Queue"), "data"],
    [network(), ""],
  ])("of %j are %s", (input, expected) => {
    expect(kinds(input)).toBe(expected);
  });
});
