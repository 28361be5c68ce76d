import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Protocol, Service, ServiceModelJson, WireRequest } from "./index.ts";
import { loadService, parseRequest, parseResponse, resolveOperation, service } from "./index.ts";
import { serializeRequest, serializeResponse, validateInput } from "./index.ts";

/*
 * Laws over models and values made up at random: what one end writes, the other end reads; and whatever bytes arrive, a
 * server answers with a value or a refusal.
 */

type ModelShape = ServiceModelJson["shapes"][string];
type Ref = NonNullable<ModelShape["member"]>;

/** A shape with a name of its own, the shapes that it needs, and values of it. */
interface Grown {
  readonly shapes: Readonly<Record<string, ModelShape>>;
  readonly ref: Ref;
  readonly values: fc.Arbitrary<unknown>;
}

/** What a protocol cannot say is not asked of it. */
interface Limits {
  readonly text: fc.Arbitrary<string>;
  /** Empty lists, maps and structures are told apart from absent ones. */
  readonly empties: boolean;
  readonly isXml: boolean;
}

const anyText = fc.string({ unit: "binary", maxLength: 12 });
// oxlint-disable-next-line no-control-regex -- the characters that XML lacks
const xmlText = anyText.map((text) => text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "-"));

const LIMITS: Readonly<Record<Protocol, Limits>> = {
  "json-1.0": { text: anyText, empties: true, isXml: false },
  "json-1.1": { text: anyText, empties: true, isXml: false },
  "rest-json": { text: anyText, empties: true, isXml: false },
  "rpc-v2-cbor": { text: anyText, empties: true, isXml: false },
  query: { text: xmlText, empties: false, isXml: true },
  ec2: { text: xmlText, empties: false, isXml: true },
  "rest-xml": { text: xmlText, empties: false, isXml: true },
};

/** Each law is asked so often, for each protocol. */
const RUNS = { numRuns: 60 };

const PROTOCOLS = Object.keys(LIMITS) as Protocol[];

let named = 0;

function grown(prefix: string, shape: ModelShape, values: fc.Arbitrary<unknown>, parts: readonly Grown[] = []): Grown {
  named += 1;
  const name = `${prefix}${named}`;
  return {
    shapes: Object.assign({ [name]: shape }, ...parts.map((part) => part.shapes)),
    ref: { shape: name },
    values,
  };
}

const instant = fc
  .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => new Date(date.getTime()));
const wholeSecond = instant.map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const long = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const real = fc.double({ noNaN: false }).map((value) => value + 0);

/** A structure to send, with up to four members, some of them structures, lists and maps in turn. */
function structures(limits: Limits): fc.Arbitrary<Grown> {
  const min = limits.empties ? 0 : 1;
  const single = fc.constantFrom<readonly [string, ModelShape, fc.Arbitrary<unknown>]>(
    ["Text", { type: "string" }, limits.text],
    ["Integer", { type: "integer" }, fc.integer()],
    ["Long", { type: "long" }, fc.oneof(fc.integer(), long)],
    ["Double", { type: "double" }, real],
    ["Boolean", { type: "boolean" }, fc.boolean()],
    ["Epoch", { type: "timestamp", timestampFormat: "unixTimestamp" }, instant],
    ["Iso", { type: "timestamp", timestampFormat: "iso8601" }, instant],
    ["Http", { type: "timestamp", timestampFormat: "rfc822" }, wholeSecond],
    ["Blob", { type: "blob" }, fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes))],
  );
  const singles = single.map(([name, shape, values]) => grown(name, shape, values));
  const { structure } = fc.letrec<{ part: Grown; structure: Grown }>((tie) => ({
    part: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      singles,
      fc.tuple(tie("part"), fc.boolean()).map(([item, renamed]) => {
        const ref: Ref = renamed ? { ...item.ref, locationName: "item" } : item.ref;
        return grown("List", { type: "list", member: ref }, fc.array(item.values, { minLength: min, maxLength: 3 }), [
          item,
        ]);
      }),
      tie("part").map((value) => {
        const key = grown("Key", { type: "string" }, limits.text);
        const values = fc.dictionary(limits.text, value.values, { minKeys: min, maxKeys: 3 });
        return grown("Map", { type: "map", key: key.ref, value: value.ref }, values, [key, value]);
      }),
      tie("structure"),
    ),
    structure: fc
      .array(fc.tuple(tie("part"), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 4 })
      .map((parts) => structureOf(parts, limits)),
  }));
  return structure;
}

