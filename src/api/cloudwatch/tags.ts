import { listAlarmTags, readAlarm, removeAlarmTags, setAlarmTags } from "../../alarms/index.ts";
import { Refusal } from "../../core/index.ts";
import { placeOf } from "./call-place.ts";
import type { CloudwatchCall, CloudwatchFamily } from "./cloudwatch-operation.ts";

/**
 * TagResource, UntagResource, ListTagsForResource: tags of alarms.
 * @throws {Refusal} `ResourceNotFoundException`, `InvalidParameterValue`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
 */
export const tags: CloudwatchFamily<"TagResource" | "UntagResource" | "ListTagsForResource"> = {
  TagResource: {
    mutates: true,
    resources: ({ ResourceARN }) => [ResourceARN],
    conditions: ({ Tags }) => requestTags(Tags),
    run: async ({ ResourceARN, Tags }, call) => {
      await checkAlarm(call, ResourceARN);
      await setAlarmTags(call.tables, ResourceARN, Tags);
      return {};
    },
  },
  UntagResource: {
    mutates: true,
    resources: ({ ResourceARN }) => [ResourceARN],
    conditions: ({ TagKeys }) => ({ "aws:TagKeys": TagKeys }),
    run: async ({ ResourceARN, TagKeys }, call) => {
      await checkAlarm(call, ResourceARN);
      await removeAlarmTags(call.tables, ResourceARN, TagKeys);
      return {};
    },
  },
  ListTagsForResource: {
    mutates: false,
    resources: ({ ResourceARN }) => [ResourceARN],
    run: async ({ ResourceARN }, call) => {
      await checkAlarm(call, ResourceARN);
      return { Tags: await listAlarmTags(call.tables, ResourceARN) };
    },
  },
};

export function requestTags(
  given: readonly { readonly Key: string; readonly Value: string }[],
): Readonly<Record<string, string | readonly string[]>> {
  if (given.length === 0) return {};
  const values = given.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value] as const);
  return { ...Object.fromEntries(values), "aws:TagKeys": given.map(({ Key }) => Key) };
}

async function checkAlarm(call: CloudwatchCall, arn: string): Promise<void> {
  const alarm = await readAlarm(call.tables, arn);
  const { account, region } = placeOf(call);
  if (alarm?.account === account && alarm.region === region) return;
  throw new Refusal("ResourceNotFoundException", `Unknown resource: ${arn}`, 404, {
    ResourceType: "Alarm",
    ResourceId: arn,
  });
}
