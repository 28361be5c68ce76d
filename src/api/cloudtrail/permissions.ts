import { Refusal } from "../../core/index.ts";
import { listTrailTags, parseTrailReference, trailArn, type TrailTag } from "../../trails/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { CloudtrailCall } from "./cloudtrail-operation.ts";
import { placeOf } from "./find-trail.ts";

/** The half of an operation that says which permissions it needs. */
export interface Permissions<Input> {
  resources(input: Input, call: CloudtrailCall): readonly string[];
  conditions(input: Input, call: CloudtrailCall): Promise<ConditionValues>;
}

/** Permission on the trail that a call names, whether there is one or not; tags that the call sets are told. */
export function onTrail<Input>(
  nameOf: (input: Input) => string | undefined,
  tagsOf: (input: Input) => readonly TrailTag[] | undefined = () => undefined,
): Permissions<Input> {
  return {
    resources: (input, call) => [arnOf(nameOf(input) ?? "", call)],
    conditions: async (input, call) => {
      const tags = await listTrailTags(call.tables, arnOf(nameOf(input) ?? "", call));
      return { ...tagValues("aws:ResourceTag", tags), ...requestTags(tagsOf(input)) };
    },
  };
}

/** What names no trail is asked for as it stands, and refused later. */
function arnOf(text: string, call: CloudtrailCall): string {
  try {
    return parseTrailReference(text, placeOf(call));
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    return text.startsWith("arn:") ? text : trailArn(placeOf(call), text);
  }
}

function requestTags(tags: readonly TrailTag[] | undefined): ConditionValues {
  if (tags === undefined || tags.length === 0) return {};
  return { ...tagValues("aws:RequestTag", tags), "aws:TagKeys": tags.map(({ Key }) => Key) };
}

function tagValues(name: string, tags: readonly TrailTag[]): ConditionValues {
  return Object.fromEntries(tags.map(({ Key, Value = "" }) => [`${name}/${Key}`, Value]));
}
