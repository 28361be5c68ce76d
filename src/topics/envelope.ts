import type { MessageAttributes } from "./message.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** What SNS says, in members that stand in AWS's order. */
export interface Envelope {
  readonly Type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly MessageId: string;
  readonly Token?: string;
  readonly TopicArn: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly SubscribeURL?: string;
  readonly Timestamp: string;
  readonly SignatureVersion: "1" | "2";
  readonly Signature: string;
  readonly SigningCertURL: string;
  readonly UnsubscribeURL?: string;
  readonly MessageAttributes?: Readonly<Record<string, EnvelopeAttribute>>;
}

export interface EnvelopeAttribute {
  readonly Type: string;
  readonly Value: string;
}

/** What is to be signed, before it is. */
export type Unsigned = Pick<
  Envelope,
  "Type" | "MessageId" | "Token" | "TopicArn" | "Subject" | "Message" | "SubscribeURL" | "Timestamp"
>;

/**
 * The members that a signature covers, in the order of their bytes; what a message lacks is left out.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const satisfies Readonly<Record<Envelope["Type"], readonly (keyof Unsigned)[]>>;

/** What is signed: each member's name and value on lines of their own, the last one ended too. */
function canonicalText(message: Unsigned): string {
  return SIGNED[message.Type]
    .filter((name) => message[name] !== undefined)
    .map((name) => `${name}\n${message[name]}\n`)
    .join("");
}

export interface Signer {
  readonly keys: Pick<SigningKeys, "sign" | "path">;
  readonly version: "1" | "2";
  /** Without a slash at its end. */
  readonly publicUrl: string;
}

export function signed(message: Unsigned, { keys, version, publicUrl }: Signer): Envelope {
  return {
    ...message,
    SignatureVersion: version,
    Signature: keys.sign(canonicalText(message), version),
    SigningCertURL: publicUrl + keys.path,
  };
}

/** JSON, a member a line, as AWS writes it: some receivers look at nothing but lines. */
export function envelopeText(envelope: Envelope): string {
  const members = Object.entries(envelope).map(([name, value]) => `  "${name}" : ${memberText(value)}`);
  return `{\n${members.join(",\n")}\n}`;
}

function memberText(value: Envelope[keyof Envelope]): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const attributes = Object.entries(value).map(
    ([name, { Type, Value }]) =>
      `    ${JSON.stringify(name)} : {"Type":${JSON.stringify(Type)},"Value":${JSON.stringify(Value)}}`,
  );
  return `{\n${attributes.join(",\n")}\n  }`;
}

/** As they stand in a notification; undefined when there are none. */
export function envelopeAttributes(attributes: MessageAttributes): Envelope["MessageAttributes"] {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64") },
    ]),
  );
}
