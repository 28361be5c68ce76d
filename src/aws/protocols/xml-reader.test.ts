import { expect, test } from "vitest";
import { DEPTH_MAX, Malformed } from "./scalars.ts";
import type { XmlNode } from "./xml-reader.ts";
import { parseXml } from "./xml-reader.ts";

/** Name, attributes, text, children: only what is there. */
function brief({ name, attributes, text, children }: XmlNode): unknown[] {
  return [name, ...(attributes.size > 0 ? [Object.fromEntries(attributes)] : []), text, ...children.map(brief)];
}

test.each([
  ["an empty element", "<a/>", ["a", ""]],
  ["text and children", "<a>x<b>y</b>z</a>", ["a", "xz", ["b", "y"]]],
  [
    "the declaration, comments and instructions",
    '<?xml version="1.0"?><!-- - --><a><?x y?>t<!--c--></a>\n',
    ["a", "t"],
  ],
  ["a byte order mark", "\uFEFF<a/>", ["a", ""]],
  ["prefixes of elements, but not of attributes", '<s:a xsi:type="U"/>', ["a", { "xsi:type": "U" }, ""]],
  ["both quotes", `<a b="it's" c='"'/>`, ["a", { b: "it's", c: '"' }, ""]],
  ["entities", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</a>", ["a", "<>&\"'A😀"]],
  ["CDATA", "<a>1<![CDATA[<b>&amp;]]>2</a>", ["a", "1<b>&amp;2"]],
  ["line ends as line feeds", "<a>1\r\n2\r3</a>", ["a", "1\n2\n3"]],
  ["an escaped carriage return as itself", "<a>&#xD;</a>", ["a", "\r"]],
])("parseXml() reads %s", (_, text, expected) => {
  expect(brief(parseXml(text))).toEqual(expected);
});

test.each([
  ["nothing", ""],
  ["text alone", "hello"],
  ["two roots", "<a/><b/>"],
  ["text after the root", "<a/>x"],
  ["CDATA outside", "<![CDATA[]]><a/>"],
  ["an element left open", "<a><b></b>"],
  ["elements that cross", "<a><b></a></b>"],
  ["a closing tag alone", "</a>"],
  ["a document type", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
  ["an unknown entity", "<a>&nbsp;</a>"],
  ["a bare ampersand", "<a>& b</a>"],
  ["a reference to no character", "<a>&#0;</a>"],
  ["a reference to half a surrogate pair", "<a>&#xD800;</a>"],
  ["a reference beyond Unicode", "<a>&#x110000;</a>"],
  ["a control character", "<a>\u0001</a>"],
  ["half a surrogate pair", "<a>\uD800</a>"],
  ["]]> in text", "<a>]]></a>"],
  ["a less-than sign in an attribute", '<a b="<"/>'],
  ["an attribute without quotes", "<a b=c/>"],
  ["an attribute given twice", '<a b="1" b="2"/>'],
  ["a comment without end", "<a><!-- </a>"],
  ["a name that starts with a digit", "<1/>"],
])("parseXml() refuses %s", (_, text) => {
  expect(() => parseXml(text)).toThrow(Malformed);
});

test.each([DEPTH_MAX * 3 + 1, 1_000_000])("parseXml() refuses %i levels", (levels) => {
  expect(() => parseXml("<a>".repeat(levels))).toThrow(`deeper than ${DEPTH_MAX} levels`);
});
