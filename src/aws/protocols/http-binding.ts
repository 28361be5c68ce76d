/** Members that travel outside the body: in the path, the query string, headers or the status. The same in both REST protocols. */
import type { Location, Member, Shape, Slot, StructureShape, TimestampFormat } from "../shapes.ts";
import { isSingle } from "../shapes.ts";
import { Malformed, decodeBase64, decodeUtf8, encodeBase64 } from "./scalars.ts";
import { readText, writeText } from "./text.ts";
import type { Values } from "./tree.ts";
import { emptyMap } from "./tree.ts";
import { decodeUri } from "./uri.ts";

/** The members that travel outside the body, by where. */
interface Bound {
  readonly uri: readonly Member[];
  readonly querystring: readonly Member[];
  /** With the header's name in lower case. */
  readonly header: readonly (readonly [member: Member, name: string])[];
  readonly headers: readonly Member[];
}

const bounds = new WeakMap<StructureShape, Bound>();

/** Sorted out once: every call asks. */
function boundOf(shape: StructureShape): Bound {
  const known = bounds.get(shape);
  if (known !== undefined) return known;
  const at = (location: Location): Member[] => shape.members.filter((member) => member.location === location);
  const bound: Bound = {
    uri: at("uri"),
    querystring: at("querystring"),
    header: at("header").map((member) => [member, member.wireName.toLowerCase()]),
    headers: at("headers"),
  };
  bounds.set(shape, bound);
  return bound;
}

export function readLabels(shape: StructureShape, labels: ReadonlyMap<string, string>, values: Values): void {
  for (const member of boundOf(shape).uri) {
    const text = labels.get(member.wireName);
    if (text !== undefined) values[member.name] = readSingle(member, decodeUri(text, false));
  }
}

export function writeLabels(shape: StructureShape | undefined, values: Values): Map<string, string> {
  const labels = new Map<string, string>();
  for (const member of shape?.members ?? []) {
    const value = values[member.name];
    if (member.location === "uri" && isGiven(value)) labels.set(member.wireName, writeSingle(member, value, "iso8601"));
  }
  return labels;
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A map takes every parameter, those that other members are bound to included. */
export function readQueryMembers(shape: StructureShape, pairs: Pairs, values: Values): void {
  if (pairs.length === 0) return;
  for (const member of boundOf(shape).querystring) {
    if (member.shape.type === "map") {
      values[member.name] = readQueryMap(member.shape.value, pairs);
      continue;
    }
    const given = pairs.filter(([name]) => name === member.wireName).map(([, value]) => value);
    const [first] = given;
    if (first === undefined) continue;
    const { shape: target } = member;
    values[member.name] =
      target.type === "list" ? given.map((text) => readSingle(target.member, text)) : readSingle(member, first);
  }
}

function readQueryMap(slot: Slot, pairs: Pairs): Values {
  const { shape } = slot;
  const values = emptyMap();
  for (const [name, text] of pairs) {
    if (shape.type === "list") ((values[name] ??= []) as unknown[]).push(readSingle(shape.member, text));
    else values[name] ??= readSingle(slot, text);
  }
  return values;
}

/** Members win over a map's entries of the same name. */
export function writeQueryMembers(shape: StructureShape | undefined, values: Values): [string, string][] {
  const pairs: [string, string][] = [];
  const bound = (shape?.members ?? []).filter(
    ({ name, location }) => location === "querystring" && isGiven(values[name]),
  );
  const taken = new Set<string>();
  for (const member of bound) {
    if (member.shape.type === "map") continue;
    taken.add(member.wireName);
    pairs.push(...queryPairs(member, member.wireName, values[member.name]));
  }
  for (const member of bound) {
    const { shape: target } = member;
    if (target.type !== "map") continue;
    for (const [name, value] of Object.entries(values[member.name] as Values)) {
      if (!taken.has(name)) pairs.push(...queryPairs(target.value, name, value));
    }
  }
  return pairs;
}

function queryPairs(slot: Slot, name: string, value: unknown): [string, string][] {
  const { shape } = slot;
  if (shape.type !== "list") return [[name, writeSingle(slot, value, "iso8601")]];
  return (value as readonly unknown[]).map((item) => [name, writeSingle(shape.member, item, "iso8601")]);
}

/** `names` are all header names in lower case; `header` answers one header's values joined. */
export function readHeaderMembers(
  shape: StructureShape,
  names: readonly string[],
  header: (name: string) => string | undefined,
  values: Values,
): void {
  const bound = boundOf(shape);
  for (const [member, name] of bound.header) {
    const text = header(name);
    if (text !== undefined) values[member.name] = readHeader(member, text.trim());
  }
  for (const member of bound.headers) {
    const found = readHeaderMap(member, names, header);
    if (found !== undefined) values[member.name] = found;
  }
}

function readHeader(member: Member, text: string): unknown {
  if (member.jsonValue) return decodeUtf8(decodeBase64(text));
  const { shape } = member;
  return shape.type === "list" ? readHeaderList(shape.member, text) : readSingle(member, text);
}

/** Header names carry no case, so the keys of such a map are in lower case. */
function readHeaderMap(
  { shape, wireName }: Member,
  names: readonly string[],
  header: (name: string) => string | undefined,
): Values | undefined {
  if (shape.type !== "map") throw new Malformed("Headers where no map is");
  const prefix = wireName.toLowerCase();
  const values = emptyMap();
  for (const name of names) {
    if (name.startsWith(prefix)) values[name.slice(prefix.length)] = readSingle(shape.value, header(name) ?? "");
  }
  return Object.keys(values).length === 0 ? undefined : values;
}

/** An item is quoted, with backslashes, or runs to the next comma. */
const HEADER_ITEM = /\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^,]*))(?:,|$)/y;
/** An HTTP date has a comma of its own, after the day's name. */
const HEADER_DATE = /\s*()([A-Z][a-z]{2},[^,]*)(?:,|$)/y;

