import { wantsForTrail } from "./selectors/index.ts";
import type { AdvancedSelector, BasicSelector, SelectableEvent, Trail } from "./trail.ts";

/** Nobody reads more of them; the first says enough. */
const REASONS_MAX = 10;

/**
 * What a trail logged before a change and does not log after it, in words; empty when it logs as much as before.
 *
 * Selectors are not compared, which says little: both trails are asked about sample events that are made of all that either
 * of them names. A service whose calls are left out, a bucket that is no longer named, reads that are not wanted any more
 * all show in some sample.
 */
export function narrowed(before: Trail, after: Trail): readonly string[] {
  const lost = SETTINGS.filter(([name]) => before.settings[name] && !after.settings[name]);
  const moved = PLACES.filter(([name]) => before.settings[name] !== after.settings[name] && before.settings[name]);
  const reasons = new Set([...lost, ...moved].map(([, what]) => what));
  const wantedBefore = wantsForTrail(before);
  const wantsAfter = wantsForTrail(after);
  for (const sample of samplesOf(before, after)) {
    if (reasons.size >= REASONS_MAX) break;
    if (wantedBefore(sample) && !wantsAfter(sample)) reasons.add(`${nameOf(sample)} not logged`);
  }
  return [...reasons];
}

/** Settings whose loss means that less is logged, or proven. */
const SETTINGS: readonly (readonly [
  name: "multiRegion" | "includeGlobalServiceEvents" | "organization" | "validation",
  what: string,
])[] = [
  ["multiRegion", "other Regions not logged"],
  ["includeGlobalServiceEvents", "global services not logged"],
  ["organization", "other accounts of the organization not logged"],
  ["validation", "no digest files"],
];

/** Where it goes: who looks there finds nothing new any more. */
const PLACES: readonly (readonly [name: "bucket" | "prefix" | "logGroupArn" | "snsTopicArn", what: string])[] = [
  ["bucket", "log files no longer in that bucket"],
  ["prefix", "log files no longer below that prefix"],
  ["logGroupArn", "nothing more in that log group"],
  ["snsTopicArn", "that topic no longer notified"],
];

type Field = { readonly name: string; readonly values: readonly string[] };

/** Every event that comes of one selector's own values, and of changing one field of it to any other value that is named. */
function* samplesOf(before: Trail, after: Trail): Generator<SelectableEvent> {
  const named = new Map<string, Set<string>>(
    [...PLAIN].map(([field, values]): [string, Set<string>] => [field, new Set(values)]),
  );
  const bases: ReadonlyMap<string, string>[] = [new Map([["eventCategory", "Management"]])];
  for (const fields of [...fieldsOf(before), ...fieldsOf(after)]) {
    for (const { name, values } of fields) named.set(name, (named.get(name) ?? new Set()).union(new Set(values)));
    bases.push(new Map(fields.flatMap(({ name, values: [first] }) => (first === undefined ? [] : [[name, first]]))));
  }
  for (const base of bases) {
    yield eventOf(before, base);
    for (const [field, values] of named) {
      for (const value of values) yield eventOf(before, new Map([...base, [field, value]]));
    }
  }
}

/** What samples have besides: calls of an ordinary service, and of those that selectors can leave out. */
const PLAIN: ReadonlyMap<string, readonly string[]> = new Map([
  ["readOnly", ["false", "true"]],
  ["eventSource", ["iam.amazonaws.com", "kms.amazonaws.com", "rdsdata.amazonaws.com"]],
]);

function fieldsOf({ selectors }: Trail): readonly (readonly Field[])[] {
  return selectors.kind === "basic"
    ? selectors.selectors.flatMap(basicFields)
    : selectors.selectors.map(advancedFields);
}

function basicFields(selector: BasicSelector): readonly (readonly Field[])[] {
  const management: Field[] = [
    { name: "eventCategory", values: ["Management"] },
    { name: "eventSource", values: ["ec2.amazonaws.com", ...selector.ExcludeManagementEventSources] },
  ];
  const data = selector.DataResources.flatMap(({ Type, Values }) =>
    Values.map((value): readonly Field[] => [
      { name: "eventCategory", values: ["Data"] },
      { name: "resources.type", values: [Type] },
      { name: "resources.ARN", values: [value] },
    ]),
  );
  return [management, ...data];
}

function advancedFields({ FieldSelectors }: AdvancedSelector): readonly Field[] {
  return FieldSelectors.map(({ Field: name, ...operators }) => ({ name, values: Object.values(operators).flat() }));
}

function eventOf({ account, homeRegion }: Trail, fields: ReadonlyMap<string, string>): SelectableEvent {
  const type = fields.get("resources.type");
  const arn = fields.get("resources.ARN");
  const userArn = fields.get("userIdentity.arn");
  const plain = [...fields].filter(([name]) => !name.includes("."));
  return {
    eventSource: "ec2.amazonaws.com",
    eventName: "Anything",
    eventType: "AwsApiCall",
    awsRegion: homeRegion,
    recipientAccountId: account,
    ...Object.fromEntries(plain),
    readOnly: fields.get("readOnly") === "true",
    ...(userArn === undefined ? {} : { userIdentity: { arn: userArn } }),
    ...(type === undefined && arn === undefined
      ? {}
      : { resources: [{ ...(type === undefined ? {} : { type }), ...(arn === undefined ? {} : { ARN: arn }) }] }),
  };
}

function nameOf({ eventCategory, readOnly, eventSource, resources }: SelectableEvent): string {
  const kind = `${(eventCategory ?? "").toLowerCase()} events that ${readOnly ? "read" : "write"}`;
  const [resource] = resources ?? [];
  return resource === undefined ? `${kind} (${eventSource})` : `${kind} (${resource.ARN ?? resource.type})`;
}
