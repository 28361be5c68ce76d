import type { AdvancedSelector, BasicSelector, FieldSelector, SelectableEvent, Selectors, Wants } from "../trail.ts";
import { categoryOf, type EventResource, FIELD_READERS, someResource } from "./event-fields.ts";

/**
 * One predicate for a trail's selectors: an event is wanted that any of them matches. Nothing of the selectors is
 * interpreted any more when an event comes.
 *
 * Missing members: what selects fails, what deselects holds. Type and ARN must be those of one and the same resource.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
 */
export function compileSelectors(selectors: Selectors): Wants {
  const wants =
    selectors.kind === "basic" ? selectors.selectors.map(compileBasic) : selectors.selectors.map(compileAdvanced);
  return (event: unknown) => {
    if (typeof event !== "object" || event === null) return false;
    for (const wanted of wants) if (wanted(event)) return true;
    return false;
  };
}

function compileBasic(selector: BasicSelector): Wants {
  const readWrite = READ_WRITE[selector.ReadWriteType];
  const excluded = new Set(selector.ExcludeManagementEventSources);
  const covers = compileDataResources(selector.DataResources);
  const { IncludeManagementEvents: includesManagement } = selector;
  return (event) => {
    if (!readWrite(event)) return false;
    const category = categoryOf(event);
    if (category === "Management") return includesManagement && !excluded.has(event.eventSource ?? "");
    return category === "Data" && covers !== undefined && someResource(event, covers);
  };
}

const READ_WRITE: Readonly<Record<BasicSelector["ReadWriteType"], Wants>> = {
  ReadOnly: (event) => event.readOnly === true,
  WriteOnly: (event) => event.readOnly === false,
  All: () => true,
};

type ResourceTest = (resource: EventResource) => boolean;

/** S3's values are prefixes, the others whole ARNs; the service alone stands for everything it has. */
function compileDataResources(dataResources: BasicSelector["DataResources"]): ResourceTest | undefined {
  if (dataResources.length === 0) return undefined;
  const tests = dataResources.map(({ Type: type, Values: values }): ResourceTest => {
    const isAll = values.some((value) => ALL_OF_TYPE.get(type)?.has(value) ?? false);
    const covers = type === "AWS::S3::Object" ? startsWithAny(values) : equalsAny(values);
    return (resource) => resource.type === type && (isAll || (resource.arn !== undefined && covers(resource.arn)));
  });
  return (resource) => tests.some((test) => test(resource));
}

/** Values that stand for all resources of a type, by type. */
export const ALL_OF_TYPE: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["AWS::S3::Object", new Set(["arn:aws:s3", "arn:aws:s3:::"])],
  ["AWS::Lambda::Function", new Set(["arn:aws:lambda"])],
  ["AWS::DynamoDB::Table", new Set(["arn:aws:dynamodb"])],
]);

function compileAdvanced(selector: AdvancedSelector): Wants {
  const tests: Wants[] = [];
  const ofResource: ResourceTest[] = [];
  for (const field of selector.FieldSelectors) {
    const test = compileOperators(field);
    if (field.Field === "resources.type") ofResource.push(({ type }) => test(type));
    else if (field.Field === "resources.ARN") ofResource.push(({ arn }) => test(arn));
    else tests.push(compileField(field.Field, test));
  }
  if (ofResource.length > 0) tests.push((event) => someResource(event, allOf(ofResource)));
  return allOf(tests);
}

function allOf<Value>(tests: readonly ((value: Value) => boolean)[]): (value: Value) => boolean {
  return (value) => {
    for (const test of tests) if (!test(value)) return false;
    return true;
  };
}

type TextTest = (text: string) => boolean;

function compileField(field: string, test: (text: string | undefined) => boolean): Wants {
  const read = FIELD_READERS.get(field);
  return (event: SelectableEvent) => test(read?.(event));
}

/** `(no SELECT operator or one of them matches) and no DESELECT operator matches`. */
function compileOperators(field: FieldSelector): (text: string | undefined) => boolean {
  const selects = someOperator(field.Equals, field.StartsWith, field.EndsWith);
  const deselects = someOperator(field.NotEquals, field.NotStartsWith, field.NotEndsWith);
  return (text) => {
    if (text === undefined) return selects === undefined;
    return (selects === undefined || selects(text)) && (deselects === undefined || !deselects(text));
  };
}

/** True for a text that any of the three operators matches; undefined when none is given. */
function someOperator(
  equals: readonly string[] | undefined,
  starts: readonly string[] | undefined,
  ends: readonly string[] | undefined,
): TextTest | undefined {
  const tests: TextTest[] = [];
  if (equals !== undefined) tests.push(equalsAny(equals));
  if (starts !== undefined) tests.push(startsWithAny(starts));
  if (ends !== undefined) tests.push((text) => ends.some((end) => text.endsWith(end)));
  const [first] = tests;
  return tests.length < 2 ? first : (text) => tests.some((test) => test(text));
}

function equalsAny(values: readonly string[]): TextTest {
  const known = new Set(values);
  return (text) => known.has(text);
}

function startsWithAny(values: readonly string[]): TextTest {
  const prefixes = [...values];
  return (text) => prefixes.some((prefix) => text.startsWith(prefix));
}
