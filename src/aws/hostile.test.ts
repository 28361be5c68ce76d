import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Protocol, Service, WireRequest } from "./index.ts";
import { loadService, parseRequest, resolveOperation } from "./index.ts";
import { encodeCbor } from "./protocols/cbor-writer.ts";

/** One operation whose input holds itself in every way, and a little of everything else. */
function serviceFor(protocol: string): Service {
  return loadService("hostile", {
    metadata: { protocol, apiVersion: "1", targetPrefix: "Hostile" },
    operations: { Op: { name: "Op", http: { method: "POST", requestUri: "/op" }, input: { shape: "Input" } } },
    shapes: {
      Input: {
        type: "structure",
        members: {
          Text: { shape: "Text" },
          Count: { shape: "Count" },
          Long: { shape: "Long" },
          Real: { shape: "Real" },
          Flag: { shape: "Flag" },
          When: { shape: "When" },
          Blob: { shape: "Blob" },
          Inner: { shape: "Input" },
          List: { shape: "List" },
          Map: { shape: "Map" },
          Free: { shape: "Free" },
        },
      },
      Text: { type: "string" },
      Count: { type: "integer" },
      Long: { type: "long" },
      Real: { type: "double" },
      Flag: { type: "boolean" },
      When: { type: "timestamp" },
      Blob: { type: "blob" },
      List: { type: "list", member: { shape: "Input" } },
      Map: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
      Free: { type: "structure", members: {}, document: true },
    },
  });
}

const json = serviceFor("json");
const query = serviceFor("query");
const xml = serviceFor("rest-xml");
const cbor = serviceFor("smithy-rpc-v2-cbor");

function requestTo(of: Service, body: string | Uint8Array): WireRequest {
  const headers: Readonly<Partial<Record<Protocol, Record<string, string[]>>>> = {
    "json-1.1": { "x-amz-target": ["Hostile.Op"] },
    query: { "content-type": ["application/x-www-form-urlencoded"] },
    "rpc-v2-cbor": { "smithy-protocol": ["rpc-v2-cbor"] },
  };
  const path = { "rest-xml": "/op", "rpc-v2-cbor": "/service/Hostile/operation/Op" }[of.protocol as string] ?? "/";
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { method: "POST", path, query: "", headers: headers[of.protocol] ?? {}, body: bytes };
}

function read(of: Service, body: string | Uint8Array): Record<string, unknown> {
  const text = of === query ? `Action=Op&Version=1&${body as string}` : body;
  const request = requestTo(of, text);
  const { operation, protocol } = resolveOperation(of, request);
  return parseRequest(operation, protocol, request);
}

/** The code of the refusal; anything else that is thrown fails the test. */
function refusalOf(of: Service, body: string | Uint8Array): string {
  try {
    return `accepted ${JSON.stringify(read(of, body))}`;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.code;
    throw thrown;
  }
}

describe("parseRequest() refuses JSON", () => {
  test.each([
    ["that is none", "{"],
    ["with something after it", "{}x"],
    ["with a byte order mark", "\uFEFF{}"],
    ["that is a list", "[]"],
    ["that is a string", '"x"'],
    ["that is null", "null"],
    ["with a number for text", '{"Text":1}'],
    ["with a list for text", '{"Text":[]}'],
    ["with half a surrogate pair", '{"Text":"\\ud800"}'],
    ["with half a surrogate pair as a key", '{"Map":{"\\udc00":"x"}}'],
    ["with text for a number", '{"Count":"1"}'],
    ["with a fraction for an integer", '{"Count":1.5}'],
    ["with an integer of 33 bits", '{"Count":2147483648}'],
    ["with a long of 65 bits", '{"Long":9223372036854775808}'],
    ["with a long in exponent form beyond exactness", '{"Long":1e30}'],
    ["with a number beyond all numbers", '{"Real":1e999}'],
    ["with a number for a flag", '{"Flag":1}'],
    ["with nonsense for a timestamp", '{"When":"soon"}'],
    ["with a timestamp beyond all years", '{"When":1e300}'],
    ["with bad base64", '{"Blob":"a"}'],
    ["with URL-safe base64", '{"Blob":"a-_="}'],
    ["with a list for a structure", '{"Inner":[]}'],
    ["with a structure for a list", '{"List":{}}'],
    ["with a list for a map", '{"Map":[]}'],
  ])("%s", (_, body) => {
    expect(refusalOf(json, body)).toBe("SerializationException");
  });

  test("that is not UTF-8", () => {
    expect(refusalOf(json, Buffer.from([...Buffer.from('{"Text":"'), 0xff, ...Buffer.from('"}')]))).toBe(
      "SerializationException",
    );
  });
});

test("parseRequest() says what was wrong with JSON in AWS's words", () => {
  expect(() => read(json, '{"Text":1}')).toThrow("NUMBER_VALUE can not be converted to a String");
  expect(() => read(json, '{"Count":"1"}')).toThrow("STRING_VALUE can not be converted to an Integer");
  expect(() => read(json, '{"Text":{}}')).toThrow("Start of structure or map found where not expected.");
});

