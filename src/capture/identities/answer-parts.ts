/** What an answer holds, which an upstream wrote: whatever is not as expected is not there. */
export type Part = Readonly<Record<string, unknown>>;

/** Longer than any name, ARN or id of AWS. */
const TEXT_LENGTH_MAX = 1024;
const TOKEN_LENGTH_MAX = 64 * 1024;
/** As many as AWS lists in one answer. */
const LIST_LENGTH_MAX = 1000;
/** The last moment of a `Date`. */
const TIME_MS_MAX = 8_640_000_000_000_000;

/** A structure inside; an empty one when there is none. */
export function part(value: Part, member: string): Part {
  const found = own(value, member);
  return isPart(found) ? found : {};
}

export function list(value: Part, member: string): readonly Part[] {
  const found = own(value, member);
  return Array.isArray(found) ? found.slice(0, LIST_LENGTH_MAX).filter(isPart) : [];
}

/** Text that a record can show: not empty, not long, without control characters. */
export function text(value: Part, member: string): string | undefined {
  const found = own(value, member);
  return typeof found === "string" && found.length <= TEXT_LENGTH_MAX && /^\P{Cc}+$/u.test(found) ? found : undefined;
}

/** An access key id of the form that requests may claim. */
export function keyId(value: Part, member: string): string | undefined {
  const found = own(value, member);
  return typeof found === "string" && /^[\x21-\x7e]{1,128}$/.test(found) ? found : undefined;
}

/** A secret text: of any characters, and longer than what records show. */
export function token(value: Part, member: string): string | undefined {
  const found = own(value, member);
  return typeof found === "string" && found !== "" && found.length <= TOKEN_LENGTH_MAX ? found : undefined;
}

/** Milliseconds since 1970 of a date, or of a number that is that already. */
export function milliseconds(value: Part, member: string): number | undefined {
  const found = own(value, member);
  const time = found instanceof Date ? found.getTime() : found;
  return typeof time === "number" && time >= 0 && time <= TIME_MS_MAX ? Math.floor(time) : undefined;
}

function own(value: Part, member: string): unknown {
  return Object.hasOwn(value, member) ? value[member] : undefined;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
