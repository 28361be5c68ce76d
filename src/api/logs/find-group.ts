import { Refusal } from "../../core/index.ts";
import { getGroup, groupArn, type LogGroup, listGroupTags, parseGroupArn, type Place } from "../../loggroups/index.ts";
import type { ConditionValues } from "../operation.ts";
import { invalidParameter, type LogsCall } from "./logs-operation.ts";

/** Some operations take a name or, newer, a name or an ARN. */
export interface NamesGroup {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

export function placeOf(call: LogsCall): Place {
  return { account: call.caller.account, region: call.region };
}

/**
 * The ARN of the group that a call names.
 * @throws {Refusal} `ValidationException` when it names two, `InvalidParameterException` when none.
 */
function namedArn({ logGroupName, logGroupIdentifier }: NamesGroup, call: LogsCall): string {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw new Refusal("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  const text = logGroupName ?? logGroupIdentifier;
  if (text === undefined) throw invalidParameter("A log group name or identifier must be given.");
  return identifiedArn(text, call);
}

/** @throws {Refusal} `InvalidParameterException` when the text is neither a name nor the ARN of a group. */
export function identifiedArn(text: string, call: LogsCall): string {
  if (!text.startsWith("arn:")) {
    if (!/^[\w./#-]{1,512}$/.test(text)) throw invalidParameter("The specified log group identifier is not valid.");
    return groupArn(placeOf(call), text);
  }
  const parsed = parseGroupArn(text);
  if (parsed === undefined) throw invalidParameter("The specified log group ARN is not valid.");
  return groupArn(parsed, parsed.name);
}

/** @throws {Refusal} as `namedArn`; `ResourceNotFoundException`, also for a group of another account or Region. */
export async function findNamed(input: NamesGroup, call: LogsCall): Promise<LogGroup> {
  return await findIn(namedArn(input, call), call);
}

export async function findIn(arn: string, call: LogsCall): Promise<LogGroup> {
  const group = await getGroup(call.tables, arn);
  if (group.account === call.caller.account && group.region === call.region) return group;
  throw new Refusal("ResourceNotFoundException", "The specified log group does not exist.");
}

/** The half of an operation that says which permissions it needs. */
interface Permissions<Input> {
  readonly resources: (input: Input, call: LogsCall) => readonly string[];
  readonly conditions: (input: Input, call: LogsCall) => Promise<ConditionValues>;
}

/**
 * Permission on a group, in the form in which AWS asks for it: as on a stream without a name, so that policies end in
 * `:*`. @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
 */
export const onGroup: Permissions<NamesGroup> = onStream(() => "");

/** Permission on a stream of a group. */
export function onStream<Input extends NamesGroup>(streamOf: (input: Input) => string): Permissions<Input> {
  return {
    resources: (input, call) => [`${arnOrNothing(input, call)}:log-stream:${streamOf(input)}`],
    conditions: (input, call) => tagConditions(arnOrNothing(input, call), call),
  };
}

/** Permission on what is asked of a whole Region. */
export const onRegion: Pick<Permissions<unknown>, "resources"> = {
  resources: (_, call) => [`${groupArn(placeOf(call), "")}:log-stream:`],
};

export async function tagConditions(arn: string, call: LogsCall): Promise<ConditionValues> {
  return tagValues("aws:ResourceTag", await listGroupTags(call.tables, arn));
}

/** What a call sets, as conditions ask for it. */
export function requestTags(tags: Readonly<Record<string, string>> | undefined): ConditionValues {
  if (tags === undefined || Object.keys(tags).length === 0) return {};
  return { ...tagValues("aws:RequestTag", tags), "aws:TagKeys": Object.keys(tags) };
}

function tagValues(name: string, tags: Readonly<Record<string, string>>): ConditionValues {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${name}/${key}`, value]));
}

/** What names no group is refused later: until then it needs permission on a group without a name. */
function arnOrNothing(input: NamesGroup, call: LogsCall): string {
  try {
    return namedArn(input, call);
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused;
    return groupArn(placeOf(call), "");
  }
}