describe("parseRequest() refuses query", () => {
  test.each([
    ["text for a number", "Count=x"],
    ["no text for a number", "Count="],
    ["a fraction for an integer", "Count=1.5"],
    ["an integer of 33 bits", "Count=2147483648"],
    ["a long of 65 bits", "Long=-9223372036854775809"],
    ["nonsense for a flag", "Flag=yes"],
    ["nonsense for a timestamp", "When=soon"],
    ["bad base64", "Blob=a"],
    ["a structure for text", "Text.Foo=1"],
    ["text for a structure", "Inner=x"],
    ["text for a list", "List=x"],
    ["a list without numbers", "List.member.x.Text=1"],
    ["a map without keys", "Map.entry.1.value=x"],
    ["a map without values", "Map.entry.1.key=x"],
  ])("%s", (_, body) => {
    expect(refusalOf(query, body)).toBe("MalformedInput");
  });

  test.each([
    ["a parameter given twice", "Text=a&Text=b"],
    ["bad percent-encoding", "Text=%f"],
    ["percent-encoding that is not UTF-8", "Text=%ff"],
    ["a hundred thousand dots", `${"a.".repeat(100_001)}=1`],
    ["a hundred thousand parameters", Array.from({ length: 100_001 }, (_, index) => `p${index}=1`).join("&")],
  ])("%s", (_, body) => {
    expect(refusalOf(query, body)).toBe("MalformedQueryString");
  });
});

const DEEP = 100_000;

describe("parseRequest() refuses depth", () => {
  test.each<[string, Service, string | Uint8Array]>([
    ["of JSON structures", json, `${'{"Inner":'.repeat(65)}{}${"}".repeat(65)}`],
    ["of very deep JSON", json, `${'{"Inner":'.repeat(DEEP)}{}${"}".repeat(DEEP)}`],
    ["of a JSON document", json, `{"Free":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`],
    ["of a member that no model knows", json, `{"Unknown":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`],
    [
      "behind a long that needs a second reading",
      json,
      `{"Long":9007199254740993,"Unknown":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`,
    ],
    ["of XML", xml, `${"<Inner>".repeat(DEEP)}${"</Inner>".repeat(DEEP)}`],
    ["of XML structures", xml, `${"<Inner>".repeat(66)}${"</Inner>".repeat(66)}`],
    [
      "of CBOR",
      cbor,
      Buffer.concat([
        ...Array.from({ length: DEEP }, () => Buffer.from("a165496e6e6572", "hex")),
        Buffer.from("a0", "hex"),
      ]),
    ],
  ])("%s", (_, of, body) => {
    expect(refusalOf(of, body)).toBe("SerializationException");
  });

  test("of a form", () => {
    expect(refusalOf(query, `${"Inner.".repeat(70)}Text=1`)).toBe("MalformedInput");
  });
});

describe("parseRequest() accepts", () => {
  test.each<[string, Service, string | Uint8Array, unknown]>([
    ["an empty JSON body", json, "", {}],
    ["members that no model knows", json, '{"Unknown":{"a":[1]},"Text":"x"}', { Text: "x" }],
    ["null for absent", json, '{"Text":null,"List":null}', {}],
    ["as deep as allowed", json, `${'{"Inner":'.repeat(2)}{}}}`, { Inner: { Inner: {} } }],
    ["all digits of a long", json, '{"Long":9223372036854775807}', { Long: 2n ** 63n - 1n }],
    [
      "all digits of a long beside other numbers",
      json,
      '{"Long":-9007199254740993,"Real":1e30,"Free":1e30,"Count":1}',
      { Long: -9007199254740993n, Real: 1e30, Free: 1e30, Count: 1 },
    ],
    ["names of special numbers", json, '{"Real":"NaN"}', { Real: Number.NaN }],
    ["timestamps as text", json, '{"When":"2023-07-10T12:14:52Z"}', { When: new Date("2023-07-10T12:14:52Z") }],
    ["timestamps as fractions", json, '{"When":1700000000.123}', { When: new Date(1_700_000_000_123) }],
    ["any document", json, '{"Free":[null,{"a":"\\ud800"}]}', { Free: [null, { a: "\ud800" }] }],
    ["parameters that no model knows", query, "Unknown.member.1=x&Text=%2B+a", { Text: "+ a" }],
    ["an empty list", query, "List=", { List: [] }],
    [
      "numbers with gaps, in their order",
      query,
      "List.member.10.Text=b&List.member.2.Text=a",
      { List: [{ Text: "a" }, { Text: "b" }] },
    ],
    ["an empty CBOR body", cbor, "", {}],
    ["CBOR nulls for absent", cbor, encodeCbor({ Text: null, Count: 1 }), { Count: 1 }],
  ])("%s", (_, of, body, expected) => {
    expect(read(of, body)).toEqual(expected);
  });
});

describe("a map's key __proto__ is a key", () => {
  test.each<[string, Service, string | Uint8Array]>([
    ["in JSON", json, '{"Map":{"__proto__":"x"}}'],
    ["in query", query, "Map.entry.1.key=__proto__&Map.entry.1.value=x"],
    ["in XML", xml, "<r><Map><entry><key>__proto__</key><value>x</value></entry></Map></r>"],
    ["in CBOR", cbor, encodeCbor({ Map: JSON.parse('{"__proto__":"x"}') })],
  ])("%s", (_, of, body) => {
    expect(Object.entries(read(of, body)["Map"] as object)).toEqual([["__proto__", "x"]]);
  });

  test.each(["__proto__", "constructor", "toString"])("and no structure has a member %s", (name) => {
    expect(Object.keys(read(json, `{"${name}":{"Text":"x"}}`))).toEqual([]);
    expect(Object.keys(read(query, `${name}.Text=x`))).toEqual([]);
  });
});
