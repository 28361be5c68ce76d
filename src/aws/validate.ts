import { Refusal } from "../core/index.ts";
import type {
  BlobShape,
  ListShape,
  MapShape,
  NumberShape,
  OperationModel,
  Protocol,
  Shape,
  Slot,
  StringShape,
  StructureShape,
} from "./shapes.ts";
import { isSingle } from "./shapes.ts";

/** All violations are counted, the first so many are told: a caller can make a message only so long. */
const TOLD_MAX = 20;

/**
 * Checks the modelled constraints of a parsed input: required members, lengths, ranges, patterns and enumerations.
 *
 * The texts are those of AWS's generic validator: `2 validation errors detected: Value 'x' at 'name' failed to satisfy
 * constraint: Member must have length greater than or equal to 3; Value null at …`. Paths are lowerCamel with list items as
 * `tags.1.member.key`; constraints of single values inside lists and maps are told at the list or map. The value of a
 * sensitive member is not repeated.
 * @throws {Refusal} `ValidationException`, or `ValidationError` for query and ec2.
 */
export function validateInput(operation: OperationModel, protocol: Protocol, input: Record<string, unknown>): void {
  if (operation.input === undefined) return;
  const report = new Report();
  checkStructure(operation.input, input, "", report);
  if (report.count === 0) return;
  const isForm = protocol === "query" || protocol === "ec2";
  throw new Refusal(isForm ? "ValidationError" : "ValidationException", report.text());
}

class Report {
  count = 0;
  readonly #told: string[] = [];

