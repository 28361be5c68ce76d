/** Modelled values from and to XML. Text that XML cannot carry is written as U+FFFD. */
import type { ListShape, MapShape, Member, SingleShape, Slot, StructureShape, XmlNamespace } from "../shapes.ts";
import { isSingle } from "../shapes.ts";
import { Malformed, deeper } from "./scalars.ts";
import { readText, writeText } from "./text.ts";
import type { Values } from "./tree.ts";
import { emptyMap } from "./tree.ts";
import { keepUnknown } from "./unknown-members.ts";
import type { XmlNode } from "./xml-reader.ts";

/** Reads the members that are elements or attributes of `node`; unknown elements are kept beside them. */
export function readXmlStructure(shape: StructureShape, node: XmlNode, depth = 0): Values {
  const inside = deeper(depth);
  const values: Values = {};
  let unknown: XmlNode[] | undefined;
  for (const part of node.children) {
    const member = shape.byXmlName.get(part.name);
    if (member === undefined) {
      (unknown ??= []).push(part);
      continue;
    }
    if (member.flattened && member.shape.type === "list") {
      const items = (values[member.name] ??= []) as unknown[];
      items.push(readSlot(member.shape.member, part, deeper(inside)));
    } else if (member.flattened && member.shape.type === "map") {
      readEntry(member.shape, part, (values[member.name] ??= emptyMap()) as Values, deeper(inside));
    } else {
      values[member.name] = readSlot(member, part, inside);
    }
  }
  if (node.attributes.size > 0) readAttributes(shape, node, values);
  if (unknown !== undefined) keepElements(values, unknown);
  return values;
}

function keepElements(values: Values, nodes: readonly XmlNode[]): void {
  for (const [name, parts] of Object.entries(plainElements(nodes))) keepUnknown(values, name, parts);
}

/** Elements without a model: text or what stands inside; a list of those that have the same name. The reader bounds the depth. */
function plainElements(nodes: readonly XmlNode[]): Values {
  const values = emptyMap();
  for (const [name, parts] of Map.groupBy(nodes, (node) => node.name)) {
    const plain = parts.map(({ children, text }) => (children.length === 0 ? text : plainElements(children)));
    values[name] = plain.length === 1 ? plain[0] : plain;
  }
  return values;
}

function readAttributes(shape: StructureShape, node: XmlNode, values: Values): void {
  for (const member of shape.members) {
    const text = member.xmlAttribute ? node.attributes.get(member.xmlName) : undefined;
    if (text !== undefined && isSingle(member.shape)) values[member.name] = readText(member.shape, text);
  }
}

/** The value that one element holds. */
export function readXmlSlot(slot: Slot, node: XmlNode): unknown {
  return readSlot(slot, node, 0);
}

function readSlot(slot: Slot, node: XmlNode, depth: number): unknown {
  const { shape } = slot;
  if (isSingle(shape)) return readSingle(shape, node);
  switch (shape.type) {
    case "structure":
      return readXmlStructure(shape, node, depth);
    case "list":
      return readList(shape, node, deeper(depth));
    case "map": {
      const values = emptyMap();
      for (const entry of node.children) readEntry(shape, entry, values, deeper(depth));
      return values;
    }
  }
}

function readSingle(shape: SingleShape, node: XmlNode): unknown {
  if (node.children.length > 0) throw new Malformed("An element stands where text was expected");
  return readText(shape, shape.type === "string" ? node.text : node.text.trim());
}

/** Items are taken whatever their name: some services name them unlike their model. */
function readList(shape: ListShape, node: XmlNode, inside: number): unknown[] {
  return node.children.map((item) => readSlot(shape.member, item, inside));
}

