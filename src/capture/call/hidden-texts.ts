/** Takes what a record hides of a request out of what an upstream says about it: messages of errors repeat their cause. */
import {
  escapeXml,
  HIDDEN,
  isSecretName,
  type OperationModel,
  type Shape,
  type Slot,
  type StructureShape,
  unknownMembers,
} from "../../aws/index.ts";
import { type Redaction, redactionOf } from "./redaction.ts";

/** Shorter texts are in every message by chance. */
const TEXT_LENGTH_MIN = 4;

export interface HidingCall {
  readonly model?: OperationModel | undefined;
  readonly eventSource: string;
  /** By the model's member names; absent when the request could not be read. */
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The message with every text that the call's parameters hide replaced, as it was sent or escaped. Which one stood there is
 * not told. Meant for errors: it walks all of the input.
 */
export function withoutHidden(message: string, { model, eventSource, input }: HidingCall): string {
  if (message.length < TEXT_LENGTH_MIN || model?.input === undefined || input === undefined) return message;
  const texts = new HiddenTexts(message, redactionOf(eventSource, model.name), alsoHidden(eventSource, model.name));
  texts.ofStructure(model.input, input);
  if (texts.found.size === 0) return message;
  // The longest first: one may be a part of another.
  const patterns = [...texts.found].toSorted((one, other) => other.length - one.length).map(escaped);
  return message.replace(new RegExp(patterns.join("|"), "g"), HIDDEN);
}

/** What only the rules of a single service leave out: the values of template parameters, and an id that is the key. */
function alsoHidden(eventSource: string, operation: string): string | undefined {
  if (eventSource === "cloudformation.amazonaws.com") return "ParameterValue";
  return eventSource === "appsync.amazonaws.com" && /^(?:Update|Delete)ApiKey$/.test(operation) ? "id" : undefined;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

type Values = Readonly<Record<string, unknown>>;

class HiddenTexts {
  /** In the forms in which they stand in the message. */
  readonly found = new Set<string>();
  readonly #message: string;
  readonly #redaction: Redaction;
  readonly #also: string | undefined;

  constructor(message: string, redaction: Redaction, also: string | undefined) {
    this.#message = message;
    this.#redaction = redaction;
    this.#also = also;
  }

  ofStructure(shape: StructureShape, values: Values): void {
    for (const member of shape.members) {
      const value = values[member.name];
      if (value === undefined || value === null) continue;
      if (member.name === this.#also || this.#redaction(member) !== undefined) this.#all(value);
      else this.#inside(member.shape, value);
    }
    this.#ofPair(values);
    const unknown = unknownMembers(values);
    if (unknown !== undefined) this.#ofDocument(unknown);
  }

  #inside(shape: Shape, value: unknown): void {
    if (shape.type === "structure") {
      if (shape.document) this.#ofDocument(value);
      else this.ofStructure(shape, value as Values);
    } else if (shape.type === "list") {
      for (const item of value as readonly unknown[]) this.#part(shape.member, item);
    } else if (shape.type === "map") {
      for (const [key, part] of Object.entries(value as Values)) {
        if (isSecretName(key)) this.#all(part);
        else this.#part(shape.value, part);
      }
    }
  }

  #part({ shape, sensitive }: Slot, value: unknown): void {
    if (value === undefined || value === null) return;
    if (sensitive) this.#all(value);
    else this.#inside(shape, value);
  }

  /** `{Name: "DB_PASSWORD", Value: "…"}`, whatever the two are called. */
  #ofPair(values: Values): void {
    const isSecret = Object.values(values).some((name) => typeof name === "string" && isSecretName(name));
    if (!isSecret) return;
    for (const [name, value] of Object.entries(values)) if (/value$/i.test(name)) this.#all(value);
  }

  #ofDocument(value: unknown): void {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
    if (!Array.isArray(value)) this.#ofPair(value as Values);
    for (const [name, part] of Object.entries(value)) {
      if (isSecretName(name)) this.#all(part);
      else this.#ofDocument(part);
    }
  }

  /** Every text inside. The input is a tree that its reader bounded. */
  #all(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (typeof value === "number" || typeof value === "bigint") this.#text(String(value));
    else if (typeof value === "object" && value !== null) {
      for (const part of Object.values(value)) this.#all(part);
      const unknown = unknownMembers(value);
      if (unknown !== undefined) this.#all(unknown);
    }
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > this.#message.length) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text(text.toString("utf8"));
    this.#text(text.toString("base64"));
  }

  #text(text: string): void {
    if (text.length < TEXT_LENGTH_MIN || text.length > this.#message.length) return;
    this.#keep(text);
    if (/^[\w.-]*$/.test(text)) return;
    this.#keep(JSON.stringify(text).slice(1, -1));
    this.#keep(escapeXml(text));
    this.#keep(encodeURIComponent(text.toWellFormed()));
  }

  #keep(form: string): void {
    if (this.#message.includes(form)) this.found.add(form);
  }
}
