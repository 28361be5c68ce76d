/**
 * Modelled values from and to a tree of plain values, as JSON and CBOR carry them. Both protocols lay out structures, lists
 * and maps in the same way and differ only in single values: their dialect.
 */
import { assert } from "../../core/index.ts";
import type { ListShape, MapShape, NumberShape, Slot, StructureShape, TimestampFormat } from "../shapes.ts";
import { Malformed, deeper, wellFormed } from "./scalars.ts";
import { keepUnknown } from "./unknown-members.ts";

export interface Dialect {
  readTimestamp(wire: unknown): Date;
  readBlob(wire: unknown): Uint8Array;
  readNumber(shape: NumberShape, wire: unknown): number | bigint;
  writeTimestamp(date: Date, format: TimestampFormat | undefined): unknown;
  writeBlob(bytes: Uint8Array): unknown;
  writeNumber(shape: NumberShape, value: number | bigint): unknown;
}

export type Values = Record<string, unknown>;

/** The value of one slot. A null item stays null: only a structure's member or a map's entry can be absent. */
export function readSlot(slot: Slot, wire: unknown, dialect: Dialect, depth: number): unknown {
  const { shape } = slot;
  if (wire === null || wire === undefined) return null;
  switch (shape.type) {
    case "structure":
      return readStructure(shape, wire, dialect, depth);
    case "list":
      return readList(shape, wire, dialect, depth);
    case "map":
      return readMap(shape, wire, dialect, depth);
    case "string":
      return readString(wire);
    case "boolean":
      if (typeof wire !== "boolean") throw new Malformed(`${kindOf(wire)} can not be converted to a Boolean`);
      return wire;
    case "timestamp":
      return dialect.readTimestamp(wire);
    case "blob":
      return dialect.readBlob(wire);
    case "integer":
    case "long":
    case "float":
    case "double":
      return dialect.readNumber(shape, wire);
  }
}

export function readStructure(shape: StructureShape, wire: unknown, dialect: Dialect, depth = 0): Values {
  if (shape.document) return readDocument(wire, depth) as Values;
  if (!isTree(wire)) throw unexpected(wire, "Expected a structure");
  const inside = deeper(depth);
  const values: Values = {};
  for (const key of Object.keys(wire)) {
    const part = wire[key];
    if (part === null) continue;
    const member = shape.byJsonName.get(key);
    if (member === undefined) readUnknown(values, key, readDocument(part, inside));
    else values[member.name] = readSlot(member, part, dialect, inside);
  }
  return values;
}

/** Some clients say by `__type` which member of a union they mean; the member itself says it too. */
function readUnknown(values: Values, name: string, part: unknown): void {
  if (name !== "__type") keepUnknown(values, name, part);
}

function readList(shape: ListShape, wire: unknown, dialect: Dialect, depth: number): unknown[] {
  if (!Array.isArray(wire)) throw unexpected(wire, "Expected list or null");
  const inside = deeper(depth);
  return wire.map((item) => readSlot(shape.member, item, dialect, inside));
}

function readMap(shape: MapShape, wire: unknown, dialect: Dialect, depth: number): Values {
  if (!isTree(wire)) throw unexpected(wire, "Expected map or null");
  const inside = deeper(depth);
  const values = emptyMap();
  for (const key of Object.keys(wire)) {
    const part = wire[key];
    if (part !== null) values[wellFormed(key)] = readSlot(shape.value, part, dialect, inside);
  }
  return values;
}

/** Sets a key of the caller's choice on a plain object: `__proto__` too becomes a key of its own. */
export function setOwn(values: Values, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    values[key] = value;
  }
}

/** Keys of a map are the caller's: without a prototype `__proto__` is a key like any other. */
export function emptyMap(): Values {
  return Object.create(null) as Values;
}

function readString(wire: unknown): string {
  if (typeof wire !== "string") throw unexpected(wire, `${kindOf(wire)} can not be converted to a String`);
  return wellFormed(wire);
}

/** Free values pass as they came: only their depth is looked at, and numbers stay what JSON can say. */
export function readDocument(wire: unknown, depth: number): unknown {
  if (typeof wire === "bigint") return Number(wire);
  if (typeof wire !== "object" || wire === null || ArrayBuffer.isView(wire)) return wire;
  const inside = deeper(depth);
  // The tree was made for us alone a moment ago, so it may be changed in place.
  const parts = wire as Values;
  for (const key of Object.keys(parts)) {
    const part = readDocument(parts[key], inside);
    if (part !== parts[key]) setOwn(parts, key, part);
  }
  return wire;
}

function isTree(wire: unknown): wire is Values {
  return (
    typeof wire === "object" &&
    wire !== null &&
    !Array.isArray(wire) &&
    !(wire instanceof Date) &&
    !ArrayBuffer.isView(wire)
  );
}

export function unexpected(wire: unknown, otherwise: string): Malformed {
  if (Array.isArray(wire)) return new Malformed("Start of list found where not expected");
  if (isTree(wire)) return new Malformed("Start of structure or map found where not expected.");
  return new Malformed(otherwise);
}

/** How AWS's JSON parser names what it found. */
export function kindOf(wire: unknown): string {
  if (typeof wire === "string") return "STRING_VALUE";
  if (typeof wire === "number" || typeof wire === "bigint") return "NUMBER_VALUE";
  return wire === true ? "TRUE_VALUE" : "FALSE_VALUE";
}

/** A value as a plain tree; nulls stay. */
export function writeSlot(slot: Slot, value: unknown, dialect: Dialect): unknown {
  const { shape } = slot;
  if (value === null || value === undefined) return null;
  switch (shape.type) {
    case "structure":
      return writeStructure(shape, value as Values, dialect);
    case "list":
      return (value as readonly unknown[]).map((item) => writeSlot(shape.member, item, dialect));
    case "map":
      return writeMap(shape, value as Values, dialect);
    case "string":
    case "boolean":
      return value;
    case "timestamp":
      assert(value instanceof Date, `a value of ${shape.name} is a Date`);
      return dialect.writeTimestamp(value, slot.timestampFormat);
    case "blob":
      return dialect.writeBlob(value as Uint8Array);
    case "integer":
    case "long":
    case "float":
    case "double":
      return dialect.writeNumber(shape, value as number | bigint);
  }
}

/** Only modelled members are written, in the order of the model; members that travel outside the body are not. */
export function writeStructure(shape: StructureShape, values: Values, dialect: Dialect): Values {
  if (shape.document) return values;
  const wire: Values = {};
  for (const member of shape.members) {
    const value = values[member.name];
    if (value === undefined || value === null || member.location !== undefined) continue;
    wire[member.wireName] = writeSlot(member, value, dialect);
  }
  return wire;
}

function writeMap(shape: MapShape, values: Values, dialect: Dialect): Values {
  const wire = emptyMap();
  for (const key of Object.keys(values)) {
    if (values[key] !== undefined) wire[key] = writeSlot(shape.value, values[key], dialect);
  }
  return wire;
}
