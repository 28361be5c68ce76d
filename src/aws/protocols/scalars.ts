/** Single values as text and numbers, the same in every protocol. Everything read here may be hostile. */
import type { NumberShape } from "../shapes.ts";

/** What came does not follow the protocol. Turned into a `Refusal` on the server and a `Failure` on the client. */
export class Malformed extends Error {}

/** Structures, lists and maps inside each other, the body itself included; documents and unknown members count too. */
export const DEPTH_MAX = 64;

/** One level further down; what came from outside must not decide how deep our stack grows. */
export function deeper(depth: number): number {
  if (depth >= DEPTH_MAX) throw new Malformed(`Nesting is deeper than ${DEPTH_MAX} levels`);
  return depth + 1;
}

const INT32 = 2n ** 31n;
const INT64 = 2n ** 63n;
const INTEGER = /^[+-]?[0-9]{1,30}$/;
/** A decimal number, perhaps with an exponent. */
export const DECIMAL: RegExp = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$/;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** A number of the shape's kind; a long outside the safe integers becomes a bigint. */
export function readNumberText(shape: NumberShape, text: string): number | bigint {
  return shape.type === "integer" || shape.type === "long" ? readInteger(shape, text) : readFloat(text);
}

function readInteger(shape: NumberShape, text: string): number | bigint {
  if (!INTEGER.test(text)) throw new Malformed("STRING_VALUE can not be converted to an Integer");
  const value = Number(text);
  return Number.isSafeInteger(value) ? inRange(shape, value + 0) : inRange(shape, BigInt(text.replace("+", "")));
}

/** The integer itself, when it fits the shape's 32 or 64 bits. */
export function inRange(shape: NumberShape, value: number | bigint): number | bigint {
  const limit = shape.type === "long" ? INT64 : INT32;
  if (value >= limit || value < -limit) throw new Malformed(`Number is out of the range of ${shape.type}`);
  // -0 is an integer's 0.
  return value === 0 ? 0 : value;
}

export function readFloat(text: string): number {
  const special = NOT_FINITE.get(text);
  if (special !== undefined) return special;
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new Malformed("STRING_VALUE can not be converted to a Double");
  return value;
}

export function readBooleanText(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new Malformed("STRING_VALUE can not be converted to a Boolean");
}

/** Half of a surrogate pair is not text: it could be neither stored nor answered unchanged. */
export function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new Malformed("A string holds half of a surrogate pair");
  return text;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function decodeBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new Malformed("A blob is not base64");
  return plainBytes(Buffer.from(text, "base64"));
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The same bytes without Node's subclass, so that equal values look equal. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError) throw new Malformed("The body is not UTF-8");
    throw cause;
  }
}