function readEntry(shape: MapShape, entry: XmlNode, values: Values, inside: number): void {
  const key = entry.children.find(({ name }) => name === (shape.key.locationName ?? "key"));
  const value = entry.children.find(({ name }) => name === (shape.value.locationName ?? "value"));
  if (key === undefined || value === undefined) throw new Malformed("A map entry needs a key and a value");
  values[String(readSlot(shape.key, key, inside))] = readSlot(shape.value, value, inside);
}

/** One element with the whole value inside, attributes and namespace included. */
export function writeXml(slot: Slot, name: string, value: unknown): string {
  const { shape } = slot;
  const opening = name + namespaceText(slot.xmlNamespace);
  if (isSingle(shape)) return element(opening, name, escapeXml(singleText(slot, shape, value)));
  switch (shape.type) {
    case "structure":
      return element(opening + attributesText(shape, value as Values), name, writeXmlMembers(shape, value as Values));
    case "list":
      return element(opening, name, writeItems(shape, shape.member.locationName ?? "member", value as unknown[]));
    case "map":
      return element(opening, name, writeEntries(shape, "entry", value as Values));
  }
}

function singleText(slot: Slot, shape: SingleShape, value: unknown): string {
  return writeText(shape, value, slot.timestampFormat ?? "iso8601");
}

/** The members of a structure as elements, in the order of the model. */
export function writeXmlMembers(shape: StructureShape, values: Values): string {
  let xml = "";
  for (const member of shape.members) {
    const value = values[member.name];
    if (value === undefined || value === null || member.location !== undefined || member.xmlAttribute) continue;
    xml += writeMember(member, value);
  }
  return xml;
}

function writeMember(member: Member, value: unknown): string {
  const { shape, xmlName } = member;
  if (member.flattened && shape.type === "list") return writeItems(shape, xmlName, value as unknown[]);
  if (member.flattened && shape.type === "map") return writeEntries(shape, xmlName, value as Values, member);
  return writeXml(member, xmlName, value);
}

function writeItems(shape: ListShape, name: string, items: readonly unknown[]): string {
  let xml = "";
  for (const item of items) if (item !== null && item !== undefined) xml += writeXml(shape.member, name, item);
  return xml;
}

function writeEntries(shape: MapShape, name: string, values: Values, flattened?: Slot): string {
  let xml = "";
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (value === null || value === undefined) continue;
    const inside =
      writeXml(shape.key, shape.key.locationName ?? "key", key) +
      writeXml(shape.value, shape.value.locationName ?? "value", value);
    xml += element(name + namespaceText(flattened?.xmlNamespace), name, inside);
  }
  return xml;
}

function attributesText(shape: StructureShape, values: Values): string {
  let text = "";
  for (const member of shape.members) {
    const value = values[member.name];
    if (!member.xmlAttribute || !isSingle(member.shape) || value === undefined || value === null) continue;
    text += ` ${member.xmlName}="${escapeXml(singleText(member, member.shape, value))}"`;
  }
  return text;
}

export function namespaceText(namespace: XmlNamespace | undefined): string {
  if (namespace === undefined) return "";
  const prefix = namespace.prefix === undefined ? "" : `:${namespace.prefix}`;
  return ` xmlns${prefix}="${escapeXml(namespace.uri)}"`;
}

/** `opening` is the name with its attributes. */
export function element(opening: string, name: string, inside: string): string {
  return inside === "" ? `<${opening}/>` : `<${opening}>${inside}</${name}>`;
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const SPECIAL = /[&<>"\t\n\r\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  // Written as they are, a reader would turn these into spaces (in attributes) or into line feeds.
  ["\t", "&#x9;"],
  ["\n", "&#xA;"],
  ["\r", "&#xD;"],
]);

/** Finds, faster than `SPECIAL`, all that it may touch. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const SUSPICIOUS = /[&<>"\u0000-\u001F\uD800-\uDFFF\uFFFE\uFFFF]/;

/** Text for an element or an attribute in double quotes. */
export function escapeXml(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return text.replace(SPECIAL, (character) => ESCAPES.get(character) ?? "\uFFFD");
}
