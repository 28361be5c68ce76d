import { Malformed, parseXml, type XmlNode } from "../../../../aws/index.ts";

/**
 * An XML body as CloudTrail shows it, by the name of its root element: element by element in the original case, attributes
 * (`xmlns`, `xsi:type`) among the members. An element that stands once is a value, one that stands several times a list;
 * text that is a number or a boolean becomes one. Undefined when the body is not XML.
 *
 * `<Tagging xmlns="x"><TagSet><Tag><Key>a</Key>…` becomes `{Tagging: {xmlns: "x", TagSet: {Tag: {Key: "a", …}}}}`.
 */
export function xmlMembers(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (body.length === 0 || body.length > XML_BYTES_MAX) return undefined;
  const root = readXml(body);
  return root === undefined ? undefined : Object.fromEntries([[root.name, elementValue(root)]]);
}

/** The root element, or undefined when the body is not XML. */
function readXml(body: Uint8Array): XmlNode | undefined {
  try {
    return parseXml(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    // The client sent what S3 itself will refuse: there is nothing to show.
    if (cause instanceof Malformed || cause instanceof TypeError) return undefined;
    throw cause;
  }
}

/** More would not fit requestParameters anyway: a record keeps 100 KB of them. */
const XML_BYTES_MAX = 262_144;

/** The reader bounds the depth. */
function elementValue(node: XmlNode): unknown {
  if (node.children.length === 0 && node.attributes.size === 0) return scalar(node.text);
  const groups = Map.groupBy(node.children, (child) => child.name);
  const members: (readonly [string, unknown])[] = [...node.attributes];
  for (const [name, children] of groups) {
    const values = children.map(elementValue);
    members.push([name, values.length === 1 ? values[0] : values]);
  }
  if (node.children.length === 0 && node.text !== "") members.push(["content", scalar(node.text)]);
  return Object.fromEntries(members);
}

/** Only what can be written back to the same text: `007` and `1.10` stay text. */
function scalar(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d/.test(text) && String(Number(text)) === text ? Number(text) : text;
}
