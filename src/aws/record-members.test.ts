import { expect, test } from "vitest";
import { HIDDEN, hideSecrets, loadService, service, toRecordMembers } from "./index.ts";
import type { StructureShape } from "./index.ts";

const OMIT: ReadonlySet<string> = new Set(["SecretAccessKey", "Password"]);

function shapeOf(shape: StructureShape | undefined): StructureShape {
  if (shape === undefined) throw new Error("no shape");
  return shape;
}

const everything = loadService("everything", {
  metadata: { protocol: "json", apiVersion: "1" },
  operations: { Op: { name: "Op", input: { shape: "Input" } } },
  shapes: {
    Input: {
      type: "structure",
      members: {
        DBInstanceIdentifier: { shape: "Text" },
        ARN: { shape: "Text" },
        alreadyLower: { shape: "Text" },
        Tags: { shape: "Map" },
        Secrets: { shape: "Secrets" },
        Secret: { shape: "Secret" },
        When: { shape: "When" },
        Bytes: { shape: "Bytes" },
        Stream: { shape: "Stream" },
        Count: { shape: "Count" },
        Free: { shape: "Free" },
        Inner: { shape: "Input" },
        Password: { shape: "Text" },
      },
    },
    Text: { type: "string" },
    Secret: { type: "string", sensitive: true },
    Secrets: { type: "list", member: { shape: "Secret" } },
    Map: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
    When: { type: "timestamp" },
    Bytes: { type: "blob" },
    Stream: { type: "blob", streaming: true },
    Count: { type: "long" },
    Free: { type: "structure", members: {}, document: true },
  },
});

const input = shapeOf(everything.operations.get("Op")?.input);

test.each([
  ["lowers one character", { DBInstanceIdentifier: "x", ARN: "y" }, { dBInstanceIdentifier: "x", aRN: "y" }],
  ["keeps what is lower", { alreadyLower: "x" }, { alreadyLower: "x" }],
  ["keeps keys of maps", { Tags: { Team: "a", "aws:x": "b" } }, { tags: { Team: "a", "aws:x": "b" } }],
  ["hides what is sensitive", { Secret: "s" }, { secret: HIDDEN }],
  ["hides sensitive items", { Secrets: ["a", "b"] }, { secrets: [HIDDEN, HIDDEN] }],
  ["leaves out what it is told to", { Password: "p", ARN: "y", Inner: { Password: "p" } }, { aRN: "y", inner: {} }],
  ["writes bytes as base64", { Bytes: Uint8Array.of(1, 2) }, { bytes: "AQI=" }],
  ["drops streams", { Stream: Uint8Array.of(1) }, {}],
  ["leaves absent what is absent", { ARN: undefined, Count: null }, {}],
  ["keeps numbers", { Count: 5 }, { count: 5 }],
  ["keeps all digits", { Count: 2n ** 60n }, { count: "1152921504606846976" }],
  ["keeps documents", { Free: { A: [1] } }, { free: { A: [1] } }],
  ["drops members without a model", { Unknown: 1 }, {}],
  ["writes a morning", { When: new Date("2023-07-10T00:04:52Z") }, { when: "Jul 10, 2023, 12:04:52 AM" }],
  ["writes a noon", { When: new Date("2023-07-10T12:14:52Z") }, { when: "Jul 10, 2023, 12:14:52 PM" }],
  ["writes an evening", { When: new Date("2024-12-01T23:00:09.999Z") }, { when: "Dec 1, 2024, 11:00:09 PM" }],
])("toRecordMembers() %s", (_, value, expected) => {
  expect(toRecordMembers(input, value, { omit: OMIT })).toEqual(expected);
});

test("toRecordMembers() makes __proto__ a key of a map", () => {
  const members = toRecordMembers(input, { Tags: JSON.parse('{"__proto__":"x"}') }, { omit: OMIT });
  expect(JSON.stringify(members)).toBe('{"tags":{"__proto__":"x"}}');
});

test("toRecordMembers() leaves the secret out of a new access key", () => {
  const output = shapeOf(service("iam").operations.get("CreateAccessKey")?.output);
  const value = {
    AccessKey: {
      UserName: "Mary",
      AccessKeyId: "AKIAIOSFODNN7EXAMPLE",
      Status: "Active",
      SecretAccessKey: "secret",
      CreateDate: new Date("2026-11-20T11:00:00Z"),
    },
  };
  expect(toRecordMembers(output, value, { omit: OMIT })).toEqual({
    accessKey: {
      userName: "Mary",
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      status: "Active",
      createDate: "Nov 20, 2026, 11:00:00 AM",
    },
  });
});

test.each([
  ["a secret's name", { user: "u", Password: "s" }, { user: "u", Password: HIDDEN }],
  ["a name deep inside", { a: [{ db_password: "s" }] }, { a: [{ db_password: HIDDEN }] }],
  ["what only has parts", { secret: { Arn: "a" } }, { secret: { Arn: "a" } }],
  ["a list of secrets", { tokens: ["s", "s"] }, { tokens: HIDDEN }],
  [
    "a pair",
    [
      { Name: "API_KEY", Value: "s" },
      { Name: "MODE", Value: "m" },
    ],
    [
      { Name: "API_KEY", Value: HIDDEN },
      { Name: "MODE", Value: "m" },
    ],
  ],
  ["large numbers", { size: 2n ** 60n }, { size: "1152921504606846976" }],
  ["plain values", "text", "text"],
])("hideSecrets() looks at %s", (_, value, expected) => {
  expect(JSON.parse(JSON.stringify(hideSecrets(value)))).toEqual(expected);
});

test("hideSecrets() follows nothing without end", () => {
  const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000)) as unknown;
  expect(JSON.stringify(hideSecrets(deep)).length).toBeLessThan(200);
});
