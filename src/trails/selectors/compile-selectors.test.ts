import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AdvancedSelector, BasicSelector, SelectableEvent, Selectors } from "../trail.ts";
import { compileSelectors } from "./compile-selectors.ts";

/** What the guide says, word by word, as slow as it likes. */
function naive(selectors: Selectors, event: Json): boolean {
  if (selectors.kind === "basic") return selectors.selectors.some((selector) => naiveBasic(selector, event));
  return selectors.selectors.some((selector) => naiveAdvanced(selector, event));
}

type Json = Readonly<Record<string, unknown>>;

function naiveBasic(selector: BasicSelector, event: Json): boolean {
  if (selector.ReadWriteType === "ReadOnly" && event["readOnly"] !== true) return false;
  if (selector.ReadWriteType === "WriteOnly" && event["readOnly"] !== false) return false;
  const category = naiveField("eventCategory", event);
  const isExcluded = selector.ExcludeManagementEventSources.some((source) => source === event["eventSource"]);
  if (category === "Management" && selector.IncludeManagementEvents && !isExcluded) return true;
  if (category !== "Data") return false;
  return selector.DataResources.some(({ Type, Values }) =>
    naiveResources(event).some(
      ({ type, arn }) => type === Type && Values.some((value) => naiveCovers(Type, value, arn)),
    ),
  );
}

function naiveCovers(type: string, value: string, arn: string | undefined): boolean {
  if (type === "AWS::S3::Object") {
    return value === "arn:aws:s3" || value === "arn:aws:s3:::" || (arn ?? "").indexOf(value) === 0;
  }
  if (type === "AWS::Lambda::Function" && value === "arn:aws:lambda") return true;
  if (type === "AWS::DynamoDB::Table" && value === "arn:aws:dynamodb") return true;
  return value === arn;
}

function naiveAdvanced({ FieldSelectors }: AdvancedSelector, event: Json): boolean {
  const of = (names: readonly string[]) => FieldSelectors.filter(({ Field }) => names.includes(Field));
  const others = FieldSelectors.filter(({ Field }) => !Field.startsWith("resources."));
  if (!others.every((field) => naiveOperators(field, naiveField(field.Field, event)))) return false;
  if (others.length === FieldSelectors.length) return true;
  return naiveResources(event).some(
    ({ type, arn }) =>
      of(["resources.type"]).every((field) => naiveOperators(field, type)) &&
      of(["resources.ARN"]).every((field) => naiveOperators(field, arn)),
  );
}

/** (no SELECT operator given OR any SELECT value matches) AND (no DESELECT value matches) */
function naiveOperators(field: AdvancedSelector["FieldSelectors"][number], value: string | undefined): boolean {
  const selecting = [field.Equals, field.StartsWith, field.EndsWith];
  const matches = (lists: readonly (readonly string[] | undefined)[]): boolean =>
    value !== undefined &&
    ((lists[0] ?? []).some((one) => value === one) ||
      (lists[1] ?? []).some((one) => value.slice(0, one.length) === one) ||
      (lists[2] ?? []).some((one) => one.length <= value.length && value.slice(value.length - one.length) === one));
  const isSelected = selecting.every((list) => list === undefined) || matches(selecting);
  return isSelected && !matches([field.NotEquals, field.NotStartsWith, field.NotEndsWith]);
}

function naiveField(name: string, event: Json): string | undefined {
  const value = name === "userIdentity.arn" ? (event["userIdentity"] as Json | undefined)?.["arn"] : event[name];
  if (name === "eventCategory" && value === undefined) {
    if (event["managementEvent"] === true) return "Management";
    return event["managementEvent"] === false ? "Data" : undefined;
  }
  return value === undefined ? undefined : `${value as string | boolean}`;
}

function naiveResources(event: Json): readonly { type: string | undefined; arn: string | undefined }[] {
  const resources = (event["resources"] ?? []) as readonly Readonly<Record<string, string>>[];
  const read = resources.map(({ type, ARN, ARNPrefix }) => ({ type, arn: ARN ?? ARNPrefix }));
  return read.length === 0 ? [{ type: undefined, arn: undefined }] : read;
}

