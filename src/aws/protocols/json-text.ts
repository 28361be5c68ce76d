/** JSON bodies: text from and to modelled values. */
import type { NumberShape, Slot, StructureShape, TimestampFormat } from "../shapes.ts";
import { Malformed, decodeBase64, decodeUtf8, encodeBase64, inRange, readFloat } from "./scalars.ts";
import { readEpochSeconds, readTimestampText, timestampText } from "./timestamps.ts";
import type { Dialect, Values } from "./tree.ts";
import { kindOf, readDocument, readSlot, readStructure, unexpected, writeStructure } from "./tree.ts";

/** Says that a long needs more digits than a double has, so the text must be read again with exact integers. */
class Inexact extends Error {}

const json: Dialect = {
  readTimestamp(wire) {
    if (typeof wire === "number") return readEpochSeconds(wire);
    if (typeof wire === "string") return readTimestampText(wire);
    throw unexpected(wire, `${kindOf(wire)} can not be converted to a Timestamp`);
  },
  readBlob(wire) {
    if (typeof wire !== "string") throw unexpected(wire, `${kindOf(wire)} can not be converted to a Blob`);
    return decodeBase64(wire);
  },
  readNumber(shape, wire) {
    return shape.type === "integer" || shape.type === "long" ? readWhole(shape, wire) : readReal(wire);
  },
  writeTimestamp: (date, format = "unixTimestamp") => writeTime(date, format),
  writeBlob: encodeBase64,
  writeNumber(_shape, value) {
    if (typeof value === "bigint") return rawJson(value.toString());
    return Number.isFinite(value) ? value : String(value);
  },
};

/** For the second reading: a long that is still inexact was written in a form that no integer has. */
const exactJson: Dialect = {
  ...json,
  readNumber(shape, wire) {
    const inexact = shape.type === "long" && typeof wire === "number" && !Number.isSafeInteger(wire);
    if (inexact) throw new Malformed("NUMBER_VALUE can not be converted to a Long");
    return json.readNumber(shape, wire);
  },
};

function readWhole(shape: NumberShape, wire: unknown): number | bigint {
  if (typeof wire === "bigint") return inRange(shape, wire);
  if (typeof wire !== "number") throw unexpected(wire, `${kindOf(wire)} can not be converted to an Integer`);
  if (!Number.isInteger(wire)) throw new Malformed("NUMBER_VALUE can not be converted to an Integer");
  if (shape.type === "long" && !Number.isSafeInteger(wire)) throw new Inexact();
  return inRange(shape, wire);
}

function readReal(wire: unknown): number {
  if (typeof wire === "bigint") return Number(wire);
  if (typeof wire === "string") return readFloat(wire);
  if (typeof wire !== "number") throw unexpected(wire, `${kindOf(wire)} can not be converted to a Double`);
  if (!Number.isFinite(wire)) throw new Malformed("A number is too large");
  return wire;
}

function writeTime(date: Date, format: TimestampFormat): unknown {
  return format === "unixTimestamp" ? date.getTime() / 1000 : timestampText(date, format);
}

/** An empty body is an empty structure. */
export function readJsonBody(shape: StructureShape, body: Uint8Array): Values {
  if (body.length === 0) return {};
  return read(body, (tree, dialect) => readStructure(shape, tree, dialect));
}

/** A value that is the whole body. */
export function readJsonPayload(slot: Slot, body: Uint8Array): unknown {
  return read(body, (tree, dialect) => readSlot(slot, tree, dialect, 0));
}

function read<Value>(body: Uint8Array, into: (tree: unknown, dialect: Dialect) => Value): Value {
  const text = decodeUtf8(body);
  try {
    return into(parseJson(text), json);
  } catch (thrown) {
    if (!(thrown instanceof Inexact)) throw thrown;
    // The second reading calls back for every value and takes stack for every level: there may be only so many.
    readDocument(parseJson(text), 0);
    return into(parseJson(text, exactIntegers), exactJson);
  }
}

export function parseJson(text: string, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new Malformed("The body is not JSON");
    throw cause;
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Integers that a double cannot hold become bigints. */
const exactIntegers: Reviver = (_key, value, context) => {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d{1,30}$/.test(source) ? BigInt(source) : value;
};

/** Digits written as they are; `JSON.stringify` refuses bigints otherwise. */
function rawJson(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}

export function writeJsonBody(shape: StructureShape | undefined, values: Values): Uint8Array {
  return Buffer.from(JSON.stringify(shape === undefined ? {} : writeStructure(shape, values, json)));
}

export { json as jsonDialect };