function structureOf(parts: readonly (readonly [Grown, boolean, boolean])[], { empties }: Limits): Grown {
  const members: Record<string, Ref> = {};
  const values: Record<string, fc.Arbitrary<unknown>> = {};
  parts.forEach(([part, renamed, flattened], index) => {
    const isParted = /^(?:List|Map)/.test(part.ref.shape);
    members[`Member${index}`] = {
      ...part.ref,
      ...(renamed ? { locationName: `Renamed${index}` } : {}),
      ...(flattened && isParted ? { flattened: true } : {}),
    };
    values[`Member${index}`] = part.values;
  });
  // Where an empty structure would vanish, the first member is always there.
  const requiredKeys = empties ? [] : ["Member0"];
  return grown(
    "Structure",
    { type: "structure", members },
    fc.record(values, { requiredKeys }),
    parts.map(([part]) => part),
  );
}

const METADATA: Readonly<Record<Protocol, ServiceModelJson["metadata"]>> = {
  "json-1.0": { protocol: "json", jsonVersion: "1.0", apiVersion: "1", targetPrefix: "A.B" },
  "json-1.1": { protocol: "json", jsonVersion: "1.1", apiVersion: "1", targetPrefix: "A.B" },
  query: { protocol: "query", apiVersion: "1", xmlNamespace: "https://example.com/" },
  ec2: { protocol: "ec2", apiVersion: "1", xmlNamespace: { uri: "https://example.com/" } },
  "rest-json": { protocol: "rest-json", apiVersion: "1" },
  "rest-xml": { protocol: "rest-xml", apiVersion: "1" },
  "rpc-v2-cbor": { protocol: "smithy-rpc-v2-cbor", apiVersion: "1", targetPrefix: "Service" },
};

function serviceOf(protocol: Protocol, { shapes, ref }: Grown): Service {
  const operation = { name: "Op", http: { method: "POST", requestUri: "/op" }, input: ref, output: ref };
  return loadService("random", { metadata: METADATA[protocol], shapes, operations: { Op: operation } });
}

/** A random model and a value of its one operation. */
function calls(protocol: Protocol): fc.Arbitrary<{ of: Service; value: Record<string, unknown> }> {
  return structures(LIMITS[protocol]).chain((shape) =>
    shape.values.map((value) => ({ of: serviceOf(protocol, shape), value: value as Record<string, unknown> })),
  );
}

/** Maps that are equal are equal whatever their prototype; a key called __proto__ counts too. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  return Object.entries(value)
    .map(([key, part]): [string, unknown] => [key, plain(part)])
    .sort(byKey);
}

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}

describe.each(PROTOCOLS)("%s", (protocol) => {
  test("parseRequest() gives back what serializeRequest() was given", () => {
    fc.assert(
      fc.property(calls(protocol), ({ of, value }) => {
        const { operation } = resolveOperation(of, written(of, value));
        const read = parseRequest(operation, protocol, written(of, value));
        expect(plain(read)).toEqual(plain(value));
      }),
      RUNS,
    );
  });

  test("parseResponse() gives back what serializeResponse() was given", () => {
    fc.assert(
      fc.property(calls(protocol), ({ of, value }) => {
        const operation = operationOf(of, "Op");
        const response = serializeResponse(operation, protocol, value, "request-1");
        expect(plain(parseResponse(operation, protocol, response))).toEqual(plain(value));
      }),
      RUNS,
    );
  });

  test("parseRequest() answers mutilated requests with a value or a refusal", () => {
    fc.assert(
      fc.property(calls(protocol), fc.array(wounds, { minLength: 1, maxLength: 3 }), ({ of, value }, hits) => {
        const request = written(of, value);
        const body = hits.reduce<Uint8Array>((bytes, wound) => wound(bytes), request.body);
        expect(outcome(of, { ...request, body })).toMatch(/^(?:value|refusal)$/);
      }),
      RUNS,
    );
  });

  test("parseRequest() answers random bytes with a value or a refusal", () => {
    fc.assert(
      fc.property(calls(protocol), fc.uint8Array({ maxLength: 40 }), ({ of, value }, body) => {
        expect(outcome(of, { ...written(of, value), body })).toMatch(/^(?:value|refusal)$/);
      }),
      RUNS,
    );
  });
});

function operationOf(of: Service, name: string): Parameters<typeof parseRequest>[0] {
  const operation = of.operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return operation;
}

function written(of: Service, value: Record<string, unknown>): WireRequest {
  return serializeRequest(operationOf(of, "Op"), of.protocol, value, { host: "example.com" });
}

/** A byte changed, cut off, put in, or a stretch doubled. */
const wounds: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc
  .tuple(fc.nat(), fc.nat(255), fc.constantFrom("change", "cut", "insert", "double"))
  .map(([position, byte, kind]) => (bytes) => {
    const at = bytes.length === 0 ? 0 : position % bytes.length;
    switch (kind) {
      case "change":
        return Uint8Array.from(bytes, (old, index) => (index === at ? byte : old));
      case "cut":
        return bytes.slice(0, at);
      case "insert":
        return Uint8Array.of(...bytes.slice(0, at), byte, ...bytes.slice(at));
      case "double":
        return Uint8Array.of(...bytes, ...bytes.slice(at));
    }
  });

