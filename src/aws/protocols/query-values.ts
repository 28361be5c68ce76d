/** Modelled values from and to the tree of a query or ec2 form. The two differ only in names: their dialect. */
import type { ListShape, MapShape, Member, SingleShape, Slot, StructureShape } from "../shapes.ts";
import { isSingle } from "../shapes.ts";
import type { FormNode } from "./form.ts";
import { child, encodeFormValue } from "./form.ts";
import { DEPTH_MAX, Malformed, deeper, wellFormed } from "./scalars.ts";
import { readText, writeText } from "./text.ts";
import type { Values } from "./tree.ts";
import { emptyMap } from "./tree.ts";
import { keepUnknown } from "./unknown-members.ts";

export interface QueryDialect {
  memberName(member: Member): string;
  /** The step between a list's name and its items' numbers; none in ec2 and in flattened lists. */
  listStep(slot: Slot, shape: ListShape): string | undefined;
  /** The names of every structure's members, worked out when first met. */
  readonly names: WeakMap<StructureShape, ReadonlySet<string>>;
}

export const queryDialect: QueryDialect = {
  memberName: (member) => member.queryName,
  listStep: (slot, shape) => (slot.flattened ? undefined : (shape.member.locationName ?? "member")),
  names: new WeakMap(),
};

export const ec2Dialect: QueryDialect = {
  memberName: (member) => member.ec2Name,
  listStep: () => undefined,
  names: new WeakMap(),
};

export function readForm(shape: StructureShape, node: FormNode, dialect: QueryDialect, depth = 0): Values {
  const inside = deeper(depth);
  const values: Values = {};
  if (node.children === undefined) return values;
  for (const member of shape.members) {
    const name = dialect.memberName(member);
    const part = child(node, name);
    if (part === undefined) continue;
    const value = readSlot(member, part, dialect, inside);
    values[member.name] = value;
    // Items that stand where no items are looked for.
    if (part.children !== undefined && isEmptyList(value)) keepUnknown(values, name, plainForm(part, depth));
  }
  keepOthers(shape, node, dialect, depth, values);
  return values;
}

/** By which a form carries a signature of version 2. */
export const SIGNATURE_V2: ReadonlySet<string> = new Set([
  "AWSAccessKeyId",
  "Expires",
  "SecurityToken",
  "Signature",
  "SignatureMethod",
  "SignatureVersion",
  "Timestamp",
]);

/** What every form may say beside its members. */
const OF_THE_CALL: ReadonlySet<string> = new Set(["Action", "Version", ...SIGNATURE_V2]);

