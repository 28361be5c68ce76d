/** A time, which is shown as `2026-11-20 12:00:00.000` and reckoned with in milliseconds since 1970. */
export class Instant {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** What a field holds, or an expression is; undefined where there is nothing. Structures come from JSON. */
export type Value = string | number | boolean | Instant | Structure | undefined;
export interface Structure {
  readonly json: object;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Something of parsed JSON; null is nothing. */
export function valueOfJson(json: unknown): Value {
  if (typeof json === "string" || typeof json === "number" || typeof json === "boolean") return json;
  return typeof json === "object" && json !== null ? { json } : undefined;
}

/** The number that it is, or that its text wholly is. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Instant) return value.ms;
  if (typeof value !== "string" || value === "" || !NUMBER.test(value)) return undefined;
  return Number(value);
}

/** Shorter parts of a text are copies anyway. */
const PART_MIN = 13;

/** The same text, without the whole that it may be a part of: whoever keeps the part would keep the whole too. */
export function detached<Kept extends Value>(value: Kept): Kept {
  if (typeof value !== "string" || value.length < PART_MIN) return value;
  return Buffer.from(value, "utf16le").toString("utf16le") as Kept;
}

/** How a result shows it: truth as 1 and 0, structures as JSON. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string" || value === undefined) return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  return value instanceof Instant ? textOfInstant(value.ms) : jsonText(value.json);
}

/** A structure may be asked about by many conditions. */
const texts = new WeakMap<object, string>();

/** Undefined when it is nested too deeply to be written. */
export function jsonText(json: object): string | undefined {
  try {
    const text = texts.get(json) ?? JSON.stringify(json);
    texts.set(json, text);
    return text;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function textOfInstant(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace("T", " ").replace("Z", "");
}

/** Whether a condition holds: nothing, 0 and no text are false. */
export function truthOf(value: Value): boolean {
  if (typeof value === "string") return value !== "" && value !== "false" && value !== "0";
  return value instanceof Instant || Boolean(value);
}

/** As numbers where both are, otherwise as text; undefined where one is nothing. */
export function compare(left: Value, right: Value): number | undefined {
  if (left === undefined || right === undefined) return undefined;
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)];
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber - rightNumber;
  const truth = compareTruth(left, right) ?? compareTruth(right, left);
  if (truth !== undefined) return truth ? 0 : 1;
  const [leftText, rightText] = [textOf(left) ?? "", textOf(right) ?? ""];
  return leftText === rightText ? 0 : leftText < rightText ? -1 : 1;
}

/** `true` in JSON equals 1, and the word too. */
function compareTruth(truth: Value, other: Value): boolean | undefined {
  return typeof truth === "boolean" && typeof other === "string" ? String(truth) === other.toLowerCase() : undefined;
}

/** What `sort` compares by: made once, compared often. */
export interface SortValue {
  readonly number?: number;
  /** Runs of digits and of what is none. */
  readonly parts?: readonly string[];
}

/** Of longer texts the beginning decides. */
const SORTED_CHARS = 1_000;

export function sortValue(value: Value): SortValue {
  if (value === undefined) return {};
  const number = numberOf(value);
  if (number !== undefined) return { number };
  return { parts: detached((textOf(value) ?? "").slice(0, SORTED_CHARS)).match(/\d+|\D+/g) ?? [] };
}

/**
 * The order of `sort`, ascending: nothing, then what is not a number with digits inside counted as numbers, then numbers.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html
 */
export function naturalOrder(left: SortValue, right: SortValue): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  if (left.number !== undefined && right.number !== undefined) return left.number - right.number;
  return orderParts(left.parts ?? [], right.parts ?? []);
}

function rankOf({ number, parts }: SortValue): number {
  if (number !== undefined) return 2;
  return parts === undefined ? 0 : 1;
}

function orderParts(left: readonly string[], right: readonly string[]): number {
  for (const [at, part] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (part === other) continue;
    const bothDigits = /^\d/.test(part) && /^\d/.test(other);
    if (bothDigits && part.length !== other.length) return part.length - other.length;
    return part < other ? -1 : 1;
  }
  return left.length - right.length;
}
