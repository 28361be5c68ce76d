/**
 * A small strict XML 1.0 reader for hostile documents: elements, attributes, text, CDATA, the five named entities and
 * character references. No document type, so no entity can be defined, expanded or fetched.
 */
import { DEPTH_MAX, Malformed } from "./scalars.ts";

export interface XmlNode {
  /** Without a namespace prefix. */
  readonly name: string;
  /** By name as written, prefix included. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlNode[];
  /** All text directly inside, CDATA included. */
  text: string;
}

interface OpenElement {
  /** The name as written, which the closing tag must repeat. */
  readonly tag: string;
  readonly node: XmlNode;
}

/** A level of a modelled value may take an element for itself, for its entry and for the value inside. */
const ELEMENT_DEPTH_MAX = DEPTH_MAX * 3;

const OPENING = /<([\p{L}_][\p{L}\p{N}_.:-]*)/uy;
const ATTRIBUTE = /[ \t\n]+([\p{L}_][\p{L}\p{N}_.:-]*)[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')/uy;
const OPENED = /[ \t\n]*(\/?)>/y;
const CLOSING = /<\/([\p{L}_][\p{L}\p{N}_.:-]*)[ \t\n]*>/uy;
const ONLY_SPACE = /^[ \t\n]*$/;

/** XML 1.0's Char, negated: these can stand in no document, not even as a reference. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const NOT_A_CHARACTER = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** The root element. @throws {Malformed} when the text is not exactly one well-formed element. */
export function parseXml(text: string): XmlNode {
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  if (NOT_A_CHARACTER.test(source)) throw notXml("a character that XML does not have");
  return new Reader(source).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** Elements not yet closed. Kept here, so that the depth of a document never becomes the depth of our stack. */
  readonly #open: OpenElement[] = [];
  #root: XmlNode | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  document(): XmlNode {
    for (let markup = this.#nextMarkup(); markup >= 0; markup = this.#nextMarkup()) {
      this.#addText(decodeEntities(this.#text.slice(this.#at, markup)));
      this.#at = markup;
      this.#readMarkup();
    }
    this.#addText(decodeEntities(this.#text.slice(this.#at)));
    if (this.#root === undefined || this.#open.length > 0) throw notXml("an element is not closed");
    return this.#root;
  }

  #nextMarkup(): number {
    return this.#text.indexOf("<", this.#at);
  }

  #readMarkup(): void {
    const kind = this.#text.charAt(this.#at + 1);
    if (kind === "/") this.#close();
    else if (kind === "?") this.#enclosed("<?", "?>");
    else if (kind !== "!") this.#start();
    else if (this.#text.startsWith("<!--", this.#at)) this.#enclosed("<!--", "-->");
    else if (this.#text.startsWith("<![CDATA[", this.#at)) this.#addText(this.#enclosed("<![CDATA[", "]]>"), true);
    else throw notXml("a document type");
  }

  #enclosed(start: string, end: string): string {
    const from = this.#at + start.length;
    const to = this.#text.indexOf(end, from);
    if (to < 0) throw notXml(`${start} without ${end}`);
    this.#at = to + end.length;
    return this.#text.slice(from, to);
  }

  #start(): void {
    const tag = this.#match(OPENING)?.[1];
    if (tag === undefined) throw notXml("a broken tag");
    const node: XmlNode = { name: localName(tag), attributes: this.#attributes(), children: [], text: "" };
    const opened = this.#match(OPENED);
    if (opened === null) throw notXml("a broken tag");
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.node.children.push(node);
    else if (this.#root === undefined) this.#root = node;
    else throw notXml("a second root element");
    if (opened[1] === "") this.#open.push({ tag, node });
    if (this.#open.length > ELEMENT_DEPTH_MAX) throw new Malformed(`Nesting is deeper than ${DEPTH_MAX} levels`);
  }

  #attributes(): ReadonlyMap<string, string> {
    let match = this.#match(ATTRIBUTE);
    if (match === null) return NO_ATTRIBUTES;
    const attributes = new Map<string, string>();
    for (; match !== null; match = this.#match(ATTRIBUTE)) {
      const [, name = "", double, single] = match;
      if (attributes.has(name)) throw notXml("an attribute is given twice");
      attributes.set(name, decodeEntities((double ?? single ?? "").replace(/[\t\n]/g, " ")));
    }
    return attributes;
  }

  #close(): void {
    const tag = this.#match(CLOSING)?.[1];
    if (tag === undefined || this.#open.pop()?.tag !== tag) throw notXml("a closing tag that closes nothing");
  }

  #addText(text: string, markedUp = false): void {
    if (text === "" && !markedUp) return;
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.node.text += text;
    else if (markedUp || !ONLY_SPACE.test(text)) throw notXml("text outside the root element");
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}

function localName(tag: string): string {
  return tag.slice(tag.indexOf(":") + 1);
}

function decodeEntities(text: string): string {
  if (text.includes("]]>")) throw notXml("]]> in text");
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}))|([a-z]{1,4}));|&/g, (_, hex, decimal, name) => {
    const character = name === undefined ? characterOf(hex, decimal) : ENTITIES.get(name);
    if (character === undefined || NOT_A_CHARACTER.test(character)) throw notXml("an unknown entity");
    return character;
  });
}

function characterOf(hex: string | undefined, decimal: string | undefined): string | undefined {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function notXml(what: string): Malformed {
  return new Malformed(`The body is not XML: ${what}`);
}
