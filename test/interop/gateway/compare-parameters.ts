/** Whether a record's requestParameters tell what a client sent. */

/** How much of what was sent was found, and how. */
export interface ParameterCount {
  /** Values that stand at their place, under the model's name with its first letter lowered. */
  exact: number;
  /** Values that stand somewhere else in the parameters: CloudTrail has its own shape for some services. */
  elsewhere: number;
  /** Values that must not be shown and are not. */
  hidden: number;
}

/** What CloudTrail writes in place of a value that nobody is to see. */
const MASK =
  /^(HIDDEN_DUE_TO_SECURITY_REASONS|\*+|\*+OMITTED\*+|<sensitiveDataRemoved>|Value hidden due to security reasons\.|\*\*-redacted-\*\*)$/;

/** A value of the parameters that was looked for in vain, by its path. */
export interface MissingValue {
  readonly path: string;
  readonly value: unknown;
}

/** Looks for every value sent; tells those that are not there. */
export function missingParameters(sent: unknown, recorded: unknown, count: ParameterCount): readonly MissingValue[] {
  const text = JSON.stringify(recorded ?? null);
  return leaves(sent).flatMap(({ path, value }) => {
    const how = howFound(value, at(recorded, path), text);
    if (how === undefined) return [{ path: path.join("."), value }];
    count[how]++;
    return [];
  });
}

function howFound(value: unknown, found: unknown, text: string): keyof ParameterCount | undefined {
  if (isSecret(value) || (typeof found === "string" && MASK.test(found))) return "hidden";
  if (found !== undefined && same(value, found)) return "exact";
  return standsIn(text, value) ? "elsewhere" : undefined;
}

interface Leaf {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

function leaves(value: unknown, path: readonly (string | number)[] = []): readonly Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  if (typeof value !== "object" || value === null || isMarked(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([member, item]) => leaves(item, [...path, member]));
}

/** Keys of maps stay as they are; members of structures have their first letter lowered. */
function at(recorded: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    // All below a mask is masked.
    if (typeof inner === "string" && MASK.test(inner)) return inner;
    if (typeof inner !== "object" || inner === null) return undefined;
    const members = inner as Readonly<Record<string | number, unknown>>;
    return members[step] ?? (typeof step === "string" ? members[lowered(step)] : undefined);
  }, recorded);
}

function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function isMarked(value: object): boolean {
  return Object.keys(value).some((member) => /^\$(secret|time|blob)$/.test(member));
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("$secret" in value || "$blob" in value);
}

interface Time {
  readonly $time: number;
}

function isTime(value: unknown): value is Time {
  return typeof value === "object" && value !== null && "$time" in value;
}

/** As it may stand in a header, in a text, or in the words of a Java program. */
function timesOf(seconds: number): readonly string[] {
  const date = new Date(seconds * 1000);
  const day = date.toLocaleDateString("en-US", { dateStyle: "medium", timeZone: "UTC" });
  return [date.toUTCString(), date.toISOString(), date.toISOString().replace(".000", ""), day];
}

function same(value: unknown, found: unknown): boolean {
  if (isTime(value)) return typeof found === "number" || (typeof found === "string" && found !== "");
  return String(value) === String(found);
}

function standsIn(text: string, value: unknown): boolean {
  if (typeof value === "string") return text.includes(JSON.stringify(value).slice(1, -1)) || isDocumentIn(text, value);
  if (isTime(value)) return timesOf(value.$time).some((time) => text.includes(time));
  return (typeof value === "number" || typeof value === "boolean") && text.includes(String(value));
}

/** A policy is sent as a text that is JSON, and may be told as what it says. */
function isDocumentIn(text: string, value: string): boolean {
  if (!value.startsWith("{")) return false;
  const document: unknown = JSON.parse(value);
  return text.includes(JSON.stringify(document));
}
