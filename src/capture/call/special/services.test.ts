import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CatalogService, openCatalog, type OperationModel, serializeRequest } from "../../../aws/index.ts";
import type { RequestCall } from "../call.ts";
import { describeRequest } from "../describe-request.ts";
import { describeResponse } from "../describe-response.ts";
import { SPECIAL } from "./index.ts";
import { bodyOf, genericRequest, genericResponse, PLACE, requestCall, responseCall } from "./testing.ts";

const catalog = openCatalog();

/** A call as a client of the model sends it. */
function callOf(
  id: string,
  operation: string,
  input: Record<string, unknown>,
): RequestCall & { model: OperationModel } {
  const model = catalog.model(id)?.operations.get(operation);
  const service: CatalogService | undefined = catalog.service(id);
  if (model === undefined || service === undefined) throw new Error(`no ${id} ${operation}`);
  const { eventSource } = service;
  const { protocol } = model.service;
  const { body, ...head } = serializeRequest(model, protocol, input, { host: "localhost" });
  const resolved = { service, operation, eventSource, eventName: operation, protocol };
  return { model, resolved, head, body: { bytes: body, size: body.length, whole: true }, place: PLACE };
}

function requestOf(id: string, operation: string, input: Record<string, unknown>) {
  return describeRequest(callOf(id, operation, input));
}

function answerTo(
  id: string,
  operation: string,
  input: Record<string, unknown>,
  answer: { body: string; headers?: Record<string, string[]> },
) {
  const call = callOf(id, operation, input);
  const headers = { "content-type": ["application/json"], ...answer.headers };
  const response = { status: 200, headers, body: bodyOf(answer.body) };
  return describeResponse({ ...call, request: describeRequest(call), response });
}

describe("Lambda", () => {
  const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f";

  test("names the invoked function by ARN, and never what is sent to it", () => {
    const input = { FunctionName: "f:live", InvocationType: "Event", ClientContext: "e30=", Payload: "secret" };
    const { requestParameters, resources, eventCategory } = requestOf("lambda", "Invoke", input);
    expect(requestParameters).toEqual({ functionName: FUNCTION, invocationType: "Event", clientContext: "e30=" });
    expect(resources).toEqual([{ accountId: "123456789012", type: "AWS::Lambda::Function", ARN: FUNCTION }]);
    expect(eventCategory).toBe("Data");
  });

  test("tells the version that ran, and never what it answered", () => {
    const headers = { "x-amz-executed-version": ["$LATEST"], "x-amz-log-result": ["secret"] };
    const answer = answerTo("lambda", "Invoke", { FunctionName: "f" }, { body: '"secret"', headers });
    expect(answer.responseElements).toBeNull();
    expect(answer.additionalEventData).toEqual({ functionVersion: `${FUNCTION}:$LATEST` });
  });

  test("tells that there is an environment, in both directions, and no code", () => {
    const environment = { Variables: { PASSWORD: "secret" } };
    const input = {
      FunctionName: "f",
      Role: "r",
      Code: { ZipFile: Buffer.from("secret") },
      Environment: environment,
    };
    const body = JSON.stringify({ FunctionName: "f", FunctionArn: `${FUNCTION}:1`, Environment: environment });
    expect(requestOf("lambda", "CreateFunction", input).requestParameters).toEqual({
      functionName: "f",
      role: "r",
      code: {},
      environment: {},
    });
    const answer = answerTo("lambda", "CreateFunction", input, { body });
    expect(answer.responseElements).toEqual({ functionName: "f", functionArn: `${FUNCTION}:1`, environment: {} });
    expect(answer.resources.map(({ ARN }) => ARN)).toEqual([FUNCTION]);
  });
});

