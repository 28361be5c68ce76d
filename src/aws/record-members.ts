import { setOwn } from "./protocols/tree.ts";
import { unknownMembers } from "./protocols/unknown-members.ts";
import { isSecretName } from "./secret-names.ts";
import type { MapShape, Member, Shape, Slot, StructureShape } from "./shapes.ts";

/** What stands in a record for a value that the model marks as sensitive. */
export const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

/** How the values of a model become the members of a record. */
export interface RecordStyle {
  nameOf(member: Member): string;
  /** What stands for the member: its value (undefined), nothing at all (null), or this text. Asked once per member. */
  instead(member: Member): string | null | undefined;
  /** `slot` is where the list stands; `items` are in the style already. */
  list(items: readonly unknown[], slot: Slot): unknown;
  text(text: string): unknown;
  time(date: Date): unknown;
  /** Undefined leaves the member out. */
  blob(bytes: Uint8Array): unknown;
  /** A value without a model; it may be changed neither in place nor by reference. */
  document(value: unknown): unknown;
  /** Whether the value under such a key of a map, or beside such a name in a pair, must not be shown. */
  hides(key: string): boolean;
  /**
   * What is shown of a member that the model of its structure does not know, and under which name; undefined when nothing.
   * Without this function no such member is shown.
   */
  unknown?(name: string, value: unknown, shape: StructureShape): readonly [name: string, shown: unknown] | undefined;
}

/**
 * The first character of member names in lower case and no other (`DBInstanceIdentifier` becomes `dBInstanceIdentifier`),
 * sensitive values replaced by `HIDDEN`, blobs as base64, timestamps as `Jul 10, 2023, 12:14:52 PM` (UTC).
 */
export const PLAIN_STYLE: RecordStyle = {
  nameOf: ({ name }) => lowerFirst(name),
  instead: ({ sensitive }) => (sensitive ? HIDDEN : undefined),
  list: (items) => items,
  text: (text) => text,
  time: javaDate,
  blob: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  document: (value) => value,
  hides: () => false,
};

/**
 * Turns a call's input or output into requestParameters or responseElements, in one style. Map keys stay as they are,
 * streams are dropped, what was not sent is absent. Keeps for each structure what becomes of its members: make one per
 * style, not one per call.
 */
export class RecordMapper {
  readonly #style: RecordStyle;
  readonly #plans = new Map<StructureShape, Plan>();

  constructor(style: RecordStyle) {
    this.#style = style;
  }

  /** A structure always gives an object, perhaps an empty one. */
  map(shape: Shape, value: unknown): unknown {
    return this.#value(shape, value, undefined);
  }

  #value(shape: Shape, value: unknown, slot: Slot | undefined): unknown {
    const style = this.#style;
    switch (shape.type) {
      case "structure":
        return shape.document ? style.document(value) : this.#structure(shape, value as Record<string, unknown>);
      case "list": {
        const items = (value as readonly unknown[]).map((item) => this.#slot(shape.member, item));
        return style.list(items, slot ?? { shape, sensitive: false, flattened: false });
      }
      case "map":
        return this.#map(shape, value as Record<string, unknown>);
      case "timestamp":
        return style.time(value as Date);
      case "blob":
        return style.blob(value as Uint8Array);
      case "string":
        return style.text(value as string);
      case "long":
        // A record is JSON: digits that a double cannot hold stay text.
        return typeof value === "bigint" ? value.toString() : value;
      case "boolean":
      case "integer":
      case "float":
      case "double":
        return value;
    }
  }

