import { splitFields } from "./split-fields.ts";

/** The message of a log event, read as JSON or split into fields at most once, for however many filters. */
export class Message {
  readonly text: string;
  #json: Readonly<Record<string, unknown>> | null | undefined;
  #fields: readonly string[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The one JSON object that the whole message is; undefined when it is anything else. */
  get json(): Readonly<Record<string, unknown>> | undefined {
    if (this.#json === undefined) this.#json = parseObject(this.text) ?? null;
    return this.#json ?? undefined;
  }

  /** What spaces part; text in brackets or in quotation marks is one field, without them. */
  get fields(): readonly string[] {
    this.#fields ??= splitFields(this.text);
    return this.#fields;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  // Most lines that are no JSON are told apart without an exception.
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // text that only begins like JSON is a message as good as any
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