/** Keeps what stands under names that no member has. */
function keepOthers(shape: StructureShape, node: FormNode, dialect: QueryDialect, depth: number, values: Values): void {
  const names = namesOf(shape, dialect);
  for (const [name, part] of node.children ?? []) {
    if (names.has(name) || (depth === 0 && OF_THE_CALL.has(name))) continue;
    keepUnknown(values, name, plainForm(part, depth));
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function namesOf(shape: StructureShape, dialect: QueryDialect): ReadonlySet<string> {
  const known = dialect.names.get(shape) ?? new Set(shape.members.map((member) => dialect.memberName(member)));
  dialect.names.set(shape, known);
  return known;
}

/**
 * A part of a form without a model: text, a list where its names are numbers, or what stands under each name. It was never
 * refused for its depth and is not here: what lies too deep is null.
 */
function plainForm({ value, children }: FormNode, depth: number): unknown {
  if (children === undefined) return value ?? null;
  if (depth >= DEPTH_MAX) return null;
  const parts = [...children].map(([name, part]): [string, unknown] => [name, plainForm(part, depth + 1)]);
  if (value === undefined && parts.every(([name]) => /^[0-9]{1,9}$/.test(name))) return parts.map(([, part]) => part);
  const [[name, only] = [], ...others] = parts;
  if (value === undefined && others.length === 0 && LIST_STEPS.has(name) && Array.isArray(only)) return only;
  const plain = emptyMap();
  if (value !== undefined) plain[""] = value;
  for (const [key, part] of parts) plain[key] = part;
  return plain;
}

/** What may stand between the name of a list or map and the numbers of its items. */
const LIST_STEPS: ReadonlySet<string | undefined> = new Set(["member", "entry"]);

function readSlot(slot: Slot, node: FormNode, dialect: QueryDialect, depth: number): unknown {
  const { shape } = slot;
  if (isSingle(shape)) return readSingle(shape, node);
  // `Tags=` says an empty list; `Tags=x` says nothing that a list could be.
  if (node.value) throw new Malformed("Unexpected text where a structure or list was expected");
  switch (shape.type) {
    case "structure":
      return readForm(shape, node, dialect, depth);
    case "list":
      return readList(slot, shape, node, dialect, depth);
    case "map":
      return readMap(slot, shape, node, dialect, depth);
  }
}

function readSingle(shape: SingleShape, { value, children }: FormNode): unknown {
  if (value === undefined || children !== undefined) throw new Malformed("Unexpected complex element termination");
  return readText(shape, value);
}

function readList(slot: Slot, shape: ListShape, node: FormNode, dialect: QueryDialect, depth: number): unknown[] {
  const step = dialect.listStep(slot, shape);
  const inside = deeper(depth);
  return numbered(step === undefined ? node : child(node, step)).map((item) =>
    readSlot(shape.member, item, dialect, inside),
  );
}

function readMap(slot: Slot, shape: MapShape, node: FormNode, dialect: QueryDialect, depth: number): Values {
  const inside = deeper(depth);
  const values = emptyMap();
  for (const entry of numbered(slot.flattened ? node : child(node, "entry"))) {
    const key = child(entry, shape.key.locationName ?? "key");
    const value = child(entry, shape.value.locationName ?? "value");
    if (key?.value === undefined || value === undefined) throw new Malformed("A map entry needs a key and a value");
    values[wellFormed(key.value)] = readSlot(shape.value, value, dialect, inside);
  }
  return values;
}

/** The items in the order of their numbers. Numbers may be left out, as AWS allows, but must be numbers. */
function numbered(node: FormNode | undefined): FormNode[] {
  const items = [...(node?.children ?? [])].map(([key, item]): [number, FormNode] => {
    if (!/^[0-9]{1,9}$/.test(key)) throw new Malformed(`${key} is not a valid index`);
    return [Number(key), item];
  });
  return items.sort(([one], [other]) => one - other).map(([, item]) => item);
}

/** `name=value` pairs, encoded. */
export function writeForm(shape: StructureShape, values: Values, dialect: QueryDialect): string[] {
  const pairs: string[] = [];
  writeStructure(shape, values, "", dialect, pairs);
  return pairs;
}

function writeStructure(
  shape: StructureShape,
  values: Values,
  prefix: string,
  dialect: QueryDialect,
  pairs: string[],
): void {
  for (const member of shape.members) {
    const value = values[member.name];
    if (value === undefined || value === null) continue;
    writeSlot(member, value, join(prefix, dialect.memberName(member)), dialect, pairs);
  }
}

function writeSlot(slot: Slot, value: unknown, name: string, dialect: QueryDialect, pairs: string[]): void {
  const { shape } = slot;
  if (isSingle(shape)) {
    const text = writeText(shape, value, slot.timestampFormat ?? "iso8601");
    pairs.push(`${encodeFormValue(name)}=${encodeFormValue(text)}`);
    return;
  }
  switch (shape.type) {
    case "structure":
      return writeStructure(shape, value as Values, name, dialect, pairs);
    case "list":
      return writeList(slot, shape, value as readonly unknown[], name, dialect, pairs);
    case "map":
      return writeMap(slot, shape, value as Values, name, dialect, pairs);
  }
}

function writeList(
  slot: Slot,
  shape: ListShape,
  items: readonly unknown[],
  name: string,
  dialect: QueryDialect,
  pairs: string[],
): void {
  const step = dialect.listStep(slot, shape);
  if (items.length === 0 && dialect === queryDialect) pairs.push(`${encodeFormValue(name)}=`);
  const prefix = step === undefined ? name : `${name}.${step}`;
  items.forEach((item, index) => writeSlot(shape.member, item, `${prefix}.${index + 1}`, dialect, pairs));
}

function writeMap(
  slot: Slot,
  shape: MapShape,
  values: Values,
  name: string,
  dialect: QueryDialect,
  pairs: string[],
): void {
  const prefix = slot.flattened ? name : `${name}.entry`;
  Object.keys(values).forEach((key, index) => {
    const entry = `${prefix}.${index + 1}`;
    writeSlot(shape.key, key, `${entry}.${shape.key.locationName ?? "key"}`, dialect, pairs);
    writeSlot(shape.value, values[key], `${entry}.${shape.value.locationName ?? "value"}`, dialect, pairs);
  });
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
