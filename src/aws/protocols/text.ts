/** Single modelled values as text: in query strings, headers, paths, forms and XML. */
import { assert } from "../../core/index.ts";
import type { SingleShape, TimestampFormat } from "../shapes.ts";
import { decodeBase64, encodeBase64, readBooleanText, readNumberText, wellFormed } from "./scalars.ts";
import { readTimestampText, timestampText } from "./timestamps.ts";

/** @throws {Malformed} when the text is no value of that shape. */
export function readText(shape: SingleShape, text: string): unknown {
  switch (shape.type) {
    case "string":
      return wellFormed(text);
    case "boolean":
      return readBooleanText(text);
    case "timestamp":
      return readTimestampText(text);
    case "blob":
      return decodeBase64(text);
    case "integer":
    case "long":
    case "float":
    case "double":
      return readNumberText(shape, text);
  }
}

/** `format` is how timestamps are written. */
export function writeText(shape: SingleShape, value: unknown, format: TimestampFormat): string {
  if (shape.type === "blob") return encodeBase64(value as Uint8Array);
  if (shape.type !== "timestamp") return String(value);
  assert(value instanceof Date, `a value of ${shape.name} is a Date`);
  return timestampText(value, format);
}
