/** Modelled values from and to the tree of a query or ec2 form. The two differ only in names: their dialect. */
import type { ListShape, MapShape, Member, SingleShape, Slot, StructureShape } from "../shapes.ts";
import { isSingle } from "../shapes.ts";
import type { FormNode } from "./form.ts";
import { child, encodeFormValue } from "./form.ts";
import { Malformed, deeper, wellFormed } from "./scalars.ts";
import { readText, writeText } from "./text.ts";
import type { Values } from "./tree.ts";
import { emptyMap } from "./tree.ts";

export interface QueryDialect {
  memberName(member: Member): string;
  /** The step between a list's name and its items' numbers; none in ec2 and in flattened lists. */
  listStep(slot: Slot, shape: ListShape): string | undefined;
}

export const queryDialect: QueryDialect = {
  memberName: (member) => member.queryName,
  listStep: (slot, shape) => (slot.flattened ? undefined : (shape.member.locationName ?? "member")),
};

export const ec2Dialect: QueryDialect = {
  memberName: (member) => member.ec2Name,
  listStep: () => undefined,
};

export function readForm(shape: StructureShape, node: FormNode, dialect: QueryDialect, depth = 0): Values {
  const inside = deeper(depth);
  const values: Values = {};
  if (node.children === undefined) return values;
  for (const member of shape.members) {
    const part = child(node, dialect.memberName(member));
    if (part !== undefined) values[member.name] = readSlot(member, part, dialect, inside);
  }
  return values;
}

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
