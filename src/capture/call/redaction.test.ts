import { describe, expect, test } from "vitest";
import { openCatalog } from "../../aws/index.ts";
import { shownInput } from "./record-style.ts";

const catalog = openCatalog();
const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

function shown(id: string, name: string, input: Record<string, unknown>): unknown {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(name);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${name}`);
  return shownInput(model, service.eventSource, input);
}

describe("requestParameters", () => {
  test.each<[string, string, Record<string, unknown>, unknown]>([
    ["iam", "CreateLoginProfile", { UserName: "Mary", Password: "x" }, { userName: "Mary" }],
    [
      "sns",
      "Publish",
      { TopicArn: "t", Message: "x", Subject: "x" },
      { topicArn: "t", message: HIDDEN, subject: HIDDEN },
    ],
    ["sqs", "SendMessage", { QueueUrl: "q", MessageBody: "x" }, { queueUrl: "q", messageBody: HIDDEN }],
    ["ssm", "PutParameter", { Name: "/n", Value: "x", Type: "String" }, { name: "/n", value: HIDDEN, type: "String" }],
    ["ssm", "SendCommand", { DocumentName: "d", Parameters: { c: ["x"] } }, { documentName: "d", parameters: HIDDEN }],
    ["secretsmanager", "CreateSecret", { Name: "n", SecretString: "x" }, { name: "n" }],
    ["kms", "Encrypt", { KeyId: "k", Plaintext: Buffer.from("x") }, { keyId: "k" }],
    ["dynamodb", "PutItem", { TableName: "t", Item: { a: { S: "x" } } }, { tableName: "t" }],
    ["dynamodb", "GetItem", { TableName: "t", Key: { a: { S: "1" } } }, { tableName: "t", key: { a: { s: "1" } } }],
    [
      "lambda",
      "CreateFunction",
      { FunctionName: "f", Environment: { Variables: { A: "x" } } },
      { functionName: "f", environment: {} },
    ],
    [
      "redshift",
      "CreateCluster",
      { ClusterIdentifier: "c", MasterUserPassword: "x" },
      { clusterIdentifier: "c", masterUserPassword: "****" },
    ],
    ["rds-data", "ExecuteStatement", { resourceArn: "r", sql: "x" }, { resourceArn: "r", sql: "**********" }],
    [
      "cognito-idp",
      "InitiateAuth",
      { AuthFlow: "A", ClientId: "c", AuthParameters: { PASSWORD: "x" } },
      { authFlow: "A", clientId: HIDDEN, authParameters: HIDDEN },
    ],
    ["elasticache", "CreateUser", { UserId: "u", Passwords: ["x"] }, { userId: "u", passwords: HIDDEN }],
    ["apigateway", "DeleteApiKey", { apiKey: "id" }, { apiKey: "id" }],
    [
      "glue",
      "CreateConnection",
      { ConnectionInput: { ConnectionProperties: { HOST: "h", PASSWORD: "x" } } },
      { connectionInput: { connectionProperties: { HOST: "h", PASSWORD: HIDDEN } } },
    ],
    [
      "cloudformation",
      "CreateStack",
      {
        StackName: "s",
        Parameters: [
          { ParameterKey: "DBPassword", ParameterValue: "x" },
          { ParameterKey: "Size", ParameterValue: "1" },
        ],
      },
      {
        stackName: "s",
        parameters: [
          { parameterKey: "DBPassword", parameterValue: HIDDEN },
          { parameterKey: "Size", parameterValue: "1" },
        ],
      },
    ],
    [
      "codebuild",
      "StartBuild",
      {
        projectName: "p",
        environmentVariablesOverride: [
          { name: "API_KEY", value: "x" },
          { name: "MODE", value: "1" },
        ],
      },
      {
        projectName: "p",
        environmentVariablesOverride: [
          { name: "API_KEY", value: HIDDEN },
          { name: "MODE", value: "1" },
        ],
      },
    ],
  ])("of %s %s show what an auditor may see", (id, name, input, expected) => {
    expect(JSON.parse(JSON.stringify(shown(id, name, input)))).toEqual(expected);
  });

  test("tell of a large blob only how large it is", () => {
    const input = { FunctionName: "f", Qualifier: "1", Policy: "p" };
    expect(shown("acm", "ImportCertificate", { Certificate: Buffer.alloc(2000), PrivateKey: Buffer.alloc(9) })).toEqual(
      {
        certificate: { omitted: true, originalSize: 2000, reason: "blob too large" },
        privateKey: HIDDEN,
      },
    );
    expect(shown("lambda", "AddPermission", input)).toEqual({ functionName: "f", qualifier: "1" });
  });
});
