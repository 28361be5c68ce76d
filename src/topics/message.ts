import { Refusal } from "../core/index.ts";
import { invalidParameter } from "./refusals.ts";
import type { MessageAttribute, NewMessage } from "./topic.ts";

/** A message that passed every rule. */
export interface Content {
  /** What subscribers of a protocol get. */
  textFor(protocol: string): string;
  readonly subject?: string;
  readonly attributes: MessageAttributes;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/**
 * Checks a message against the rules of Publish.
 * @throws {Refusal} `InvalidParameter`, `ParameterValueInvalid`.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function checkMessage(message: NewMessage, bytesMax: number): Content {
  const { subject, attributes = {} } = message;
  if (message.message === "") throw invalidParameter("Empty message");
  checkAttributes(attributes);
  if (messageBytes(message) > bytesMax) throw invalidParameter("Message too long");
  if (subject !== undefined) checkSubject(subject);
  const textFor = textsOf(message);
  return { textFor, attributes, ...(subject === undefined ? {} : { subject }) };
}

/** The message and its attributes, as AWS counts them; the subject does not count. */
export function messageBytes({ message, attributes = {} }: Pick<NewMessage, "message" | "attributes">): number {
  return Object.entries(attributes).reduce(
    (total, [name, { DataType, StringValue = "", BinaryValue }]) =>
      total + Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    Buffer.byteLength(message),
  );
}

const SUBJECT_LENGTH_MAX = 100;

/** It becomes a line of a mail's head. */
function checkSubject(subject: string): void {
  if (subject === "" || subject.length > SUBJECT_LENGTH_MAX || /[\p{C}\p{Zl}\p{Zp}]/u.test(subject)) {
    throw invalidParameter("Subject");
  }
}

/** A subject as a caller may have it, out of any text. */
export function toSubject(text: string): string | undefined {
  const line = text.toWellFormed().replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ");
  // A cut may leave half of a character.
  const subject = line
    .trim()
    .slice(0, SUBJECT_LENGTH_MAX)
    .replace(/[\ud800-\udbff]$/, "");
  return subject === "" ? undefined : subject;
}

function textsOf({ message, structure }: NewMessage): (protocol: string) => string {
  if (structure === undefined || structure === "") return () => message;
  if (structure !== "json") throw invalidParameter("MessageStructure");
  const texts = parseTexts(message);
  const fallback = texts.get("default");
  if (typeof fallback !== "string") throw invalidParameter("Message Structure - No default entry in JSON message body");
  return (protocol) => {
    const own = texts.get(protocol);
    return typeof own === "string" ? own : fallback;
  };
}

function parseTexts(message: string): ReadonlyMap<string, unknown> {
  const parsed = parseObject(message);
  if (parsed === undefined) throw invalidParameter("Message Structure - JSON message body failed to parse");
  return new Map(Object.entries(parsed));
}

/** The text as a JSON object; undefined when it is none. */
function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    // Any text may be a message.
    return undefined;
  }
}

function checkAttributes(attributes: MessageAttributes): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    checkName(name);
    checkValue(name, attribute);
  }
}

const NAME_RULES: readonly (readonly [broken: RegExp, message: string])[] = [
  [/^\./, "Invalid message attribute name starting with character '.' was found."],
  [/\.$/, "Invalid message attribute name ending with character '.' was found."],
  [/\.\./, "Message attribute name can not have successive '.' character."],
  [
    /[^A-Za-z0-9_.-]/,
    "Message attribute name can only contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.).",
  ],
  [/^(aws|amazon)\./i, "Message attribute name must not begin with AWS. or Amazon."],
  [/^$|^.{257}/, "Length of message attribute name must be between 1 and 256."],
];

function checkName(name: string): void {
  const broken = NAME_RULES.find(([rule]) => rule.test(name));
  if (broken !== undefined) throw invalidValue(broken[1]);
}

function checkValue(name: string, { DataType: type, StringValue: text, BinaryValue: bytes }: MessageAttribute): void {
  if (!/^(String|Number|Binary)(\.[\x21-\x7e]{1,249})?$/.test(type)) {
    throw invalidValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const field = type.startsWith("Binary") ? "Binary" : "String";
  const isOther =
    field === "Binary" ? bytes === undefined && text !== undefined : text === undefined && bytes !== undefined;
  if (isOther) throw invalidValue(`The message attribute '${name}' with type '${type}' must use field '${field}'.`);
  if ((field === "Binary" ? bytes?.length : text?.length) === undefined || (bytes?.length ?? text?.length) === 0) {
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    );
  }
  if (type.startsWith("Number") && !NUMBER.test(text ?? "")) {
    throw invalidValue(`Could not cast message attribute '${name}' value to number.`);
  }
}

const NUMBER = /^[+-]?(\d{1,128}(\.\d{0,128})?|\.\d{1,128})([eE][+-]?\d{1,3})?$/;

function invalidValue(message: string): Refusal {
  return new Refusal("ParameterValueInvalid", message);
}