  #structure(shape: StructureShape, source: Record<string, unknown>): Record<string, unknown> {
    const { rows, pair } = this.#planOf(shape);
    const members: Record<string, unknown> = {};
    for (const { member, name, instead } of rows) {
      const part = source[member.name];
      if (part === undefined || part === null) continue;
      const shown = instead ?? this.#value(member.shape, part, member);
      if (shown !== undefined) members[name] = shown;
    }
    const unknown = this.#style.unknown === undefined ? undefined : unknownMembers(source);
    if (unknown !== undefined) this.#addUnknown(members, unknown, shape);
    if (pair !== undefined && members[pair.value] !== undefined) this.#hidePair(members, pair);
    return members;
  }

  /** What the model knows comes first: nothing may pass for it. Only an empty list gives way, whose items stood elsewhere. */
  #addUnknown(
    members: Record<string, unknown>,
    unknown: Readonly<Record<string, unknown>>,
    shape: StructureShape,
  ): void {
    for (const key of Object.keys(unknown)) {
      const [name, value] = this.#style.unknown?.(key, unknown[key], shape) ?? [];
      if (name === undefined || (Object.hasOwn(members, name) && !isEmpty(members[name]))) continue;
      setOwn(members, name, value);
    }
  }

  #hidePair(members: Record<string, unknown>, { key, value }: Pair): void {
    const name = members[key];
    if (typeof name === "string" && this.#style.hides(name)) members[value] = HIDDEN;
  }

  #slot(slot: Slot, value: unknown): unknown {
    if (value === undefined || value === null) return null;
    return slot.sensitive ? HIDDEN : (this.#value(slot.shape, value, slot) ?? null);
  }

  #map({ value: slot }: MapShape, values: Record<string, unknown>): Record<string, unknown> {
    // Keys are the caller's: `__proto__` must become a key, not a prototype.
    const members = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(values)) {
      members[key] = this.#style.hides(key) ? HIDDEN : this.#slot(slot, values[key]);
    }
    return members;
  }

  #planOf(shape: StructureShape): Plan {
    const known = this.#plans.get(shape) ?? planFor(shape, this.#style);
    this.#plans.set(shape, known);
    return known;
  }
}

/** What becomes of a structure's members; those that never appear have no row. */
interface Plan {
  readonly rows: readonly { readonly member: Member; readonly name: string; readonly instead: string | undefined }[];
  readonly pair: Pair | undefined;
}

/** The members, by their names in the record, of a structure that says `{name: "DB_PASSWORD", value: "…"}`. */
interface Pair {
  readonly key: string;
  readonly value: string;
}

function planFor(shape: StructureShape, style: RecordStyle): Plan {
  const rows = shape.members.flatMap((member) => {
    const instead = style.instead(member);
    const isStream = member.streaming || (member.shape.type === "structure" && member.shape.eventStream);
    if (instead === null || isStream) return [];
    return [{ member, name: style.nameOf(member), instead }];
  });
  const key = rows.find(({ member }) => /^(?:\w*(?:Parameter|Option|Variable))?(?:Key|Name)$/i.test(member.name));
  const value = rows.find(({ member }) => /^(?:\w*(?:Parameter|Option|Variable))?Value$/i.test(member.name));
  return { rows, pair: key && value && { key: key.name, value: value.name } };
}

export interface RecordMembersOptions {
  /** Names of structure members, as in the model, that are left out wherever they stand. */
  readonly omit: ReadonlySet<string>;
}

const mappers = new WeakMap<ReadonlySet<string>, RecordMapper>();

/** A call's input or output in the plain style. */
export function toRecordMembers(shape: Shape, value: unknown, { omit }: RecordMembersOptions): unknown {
  let mapper = mappers.get(omit);
  if (mapper === undefined) {
    const instead = (member: Member) => (omit.has(member.name) ? null : PLAIN_STYLE.instead(member));
    mapper = new RecordMapper({ ...PLAIN_STYLE, instead });
    mappers.set(omit, mapper);
  }
  return mapper.map(shape, value);
}

/**
 * A value without a model, its secrets hidden by the names they stand under. Depth is bounded: what lies deeper than
 * `depthMax` is left out.
 */
export function hideSecrets(
  value: unknown,
  renamed: (name: string) => string = (name) => name,
  depthMax = 64,
): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value) || depthMax === 0) return null;
  if (Array.isArray(value)) return value.map((item) => hideSecrets(item, renamed, depthMax - 1));
  const members = Object.create(null) as Record<string, unknown>;
  const pair = pairOf(value as Record<string, unknown>);
  for (const [name, part] of Object.entries(value)) {
    members[renamed(name)] =
      (isSecretName(name) && !isStructure(part)) || name === pair ? HIDDEN : hideSecrets(part, renamed, depthMax - 1);
  }
  return members;
}

/** The name under which the value of a pair with a secret's name stands. */
function pairOf(value: Readonly<Record<string, unknown>>): string | undefined {
  for (const [key, name] of PAIRS) {
    const said = value[key];
    if (typeof said === "string" && isSecretName(said)) return name;
  }
  return undefined;
}

const PAIRS = [
  ["name", "value"],
  ["Name", "Value"],
  ["key", "value"],
  ["Key", "Value"],
] as const;

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isStructure(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Java's `MMM d, yyyy, h:mm:ss a` in UTC, as real records have it. */
function javaDate(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  const hours = date.getUTCHours();
  const day = `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`;
  const clock = `${hours % 12 === 0 ? 12 : hours % 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day}, ${clock} ${hours < 12 ? "AM" : "PM"}`;
}
