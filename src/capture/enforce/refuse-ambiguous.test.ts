import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Headers, type Protocol, service } from "../../aws/index.ts";
import { refuseAmbiguous } from "../index.ts";

function refuse(body: string, headers: Headers = {}, protocol: Protocol = "json-1.0"): void {
  const head = { method: "POST", path: "/", query: "", headers };
  refuseAmbiguous({ head, body: Buffer.from(body), protocol });
}

const TWICE = expect.objectContaining({ code: "SerializationException" });

describe("refuseAmbiguous()", () => {
  test.each([
    ["a member twice", '{"Role": "a", "Role": "b"}'],
    ["a member twice, once escaped", '{"Role": "a", "Rol\\u0065": "b"}'],
    ["a member in two cases", '{"Role": "a", "role": "b"}'],
    ["a key twice inside", '{"Key": {"id": {"S": "a"}, "id": {"S": "b"}}}'],
    ["a key twice in a list", '[{"a": 1, "a" : 2}]'],
  ])("refuseAmbiguous() refuses JSON with %s", (_, body) => {
    expect(() => refuse(body)).toThrow(TWICE);
    expect(() => refuse(body, {}, "rest-json")).toThrow(TWICE);
    expect(() => refuse(body, {}, "query")).not.toThrow();
  });

  test.each([
    ["nothing", ""],
    ["one key in several objects", '{"a": {"b": 1}, "c": [{"b": 1}, {"b": 2}]}'],
    ["keys of a map in two cases", '{"Key": {"id": 1, "ID": 2}}'],
    ["values like keys", '{"a": "b", "c": "b", "d": ["a", "a"]}'],
    ["quotes and brackets in text", '{"a": "\\"b\\": {", "b": "}"}'],
    ["no JSON", '{"a: [[{'],
  ])("refuseAmbiguous() passes JSON with %s", (_, body) => expect(() => refuse(body)).not.toThrow());

  test("refuseAmbiguous() passes whatever JSON.stringify() gives", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => refuse(JSON.stringify({ value }))).not.toThrow();
      }),
    );
  });

  test.each(["x-amz-target", "x-amz-copy-source", "content-type"])(
    "refuseAmbiguous() refuses two headers %s",
    (name) => {
      expect(() => refuse("", { [name]: ["a", "b"] })).toThrow(TWICE);
      expect(() => refuse("", { [name]: ["a"], accept: ["a", "b"] })).not.toThrow();
    },
  );

  test("refuseAmbiguous() refuses a parameter of S3's given twice, and no list of others", () => {
    const operation = service("iam").operations.get("ListUsers");
    if (operation === undefined) throw new Error("IAM lists users");
    const model = { ...operation, service: { ...operation.service, endpointPrefix: "s3" } };
    const head = { method: "GET", path: "/b/k", query: "versionId=1&version%49d=2", headers: {} };
    const request = { head, body: new Uint8Array(), protocol: "rest-xml" } as const;
    expect(() => refuseAmbiguous({ ...request, model })).toThrow(TWICE);
    expect(() => refuseAmbiguous({ ...request, model: operation })).not.toThrow();
  });
});