describe("DynamoDB", () => {
  const song = { Artist: { S: "No One" }, Year: { N: "1999" }, Cover: { B: Buffer.from("x") } };
  const names = ["Artist", "Year", "Cover"];

  test.each([
    [
      "GetItem",
      { TableName: "Music", Key: { Artist: { S: "No One" }, Year: { N: "1999" }, Id: { B: Buffer.from("x") } } },
      { tableName: "Music", key: { Artist: "No One", Year: "1999", Id: "eA==" } },
    ],
    ["PutItem", { TableName: "Music", Item: song }, { tableName: "Music", items: names }],
    [
      "UpdateItem",
      {
        TableName: "Music",
        Key: { Artist: { S: "No One" } },
        UpdateExpression: "SET #y = :y",
        ExpressionAttributeNames: { "#y": "Year" },
        ExpressionAttributeValues: { ":y": { S: "hidden" } },
      },
      {
        tableName: "Music",
        key: { Artist: "No One" },
        updateExpression: "SET #y = :y",
        expressionAttributeNames: { "#y": "Year" },
      },
    ],
    [
      "BatchWriteItem",
      { RequestItems: { Music: [{ PutRequest: { Item: song } }, { DeleteRequest: { Key: { Artist: { S: "A" } } } }] } },
      {
        requestItems: [
          { operation: "Put", tableName: "Music", items: names },
          { operation: "Delete", tableName: "Music", key: { Artist: "A" } },
        ],
      },
    ],
    [
      "BatchGetItem",
      { RequestItems: { Music: { Keys: [{ Artist: { S: "A" } }, { Artist: { S: "B" } }], ConsistentRead: true } } },
      {
        requestItems: [
          { operation: "Get", tableName: "Music", keys: [{ Artist: "A" }, { Artist: "B" }], consistentRead: true },
        ],
      },
    ],
    [
      "TransactWriteItems",
      {
        TransactItems: [
          { Put: { TableName: "Music", Item: song, ConditionExpression: "#a = :a" } },
          {
            Delete: {
              TableName: "Music",
              Key: { Artist: { S: "A" } },
              ExpressionAttributeValues: { ":a": { S: "hidden" } },
            },
          },
        ],
        ReturnConsumedCapacity: "TOTAL",
      },
      {
        requestItems: [
          { operation: "Put", tableName: "Music", items: names, conditionExpression: "#a = :a" },
          { operation: "Delete", tableName: "Music", key: { Artist: "A" } },
        ],
        returnConsumedCapacity: "TOTAL",
      },
    ],
    ["DescribeTable", { TableName: "Music" }, { tableName: "Music" }],
    ["ListTables", {}, null],
  ])("shows of %s keys and names, never values", (operation, input, parameters) => {
    expect(requestOf("dynamodb", operation, input).requestParameters).toEqual(parameters);
  });

  test.each([
    [
      `SELECT * FROM "Music" WHERE Artist = 'No ''One' AND Year >= 1999 AND x=-1.5e+3 AND t1.a2 = ?`,
      `SELECT * FROM "Music" WHERE Artist = ***(Redacted) AND Year >= ***(Redacted) AND x=-***(Redacted) AND t1.a2 = ?`,
    ],
    [`INSERT INTO Music VALUE {'Artist': 'hidden'}`, `INSERT INTO Music VALUE {***(Redacted): ***(Redacted)}`],
    ["UPDATE Music SET a = 'hidden", "UPDATE Music SET a = ***(Redacted)"],
    ["UPDATE Music SET a = `hidden`", "UPDATE Music SET a = ***(Redacted)"],
  ])("redacts the values of %s", (statement, redacted) => {
    const shown = (operation: string, input: Record<string, unknown>) =>
      requestOf("dynamodb", operation, input).requestParameters;
    const statements = [{ Statement: statement, Parameters: [{ S: "hidden" }] }];
    expect(shown("ExecuteStatement", { Statement: statement })).toEqual({ statement: redacted });
    expect(shown("BatchExecuteStatement", { Statements: statements })).toEqual({
      statements: [{ statement: redacted }],
    });
    expect(shown("ExecuteTransaction", { TransactStatements: statements })).toEqual({
      transactStatements: [{ statement: redacted }],
    });
  });
});

describe("API Gateway", () => {
  test.each([
    ["CreateRestApi", { name: "n", tags: { a: "b" } }, { createRestApiInput: { name: "n", tags: { a: "b" } } }],
    [
      "CreateDeployment",
      { restApiId: "a", stageName: "s" },
      { restApiId: "a", createDeploymentInput: { stageName: "s" } },
    ],
    ["DeleteRestApi", { restApiId: "a" }, { restApiId: "a" }],
    ["GetResources", { restApiId: "a", limit: 5 }, { restApiId: "a", limit: 5 }],
  ])("shows the body of %s inside one member", (operation, input, parameters) => {
    expect(requestOf("apigateway", operation, input).requestParameters).toEqual(parameters);
  });

  test("shows those of its second generation plainly", () => {
    const input = { ApiId: "a", StageName: "s", AutoDeploy: true };
    expect(requestOf("apigatewayv2", "CreateStage", input).requestParameters).toEqual({
      apiId: "a",
      stageName: "s",
      autoDeploy: true,
    });
  });
});

test("CloudFormation's template parameters are told by name", () => {
  const input = { StackName: "s", Parameters: [{ ParameterKey: "key", ParameterValue: "hidden" }] };
  expect(requestOf("cloudformation", "CreateStack", input).requestParameters).toEqual({
    stackName: "s",
    parameters: [{ parameterKey: "key" }],
  });
});

