import { Refusal } from "../../core/index.ts";
import { type NamedPolicy, storedPolicy } from "../../identity/index.ts";
import { findBus, listTags, parseBusArn, parseRuleArn, ruleArn, type Tag } from "../../rules/index.ts";
import type { ConditionValues } from "../operation.ts";
import type { EventsCall } from "./events-operation.ts";
import { busNamed, placeOf } from "./named.ts";

/** The part of an operation that says which permissions it needs. */
export interface Permissions<Input> {
  resources(input: Input, call: EventsCall): readonly string[];
  resourcePolicy(resource: string, call: EventsCall): Promise<NamedPolicy | undefined>;
  conditions(input: Input, call: EventsCall): Promise<ConditionValues>;
}

/** Permission on the rule that a call names, whether there is one or not. `more`: values of the operation's own keys. */
export function onRule<Input extends { readonly EventBusName?: string | undefined }>(
  nameOf: (input: Input) => string,
  more: (input: Input) => ConditionValues = () => ({}),
): Permissions<Input> {
  return onResource((input, call) => [ruleArn(busOrOwn(input.EventBusName, call), nameOf(input))], more);
}

/** Permission on the bus that a call names, whether there is one or not. */
export function onBus<Input>(
  nameOf: (input: Input) => string | undefined,
  more: (input: Input) => ConditionValues = () => ({}),
): Permissions<Input> {
  return onResource((input, call) => [busOrOwn(nameOf(input), call).arn], more);
}

/** Permission on each of some buses or rules, by ARN. */
export function onResource<Input>(
  resources: (input: Input, call: EventsCall) => readonly string[],
  more: (input: Input) => ConditionValues = () => ({}),
): Permissions<Input> {
  return {
    resources,
    resourcePolicy: busPolicy,
    conditions: async (input, call) => {
      const tags = await Promise.all(resources(input, call).map((arn) => listTags(call.tables, arn)));
      return { ...tagValues("aws:ResourceTag", tags.flat()), ...more(input) };
    },
  };
}

/** The tags that a call sets. */
export function requestTags(tags: readonly Tag[] | undefined): ConditionValues {
  if (tags === undefined || tags.length === 0) return {};
  return { ...tagValues("aws:RequestTag", tags), "aws:TagKeys": tags.map(({ Key }) => Key) };
}

/** A bus's policy also speaks of its rules: so other accounts can be let in. */
async function busPolicy(resource: string, call: EventsCall): Promise<NamedPolicy | undefined> {
  const bus = parseBusArn(resource) ?? parseRuleArn(resource)?.bus;
  const found = bus && (await findBus(call.tables, bus));
  if (found?.policy === undefined) return undefined;
  return { name: `policy of ${found.arn}`, policy: storedPolicy(found.policy, "resource") };
}

/** What names no bus here is refused later; until then it is asked for as one of the caller's own. */
function busOrOwn(text: string | undefined, call: EventsCall): ReturnType<typeof busNamed> {
  try {
    return busNamed(text, call);
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    return parseBusArn(text ?? "") ?? { ...busNamed(undefined, call), ...placeOf(call) };
  }
}

function tagValues(name: string, tags: readonly Tag[]): ConditionValues {
  return Object.fromEntries(tags.map(({ Key, Value }) => [`${name}/${Key}`, Value]));
}
