import { describe, expect, test } from "vitest";
import { HIDDEN, openCatalog } from "../../aws/index.ts";
import { describeRequest, describeResponse } from "../index.ts";
import { withoutHidden } from "./hidden-texts.ts";

const catalog = openCatalog();

function cleaned(message: string, id: string, operation: string, input: Readonly<Record<string, unknown>>): string {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(operation);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${operation}`);
  return withoutHidden(message, { model, eventSource: service.eventSource, input });
}

describe("withoutHidden()", () => {
  test.each<[string, string, string, Readonly<Record<string, unknown>>, string, string]>([
    [
      "a marked member, wherever it stands",
      "cognito-idp",
      "GlobalSignOut",
      { AccessToken: "eyJ.hush.0451" },
      "Token eyJ.hush.0451 is not valid (eyJ.hush.0451)",
      `Token ${HIDDEN} is not valid (${HIDDEN})`,
    ],
    [
      "the longer of two that begin alike",
      "cognito-idp",
      "ChangePassword",
      { PreviousPassword: "hunter", ProposedPassword: "hunter22", AccessToken: "" },
      "hunter22 is no better than hunter",
      `${HIDDEN} is no better than ${HIDDEN}`,
    ],
    [
      "what a rule leaves out",
      "iam",
      "CreateLoginProfile",
      { UserName: "Mary", Password: "hunter22" },
      "Mary must not have hunter22",
      `Mary must not have ${HIDDEN}`,
    ],
    [
      "what stands in a URL",
      "cognito-idp",
      "GlobalSignOut",
      { AccessToken: "a/b+c" },
      "GET /?t=a%2Fb%2Bc failed",
      `GET /?t=${HIDDEN} failed`,
    ],
    [
      "what stands in JSON",
      "cognito-idp",
      "GlobalSignOut",
      { AccessToken: 'say "hush"' },
      '{"AccessToken":"say \\"hush\\""} failed',
      `{"AccessToken":"${HIDDEN}"} failed`,
    ],
    [
      "what stands in XML",
      "cognito-idp",
      "GlobalSignOut",
      { AccessToken: "a<b>c" },
      "not a&lt;b&gt;c",
      `not ${HIDDEN}`,
    ],
    [
      "bytes as text and as base64",
      "kms",
      "Encrypt",
      { KeyId: "key1", Plaintext: Buffer.from("hunter22") },
      "key1: hunter22 is aHVudGVyMjI=",
      `key1: ${HIDDEN} is ${HIDDEN}`,
    ],
    [
      "the value of a pair and of a key that say what they are",
      "glue",
      "CreateConnection",
      { ConnectionInput: { ConnectionProperties: { HOST: "host1", PASSWORD: "hunter22" } } },
      "host1 refuses hunter22",
      `host1 refuses ${HIDDEN}`,
    ],
    [
      "the value of a template's parameter",
      "cloudformation",
      "CreateStack",
      { Parameters: [{ ParameterKey: "Size", ParameterValue: "huge-one" }] },
      "Size must not be huge-one",
      `Size must not be ${HIDDEN}`,
    ],
    ["nothing that is shown", "iam", "GetUser", { UserName: "Mary" }, "no user Mary", "no user Mary"],
    ["nothing that is in every text", "cognito-idp", "GlobalSignOut", { AccessToken: "not" }, "not valid", "not valid"],
  ])("takes out %s", (_, id, operation, input, message, expected) => {
    expect(cleaned(message, id, operation, input)).toBe(expected);
  });

  test("takes text for text, whatever it would mean to a pattern", () => {
    const AccessToken = "(a+)+$|.*[b]{2}\\";
    expect(cleaned(`<${AccessToken}>`, "cognito-idp", "GlobalSignOut", { AccessToken })).toBe(`<${HIDDEN}>`);
  });

  test("leaves alone what was said of a request that nobody could read", () => {
    expect(withoutHidden("hunter22", { eventSource: "iam.amazonaws.com" })).toBe("hunter22");
  });
});

test("describeResponse() cuts no secret in two", () => {
  const service = catalog.service("cognito-idp");
  const model = catalog.model("cognito-idp")?.operations.get("GlobalSignOut");
  if (service === undefined || model === undefined) throw new Error("no cognito-idp");
  const token = "s3cr3t".repeat(100);
  const bytes = Buffer.from(JSON.stringify({ AccessToken: token }));
  const { eventSource } = service;
  const call = {
    model,
    resolved: { service, operation: model.name, eventSource, eventName: model.name, protocol: "json-1.1" as const },
    place: { account: "123456789012", region: "us-east-1", bucketHosts: [] },
  };
  const head = { method: "POST", path: "/", query: "", headers: {} };
  const request = describeRequest({ ...call, head, body: { bytes, size: bytes.length, whole: true } });
  const said = Buffer.from(
    JSON.stringify({ __type: "NotAuthorizedException", message: `${"x".repeat(2000)}${token}` }),
  );
  const response = { status: 400, headers: {}, body: { bytes: said, size: said.length, whole: true } };
  const { errorMessage } = describeResponse({ ...call, request, response });
  expect(errorMessage).toContain(HIDDEN);
  expect(errorMessage).not.toContain("s3cr3t");
});

test("describeRequest() names no resource by what the parameters hide, but to those who judge the call", () => {
  const service = catalog.service("iot");
  const model = catalog.model("iot")?.operations.get("GetThingConnectivityData");
  if (service === undefined || model === undefined) throw new Error("no iot");
  const { eventSource } = service;
  const described = describeRequest({
    model,
    resolved: { service, operation: model.name, eventSource, eventName: model.name, protocol: "rest-json" },
    head: { method: "POST", path: "/things/hush/connectivity-data", query: "", headers: {} },
    body: { bytes: Buffer.alloc(0), size: 0, whole: true },
    place: { account: "123456789012", region: "us-east-1", bucketHosts: [] },
  });
  expect(described).toMatchObject({ requestParameters: { thingName: HIDDEN }, resources: [] });
  expect(described.targets?.map(({ ARN }) => ARN)).toEqual(["arn:aws:iot:us-east-1:123456789012:thing/hush"]);
});
