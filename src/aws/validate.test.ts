import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Protocol, Service } from "./index.ts";
import { loadService, service, validateInput } from "./index.ts";

/** The refusal's code and text, or "fine". */
function verdict(of: Service, name: string, input: Record<string, unknown>, protocol: Protocol = of.protocol): string {
  const operation = of.operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  try {
    validateInput(operation, protocol, input);
    return "fine";
  } catch (thrown) {
    if (thrown instanceof Refusal) return `${thrown.code} ${thrown.status}: ${thrown.message}`;
    throw thrown;
  }
}

const cloudtrail = service("cloudtrail");
const iam = service("iam");

describe("validateInput()", () => {
  test.each<[string, Service, string, Record<string, unknown>, string]>([
    ["passes what is right", cloudtrail, "LookupEvents", { MaxResults: 50 }, "fine"],
    [
      "tells a missing member",
      cloudtrail,
      "CreateTrail",
      { Name: "my-trail" },
      "ValidationException 400: 1 validation error detected: Value null at 's3BucketName' failed to satisfy constraint: Member must not be null",
    ],
    [
      "tells a number out of range",
      cloudtrail,
      "LookupEvents",
      { MaxResults: 51 },
      "ValidationException 400: 1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
    ],
    [
      "names members of list items",
      cloudtrail,
      "LookupEvents",
      {
        LookupAttributes: [
          { AttributeKey: "EventName", AttributeValue: "x" },
          { AttributeKey: "Bad", AttributeValue: "x" },
        ],
      },
      "ValidationException 400: 1 validation error detected: Value 'Bad' at 'lookupAttributes.2.member.attributeKey' failed to satisfy constraint: Member must satisfy enum value set: [EventId, EventName, ReadOnly, Username, ResourceType, ResourceName, EventSource, AccessKeyId]",
    ],
    [
      "counts several",
      iam,
      "CreateUser",
      { UserName: "", Path: "no" },
      "ValidationError 400: 3 validation errors detected: Value 'no' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F); Value '' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    ],
    [
      "does not match what is too long",
      iam,
      "GetUser",
      { UserName: " ".repeat(129) },
      `ValidationError 400: 1 validation error detected: Value '${" ".repeat(129)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 128`,
    ],
    [
      "keeps secrets to itself",
      iam,
      "ChangePassword",
      { OldPassword: "old", NewPassword: "secret".repeat(30) },
      "ValidationError 400: 1 validation error detected: Value at 'newPassword' failed to satisfy constraint: Member must have length less than or equal to 128",
    ],
    [
      "tells single values of a list at the list",
      iam,
      "UntagUser",
      { UserName: "Mary", TagKeys: ["ok", ""] },
      "ValidationError 400: 1 validation error detected: Value '[ok, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]",
    ],
    [
      "tells a null item",
      iam,
      "TagUser",
      { UserName: "Mary", Tags: [null] },
      "ValidationError 400: 1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
    ],
  ])("%s", (_, of, name, input, expected) => {
    expect(verdict(of, name, input)).toBe(expected);
  });

  test("goes by the protocol of the call, not of the model", () => {
    expect(verdict(iam, "CreateUser", {}, "json-1.0")).toMatch(/^ValidationException 400: /);
    expect(verdict(cloudtrail, "CreateTrail", {}, "query")).toMatch(/^ValidationError 400: /);
  });

  test("counts characters, not halves of surrogate pairs", () => {
    expect(verdict(tiny, "Op", { Text: "😀😀😀" })).toBe("fine");
    expect(verdict(tiny, "Op", { Text: "😀😀😀😀" })).toContain("less than or equal to 3");
  });

  test.each([
    [{ Blob: new Uint8Array(3) }, "less than or equal to 2"],
    [{ Map: { a: "x", b: "x", c: "x" } }, "less than or equal to 2"],
    [{ Map: { long: "x" } }, "Map keys must satisfy constraint: [Member must have length less than or equal to 3, "],
    [{ Map: { a: "long" } }, "Map value must satisfy constraint: [Member must have length less than or equal to 3, "],
    [{ Long: 2n ** 60n }, "less than or equal to 100"],
    [{ Long: -1 }, "greater than or equal to 0"],
    [{ Nested: { Nested: { Text: "long" } } }, "at 'nested.nested.text'"],
    [{ Structures: { "a.b": { Text: "long" } } }, "at 'structures.a.b.member.text'"],
  ])("checks $0", (input, text) => {
    expect(verdict(tiny, "Op", input)).toContain(text);
  });

  test("tells twenty of a thousand", () => {
    const text = verdict(tiny, "Op", { List: Array.from({ length: 1000 }, () => ({ Text: "long" })) });
    expect(text).toContain("1000 validation errors detected");
    expect(text.match(/failed to satisfy/g)).toHaveLength(20);
  });
});

const tiny = loadService("tiny", {
  metadata: { protocol: "json", apiVersion: "1" },
  operations: { Op: { name: "Op", input: { shape: "Input" } } },
  shapes: {
    Input: {
      type: "structure",
      members: {
        Text: { shape: "Text" },
        Blob: { shape: "Blob" },
        Map: { shape: "Map" },
        Long: { shape: "Long" },
        Nested: { shape: "Input" },
        List: { shape: "List" },
        Structures: { shape: "Structures" },
      },
    },
    Text: { type: "string", max: 3 },
    Blob: { type: "blob", max: 2 },
    Map: { type: "map", key: { shape: "Text" }, value: { shape: "Text" }, max: 2 },
    Structures: { type: "map", key: { shape: "Text" }, value: { shape: "Input" } },
    Long: { type: "long", min: 0, max: 100 },
    List: { type: "list", member: { shape: "Input" } },
  },
});