function outcome(of: Service, request: WireRequest): string {
  try {
    const { operation, protocol } = resolveOperation(of, request);
    validateInput(operation, protocol, parseRequest(operation, protocol, request));
    return "value";
  } catch (thrown) {
    return thrown instanceof Refusal ? "refusal" : String(thrown);
  }
}

describe("parseRequest() gives back what travels outside the body", () => {
  const bound = (location: string, locationName: string, shape: string): Ref => ({ shape, location, locationName });
  const model = {
    shapes: {
      Input: {
        type: "structure",
        members: {
          Label: bound("uri", "Label", "Text"),
          Greedy: bound("uri", "Greedy", "Text"),
          Query: bound("querystring", "query", "Text"),
          Queries: bound("querystring", "queries", "Texts"),
          When: bound("querystring", "when", "When"),
          Header: bound("header", "X-Header", "Text"),
          Headers: bound("header", "X-Headers", "Texts"),
          Dates: bound("header", "X-Dates", "Dates"),
          Json: { ...bound("header", "X-Json", "Text"), jsonvalue: true },
          Count: bound("header", "X-Count", "Count"),
          Prefixed: bound("headers", "X-Meta-", "Texted"),
          Body: { shape: "Text" },
        },
      },
      Text: { type: "string" },
      Texts: { type: "list", member: { shape: "Text" } },
      Texted: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
      When: { type: "timestamp" },
      Dates: { type: "list", member: { shape: "When" } },
      Count: { type: "long" },
    },
    operations: {
      Op: {
        name: "Op",
        http: { method: "PUT", requestUri: "/a/{Label}/b/{Greedy+}?fixed" },
        input: { shape: "Input" },
      },
    },
  };
  const label = anyText.filter((text) => text !== "");
  const header = fc.string({ unit: "grapheme-ascii", maxLength: 12 }).map((text) => text.trim());
  const values = fc.record(
    {
      Label: label,
      Greedy: label,
      Query: anyText,
      Queries: fc.array(anyText, { minLength: 1, maxLength: 3 }),
      When: instant,
      Header: header,
      Headers: fc.array(header, { minLength: 1, maxLength: 3 }),
      Dates: fc.array(wholeSecond, { minLength: 1, maxLength: 3 }),
      Json: anyText,
      Count: long,
      Prefixed: fc.dictionary(fc.stringMatching(/^[a-z-]{1,5}$/), header, { minKeys: 1, maxKeys: 3 }),
      Body: xmlText,
    },
    { requiredKeys: ["Label", "Greedy"] },
  );
  test.each(["rest-json", "rest-xml"])("in %s", (protocol) => {
    const of = loadService("bound", { metadata: { protocol, apiVersion: "1" }, ...model });
    fc.assert(
      fc.property(values, (value) => {
        const request = written(of, value);
        const { operation } = resolveOperation(of, request);
        expect(plain(parseRequest(operation, of.protocol, request))).toEqual(plain(value));
      }),
    );
  });
});

describe("the served models", () => {
  const samples: readonly (readonly [string, Service, string, Record<string, unknown>])[] = [
    [
      "a lookup",
      service("cloudtrail"),
      "LookupEvents",
      { MaxResults: 5, StartTime: new Date(0), LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "x" }] },
    ],
    ["a new user", service("iam"), "CreateUser", { UserName: "Mary", Tags: [{ Key: "team", Value: "red" }] }],
    [
      "a role to assume",
      service("sts"),
      "AssumeRole",
      { RoleArn: "arn:aws:iam::123456789012:role/a", RoleSessionName: "s", DurationSeconds: 900 },
    ],
    [
      "audit events",
      service("cloudtrail-data"),
      "PutAuditEvents",
      { channelArn: "arn:x", auditEvents: [{ id: "1", eventData: "{}" }] },
    ],
  ];
  const protocols: Protocol[] = ["json-1.0", "json-1.1", "query", "rpc-v2-cbor"];
  test.each(samples)("answer %s, whole and mutilated, in every protocol of theirs", (_, of, name, value) => {
    const operation = operationOf(of, name);
    for (const protocol of of.protocol === "rest-json" ? [of.protocol] : protocols) {
      const request = serializeRequest(operation, protocol, value, { host: "example.com" });
      expect(resolveOperation(of, request)).toEqual({ operation, protocol });
      expect(parseRequest(operation, protocol, request)).toEqual(value);
      fc.assert(
        fc.property(fc.array(wounds, { minLength: 1, maxLength: 4 }), (hits) => {
          const body = hits.reduce<Uint8Array>((bytes, wound) => wound(bytes), request.body);
          expect(outcome(of, { ...request, body })).toMatch(/^(?:value|refusal)$/);
        }),
      );
    }
  });
});