/** Few values, alike in beginnings and ends, so that generated selectors and events often meet. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  eventCategory: ["Management", "Data", "NetworkActivity", "Insight", "management"],
  readOnly: ["true", "false"],
  eventSource: ["s3.amazonaws.com", "kms.amazonaws.com", "rdsdata.amazonaws.com", "S3.amazonaws.com", "*"],
  eventName: ["GetObject", "GetObjectAcl", "PutObject", "getObject", "Object", "Get*"],
  eventType: ["AwsApiCall", "AwsServiceEvent"],
  "userIdentity.arn": ["arn:aws:iam::1:user/a", "arn:aws:iam::1:user/ab", "arn:aws:iam::1:role/a"],
  sessionCredentialFromConsole: ["true"],
  errorCode: ["VpceAccessDenied", "AccessDenied"],
  vpcEndpointId: ["vpce-1", "vpce-12"],
  "resources.type": ["AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::DynamoDB::Stream", "AWS::Lambda::Function"],
  "resources.ARN": [
    "arn:aws:s3",
    "arn:aws:s3:::",
    "arn:aws:s3:::b/",
    "arn:aws:s3:::b/x",
    "arn:aws:s3:::b/xy",
    "arn:aws:dynamodb",
    "arn:aws:dynamodb:r:1:table/t",
    "arn:aws:dynamodb:r:1:table/t/stream/1",
    "arn:aws:lambda",
    "arn:aws:lambda:r:1:function:f",
    "arn:aws:lambda:r:1:function:f2",
  ],
};
const wordOf = (field: string) => fc.constantFrom(...(WORDS[field] ?? [""]));
const ARN = wordOf("resources.ARN");

/** Whole values, their beginnings and ends. */
const operand = (field: string) =>
  fc.tuple(wordOf(field), fc.nat(12), fc.boolean()).map(([word, cut, end]) => {
    if (cut < 6) return word;
    return end ? word.slice(-cut) : word.slice(0, cut);
  });

const fieldSelector = fc.constantFrom(...Object.keys(WORDS)).chain((field) => {
  const values = fc.array(operand(field), { minLength: 1, maxLength: 3 });
  const operators = { Equals: values, StartsWith: values, EndsWith: values };
  const not = { NotEquals: values, NotStartsWith: values, NotEndsWith: values };
  return fc
    .record({ ...operators, ...not }, { requiredKeys: [] })
    .map((given): AdvancedSelector["FieldSelectors"][number] => ({ Field: field, ...given }));
});

const category = wordOf("eventCategory").map((word) => ({ Field: "eventCategory", Equals: [word] }));
const advanced: fc.Arbitrary<Selectors> = fc
  .array(
    fc.tuple(category, fc.array(fieldSelector, { maxLength: 3 })).map(([first, rest]) => ({
      FieldSelectors: [first, ...rest],
    })),
    { minLength: 1, maxLength: 3 },
  )
  .map((selectors) => ({ kind: "advanced", custom: true, selectors }));