  add(path: string, slot: Slot, value: unknown, constraint: string): void {
    this.count += 1;
    if (this.#told.length >= TOLD_MAX) return;
    const said = slot.sensitive ? "Value" : value === null ? "Value null" : `Value '${javaText(value)}'`;
    this.#told.push(`${said} at '${path}' failed to satisfy constraint: ${constraint}`);
  }

  text(): string {
    return `${this.count} validation error${this.count === 1 ? "" : "s"} detected: ${this.#told.join("; ")}`;
  }
}

const NOT_NULL = "Member must not be null";

function checkStructure(shape: StructureShape, values: Record<string, unknown>, path: string, report: Report): void {
  for (const member of shape.members) {
    const value = values[member.name];
    const at = `${path}${member.name.charAt(0).toLowerCase()}${member.name.slice(1)}`;
    if (value !== undefined && value !== null) checkSlot(member, value, at, report);
    else if (member.required) report.add(at, { ...member, sensitive: false }, null, NOT_NULL);
  }
}

function checkSlot(slot: Slot, value: unknown, path: string, report: Report): void {
  const { shape } = slot;
  for (const constraint of broken(shape, value)) report.add(path, slot, value, constraint);
  if (shape.type === "structure") checkStructure(shape, value as Record<string, unknown>, `${path}.`, report);
  if (shape.type === "list") checkItems(slot, shape, value as readonly unknown[], path, report);
  if (shape.type === "map") checkEntries(slot, shape, value as Record<string, unknown>, path, report);
}

function checkItems(slot: Slot, shape: ListShape, items: readonly unknown[], path: string, report: Report): void {
  const { member } = shape;
  if (isSingle(member.shape)) {
    const isBroken = items.some((item) => item === null || broken(member.shape, item).length > 0);
    if (isBroken)
      report.add(path, hushed(slot, member), items, `Member must satisfy constraint: [${rules(member.shape)}]`);
    return;
  }
  items.forEach((item, index) => checkPart(member, item, `${path}.${index + 1}.member`, report));
}

function checkEntries(
  slot: Slot,
  { key, value }: MapShape,
  entries: Record<string, unknown>,
  path: string,
  report: Report,
): void {
  const keys = Object.keys(entries);
  if (keys.some((name) => broken(key.shape, name).length > 0)) {
    report.add(path, hushed(slot, value), entries, `Map keys must satisfy constraint: [${rules(key.shape)}]`);
  }
  if (!isSingle(value.shape)) {
    for (const name of keys) checkPart(value, entries[name], `${path}.${name}.member`, report);
  } else if (keys.some((name) => entries[name] === null || broken(value.shape, entries[name]).length > 0)) {
    report.add(path, hushed(slot, value), entries, `Map value must satisfy constraint: [${rules(value.shape)}]`);
  }
}

function checkPart(slot: Slot, value: unknown, path: string, report: Report): void {
  if (value === null) report.add(path, slot, null, NOT_NULL);
  else checkSlot(slot, value, path, report);
}

/** The list or map, kept silent when what it holds must be. */
function hushed(slot: Slot, part: Slot): Slot {
  return part.sensitive ? { ...slot, sensitive: true } : slot;
}

/** The shape's own constraints that the value breaks, those of its parts left aside. */
function broken(shape: Shape, value: unknown): readonly string[] {
  switch (shape.type) {
    case "string":
      return hasRules(shape) ? brokenText(shape, value as string) : NONE;
    case "integer":
    case "long":
    case "float":
    case "double":
      return brokenNumber(shape, value as number | bigint);
    case "list":
      return brokenLength(shape, (value as readonly unknown[]).length);
    case "map":
      return brokenLength(shape, Object.keys(value as object).length);
    case "blob":
      return brokenLength(shape, (value as Uint8Array).length);
    case "structure":
    case "boolean":
    case "timestamp":
      return NONE;
  }
}

const NONE: readonly string[] = [];

function hasRules({ min, max, pattern, enum: values }: StringShape): boolean {
  return min !== undefined || max !== undefined || pattern !== undefined || values !== undefined;
}

function brokenText(shape: StringShape, text: string): readonly string[] {
  const tooLong = brokenLength(shape, codePoints(text, shape));
  const { pattern, enum: values } = shape;
  // What is too long is not matched: the time that a pattern may take is bounded by its own length limit.
  const mismatch = pattern !== undefined && !tooLong.includes(atMost(shape.max)) && !pattern.expression.test(text);
  return [
    ...tooLong,
    ...(mismatch ? [matching(pattern.source)] : NONE),
    ...(values !== undefined && !values.includes(text) ? [oneOf(values)] : NONE),
  ];
}

/** The length in code points, or in code units where the limits cannot tell the two apart. */
function codePoints(text: string, { min = 0, max = Number.POSITIVE_INFINITY }: StringShape): number {
  const isClear = text.length > max * 2 || (text.length <= max && text.length >= min * 2);
  if (isClear) return text.length;
  let count = text.length;
  for (let index = 0; index < text.length - 1; index += 1) {
    if (text.charCodeAt(index) >= 0xd800 && text.charCodeAt(index) <= 0xdbff) count -= 1;
  }
  return count;
}

function brokenLength({ min, max }: StringShape | ListShape | MapShape | BlobShape, length: number): readonly string[] {
  if (max !== undefined && length > max) return [atMost(max)];
  return min !== undefined && length < min ? [atLeast(min)] : NONE;
}

function brokenNumber({ min, max }: NumberShape, value: number | bigint): readonly string[] {
  if (max !== undefined && value > max) return [`Member must have value less than or equal to ${max}`];
  return min !== undefined && value < min ? [`Member must have value greater than or equal to ${min}`] : NONE;
}

function atMost(max: number | undefined): string {
  return `Member must have length less than or equal to ${max}`;
}

function atLeast(min: number): string {
  return `Member must have length greater than or equal to ${min}`;
}

function matching(source: string): string {
  return `Member must satisfy regular expression pattern: ${source}`;
}

function oneOf(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(", ")}]`;
}

/** All constraints of a single value, broken or not, as they are told for the parts of lists and maps. */
function rules(shape: Shape): string {
  const told: string[] = [];
  if (shape.type === "string" || shape.type === "blob") {
    if (shape.max !== undefined) told.push(atMost(shape.max));
    if (shape.min !== undefined) told.push(atLeast(shape.min));
  } else if ("max" in shape || "min" in shape) {
    const { min, max } = shape;
    if (max !== undefined) told.push(`Member must have value less than or equal to ${max}`);
    if (min !== undefined) told.push(`Member must have value greater than or equal to ${min}`);
  }
  if (shape.type === "string" && shape.pattern !== undefined) told.push(matching(shape.pattern.source));
  if (shape.type === "string" && shape.enum !== undefined) told.push(oneOf(shape.enum));
  return [...told, NOT_NULL].join(", ");
}

/** Values as Java prints them: `[a, b]`, `{team=red}`. */
function javaText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `[${value.map(javaText).join(", ")}]`;
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return "java.nio.HeapByteBuffer";
  if (typeof value !== "object") return `${value as string | number | bigint | boolean}`;
  const parts = Object.entries(value).map(([key, part]) => `${key}=${javaText(part)}`);
  return `{${parts.join(", ")}}`;
}
