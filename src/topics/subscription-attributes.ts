import { parseArn } from "../core/index.ts";
import { parseSubscriptionDeliveryPolicy } from "./delivery-policy.ts";
import type { Protocol } from "./endpoint.ts";
import { checkFilterPolicy, scopeOf } from "./filter.ts";
import { AttributeProblem } from "./refusals.ts";
import type { Attributes } from "./topic-attributes.ts";

/**
 * Checks the attributes of a subscription, all together: one may need another.
 * @throws {AttributeProblem}
 */
export function checkSubscriptionAttributes(attributes: Attributes, protocol: Protocol): void {
  for (const [name, value] of Object.entries(attributes)) {
    checkSubscriptionAttributeName(name);
    CHECKS.get(name)?.(value, protocol);
  }
  const { FilterPolicy, FilterPolicyScope } = attributes;
  if (FilterPolicy !== undefined) checkFilterPolicy(FilterPolicy, scopeOf(FilterPolicyScope));
  if (protocol.name === "firehose" && attributes.SubscriptionRoleArn === undefined) {
    throw new AttributeProblem("SubscriptionRoleArn: it is required for Firehose subscriptions");
  }
}

/** @throws {AttributeProblem} */
export function checkSubscriptionAttributeName(name: string): void {
  if (!CHECKS.has(name)) throw new AttributeProblem("AttributeName");
}

const CHECKS: ReadonlyMap<string, (value: string, protocol: Protocol) => void> = new Map<
  string,
  (value: string, protocol: Protocol) => void
>([
  ["FilterPolicy", () => undefined],
  ["FilterPolicyScope", checkScope],
  ["RawMessageDelivery", checkRaw],
  ["DeliveryPolicy", checkDeliveryPolicy],
  ["RedrivePolicy", (value) => void deadLetterArnOf(value)],
  ["SubscriptionRoleArn", checkRole],
]);

function checkScope(value: string): void {
  if (value === "MessageAttributes" || value === "MessageBody") return;
  throw new AttributeProblem(
    `FilterPolicyScope: Invalid value [${value.slice(0, 64)}]. Please use either MessageBody or MessageAttributes`,
  );
}

function checkRaw(value: string, protocol: Protocol): void {
  if (value !== "true" && value !== "false") {
    throw new AttributeProblem(`RawMessageDelivery: Invalid value [${value.slice(0, 64)}]. Must be true or false.`);
  }
  if (value === "false" || protocol.raw) return;
  throw new AttributeProblem(
    `RawMessageDelivery: Delivery protocol [${protocol.name}] does not support raw message delivery.`,
  );
}

function checkDeliveryPolicy(value: string, { name }: Protocol): void {
  if (name !== "http" && name !== "https") {
    throw new AttributeProblem(`DeliveryPolicy: Delivery protocol [${name}] does not support delivery policies.`);
  }
  parseSubscriptionDeliveryPolicy(value);
}

/**
 * The queue that a RedrivePolicy names.
 * @throws {AttributeProblem}
 */
export function deadLetterArnOf(redrivePolicy: string): string {
  const arn = targetOf(redrivePolicy);
  if (arn === undefined) throw new AttributeProblem("RedrivePolicy: failed to parse JSON.");
  const { service, resource } = parseArn(arn) ?? {};
  if (service === "sqs" && /^[A-Za-z0-9_-]{1,80}$/.test(resource ?? "")) return arn;
  throw new AttributeProblem("RedrivePolicy: deadLetterTargetArn is an invalid arn");
}

function targetOf(text: string): string | undefined {
  try {
    const { deadLetterTargetArn = "" } = JSON.parse(text) as { deadLetterTargetArn?: unknown };
    return typeof deadLetterTargetArn === "string" ? deadLetterTargetArn : "";
  } catch {
    // Told by the caller.
    return undefined;
  }
}

function checkRole(value: string, { name }: Protocol): void {
  if (name !== "firehose")
    throw new AttributeProblem("SubscriptionRoleArn is supported only for Firehose subscriptions.");
  if (!/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/.test(value)) throw new AttributeProblem("SubscriptionRoleArn");
}