const basic: fc.Arbitrary<Selectors> = fc
  .array(
    fc.record({
      ReadWriteType: fc.constantFrom("All", "ReadOnly", "WriteOnly"),
      IncludeManagementEvents: fc.boolean(),
      DataResources: fc.array(
        fc.record({
          Type: fc.constantFrom("AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::Lambda::Function"),
          Values: fc.array(ARN, { maxLength: 3 }),
        }),
        { maxLength: 2 },
      ),
      ExcludeManagementEventSources: fc.subarray(["kms.amazonaws.com", "rdsdata.amazonaws.com"]),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((selectors) => ({ kind: "basic", custom: true, selectors }));

const event = fc.record(
  {
    eventCategory: wordOf("eventCategory"),
    managementEvent: fc.boolean(),
    readOnly: fc.boolean(),
    eventSource: wordOf("eventSource"),
    eventName: wordOf("eventName"),
    eventType: wordOf("eventType"),
    userIdentity: fc.record({ arn: wordOf("userIdentity.arn") }, { requiredKeys: [] }),
    sessionCredentialFromConsole: fc.constant("true"),
    errorCode: wordOf("errorCode"),
    vpcEndpointId: wordOf("vpcEndpointId"),
    resources: fc.array(fc.record({ type: wordOf("resources.type"), ARN, ARNPrefix: ARN }, { requiredKeys: [] }), {
      maxLength: 3,
    }),
  },
  { requiredKeys: [] },
);

describe("compileSelectors()", () => {
  test.each([
    ["basic", basic],
    ["advanced", advanced],
  ])("agrees with a naive evaluator about %s selectors", (_, selectors) => {
    let wanted = 0;
    let unwanted = 0;
    fc.assert(
      fc.property(selectors, fc.array(event, { minLength: 1, maxLength: 6 }), (given, events) => {
        const wants = compileSelectors(given);
        for (const one of events) {
          const expected = naive(given, one);
          if (expected) wanted += 1;
          else unwanted += 1;
          expect({ given, one, wanted: wants(one) }).toEqual({ given, one, wanted: expected });
        }
      }),
      { numRuns: 1500 },
    );
    // A property that only ever sees one answer says nothing.
    expect(Math.min(wanted, unwanted)).toBeGreaterThan(300);
  });

  test("never throws, whatever the event", () => {
    const members = [...Object.keys(WORDS).map((name) => name.split(".")[0] ?? ""), "managementEvent", "tlsDetails"];
    const hostile = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...members), fc.jsonValue()),
      fc.record({ eventCategory: fc.constant("Data"), resources: fc.array(fc.jsonValue()) }),
    );
    fc.assert(
      fc.property(fc.oneof(basic, advanced), hostile, (given, one) => {
        expect(typeof compileSelectors(given)(one as SelectableEvent)).toBe("boolean");
      }),
      { numRuns: 1500 },
    );
  });

  const dataOf = (type: string, ...more: AdvancedSelector["FieldSelectors"]): Selectors => ({
    kind: "advanced",
    custom: true,
    selectors: [
      {
        FieldSelectors: [
          { Field: "eventCategory", Equals: ["Data"] },
          { Field: "resources.type", Equals: [type] },
          ...more,
        ],
      },
    ],
  });
  const object = (key: string): SelectableEvent => ({
    eventCategory: "Data",
    resources: [
      { type: "AWS::S3::Object", ARN: `arn:aws:s3:::${key}` },
      { type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${key.split("/")[0]}` },
    ],
  });

  test.each([
    ["bucket/object1", true],
    ["bucket/object2", true],
    ["otherbucket/object3", true],
    ["bucket/deselectObject4", false],
    ["bucket/object5", false],
    ["bucket/object6", false],
    ["otherbucket/object1", false],
  ])("answers the guide's own example for %s: %s", (key, expected) => {
    const wants = compileSelectors(
      dataOf("AWS::S3::Object", {
        Field: "resources.ARN",
        Equals: ["arn:aws:s3:::bucket/object1"],
        StartsWith: ["arn:aws:s3:::bucket/"],
        EndsWith: ["object3"],
        NotStartsWith: ["arn:aws:s3:::bucket/deselect"],
        NotEndsWith: ["object5"],
        NotEquals: ["arn:aws:s3:::bucket/object6"],
      }),
    );
    expect(wants(object(key))).toBe(expected);
  });

  const STREAM: SelectableEvent = {
    eventCategory: "Data",
    eventName: "GetRecords",
    resources: [
      { type: "AWS::DynamoDB::Stream", ARN: "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/1" },
      { type: "AWS::DynamoDB::Table", ARN: "arn:aws:dynamodb:us-east-1:123456789012:table/t" },
    ],
  };
  const notFromConsole = { Field: "sessionCredentialFromConsole", NotEquals: ["true"] };
  const notSecret = { Field: "resources.ARN", NotStartsWith: ["arn:aws:s3:::b/secret"] };

  test.each<[string, Selectors, SelectableEvent, boolean]>([
    ["a stream's event for its table", dataOf("AWS::DynamoDB::Table"), STREAM, true],
    ["a stream's event for streams", dataOf("AWS::DynamoDB::Stream"), STREAM, true],
    [
      "type and ARN of two resources",
      dataOf("AWS::DynamoDB::Stream", { Field: "resources.ARN", EndsWith: ["table/t"] }),
      STREAM,
      false,
    ],
    ["no console session", dataOf("AWS::S3::Object", notFromConsole), object("b/k"), true],
    [
      "a console session",
      dataOf("AWS::S3::Object", notFromConsole),
      { ...object("b/k"), sessionCredentialFromConsole: "true" },
      false,
    ],
    ["another case", dataOf("AWS::S3::object"), object("b/k"), false],
    [
      "a star, which is a letter",
      dataOf("AWS::S3::Object", { Field: "resources.ARN", StartsWith: ["arn:*"] }),
      object("b/k"),
      false,
    ],
    ["an object that is left out", dataOf("AWS::S3::Object", notSecret), object("b/secret"), false],
    [
      "a copy out of what is left out",
      dataOf("AWS::S3::Object", notSecret),
      {
        eventCategory: "Data",
        resources: [
          { type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/secret" },
          { type: "AWS::S3::Object", ARN: "arn:aws:s3:::b/public" },
        ],
      },
      true,
    ],
    [
      "a listing, by its prefix",
      dataOf("AWS::S3::Object", { Field: "resources.ARN", StartsWith: ["arn:aws:s3:::b/"] }),
      { eventCategory: "Data", resources: [{ type: "AWS::S3::Object", ARNPrefix: "arn:aws:s3:::b/" }] },
      true,
    ],
  ])("judges %s", (_, selectors, one, expected) => {
    expect(compileSelectors(selectors)(one)).toBe(expected);
    expect(naive(selectors, one as Json)).toBe(expected);
  });
});
