import { parseArn } from "../core/index.ts";
import { decideService } from "../identity/index.ts";
import type { PublishingService, Topics } from "./topic.ts";
import { findTopic, policyOfTopic } from "./topics.ts";

/** Rules reach topics of their own account: into others they reach by buses. */
const RULES = "events.amazonaws.com";

/** Services of ours that publish for something that somebody made, by the service in its ARN. */
const SERVICES: ReadonlyMap<string, string> = new Map([
  ["events", RULES],
  ["cloudwatch", "cloudwatch.amazonaws.com"],
  ["cloudtrail", "cloudtrail.amazonaws.com"],
  ["logs", "logs.amazonaws.com"],
]);

/** Which service publishes for the rule, alarm, trail or log group with that ARN; undefined when none does. */
export function publisherFor(ownerArn: string): PublishingService | undefined {
  const arn = parseArn(ownerArn);
  const service = SERVICES.get(arn?.service ?? "");
  if (arn === undefined || service === undefined) return undefined;
  return { service, sourceArn: ownerArn, sourceAccount: arn.account };
}

/** See `Topics.whyNotPublish`. */
export const whyNotPublish: Topics["whyNotPublish"] = async (tables, topicArn, who) => {
  const topic = await findTopic(tables, topicArn);
  if (topic === undefined) return `NotFound: topic ${topicArn} does not exist`;
  const { service, sourceArn, sourceAccount } = who;
  // A statement for EventBridge that names no source would let in the rules of everybody.
  if (service === RULES && sourceAccount !== topic.account) {
    return `topic ${topicArn} belongs to another account than the rule`;
  }
  const context = new Map<string, readonly string[]>([
    ["aws:sourcearn", [sourceArn]],
    ["aws:sourceaccount", [sourceAccount]],
  ]);
  // Alarms alone still say so, as on AWS: default policies let them in by it.
  if (service === "cloudwatch.amazonaws.com") context.set("aws:sourceowner", [sourceAccount]);
  const request = { service, action: "sns:Publish", resource: topicArn, context };
  const decision = decideService(request, policyOfTopic(topic));
  if (decision.allowed) return undefined;
  if (decision.because === "explicit-deny") {
    const which = decision.sid === undefined || decision.sid === "" ? "a statement" : `statement ${decision.sid}`;
    return `AuthorizationError: ${which} of the policy of topic ${topicArn} denies ${service} to publish`;
  }
  if (decision.because === "unreadable-policy")
    return `AuthorizationError: the policy of topic ${topicArn} cannot be read`;
  return `AuthorizationError: the policy of topic ${topicArn} does not let ${service} publish; it needs the statement ${missing(topicArn, who)}`;
};

function missing(topicArn: string, { service, sourceArn }: PublishingService): string {
  return JSON.stringify({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sns:Publish",
    Resource: topicArn,
    Condition: { ArnEquals: { "aws:SourceArn": sourceArn } },
  });
}
