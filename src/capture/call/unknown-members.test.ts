/** A client may be newer than the models: what it says that they do not know is in its record all the same. */
import { describe, expect, test } from "vitest";
import {
  type Headers,
  HIDDEN,
  openCatalog,
  parseRequest,
  type Protocol,
  serializeRequest,
  unknownMembers,
} from "../../aws/index.ts";
import { describeRequest, describeResponse } from "../index.ts";

const catalog = openCatalog();
const PLACE = { account: "123456789012", region: "us-east-1", bucketHosts: [] };
const FORM = { "content-type": ["application/x-www-form-urlencoded"] };
const JSON_TYPE = { "content-type": ["application/json"] };

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
}

function callOf(id: string, operation: string, sent: Sent, protocol?: Protocol) {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(operation);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${operation}`);
  const { method = "POST", path = "/", query = "", headers = {}, body = "" } = sent;
  const bytes = Buffer.from(body);
  return {
    model,
    resolved: {
      service,
      operation,
      eventSource: service.eventSource,
      eventName: operation,
      protocol: protocol ?? model.service.protocol,
    },
    head: { method, path, query, headers },
    body: { bytes, size: bytes.length, whole: true },
    place: PLACE,
  };
}

function parametersOf(id: string, operation: string, sent: Sent, protocol?: Protocol): unknown {
  const { requestParameters } = describeRequest(callOf(id, operation, sent, protocol));
  return JSON.parse(JSON.stringify(requestParameters));
}

describe("describeRequest() keeps what the model does not know", () => {
  test.each<[string, string, string, Sent, unknown]>([
    [
      "of JSON, at the top and inside",
      "cloudtrail",
      "AddTags",
      {
        body: JSON.stringify({
          ResourceId: "trail",
          TagsList: [{ Key: "a", Value: "b", Color: "red" }],
          DryRun: true,
          Limits: { PerHour: 3, Deep: [1, null] },
        }),
      },
      {
        resourceId: "trail",
        tagsList: [{ key: "a", value: "b", color: "red" }],
        dryRun: true,
        limits: { PerHour: 3, Deep: [1, null] },
      },
    ],
    [
      "but not what it says of itself",
      "cloudtrail",
      "AddTags",
      { body: '{"ResourceId":"trail","__type":"AddTagsRequest"}' },
      { resourceId: "trail" },
    ],
    [
      "hiding secrets by their names",
      "cloudtrail",
      "AddTags",
      { body: '{"NewPassword":"hunter22","Login":{"ApiKey":"k","Env":[{"Name":"DB_PASSWORD","Value":"x"}]}}' },
      {
        newPassword: HIDDEN,
        login: { ApiKey: HIDDEN, Env: [{ Name: "DB_PASSWORD", Value: HIDDEN }] },
      },
    ],
    [
      "hiding what is hidden in the right case",
      "sqs",
      "SendMessage",
      { body: '{"QueueUrl":"q","messageBody":"private"}' },
      { queueUrl: "q", messageBody: HIDDEN },
    ],
    [
      "but lets nothing pass for what it knows",
      "cloudtrail",
      "AddTags",
      { body: '{"ResourceId":"trail","resourceId":"another"}' },
      { resourceId: "trail" },
    ],
    [
      "of REST, in the body",
      "lambda",
      "CreateAlias",
      { path: "/2015-03-31/functions/f/aliases", headers: JSON_TYPE, body: '{"Name":"a","Weight":{"B":1}}' },
      { functionName: "f", name: "a", weight: { B: 1 } },
    ],
    [
      "of REST, in the query",
      "lambda",
      "ListAliases",
      { method: "GET", path: "/2015-03-31/functions/f/aliases", query: "MaxItems=5&Color=red&x-id=1&X-Amz-Date=2" },
      { functionName: "f", maxItems: 5, color: "red" },
    ],
    [
      "of REST, in a body where the model has none",
      "lambda",
      "DeleteAlias",
      { method: "DELETE", path: "/2015-03-31/functions/f/aliases/a", headers: JSON_TYPE, body: '{"Force":true}' },
      { functionName: "f", name: "a", force: true },
    ],
    [
      "of an operation without parameters",
      "organizations",
      "LeaveOrganization",
      { headers: JSON_TYPE, body: '{"Reason":"none","Token":"t"}' },
      { reason: "none", token: HIDDEN },
    ],
    [
      "of a form",
      "iam",
      "CreateUser",
      {
        headers: FORM,
        body: "Action=CreateUser&Version=2010-05-08&UserName=Mary&Color=red&Boxes.member.1.Size=2&Boxes.member.1.Secret=x&A.B=1",
      },
      { userName: "Mary", color: "red", boxes: [{ Size: "2", Secret: HIDDEN }], a: { B: "1" } },
    ],
    [
      "of a form whose list is not where the model looks for it",
      "iam",
      "CreateUser",
      { headers: FORM, body: "Action=CreateUser&UserName=Mary&Tags.1.Key=a&Tags.1.Value=b" },
      { userName: "Mary", tags: [{ Key: "a", Value: "b" }] },
    ],
    [
      "of a form for an operation without parameters",
      "iam",
      "DeleteAccountPasswordPolicy",
      { headers: FORM, body: "Action=DeleteAccountPasswordPolicy&Version=2010-05-08&Force=true" },
      { force: "true" },
    ],
    [
      "of EC2's old operations",
      "ec2",
      "CreateKeyPair",
      { headers: FORM, body: "Action=CreateKeyPair&KeyName=k&KeyColor=red&KeyPassword=x" },
      { keyName: "k", keyColor: "red", keyPassword: HIDDEN },
    ],
    [
      "of EC2's newer ones",
      "ec2",
      "CreateNatGateway",
      { headers: FORM, body: "Action=CreateNatGateway&SubnetId=s&Color=red" },
      { CreateNatGatewayRequest: { SubnetId: "s", Color: "red" } },
    ],
    [
      "of XML",
      "route53",
      "CreateHealthCheck",
      {
        path: "/2013-04-01/healthcheck",
        body: "<CreateHealthCheckRequest><CallerReference>c</CallerReference><HealthCheckConfig><Type>TCP</Type><Shade>dark</Shade></HealthCheckConfig><Paint><Color>red</Color><Color>blue</Color><Password>x</Password></Paint></CreateHealthCheckRequest>",
      },
      {
        callerReference: "c",
        healthCheckConfig: { type: "TCP", shade: "dark" },
        paint: { Color: ["red", "blue"], Password: HIDDEN },
      },
    ],
  ])("%s", (_, id, operation, sent, expected) => {
    expect(parametersOf(id, operation, sent)).toEqual(expected);
  });

  test("of CBOR", () => {
    const { model } = callOf("cloudwatch", "DeleteAlarms", {});
    const newer = { ...model, input: catalog.model("cloudwatch")?.operations.get("DescribeAlarms")?.input };
    const input = { AlarmNames: ["a"], MaxRecords: 3 };
    const { body } = serializeRequest(newer as typeof model, "rpc-v2-cbor", input, { host: "h" });
    expect(parametersOf("cloudwatch", "DeleteAlarms", { body }, "rpc-v2-cbor")).toEqual({
      alarmNames: ["a"],
      maxRecords: 3,
    });
  });

  test("under a name that means something to JavaScript", () => {
    const parameters = parametersOf("cloudtrail", "AddTags", { body: '{"__proto__":{"admin":true},"constructor":1}' });
    expect(Object.keys(parameters as object)).toEqual(["__proto__", "constructor"]);
  });

  test("however deep a form says it", () => {
    const body = `Action=CreateUser&UserName=Mary&${"a.".repeat(5000)}b=1`;
    expect(parametersOf("iam", "CreateUser", { headers: FORM, body })).toMatchObject({ userName: "Mary" });
  });
});

test.each<[string, Sent, unknown]>([
  ["a list", { headers: JSON_TYPE, body: '[{"Password":"x"}]' }, { body: [{ Password: HIDDEN }] }],
  [
    "more than is looked into",
    { headers: JSON_TYPE, body: JSON.stringify({ Reason: "x".repeat(300_000) }) },
    { body: { omitted: true, originalSize: 300_013, reason: "body too large" } },
  ],
])("describeRequest() tells of %s where no operation takes anything", (_, sent, expected) => {
  expect(parametersOf("organizations", "LeaveOrganization", sent)).toEqual(expected);
  const { resolved, head, body, place } = callOf("organizations", "LeaveOrganization", sent);
  const { operation: _operation, ...unknown } = { ...resolved, eventName: "JoinOrganization" };
  const { requestParameters } = describeRequest({ resolved: unknown, head, body, place });
  expect(JSON.parse(JSON.stringify(requestParameters))).toMatchObject(expected as object);
});

test("parseRequest() answers none of what the model does not know", () => {
  const { model, resolved, head, body } = callOf("cloudtrail", "AddTags", { body: '{"ResourceId":"t","Color":"red"}' });
  const input = parseRequest(model, resolved.protocol, { ...head, body: body.bytes });
  expect(input).toEqual({ ResourceId: "t" });
  expect(Reflect.ownKeys(input)).toEqual(["ResourceId"]);
  expect({ ...unknownMembers(input) }).toEqual({ Color: "red" });
});

test("describeResponse() shows only what the model knows", () => {
  const call = callOf("cloudtrail", "CreateTrail", { body: '{"Name":"trail","S3BucketName":"b"}' });
  const bytes = Buffer.from('{"Name":"trail","Color":"red"}');
  const { responseElements } = describeResponse({
    ...call,
    request: describeRequest(call),
    response: { status: 200, headers: {}, body: { bytes, size: bytes.length, whole: true } },
  });
  expect(responseElements).toEqual({ name: "trail" });
});

test("describeRequest() reads a form that a client posts where the model has a query", () => {
  const sent = { path: "/2013-01-01/search", query: "format=sdk", headers: FORM, body: "q=shoes&size=3&start=1" };
  expect(parametersOf("cloudsearchdomain", "Search", sent)).toEqual({ query: "shoes", size: 3, start: 1 });
});