test("KMS's key material is told beside the call", () => {
  const keyMaterialId = "ab".repeat(32);
  const of = (id: string) =>
    answerTo("kms", "Decrypt", { CiphertextBlob: Buffer.from("x") }, { body: JSON.stringify({ KeyMaterialId: id }) });
  expect(of(keyMaterialId).additionalEventData).toEqual({ keyMaterialId });
  expect(of("made up").additionalEventData).toEqual({});
});

test("Route 53's changes come with a warning", () => {
  const change = { Action: "CREATE", ResourceRecordSet: { Name: "a.example", Type: "A", TTL: 300n } };
  const input = { HostedZoneId: "Z1", ChangeBatch: { Changes: [change] } };
  const described = requestOf("route53", "ChangeResourceRecordSets", input);
  expect(described.additionalEventData).toEqual({ Note: "Do not use to reconstruct hosted zone" });
  expect(described.requestParameters).toMatchObject({ hostedZoneId: "Z1" });
  expect(requestOf("route53", "ListHostedZones", {}).additionalEventData).toEqual({});
});

test("Secrets Manager answers whose secret was stored, and of other calls everything", () => {
  const body = JSON.stringify({ ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf", Name: "s" });
  const elements = (operation: string) =>
    answerTo("secretsmanager", operation, { Name: "s", SecretId: "s" }, { body }).responseElements;
  expect(elements("CreateSecret")).toEqual({ arn: JSON.parse(body).ARN });
  expect(elements("DeleteSecret")).toEqual({ aRN: JSON.parse(body).ARN, name: "s" });
});

test("SQS's account ids keep their capitals", () => {
  const input = { QueueUrl: "http://localhost/123456789012/q", Label: "l", AWSAccountIds: ["1"], Actions: ["*"] };
  expect(requestOf("sqs", "AddPermission", input).requestParameters).toEqual({
    queueUrl: "http://localhost/123456789012/q",
    label: "l",
    AWSAccountIds: ["1"],
    actions: ["*"],
  });
});

test("SSM's parameters have hidden values and plain tags", () => {
  const tags = [
    { Key: "team", Value: "red" },
    { Key: "password", Value: "secret" },
  ];
  expect(requestOf("ssm", "PutParameter", { Name: "p", Value: "secret", Tags: tags }).requestParameters).toEqual({
    name: "p",
    value: "HIDDEN_DUE_TO_SECURITY_REASONS",
    tags: [
      { key: "team", value: "red" },
      { key: "password", value: "HIDDEN_DUE_TO_SECURITY_REASONS" },
    ],
  });
});

test("AppSync's API keys are not told", () => {
  const answer = { body: JSON.stringify({ apiKey: { id: "da2-secret", description: "d" } }) };
  expect(answerTo("appsync", "CreateApiKey", { apiId: "a" }, answer).responseElements).toEqual({
    apiKey: { id: "HIDDEN_DUE_TO_SECURITY_REASONS", description: "d" },
  });
  expect(requestOf("appsync", "DeleteApiKey", { apiId: "a", id: "da2-secret" }).requestParameters).toEqual({
    apiId: "a",
    id: "HIDDEN_DUE_TO_SECURITY_REASONS",
  });
});

test("SPECIAL takes whatever the generic mapping may have made of a hostile request", () => {
  const member = fc.constantFrom(
    "Key",
    "Item",
    "Environment",
    "RequestItems",
    "TransactItems",
    "Statement",
    "Tags",
    "apiKey",
  );
  const members = fc.option(fc.object({ key: fc.oneof(member, fc.string()), maxDepth: 3 }), { nil: undefined });
  const operation = fc.constantFrom(
    "Invoke",
    "GetItem",
    "BatchGetItem",
    "TransactWriteItems",
    "PutParameter",
    "CreateApiKey",
  );
  const body = fc.string({ unit: "binary", maxLength: 40 });
  fc.assert(
    fc.property(
      fc.constantFrom(...SPECIAL.keys()),
      operation,
      members,
      members,
      body,
      (source, name, input, shown, bytes) => {
        const parts = { eventSource: source, operation: name, body: bytes };
        const given = { requestParameters: shown ?? null, ...(input !== undefined && { input }) };
        const special = SPECIAL.get(source);
        const call = requestCall(parts);
        const request = special?.request?.(call, genericRequest(given)) ?? genericRequest(given);
        const answer = responseCall(parts, request, { body: bytes });
        const generic = genericResponse({
          responseElements: shown ?? null,
          ...(input !== undefined && { output: input }),
        });
        const response = special?.response?.(answer, generic) ?? generic;
        expect(request).toHaveProperty("requestParameters");
        expect(response).toHaveProperty("responseElements");
      },
    ),
    { numRuns: 500 },
  );
});
