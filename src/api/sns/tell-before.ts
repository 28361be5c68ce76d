import type { SnsOperations } from "../../aws/index.ts";
import type { OpenTopics, TopicsTables } from "../../topics/index.ts";
import type { Call, Operation, Operations } from "../operation.ts";

/** What can keep later messages of a topic from arriving. */
const SILENCING = [
  "DeleteTopic",
  "RemovePermission",
  "SetTopicAttributes",
  "SetSubscriptionAttributes",
  "Unsubscribe",
] as const satisfies readonly (keyof SnsOperations)[];

type Input = { readonly TopicArn?: string; readonly SubscriptionArn?: string };
type Silencing = Operation<Input, unknown, TopicsTables>;

/**
 * The operations, of which those that can silence the topic first tell its subscribers who does so: the message and the
 * change are there together or not at all. A rule that watches for the change comes too late: its message would go the way
 * that was just closed.
 */
export function tellBefore(
  topicArn: string,
  topics: Pick<OpenTopics, "publishNow">,
  operations: Operations<SnsOperations, TopicsTables>,
): Operations<SnsOperations, TopicsTables> {
  const tell = async (name: string, input: Input, call: Omit<Call<TopicsTables>, "caller">, who: string) => {
    const isMeant = input.TopicArn === topicArn || input.SubscriptionArn?.startsWith(`${topicArn}:`) === true;
    if (!isMeant) return;
    const message = `${who} calls ${name} (request ${call.requestId} from ${call.sourceIp}): later alarms may not arrive here.\n\n${JSON.stringify(input)}`;
    const subject = "OpenTrail: the topic of alarms is changed";
    await topics.publishNow(call.tables, { topicArn, subject, message, hops: 0 }, call.now);
  };
  const told = SILENCING.map((name) => {
    const silencing = operations[name] as Silencing;
    const telling: Silencing = {
      ...silencing,
      run: async (input, call) => {
        await tell(name, input, call, call.caller.arn);
        return await silencing.run(input, call);
      },
      ...(silencing.runUnsigned === undefined
        ? {}
        : {
            runUnsigned: async (input, call) => {
              await tell(name, input, call, "Somebody without a signature");
              return await silencing.runUnsigned?.(input, call);
            },
          }),
    };
    return [name, telling] as const;
  });
  return { ...operations, ...(Object.fromEntries(told) as Operations<SnsOperations, TopicsTables>) };
}
