import { parseTopicDeliveryPolicy } from "./delivery-policy.ts";
import { AttributeProblem } from "./refusals.ts";
import { NO_FIFO } from "./topic-arn.ts";
import { checkTopicPolicy } from "./topic-policy.ts";

/** Those that were set, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** AWS's own limit of a message: 256 KiB, which a topic may lower or raise to 1 MiB. */
export const MESSAGE_BYTES_MAX: number = 256 * 1024;

/** What may be set on a topic, and what is asked of its value. An empty value takes the attribute away. */
const SETTABLE: ReadonlyMap<string, (value: string) => void> = new Map<string, (value: string) => void>([
  ["Policy", checkTopicPolicy],
  ["DisplayName", checkDisplayName],
  ["DeliveryPolicy", (value) => void parseTopicDeliveryPolicy(value)],
  ["SignatureVersion", (value) => checkOneOf("SignatureVersion", value, ["1", "2"])],
  ["TracingConfig", (value) => checkOneOf("TracingConfig", value, ["PassThrough", "Active"])],
  ["MaximumMessageSize", checkMessageSize],
]);

/** What AWS knows besides: it is said, not quietly kept, that it would do nothing here. */
const UNSUPPORTED: readonly (readonly [name: RegExp, why: string])[] = [
  [/^FifoTopic$|^ContentBasedDeduplication$|^FifoThroughputScope$|^ArchivePolicy$/, NO_FIFO],
  [/^KmsMasterKeyId$/, "encryption with KMS keys is not supported by OpenTrail"],
  [
    /^(Application|HTTP|Lambda|SQS|Firehose)(Success|Failure)Feedback(RoleArn|SampleRate)$/,
    "delivery status logging is not supported by OpenTrail: its ledger of deliveries tells how each ended",
  ],
  [/^DataProtectionPolicy$/, "data protection policies are not supported by OpenTrail"],
];

/** @throws {AttributeProblem} unless a topic may have this attribute with this value. */
export function checkTopicAttribute(name: string, value: string): void {
  const check = SETTABLE.get(name);
  if (check !== undefined) {
    if (value !== "") check(value);
    return;
  }
  const unsupported = UNSUPPORTED.find(([known]) => known.test(name));
  if (unsupported === undefined) throw new AttributeProblem("AttributeName");
  // Turned off is what they are here.
  if (value !== "" && value !== "false") throw new AttributeProblem(`${name} Reason: ${unsupported[1]}`);
}

/** With the attribute set, or taken away by an empty value; what is turned off is not kept. */
export function withAttribute(attributes: Attributes, name: string, value: string): Attributes {
  const { [name]: _, ...others } = attributes;
  return value === "" || !SETTABLE.has(name) ? others : { ...others, [name]: value };
}

function checkDisplayName(value: string): void {
  // It becomes a part of a mail's head.
  if (value.length <= 100 && !/\p{C}/u.test(value)) return;
  throw new AttributeProblem("DisplayName");
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new AttributeProblem(`${name} Reason: ${value.slice(0, 32)} is none of ${allowed.join(", ")}`);
}

function checkMessageSize(value: string): void {
  if (/^\d{4,7}$/.test(value) && Number(value) >= 1024 && Number(value) <= 1024 * 1024) return;
  throw new AttributeProblem("MaximumMessageSize Reason: it must be between 1024 and 1048576");
}
