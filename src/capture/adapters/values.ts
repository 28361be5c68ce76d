import { STATUS_CODES } from "node:http";

/** Readers of entries whose members may be anything: what is not of the wanted kind is undefined, never an error. */
export type Values = Readonly<Record<string, unknown>>;

/** An object's members; none when it is no object. */
export function object(value: unknown): Values {
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Text that says something. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Nothing that a record says once is longer: names, addresses, ids. */
const NAME_LENGTH_MAX = 1024;

/** Text for a place without room for much: what is longer is cut, and says so by its last character. */
export function name(value: unknown): string | undefined {
  const whole = text(value);
  return whole === undefined || whole.length <= NAME_LENGTH_MAX ? whole : `${whole.slice(0, NAME_LENGTH_MAX - 1)}…`;
}

export function names(value: unknown): readonly string[] {
  return list(value)
    .slice(0, 1000)
    .flatMap((element) => name(element) ?? []);
}

/** A finite number, or text that is one. */
function number(value: unknown): number | undefined {
  const read = typeof value === "string" && /^-?\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/** How much passed; servers write -1 for what they did not count. */
export function byteCount(value: unknown): number | undefined {
  const count = number(value);
  return count !== undefined && count >= 0 ? count : undefined;
}

export function httpStatus(value: unknown): number | undefined {
  const status = number(value);
  return status !== undefined && Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** What to call an error of which only the status is known: `Forbidden`, `ServiceUnavailable`. */
export function statusError(status: number | undefined): string | undefined {
  if (status === undefined || status < 400) return undefined;
  return STATUS_CODES[status]?.replace(/[^A-Za-z]/g, "") ?? `Status${status}`;
}

/** 9999-12-31T23:59:59.999Z: later is not a time. */
const TIME_MS_MAX = 253_402_300_799_999;

/** The error of a call: a code that stands beside a success says nothing of one. */
export function errorOf(status: number | undefined, code: string | undefined): string | undefined {
  return status !== undefined && status < 400 ? undefined : (code ?? statusError(status));
}

/** RFC 3339, with any number of decimals, with `T` or a space. Milliseconds since 1970. */
export function timeMs(value: unknown): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}:?\d{2})$/.exec(text(value) ?? "");
  if (match === null) return undefined;
  const [, date, time, decimals = "", zone = ""] = match;
  const ms = Date.parse(`${date}T${time}${decimals.slice(0, 4)}${zone.replace(/^(.\d{2})(\d{2})$/, "$1:$2")}`);
  return ms >= 0 && ms <= TIME_MS_MAX ? ms : undefined;
}

/** What may stand as an eventName: another server's word for a call, if it looks like one. */
export function operationName(value: unknown): string | undefined {
  const word = text(value);
  return word !== undefined && /^[A-Za-z][A-Za-z0-9._:-]{0,127}$/.test(word) ? word : undefined;
}

/** `put_bucket_policy` as `PutBucketPolicy`. */
export function pascalCase(word: string): string {
  return word.replace(/(?:^|[_\W]+)([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

export type Query = Readonly<Record<string, string | readonly string[]>>;

/** `/bucket/key?a=1&b` taken apart; a name that stands more than once has a list. What cannot be decoded stays as it is. */
export function requestTarget(target: string): { readonly path: string; readonly query: Query } {
  const mark = target.indexOf("?");
  const [path, search] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
  const found = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  const query = [...found].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values] as const);
  return { path: decoded(path), query: Object.fromEntries(query) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // `%` that starts no escape: the text itself is all that is known.
    return path;
  }
}
