import {
  findBusOrRefuse,
  findRuleOrRefuse,
  listTags,
  parseBusArn,
  parseRuleArn,
  removeTags,
  setTags,
} from "../../rules/index.ts";
import type { EventsCall, EventsFamily } from "./events-operation.ts";
import { invalid, refuseManaged } from "./named.ts";
import { onResource, requestTags } from "./permissions.ts";

/**
 * TagResource, UntagResource and ListTagsForResource: tags of rules and buses.
 * @throws {Refusal} `ResourceNotFoundException`, `ManagedRuleException`, `ValidationException`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html
 */
export const tags: EventsFamily<"TagResource" | "UntagResource" | "ListTagsForResource"> = {
  TagResource: {
    mutates: true,
    ...onResource(
      ({ ResourceARN }) => [ResourceARN],
      ({ Tags }) => requestTags(Tags),
    ),
    run: async ({ ResourceARN, Tags }, call) => {
      await find(ResourceARN, call, true);
      await setTags(call.tables, ResourceARN, Tags);
      return {};
    },
  },
  UntagResource: {
    mutates: true,
    ...onResource(
      ({ ResourceARN }) => [ResourceARN],
      ({ TagKeys }) => ({ "aws:TagKeys": TagKeys }),
    ),
    run: async ({ ResourceARN, TagKeys }, call) => {
      await find(ResourceARN, call, true);
      await removeTags(call.tables, ResourceARN, TagKeys);
      return {};
    },
  },
  ListTagsForResource: {
    mutates: false,
    ...onResource(({ ResourceARN }) => [ResourceARN]),
    run: async ({ ResourceARN }, call) => {
      await find(ResourceARN, call, false);
      return { Tags: await listTags(call.tables, ResourceARN) };
    },
  },
};

async function find(resource: string, call: EventsCall, changes: boolean): Promise<void> {
  const named = parseRuleArn(resource);
  if (named !== undefined) {
    const rule = await findRuleOrRefuse(call.tables, named.bus, named.name);
    if (changes) refuseManaged(rule);
    return;
  }
  const bus = parseBusArn(resource);
  if (bus === undefined) throw invalid(`Parameter ResourceARN is not valid. Reason: ${resource} is no rule or bus.`);
  await findBusOrRefuse(call.tables, bus);
}
