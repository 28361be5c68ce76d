import { optional } from "../../core/index.ts";
import { QueryFailure } from "./query-error.ts";
import { detached, Instant, textOf, type Value, valueOfJson } from "./values.ts";

/** A log event as a query sees it. Times are milliseconds since 1970. */
export interface QueryEvent {
  readonly timestamp: number;
  readonly message: string;
  readonly ingestionTime: number;
  readonly stream: string;
  /** `account:group` */
  readonly log: string;
  /** For GetLogRecord. */
  readonly ptr: string;
}

const SYSTEM: Readonly<Record<string, (event: QueryEvent) => Value>> = {
  "@timestamp": ({ timestamp }) => new Instant(timestamp),
  "@message": ({ message }) => message,
  "@ingestionTime": ({ ingestionTime }) => new Instant(ingestionTime),
  "@logStream": ({ stream }) => stream,
  "@log": ({ log }) => log,
  "@ptr": ({ ptr }) => ptr,
};

export const SYSTEM_FIELDS: readonly string[] = Object.keys(SYSTEM);

/**
 * What one event may cost: characters that functions make, steps of regular expressions times characters. About a second,
 * in which the process does nothing else.
 */
const WORK_MAX = 50_000_000;

/** One row on its way through a query: an event, or what a `stats` made of many. */
export class Row {
  readonly event: QueryEvent | undefined;
  readonly #values = new Map<string, Value>();
  #json: object | null | undefined;
  #work = 0;

  constructor(event?: QueryEvent) {
    this.event = event;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(field: FieldName): Value {
    const { whole, system } = field;
    if (this.#values.has(whole)) return this.#values.get(whole);
    if (this.event !== undefined && system !== undefined) return system(this.event);
    return this.#insideOf(field) ?? valueOfJson(walk(this.json, field, 0));
  }

  /** The JSON object that the message is; undefined when it is none. */
  get json(): object | undefined {
    if (this.#json === undefined) this.#json = parseObject(this.event?.message ?? "") ?? null;
    return this.#json ?? undefined;
  }

  /** To be kept: with these fields alone, and with its message only if that is one of them. */
  only(fields: readonly FieldName[]): Row {
    const row = new Row(this.event && { ...this.event, message: "" });
    for (const field of fields) row.set(field.whole, detached(this.get(field)));
    return row;
  }

  /** What was done for this row so far. */
  get work(): number {
    return this.#work;
  }

  /**
   * To be asked before it is done.
   * @throws {QueryFailure} when it is too much for one event.
   */
  spend(work: number): void {
    this.#work += work;
    if (this.#work <= WORK_MAX) return;
    const length = this.event?.message.length ?? 0;
    throw new QueryFailure(`The functions and regular expressions are too much for an event of ${length} characters.`);
  }

  /** Characters that are kept alive by keeping this row. */
  get size(): number {
    let size = 200 + (this.event?.message.length ?? 0);
    for (const value of this.#values.values()) size += VALUE_SIZE + (isLarge(value) ? (textOf(value)?.length ?? 0) : 0);
    return size;
  }

  /** `name.part` of a structure that the query itself has made. */
  #insideOf(field: FieldName): Value {
    if (this.#values.size === 0 || field.parts.length < 2) return undefined;
    const made = this.#values.get(field.parts[0] ?? "");
    if (typeof made !== "object" || made instanceof Instant) return undefined;
    return valueOfJson(walk(made.json, field, 1));
  }
}

/** What a value costs beside its text. */
const VALUE_SIZE = 16;

function isLarge(value: Value): boolean {
  return typeof value === "string" || (typeof value === "object" && !(value instanceof Instant));
}

/** The name of a field, taken apart once for many rows. */
export interface FieldName {
  readonly whole: string;
  readonly parts: readonly string[];
  /** Each part with all that follow it. */
  readonly rests: readonly string[];
  readonly system?: (event: QueryEvent) => Value;
}

export function fieldName(whole: string): FieldName {
  const system = Object.hasOwn(SYSTEM, whole) ? SYSTEM[whole] : undefined;
  const parts = whole.split(".");
  const rests = parts.map((_, at) => parts.slice(at).join("."));
  return { whole, parts, rests, ...optional("system", system) };
}

/** `resources.0.type`; a name that holds dots itself is found where it stands last. */
function walk(root: object | undefined, { parts, rests }: FieldName, from: number): unknown {
  let value: unknown = root;
  for (let at = from; at < parts.length; at++) {
    if (typeof value !== "object" || value === null) return undefined;
    const rest = rests[at] ?? "";
    if (Object.hasOwn(value, rest)) return (value as Readonly<Record<string, unknown>>)[rest];
    const part = parts[at] ?? "";
    if (!Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

/** The JSON object that a text is, if it is one. */
export function parseObject(text: string): object | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined; // a message that only begins like JSON has no fields
  }
}
