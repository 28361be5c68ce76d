import { formatArn } from "../core/index.ts";
import { invalidParameter } from "./refusals.ts";

/** A topic's ARN taken apart. */
export interface TopicName {
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}

const TOPIC = /^arn:aws:sns:([a-z0-9-]{1,32}):(\d{12}):([A-Za-z0-9_-]{1,256})$/;
const SUBSCRIPTION = /^(arn:aws:sns:[a-z0-9-]{1,32}:\d{12}:[A-Za-z0-9_-]{1,256}):[0-9a-f-]{36}$/;

/**
 * @throws {Refusal} `InvalidParameter` that names the parameter; FIFO topics are refused by name.
 */
export function parseTopicArn(text: string, parameter = "TopicArn"): TopicName {
  const found = TOPIC.exec(text);
  if (found !== null) {
    const [arn, region = "", account = "", name = ""] = found;
    return { arn, region, account, name };
  }
  checkLength(text, parameter);
  if (text.endsWith(FIFO)) throw invalidParameter(`${parameter} Reason: ${NO_FIFO}`);
  throw invalidParameter(parameter);
}

/**
 * The ARN of the topic inside a subscription's.
 * @throws {Refusal} `InvalidParameter`.
 */
export function topicOfSubscription(text: string): string {
  const topic = SUBSCRIPTION.exec(text)?.[1];
  if (topic !== undefined) return topic;
  checkLength(text, "SubscriptionArn");
  throw invalidParameter("SubscriptionId");
}

function checkLength(text: string, parameter: string): void {
  const elements = text.split(":").length;
  if (elements >= 6) return;
  throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${elements}`);
}

/** @throws {Refusal} `InvalidParameter`: 1 to 256 letters, digits, `-` and `_`; FIFO topics are refused by name. */
export function parseTopicName(name: string): string {
  if (name.endsWith(FIFO)) throw invalidParameter(`Name Reason: ${NO_FIFO}`);
  if (/^[A-Za-z0-9_-]{1,256}$/.test(name)) return name;
  throw invalidParameter("Topic Name");
}

export function topicArn(region: string, account: string, name: string): string {
  return formatArn("sns", region, account, name);
}

const FIFO = ".fifo";

/** Order over all subscribers is nothing that deliveries which never wait for each other can give. */
export const NO_FIFO = "FIFO topics are not supported by OpenTrail";