function readHeaderList(slot: Slot, text: string): unknown[] {
  if (text === "") return [];
  const isDate = slot.shape.type === "timestamp" && (slot.timestampFormat ?? "rfc822") === "rfc822";
  const pattern = isDate ? HEADER_DATE : HEADER_ITEM;
  const items: unknown[] = [];
  pattern.lastIndex = 0;
  // A comma at the end announces one more, empty, item: the last match is the one that did not end in a comma.
  for (let more = true; more; ) {
    const match = pattern.exec(text);
    if (match === null) throw new Malformed("A header is not a list");
    const [, quoted, plain] = match;
    items.push(readSingle(slot, plain === undefined ? (quoted ?? "").replace(/\\(.)/gs, "$1") : plain.trim()));
    more = match[0].endsWith(",");
  }
  return items;
}

export function writeHeaderMembers(shape: StructureShape | undefined, values: Values): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const member of shape?.members ?? []) {
    const value = values[member.name];
    if (!isGiven(value)) continue;
    if (member.location === "header") headers[member.wireName.toLowerCase()] = writeHeader(member, value);
    if (member.location === "headers") writeHeaderMap(member, value as Values, headers);
  }
  return headers;
}

function writeHeader(member: Member, value: unknown): string {
  if (member.jsonValue) return encodeBase64(Buffer.from(value as string));
  const { shape } = member;
  if (shape.type !== "list") return writeSingle(member, value, "rfc822");
  return (value as readonly unknown[])
    .map((item) => quoted(shape.member.shape, writeSingle(shape.member, item, "rfc822")))
    .join(", ");
}

function quoted({ type }: Shape, text: string): string {
  if (type !== "string" || !/[",]|^\s|\s$|^$/.test(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function writeHeaderMap({ shape, wireName }: Member, values: Values, headers: Record<string, string>): void {
  if (shape.type !== "map") return;
  for (const [key, value] of Object.entries(values)) {
    if (isGiven(value)) headers[`${wireName}${key}`.toLowerCase()] = writeSingle(shape.value, value, "rfc822");
  }
}

function readSingle({ shape }: Slot, text: string): unknown {
  if (!isSingle(shape)) throw new Malformed("Text where no single value is");
  return readText(shape, text);
}

function writeSingle({ shape, timestampFormat }: Slot, value: unknown, format: TimestampFormat): string {
  return isSingle(shape) ? writeText(shape, value, timestampFormat ?? format) : String(value);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
